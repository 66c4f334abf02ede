"""What the pages show of a study, from its tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from perceptgraph.stages.study import AS_IS, CONTROLS_AXIS
from perceptgraph.stages.study_views import (
    HEADER_LINES,
    AxisView,
    Cell,
    Contrast,
    Costs,
    Difference,
    StudyView,
    words_of,
)

Place = tuple[str, str, str]
"""Axis, level and subject."""


def study_view(
    dataset: str,
    stage: str,
    table: pd.DataFrame,
    costs: pd.DataFrame,
    accuracies: pd.DataFrame,
    comparisons: pd.DataFrame,
    verdicts: Mapping[str, Sequence[str]],
    alignment: pd.DataFrame | None,
) -> StudyView:
    """All that the pages show of one stage on one data set.

    Parameters
    ----------
    dataset, stage : str
        Whose tables these are.
    table, costs : DataFrame
        Of `tables.read_results` and `tables.read_costs`.
    accuracies, comparisons : DataFrame
        Of `comparisons.accuracies` and `comparisons.compared`.
    verdicts : mapping
        Axis to its sentences.
    alignment : DataFrame or None
        Of `alignment_table.read_alignment`.
    """
    aligned = {} if alignment is None else _aligned(alignment)
    differences = _differences(comparisons)
    spans = _intervals(accuracies)
    by_key = costs.set_index("key")
    cells: dict[Place, Cell] = {
        place: _cell(place, rows, spans, by_key, differences)
        for place, rows in _places(table).items()
    }
    controls = tuple(cell for (axis, _, _), cell in cells.items() if axis == CONTROLS_AXIS)
    names = [axis for axis in dict.fromkeys(table["axis"]) if axis != CONTROLS_AXIS]
    measured = {axis for axis, level, _ in cells if level != AS_IS.name}
    return StudyView(
        dataset,
        stage,
        everyone=_everyone(cells, controls),
        contrasts=_contrasts(comparisons),
        axes=tuple(
            AxisView(
                name,
                *_levels_and_subjects(name, cells),
                controls=controls,
                verdicts=tuple(verdicts.get(name, ())),
                lines=_lines(comparisons, name),
                alignment=aligned.get(name, {}),
            )
            for name in names
            if name in measured
        ),
        waiting=tuple(words_of(name) for name in names if name not in measured),
        machines=_machines(costs[costs["key"].isin(table["key"])]),
        table=table,
        comparisons=comparisons,
    )


def _places(table: pd.DataFrame) -> dict[Place, pd.DataFrame]:
    """Rows of each place, in the order of the table, whose lines they keep as index."""
    lines = table.reset_index(drop=True)
    groups = lines.groupby(["axis", "level", "subject"], sort=False)
    return {(str(a), str(b), str(c)): rows for (a, b, c), rows in groups}


def _differences(comparisons: pd.DataFrame) -> dict[Place, Difference]:
    """Place to what it differs by from the same subject as it is."""
    return {
        (row.axis, row.level, row.subject): _difference(row)
        for row in comparisons.reset_index(drop=True).itertuples()
        if row.kind == "level"
    }


def _difference(row: Any) -> Difference:
    return Difference(
        points=float(row.difference),
        low=float(row.low),
        high=float(row.high),
        p=float(row.p_holm),
        is_sure=bool(row.measurable),
        effect=float(row.effect),
        line=int(row.Index) + 1 + HEADER_LINES,
    )


def _intervals(accuracies: pd.DataFrame) -> dict[Place, tuple[float, float]]:
    return {
        (row.axis, row.level, row.subject): (float(row.low), float(row.high))
        for row in accuracies.itertuples()
    }


def _cell(
    place: Place,
    rows: pd.DataFrame,
    spans: Mapping[Place, tuple[float, float]],
    costs: pd.DataFrame,
    differences: Mapping[Place, Difference],
) -> Cell:
    first = rows.iloc[0]
    low, high = spans.get(place, (np.nan, np.nan))
    return Cell(
        level=place[1],
        value=float(first["value"]),
        subject=place[2],
        role=str(first["role"]),
        accuracy=float(rows["accuracy"].mean()),
        low=low,
        high=high,
        mean_per_class=float(rows["mean_per_class"].mean()),
        per_class=str(first["per_class"]),
        seeds=len(rows),
        images=int(first["images"]),
        queries=float(rows["queries"].mean()),
        parameters=float(rows["parameters"].mean()),
        macs=float(rows["macs"].mean()),
        lines=_span(rows.index.to_numpy()),
        costs=_costs(costs, rows["key"].unique()),
        difference=differences.get(place),
    )


def _costs(costs: pd.DataFrame, keys: Sequence[str]) -> Costs:
    """Means of the costs, whose index is the key, of some cells."""
    lines = costs.index.get_indexer_for([key for key in keys if key in costs.index])
    rows = costs.iloc[lines]
    return Costs(
        extraction_s=float(rows["extraction_s"].mean()),
        fit_s=float(rows["fit_s"].mean()),
        score_s=float(rows["score_s"].mean()),
        joules=float(rows["joules"].mean()),
        methods=tuple(sorted(set(rows["method"]))),
        lines=_span(lines),
    )


def _machines(costs: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    pairs = zip(costs["host"], costs["method"], strict=True)
    return tuple(sorted({(str(host), str(method)) for host, method in pairs}))


def _everyone(cells: Mapping[Place, Cell], controls: Sequence[Cell]) -> tuple[Cell, ...]:
    """Who was measured as it is: on any axis, since that is the same cell; controls last."""
    subjects = {
        cell.subject: cell
        for cell in cells.values()
        if cell.level == AS_IS.name and not cell.is_control
    }
    return (*subjects.values(), *controls)


def _contrasts(comparisons: pd.DataFrame) -> tuple[Contrast, ...]:
    return tuple(
        Contrast(str(row.subject), str(row.against), _difference(row))
        for row in comparisons.reset_index(drop=True).itertuples()
        if (row.kind, row.axis) == ("control", CONTROLS_AXIS)
    )


def _levels_and_subjects(
    name: str, cells: Mapping[Place, Cell]
) -> tuple[tuple[str, ...], tuple[str, ...], Mapping[tuple[str, str], Cell]]:
    """Levels and subjects of an axis in order, and its cells by both."""
    mine = {(level, who): cell for (axis, level, who), cell in cells.items() if axis == name}
    levels, subjects = (tuple(dict.fromkeys(names)) for names in zip(*mine, strict=True))
    return levels, subjects, mine


def _aligned(alignment: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Axis to level to the subspace alignment measure, mean over its draws."""
    means = alignment.groupby(["axis", "level"], sort=False)["sam"].mean()
    found: dict[str, dict[str, float]] = {}
    for (axis, level), value in means.items():
        found.setdefault(str(axis), {})[str(level)] = float(value)
    return found


def _lines(comparisons: pd.DataFrame, axis: str) -> tuple[int, int]:
    return _span(np.flatnonzero(comparisons["axis"] == axis))


def _span(rows: NDArray[np.int64]) -> tuple[int, int]:
    """First and last line, from 1, of rows of a table, from 0; (0, 0) of none."""
    if not len(rows):
        return (0, 0)
    return int(rows.min()) + 1 + HEADER_LINES, int(rows.max()) + 1 + HEADER_LINES

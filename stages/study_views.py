"""Tables of a study as its pages show them: by axis, by level, by who was measured."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from perceptgraph.stages.study import AS_IS, CONTROLS_AXIS

HEADER_LINES = 1  # of a CSV file, above its first row

Place = tuple[str, str, str]
"""Axis, level and subject."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two accuracies on the same images, paired by image and seed; in points."""

    points: float
    low: float
    """Ends of its 95 % interval."""
    high: float
    p: float
    """Corrected for all comparisons of the subject on the axis."""
    is_sure: bool
    """Whether that p is small enough to be called a difference."""
    effect: float
    """Cohen's h."""
    line: int
    """Of comparisons.csv, from 1."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Means over the seeds of a place; NaN where nothing is known."""

    extraction_s: float
    """CPU-seconds, of the images that were learned from."""
    fit_s: float
    """CPU-seconds, augmentation included."""
    score_s: float
    """CPU-seconds for one image, extraction included."""
    joules: float
    methods: tuple[str, ...]
    """How joules came about."""
    lines: tuple[int, int]
    """First and last of costs.csv, from 1; (0, 0) without any."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Who was measured at a level of an axis: all seeds together."""

    level: str
    value: float
    """NaN where the level is no number."""
    subject: str
    role: str
    accuracy: float
    """Per cent of the scored images."""
    low: float
    """Ends of its 95 % interval."""
    high: float
    mean_per_class: float
    per_class: str
    """Images of each class that were learned from."""
    seeds: int
    images: int
    queries: float
    """Mean per image of an attack, else NaN."""
    parameters: float
    macs: float
    """Multiply-adds an image."""
    lines: tuple[int, int]
    """First and last of results.csv, from 1."""
    costs: Costs
    difference: Difference | None
    """From the subject as it is; None there, and where it was not compared."""

    @property
    def is_control(self) -> bool:
        """Whether it stands in the tables as a control."""
        return self.role == "control"

    @property
    def half(self) -> float:
        """Half of the interval of its accuracy."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class AxisView:
    """One axis: its cells by level and subject, and the sentences that they support."""

    name: str
    levels: tuple[str, ...]
    subjects: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    """Level and subject to the cell; some may be missing."""
    controls: tuple[Cell, ...]
    """All controls as they are."""
    verdicts: tuple[str, ...]
    lines: tuple[int, int]
    """First and last of its comparisons in comparisons.csv, from 1; (0, 0) without any."""
    alignment: Mapping[str, float]
    """Level to how nodes, relations and classes agree there; empty where it was not measured."""

    @property
    def title(self) -> str:
        """The name in words."""
        return words_of(self.name).capitalize()

    @property
    def is_numeric(self) -> bool:
        """Whether its levels are places on a scale, no two of them at the same place."""
        values = {level: cell.value for (level, _), cell in self.cells.items()}
        places = [value for level, value in values.items() if level != AS_IS.name]
        return 1 < len(places) == len(set(places)) and bool(np.isfinite(places).all())

    @property
    def has_differences(self) -> bool:
        """Whether any level was compared with what is as it is."""
        return any(cell.difference is not None for cell in self.cells.values())

    @property
    def has_queries(self) -> bool:
        """Whether any cell is an attack."""
        return any(math.isfinite(cell.queries) for cell in self.cells.values())

    def of(self, subject: str) -> list[Cell]:
        """The cells of a subject by level, the one as it is left out."""
        found = (self.cells.get((level, subject)) for level in self.levels)
        return [cell for cell in found if cell is not None and cell.level != AS_IS.name]

    def as_is(self, subject: str) -> Cell | None:
        """The cell of a subject without a change."""
        return self.cells.get((AS_IS.name, subject))

    def best_control(self) -> Cell | None:
        """The control that does best as it is."""
        return max(self.controls, key=lambda cell: cell.accuracy, default=None)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A subject against a control, both as they are."""

    subject: str
    control: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class StudyView:
    """What one stage found on one data set."""

    dataset: str
    stage: str
    everyone: tuple[Cell, ...]
    """Subjects and then controls, as they are."""
    contrasts: tuple[Contrast, ...]
    axes: tuple[AxisView, ...]
    """Those that have a level which was measured."""
    waiting: tuple[str, ...]
    """Names of the others, in words."""
    machines: tuple[tuple[str, str], ...]
    """Host and method of joules of all costs; where there are several they do not compare."""
    table: pd.DataFrame
    """The results that all of it is made of."""
    comparisons: pd.DataFrame

    @property
    def seeds(self) -> int:
        """The most that any cell has."""
        return max((cell.seeds for cell in self.cells()), default=0)

    @property
    def n_cells(self) -> int:
        """Places of the table, seeds taken together."""
        return sum(1 for _ in self.cells())

    @property
    def images(self) -> tuple[int, int]:
        """Fewest and most images that a cell was scored on."""
        numbers = [cell.images for cell in self.cells()]
        return min(numbers), max(numbers)

    def cells(self) -> Iterator[Cell]:
        """Those of all axes, and the controls."""
        yield from (cell for cell in self.everyone if cell.is_control)
        for axis in self.axes:
            yield from axis.cells.values()


def words_of(name: str) -> str:
    """A name of the parameters as words.

    >>> words_of("images_per_class")
    'images per class'
    """
    return name.replace("_", " ")


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

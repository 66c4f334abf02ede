"""Rows of studies, and those of params.yaml: every cell of every grid can be measured."""

import importlib
from pathlib import Path
from typing import Any, Literal

import pytest

from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.running import GRIDS
from perceptgraph.stages import few_shot_runs, study, train
from perceptgraph.stages.cell_keys import check_change
from perceptgraph.stages.model_axes import AXES
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.study import AxisParams, GridParams, Row, Sections, rows_of

ONE = {"subjects": ["relative_pose"], "small": [], "full": [1, 2]}
VALUES = load_params(Path(__file__).parents[2] / "params.yaml")
STUDIED = section_of(VALUES, "study", study.Params)
SECTIONS = Sections(
    STUDIED,
    section_of(VALUES, "few_shot", few_shot_runs.Params),
    section_of(VALUES, "train", train.Params),
)


def depths(axis: dict[str, Any], grid: Literal["small", "full"] = "full") -> list[Row]:
    params = GridParams(ablate=grid, axes={"shapes": {"depth": AxisParams(**axis)}})
    return rows_of("shapes", params, AXES, SECTIONS)


@pytest.mark.parametrize("grid", ["small", "full"])
@pytest.mark.parametrize("dataset", STUDIED.recipe_of)
@pytest.mark.parametrize("stage", GRIDS)
def test_every_level_of_every_axis_can_be(stage: str, dataset: str, grid: str) -> None:
    module = importlib.import_module(f"perceptgraph.stages.{stage}")
    params = section_of(VALUES | {"ablate": grid}, stage, module.Params)

    rows = rows_of(dataset, params, module.AXES, SECTIONS)

    places = [(row.axis, row.level, row.subject, row.cell.run.draw) for row in rows]
    assert len(set(places)) == len(places)
    for row in rows:
        check_change(row.cell)


def test_an_axis_without_levels_in_the_grid_has_no_rows() -> None:
    assert {row.axis for row in depths(ONE)} == {"controls", "depth"}
    assert {row.axis for row in depths(ONE, "small")} == {"controls"}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"full": [1, 2, 1]}, "axes.depth: expected each level once, got 1 round more than once"),
        ({"subjects": ["h2gcn", "h2gcn"]}, "expected each subject once, got h2gcn more than once"),
    ],
)
def test_what_is_there_twice_is_an_error(other: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        depths(ONE | other)

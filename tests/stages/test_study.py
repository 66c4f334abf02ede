"""The studies of params.yaml: every cell of every grid can be measured."""

import importlib
from pathlib import Path

import pytest

from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.running import GRIDS
from perceptgraph.stages import few_shot_runs, study, train
from perceptgraph.stages.cell_keys import check_change
from perceptgraph.stages.study import Sections, rows_of

VALUES = load_params(Path(__file__).parents[2] / "params.yaml")
STUDIED = section_of(VALUES, "study", study.Params)


@pytest.mark.parametrize("grid", ["small", "full"])
@pytest.mark.parametrize("dataset", STUDIED.recipe_of)
@pytest.mark.parametrize("stage", GRIDS)
def test_every_level_of_every_axis_can_be(stage: str, dataset: str, grid: str) -> None:
    module = importlib.import_module(f"perceptgraph.stages.{stage}")
    params = section_of(VALUES | {"ablate": grid}, stage, module.Params)
    sections = Sections(
        STUDIED,
        section_of(VALUES, "few_shot", few_shot_runs.Params),
        section_of(VALUES, "train", train.Params),
    )

    rows = rows_of(dataset, params, module.AXES, sections)

    places = [(row.axis, row.level, row.subject, row.cell.run.draw) for row in rows]
    assert len(set(places)) == len(places)
    for row in rows:
        check_change(row.cell)

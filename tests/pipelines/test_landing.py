"""Landing: tables of finished cells, a line for each stage."""

from pathlib import Path

import pytest
from study_rungs import ROOT, sections

from perceptgraph.pipelines.landing import land_stages
from perceptgraph.pipelines.params import load_params
from perceptgraph.pipelines.running import GRIDS, run_stage
from perceptgraph.stages import detect, prepare, relate
from perceptgraph.stages.grid import UnfinishedError
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.tables import read_results
from perceptgraph.stores.mapper import serial

PARAMS = ROOT / "params.yaml"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rungs with the same few images: one that nothing is studied of, and shapes."""
    folder = tmp_path_factory.mktemp("outputs")
    root, section = folder / "shapes", sections()
    prepare.run(section("prepare", prepare.Params), root, serial)
    detect.run(section("detect", detect.Params), root, serial)
    relate.run(section("relate", relate.Params), root, serial)
    (folder / "folder").symlink_to(root)
    return folder


def test_rung_that_is_not_studied_has_tables_without_lines(outputs: Path, tmp_path: Path) -> None:
    where = {"params_path": PARAMS, "outputs": outputs, "results": tmp_path}
    outcome = run_stage("robustness", dataset="folder", overrides=["dask.mode=sync"], **where)  # type: ignore[arg-type]

    lines = list(
        land_stages("folder", ["robustness"], [], PARAMS, outputs, tmp_path, unfinished=False)
    )

    assert outcome.work == {"cells": 0, "measured": 0}
    assert lines == [f"{tmp_path / 'folder' / 'robustness'}: 0 of 0 cells"]
    assert read_results(tmp_path / "folder" / "robustness").empty


def test_what_is_missing_is_said(outputs: Path, tmp_path: Path) -> None:
    (outputs / "shapes" / "ablate_data").mkdir()
    (outputs / "shapes" / "ablate_data" / "alignment.csv").write_text("sam\n")

    def land(*stages: str, unfinished: bool) -> list[str]:
        return list(
            land_stages("shapes", stages, [], PARAMS, outputs, tmp_path, unfinished=unfinished)
        )

    with pytest.raises(UnfinishedError, match=r"found 0; run the stage .* with --unfinished"):
        land("ablate_model", unfinished=False)
    with pytest.raises(ParamsError, match="--stage: no 'ablate'"):
        land("ablate", unfinished=True)
    lines = land(unfinished=True)

    assert len(lines) == len(GRIDS)
    assert all(": 0 of " in line for line in lines)
    assert (tmp_path / "shapes" / "ablate_data" / "alignment.csv").read_text() == "sam\n"


def test_grids_are_small_unless_asked_for() -> None:
    assert load_params(PARAMS)["ablate"] == "small"

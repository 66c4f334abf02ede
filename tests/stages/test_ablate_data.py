from dataclasses import replace
from pathlib import Path

from study_rungs import POWER, climbed_sections, linked

from perceptgraph.stages.ablate_data import Params, run
from perceptgraph.stages.alignment_table import OUT, read_alignment
from perceptgraph.stages.data_axes import AXES
from perceptgraph.stages.given import Given
from perceptgraph.stages.grid import land_grid
from perceptgraph.stages.tables import read_results
from perceptgraph.stores.mapper import serial


def params(**levels: list[float]) -> Params:
    axes = {
        name: {"subjects": ["set"], "small": values, "full": values}
        for name, values in levels.items()
    }
    return Params(ablate="small", axes={"tiny": axes})


def test_randomised_levels_have_an_alignment_that_is_landed_too(
    climbed: Path, tmp_path: Path
) -> None:
    root, landed = linked(climbed, tmp_path), tmp_path / "results"
    grid = params(primitives=[2], randomised_edges=[1.0])

    run(grid, root, serial, Given(climbed_sections(), POWER, landed))
    land_grid("ablate_data", AXES, grid, root, climbed_sections(), landed, unfinished=False)

    there = landed / "shapes" / "ablate_data"
    table, found = read_alignment(there), read_results(there)
    assert (there / OUT).read_bytes() == (root / "ablate_data" / OUT).read_bytes()
    assert set(table["axis"]) == {"randomised_edges"}
    of_axis = found[found["axis"] == "randomised_edges"]
    assert list(table["level"].unique()) == list(of_axis["level"].unique())


def test_levels_of_other_axes_stay_in_the_alignment(climbed: Path, tmp_path: Path) -> None:
    root = linked(climbed, tmp_path)
    grid = params(randomised_edges=[1.0], randomised_features=[1.0], primitives=[2])
    given = Given(climbed_sections(), POWER, tmp_path / "results")

    run(grid, root, serial, replace(given, axes=["randomised_edges"]))
    run(grid, root, serial, replace(given, axes=["primitives"]))

    found = read_alignment(root / "ablate_data")
    assert set(found["axis"]) == {"randomised_edges", "randomised_features"}


def test_without_randomised_levels_no_alignment_is_measured(climbed: Path, tmp_path: Path) -> None:
    root = linked(climbed, tmp_path)

    run(
        params(primitives=[2]), root, serial, Given(climbed_sections(), POWER, tmp_path / "results")
    )

    assert not (root / "ablate_data" / OUT).exists()

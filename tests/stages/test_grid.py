"""Grids: every cell once, the same bytes for any workers, nothing finished ever measured again."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from study_rungs import AXES, axes_of, climbed_sections, linked, run, sections

from perceptgraph.stages import cells, variants
from perceptgraph.stages.grid import UnfinishedError, land_grid, planned
from perceptgraph.stages.jobs import LostTaskError
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.tables import read_costs, read_results
from perceptgraph.stores.mapper import TaskFailure, serial

EVERY = {
    "noise": [0.1],
    "unseen": [0.1, 0.2],
    "labels": [0.5],
    "nodes": [3],
    "copies": [1],
    "near": [2],
    "drawn": [0.35],
}
"""A level of every way in which a cell can be changed."""
FEW = {"unseen": [0.2], "nodes": [3]}


def results(root: Path) -> bytes:
    return (root / "tiny" / "results.csv").read_bytes()


def no_job(job: Any, **_: Any) -> int:
    raise AssertionError(f"measured again: {[task.cell for task in job.tasks]}")


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Extraction is timed on two images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "TIMED", 2)
        yield


@pytest.fixture(scope="module")
def whole(climbed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rung after every cell, one after the other."""
    root = linked(climbed, tmp_path_factory.mktemp("whole"))
    run(root, axes_of(**EVERY))
    return root


def test_a_line_for_each_level_subject_and_seed(whole: Path) -> None:
    table, costs = read_results(whole / "tiny"), read_costs(whole / "tiny")

    n_levels = sum(map(len, EVERY.values()))
    assert len(table) == 2 + 2 * 2 * (n_levels + len(EVERY))  # controls; as is on every axis
    assert list(table["axis"].unique()) == ["controls", *EVERY]
    assert set(table["seed"]) == {0, 1}
    assert set(costs["key"]) == set(table["key"])
    assert (table["role"] == "control").sum() == 2
    for row in table.itertuples():
        assert row.images == 9
        assert row.accuracy == pytest.approx(100 * row.right.mean(), abs=1e-4)
    assert table["queries"].isna().all()
    assert (costs[["fit_s", "score_s", "wall_s", "joules"]] > 0).all().all()
    assert set(costs["method"]) == {"modelled-generic"}


def test_extraction_is_paid_for_by_those_who_read_graphs(whole: Path) -> None:
    table = read_results(whole / "tiny").drop_duplicates("key").set_index("key")
    costs = read_costs(whole / "tiny").set_index("key")

    sees_pixels = table.loc[costs.index, "subject"] == "lenet"

    assert (costs.loc[sees_pixels, "extraction_s"] == 0).all()
    assert (costs.loc[~sees_pixels, "extraction_s"] > 0).all()


def test_what_pixel_models_do_not_see_is_no_cell_of_theirs(whole: Path) -> None:
    table = read_results(whole / "tiny")
    as_is = table[table["level"] == "as is"].groupby("subject")["key"].unique()

    unseen = table[table["axis"].isin(["nodes", "near"])].groupby("subject")["key"].unique()

    assert all(len(keys) == 2 for keys in as_is)  # one for each seed, whatever the axis
    assert set(unseen["lenet"]) == set(as_is["lenet"])
    assert len(set(unseen["set"])) == 6


@pytest.fixture(scope="module")
def expected(whole: Path, climbed: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table of a smaller grid, from the cells of the whole one."""
    root = linked(climbed, tmp_path_factory.mktemp("few"))
    shutil.copytree(whole / "cells", root / "cells")
    assert run(root, axes_of(**FEW)).work["measured"] == 0
    return results(root)


def test_neither_order_of_work_nor_other_cells_change_a_byte(
    expected: bytes, climbed: Path, tmp_path: Path
) -> None:
    def backwards(function: Any, items: Any) -> list[Any]:
        return serial(function, items[::-1])[::-1]

    root = linked(climbed, tmp_path)
    run(root, axes_of(**FEW), backwards)

    assert results(root) == expected


def test_nothing_finished_is_measured_again(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = results(whole)
    monkeypatch.setattr(cells, "run_job", no_job)

    outcome = run(whole, axes_of(**EVERY))

    assert outcome.work["measured"] == 0
    assert results(whole) == before


def test_a_run_that_breaks_off_goes_on(expected: bytes, climbed: Path, tmp_path: Path) -> None:
    root = linked(climbed, tmp_path)
    left = 0

    def breaking(function: Any, items: Any) -> list[Any]:
        nonlocal left
        found = []
        for item in items:
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            found.append(function(item))
        return found

    for allowed in (1, 3, 6):
        left = allowed
        with pytest.raises(KeyboardInterrupt):
            run(root, axes_of(**FEW), breaking)
    n_before = len(list((root / "cells").glob("*.json")))
    outcome = run(root, axes_of(**FEW))

    assert 0 < n_before < outcome.work["cells"]
    assert outcome.work["measured"] == outcome.work["cells"] - n_before
    assert results(root) == expected


def test_landed_cells_are_taken_up(
    whole: Path, climbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, landed = axes_of(**EVERY), tmp_path / "results"
    there = land_grid("tiny", AXES, params, whole, climbed_sections(), landed, unfinished=False)
    root = linked(climbed, tmp_path)
    monkeypatch.setattr(cells, "run_job", no_job)

    run(root, params, landed=landed)

    assert there[0] == there[1]
    assert results(root) == results(whole) == (landed / "shapes/tiny/results.csv").read_bytes()
    costs = [(folder / "tiny" / "costs.csv").read_bytes() for folder in (root, whole)]
    assert costs[0] == costs[1]


def test_an_unfinished_study_lands_what_there_is(climbed: Path, tmp_path: Path) -> None:
    root, landed = linked(climbed, tmp_path), tmp_path / "results"
    run(root, axes_of(labels=[0.5], nodes=[3]), axes=["labels"])
    params = axes_of(labels=[0.5], nodes=[3])

    with pytest.raises(UnfinishedError, match="12 finished cells of tiny on shapes, found 8"):
        land_grid("tiny", AXES, params, root, climbed_sections(), landed, unfinished=False)
    assert not landed.exists()
    n = land_grid("tiny", AXES, params, root, climbed_sections(), landed, unfinished=True)

    assert n == (8, 12)
    table = read_results(landed / "shapes" / "tiny")
    assert set(table["axis"]) == {
        "labels",
        "nodes",
    }  # the latter as is, and what lenet does not see


def test_landed_cells_of_another_grid_are_not_lost(
    whole: Path, climbed: Path, tmp_path: Path
) -> None:
    landed, section = tmp_path / "results", climbed_sections()
    land_grid("tiny", AXES, axes_of(**EVERY), whole, section, landed, unfinished=False)
    before = (landed / "shapes/tiny/results.csv").read_bytes()
    name, levels = next(iter(EVERY.items()))
    fewer = axes_of(**{name: levels})

    with pytest.raises(UnfinishedError, match="which would be lost"):
        land_grid("tiny", AXES, fewer, whole, section, landed, unfinished=True)
    assert (landed / "shapes/tiny/results.csv").read_bytes() == before
    land_grid("tiny", AXES, fewer, whole, section, landed, unfinished=True, replace=True)

    assert set(read_results(landed / "shapes" / "tiny")["axis"]) <= {name, "controls"}


def test_figures_for_choices_are_kept_apart(climbed: Path, tmp_path: Path) -> None:
    root = linked(climbed, tmp_path)
    params = axes_of(labels=[0.5])
    choosing = climbed_sections(in_development=True)

    run(root, params, section=choosing)

    assert not (root / "tiny").exists()
    assert len(read_results(root / "tiny_development")) == 10
    with pytest.raises(ParamsError, match="in_development"):
        land_grid("tiny", AXES, params, root, choosing, tmp_path, unfinished=True)


def test_a_lost_process_says_what_to_do(climbed: Path, tmp_path: Path) -> None:
    def losing(function: Any, items: Any) -> list[Any]:
        return [TaskFailure("the process that worked on it died") for _ in items]

    with pytest.raises(LostTaskError, match="finished cells are kept, start again with fewer"):
        run(linked(climbed, tmp_path), axes_of(labels=[0.5]), losing)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"noize": [1]}, "axes: no 'noize'; did you mean 'noise'"),
        ({"change": [{"images": {"fog": {}}}]}, "fog"),
        ({"change": [{"graphs": {"strongest": {"n": 3}}}]}, "graphs.strongest: expected count"),
        ({"change": [{"attack": {"bribe": {}}}]}, "bribe"),
        ({"change": [{"keywords": {"hiden": 3}}]}, "hiden.*did you mean 'hidden'"),
        ({"change": [{"detect": {"detectors": {"lines": None}}}]}, "junctions needs lines"),
        ({"change": [{"relate": {"relations": {"near": {"q": 1}}}}]}, "near"),
        ({"change": [{"prepare": {"contrasts": 1}}]}, "contrasts"),
        (
            {
                "change": [
                    {
                        "graphs": {"without_edges": {}},
                        "unseen": {"noise": {"deviation": 0.1}},
                    }
                ]
            },
            "found both; make two levels",
        ),
    ],
)
def test_level_that_cannot_be_is_named_before_anything_runs(
    climbed: Path, tmp_path: Path, levels: dict[str, Any], message: str
) -> None:
    root = linked(climbed, tmp_path)

    with pytest.raises(ParamsError, match=message):
        run(root, axes_of(**levels))
    assert not (root / "cells").exists()


def test_unknown_axis_on_the_command_line_is_named(climbed: Path, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="--axis: no 'label'; did you mean 'labels'"):
        run(linked(climbed, tmp_path), axes_of(labels=[0.5]), axes=["label"])


def test_graphs_of_another_recipe_are_refused(climbed: Path, tmp_path: Path) -> None:
    root, params = linked(climbed, tmp_path), axes_of(labels=[0.5])

    with pytest.raises(ParamsError, match="shapes were made by another recipe of section relate"):
        planned(AXES, params, root, sections())
    assert planned(AXES, params, root, climbed_sections())[1]

"""Cells: labels made wrong, graphs altered and images attacked as the change says."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_rungs import POWER, sections

from perceptgraph.stages import few_shot_runs, study, train
from perceptgraph.stages.cells import (
    Job,
    Seen,
    Task,
    both,
    kept,
    mean_per_class,
    run_job,
    with_wrong,
)
from perceptgraph.stages.few_shot import Rung, draw, measure, pools
from perceptgraph.stages.study import Cell, Change, Sections, cell_of
from perceptgraph.stages.tables import unpacked


@pytest.fixture(scope="module")
def what() -> Sections:
    section = sections()
    return Sections(
        section("study", study.Params),
        section("few_shot", few_shot_runs.Params),
        section("train", train.Params),
    )


def cell(what: Sections, runner: str = "set", **change: Any) -> Cell:
    return cell_of(runner, Change(runner=runner, **change), 0, "shapes", "full", what)


def run(one: Cell, root: Path, folder: Path, learned: Any, scored: Any, source: Any = None) -> Any:
    """The cell alone, on images of a rung."""
    learns, scores = (Seen(root, np.asarray(places), 0.5) for places in (learned, scored))
    task = Task("key", one, scores, (source, learns) if source else None)
    assert run_job(Job(learns, (task,)), folder, POWER) == 1
    return kept(folder, ["key", "missing"])["key"]


@given(
    n=st.integers(1, 40),
    n_classes=st.integers(2, 5),
    share=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    seed=st.integers(0, 9),
)
def test_wrong_labels_are_so_many_and_of_other_classes(
    n: int, n_classes: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, n_classes, 2 * n)
    places = rng.permutation(2 * n)[:n]

    wrong = with_wrong(label, places, share, n_classes, rng)

    differs = np.flatnonzero(wrong != label)
    assert len(differs) == round(share * n)
    assert set(differs) <= set(places)
    assert ((wrong >= 0) & (wrong < n_classes)).all()


def test_mean_per_class_is_over_the_classes_that_are_there() -> None:
    right = np.array([True, True, False, True])

    assert mean_per_class(right, np.array([0, 0, 4, 4])) == 75.0


def test_a_cell_without_a_change_is_a_few_shot_run(
    climbed: Path, tmp_path: Path, what: Sections
) -> None:
    one = cell(what)
    rung = Rung(climbed)
    samples, _ = rung._samples(one.run.setting)
    expected = measure(one.run, samples, 0.0)
    pool, test = pools(samples, in_development=False)
    chosen = draw(samples.label, pool, one.run.per_class, one.run.draw)

    found = run(one, climbed, tmp_path, chosen, test)

    assert found.result.accuracy == pytest.approx(expected.accuracy, abs=1e-4)
    assert found.result.mean_per_class == pytest.approx(expected.mean_per_class, abs=1e-4)
    assert found.result.parameters == expected.parameters
    assert found.result.macs == pytest.approx(expected.macs, abs=0.1)
    assert found.cost.extraction_s == 0.5 * len(chosen)
    assert found.cost.score_s > 0.5
    joules = 4 * (found.cost.extraction_s + found.cost.open_s + found.cost.fit_s)
    assert found.cost.joules == pytest.approx(joules, rel=1e-3)


def test_graphs_are_altered_all_at_once_and_told_apart(climbed: Path, what: Sections) -> None:
    one = cell(what, graphs={"strongest": {"count": 2}, "without_edges": {}})
    learned, scored = Seen(climbed, np.array([3, 1]), 0.0), Seen(climbed, np.array([9, 8, 7]), 0.0)

    learns, scores = both(one, learned, scored)

    graphs: Any = learns.samples
    assert learns.samples is scores.samples
    assert learns.places.tolist() == [0, 1]
    assert scores.places.tolist() == [2, 3, 4]
    assert graphs.split.tolist() == [0, 0, 2, 2, 2]
    assert graphs.edges.index.shape[1] == 0
    for start, stop in pairwise(graphs.node_offsets):
        assert np.bincount(graphs.kind[start:stop], minlength=1).max() <= 2


def test_attack_leaves_no_more_right_than_there_were(
    climbed: Path, tmp_path: Path, what: Sections
) -> None:
    learned, scored = np.arange(30), np.arange(40, 46)
    attack = {"pgd": {"eps": 0.2, "steps": 2, "restarts": 1}}
    before = run(cell(what, "lenet"), climbed, tmp_path / "before", learned, scored)
    after = run(cell(what, "lenet", attack=attack), climbed, tmp_path / "after", learned, scored)

    right, still = (unpacked(one.result.right, 6) for one in (before, after))

    assert before.result.queries is None
    assert after.result.queries >= 1
    assert (still <= right).all()


def test_transferred_attack_comes_from_its_source(
    climbed: Path, tmp_path: Path, what: Sections
) -> None:
    attack = {"transfer": {"source": "lenet", "eps": 0.2, "steps": 2}}
    one = cell(what, "set", attack=attack)
    assert one.source is not None
    assert one.source.run.setting.model == "lenet"

    found = run(one, climbed, tmp_path, np.arange(30), np.arange(40, 46), one.source)

    assert found.result.images == 6
    with pytest.raises(ValueError, match="expected lenet as its source"):
        run(replace(one, source=None), climbed, tmp_path, np.arange(30), np.arange(40, 46))

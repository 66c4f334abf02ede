"""Few-shot runs: fair draws, nothing of the test split learned, nothing measured twice."""

import importlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import grimp
import numpy as np
import pytest
import torch
from graph_samples import SMALL_H2GCN, write_learnable_store
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from perceptgraph.graphs.models import fitting
from perceptgraph.graphs.models.h2gcn import H2GCN
from perceptgraph.stages import few_shot, train
from perceptgraph.stages.few_shot import Rung, draw, measure, pools
from perceptgraph.stages.few_shot_runs import Params, Recipe, Run, runs_of, setting_of
from perceptgraph.stages.params import ParamsError
from perceptgraph.stores.compiled import IMPORT

BASE = train.Params(
    seed=0,
    batch_size=32,
    max_steps=60,
    evaluate_every=20,
    patience=1,
    learning_rate=0.01,
    weight_decay=0.0,
    augment={
        "recipes": {"none": {}, "bent": {"elastic": {"amplitude": 0.5, "spacing": 9.0}}},
        "recipe_of": {},
    },
    networks={
        "h2gcn": SMALL_H2GCN,
        "set": {"hidden": 8, "dropout": 0.1, "left_out": []},
    },
)
SET: dict[str, Any] = {
    "model": "set",
    "per_class": [4, "all"],
    "keywords": {},
    "augmentation": "none",
    "optimisation": {"max_steps": 30},
    "changes": {},
}


def recipe_of(**runners: dict[str, Any]) -> Recipe:
    return Recipe(draws=2, runners={name: SET | changes for name, changes in runners.items()})


def only_run(**changes: Any) -> Run:
    return runs_of(recipe_of(it=changes), BASE, per_class=[4], draws=1)[0]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("rung")
    write_learnable_store(path / "graphs.zarr")
    return path


@given(
    counts=st.lists(st.integers(3, 9), min_size=1, max_size=4),
    per_class=st.integers(1, 3),
    number=st.integers(0, 5),
)
def test_draw_has_as_many_of_each_class_without_repetition(
    counts: list[int], per_class: int, number: int
) -> None:
    label = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    pool = np.flatnonzero(label >= 0)

    chosen = draw(label, pool, per_class, number)

    assert len(set(chosen.tolist())) == len(chosen)
    np.testing.assert_array_equal(label[chosen], np.repeat(np.arange(len(counts)), per_class))
    np.testing.assert_array_equal(chosen, draw(label, pool, per_class, number))


def test_draws_differ_and_all_is_all() -> None:
    label = np.zeros(100, np.int64)
    pool = np.arange(10, 100)

    first, second = (draw(label, pool, 20, number) for number in (0, 1))

    assert set(first.tolist()) != set(second.tolist())
    np.testing.assert_array_equal(draw(label, pool, "all", 3), pool)
    with pytest.raises(ValueError, match="expected 91 training images of class 0, found 90"):
        draw(label, pool, 91, 0)


def test_no_image_is_both_drawn_from_and_scored_on(root: Path) -> None:
    samples = H2GCN.open(root / "graphs.zarr", {})

    pool, scored = pools(samples, in_development=False)
    pool_before, scored_before = pools(samples, in_development=True)

    assert set(samples.split[pool]) == {0, 1}
    assert set(samples.split[scored]) == {2}
    assert samples.ok[scored].all()
    assert set(samples.split[pool_before]) == {0}
    assert set(samples.split[scored_before]) == {1}


def test_changes_count_from_their_number_of_images_on() -> None:
    runner = recipe_of(
        it={
            "changes": {
                "all": {"augmentation": "bent"},
                10: {"optimisation": {"max_steps": 50}, "keywords": {"hidden": 4}},
                5: {"optimisation": {"max_steps": 40, "learning_rate": 0.02}},
            }
        }
    ).runners["it"]

    few, some, many, every = (setting_of("it", runner, k, BASE) for k in (4, 5, 10, "all"))

    assert [s.recipe.max_steps for s in (few, some, many, every)] == [30, 40, 50, 50]
    assert [s.recipe.learning_rate for s in (few, some, many)] == [0.01, 0.02, 0.02]
    assert [s.keywords["hidden"] for s in (few, some, many, every)] == [8, 8, 4, 4]
    assert [bool(s.augmentation) for s in (few, some, many, every)] == [False, False, False, True]


def test_what_is_studied_only_is_measured_where_it_is_named() -> None:
    recipe = recipe_of(one={}, studied={"per_class": []})

    assert {r.label for r in runs_of(recipe, BASE, per_class=[4])} == {"one"}
    assert {r.label for r in runs_of(recipe, BASE, ["studied"], [4])} == {"studied"}


def test_runs_with_few_images_come_first_and_all_images_once() -> None:
    recipe = recipe_of(one={}, other={"per_class": [2, 4]})

    runs = runs_of(recipe, BASE)
    named = runs_of(recipe, BASE, labels=["one"], per_class=[7], draws=3)

    assert [(r.per_class, r.label, r.draw) for r in runs] == [
        (2, "other", 0),
        (2, "other", 1),
        (4, "one", 0),
        (4, "one", 1),
        (4, "other", 0),
        (4, "other", 1),
        ("all", "one", 0),
    ]
    assert [(r.per_class, r.label, r.draw) for r in named] == [(7, "one", n) for n in range(3)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keywords": {"hiden": 3}}, "it.keywords.hiden: no such parameter; did you mean 'hidden'"),
        ({"augmentation": "bend"}, "it.augmentation: no 'bend'; did you mean 'bent'"),
        ({"model": "gcn"}, "it.model: no 'gcn'"),
    ],
)
def test_runner_that_cannot_be_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        only_run(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "sett"},
        {"optimisation": {"steps": 1}},
        {"optimisation": {"max_steps": 0}},
        {"optimisation": {"learning_rate": "fast"}},
        {"optimisation": {"patience": 3}},  # there is nothing to validate on
        {"per_class": [0]},
        {"per_class": ["every"]},
        {"changes": {3: {"keys": {}}}},
        {"changes": {3: {"optimisation": {"batch_size": -1}}}},
    ],
)
def test_section_that_cannot_be_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Params(
            recipe_of={},
            recipes={"digits": {"draws": 1, "runners": {"it": SET | changes}}},
        )


def test_score_is_a_function_of_the_run_but_for_the_seconds(root: Path) -> None:
    run = only_run(augmentation="bent")
    samples = run.setting.cls.open(root / "graphs.zarr", {})

    first, second = (measure(run, samples, 0.5) for _ in range(2))

    assert replace(first, fit_s=0.0) == replace(second, fit_s=0.0)
    assert first.images == 12
    assert first.open_s == pytest.approx(6.0)
    assert first.parameters > 0
    assert first.macs > 0
    assert 0 <= first.accuracy <= 100


def test_more_images_and_steps_learn_what_can_be_learned(root: Path) -> None:
    runner = {"model": "h2gcn", "optimisation": {"max_steps": 300}}
    run = runs_of(recipe_of(it=runner), BASE, per_class=["all"])[0]
    samples = run.setting.cls.open(root / "graphs.zarr", {})

    score = measure(run, samples, 0.0)

    # Half and a quarter of 240 images in three classes; chance is a third.
    assert score.images == 180
    assert score.accuracy > 50


def test_nothing_is_measured_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = only_run()
    first = Rung(root).score(run)

    monkeypatch.setattr(few_shot, "measure", lambda *_: pytest.fail("measured again"))
    again = Rung(root).score(run)

    assert again == first
    kept = json.loads((root / "few_shot" / "it" / "4-0.json").read_text())
    assert kept["accuracy"] == first.accuracy


def test_other_parameters_are_measured_anew(root: Path) -> None:
    here = Rung(root)
    before = here.score(only_run())

    after = here.score(only_run(keywords={"hidden": 5}))

    assert after.parameters < before.parameters


def test_digest_of_a_model_covers_all_code_that_it_imports() -> None:
    packages = [f"perceptgraph.{name}" for name in ("graphs", "stages", "stores", "datasets")]
    imports = grimp.build_graph(*packages)
    models = [target.partition(":")[0] for target in train.CLASSIFIERS.values()]
    needed = {*models, fitting.__name__}
    needed |= {name for module in needed for name in imports.find_upstream_modules(module)}

    # The digest follows what stands at the beginning of a line: nothing may be imported otherwise.
    unseen = {
        name: imports.find_modules_directly_imported_by(name)
        - set(IMPORT.findall(Path(str(importlib.import_module(name).__file__)).read_text()))
        for name in needed
    }

    assert not {name: found for name, found in unseen.items() if found}


def test_development_leaves_the_scores_of_the_test_split_alone(root: Path) -> None:
    run = only_run()
    Rung(root).score(run)
    kept = (root / "few_shot" / "it" / "4-0.json").read_bytes()

    Rung(root, in_development=True).score(run)

    assert (root / "few_shot" / "it" / "4-0.json").read_bytes() == kept
    assert (root / "few_shot_development" / "it" / "4-0.json").exists()

"""What it takes to reach an accuracy: what is tried, what is chosen, what is counted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.benchmarks import attempts, to_target
from perceptgraph.benchmarks.attempts import Attempt, Pictures, Seeing, fit_macs
from perceptgraph.benchmarks.to_target import (
    Contest,
    Contestant,
    Recipe,
    Tried,
    change_of,
    cheapest,
    figures_of,
    interval,
    measure,
)
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stages import detect, few_shot_runs, prepare, relate, train
from perceptgraph.stages.few_shot import draw, fitted
from perceptgraph.stages.outcome import Power
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.seeing import graphs_of_images
from perceptgraph.stages.target_views import Line
from perceptgraph.stores.mapper import serial

VALUES = load_params(Path(__file__).parents[2] / "params.yaml")
POWER = Power(4.0, "modelled-generic", "here")
ATTEMPT = Attempt(90.0, 20, 0.5, 1.0, 1e6, 7, 100.0, 0.01)
PARTS = 6, 2, 3
"""Images of a class in each split."""
KERNEL: dict[str, Any] = {
    "runner": "kernel",
    "detect": "arcs",
    "relate": "arcs",
    "keywords": {"kinds": ["arc"], "waves": 8, "copies": 0},
}
LENET: dict[str, Any] = {"runner": "lenet", "keywords": {"side": 20}}


def trials(*steps: int) -> list[dict[str, Any]]:
    return [{"per_class": 2, "optimisation": {"max_steps": n, "batch_size": 4}} for n in steps]


def contest(**changed: Any) -> Contest:
    """A contest of a kernel against LeNet on shapes."""
    given: dict[str, Any] = {
        "few_shot": "digits",
        "targets": [1],
        "draws": 2,
        "validated": None,
        "models": {"kernel": KERNEL | {"trials": [{"per_class": 1}, {"per_class": 2}]}},
        "controls": {"lenet": LENET | {"trials": trials(1, 2)}},
    }
    return Contest(
        Recipe(**given | changed),
        section_of(VALUES, "few_shot", few_shot_runs.Params).recipes["digits"],
        section_of(VALUES, "train", train.Params),
        "shapes",
        section_of(VALUES, "detect", detect.Params),
        section_of(VALUES, "relate", relate.Params),
        POWER,
        (1.0, 20.0),
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of shapes, a few of each class."""
    folder = tmp_path_factory.mktemp("rung") / "shapes"
    names = ("train_per_class", "val_per_class", "test_per_class")
    values = {**VALUES["prepare"], "datasets": {"shapes": VALUES["prepare"]["datasets"]["shapes"]}}
    values["datasets"]["shapes"] |= dict(zip(names, PARTS, strict=True)) | {"side": 48}
    values["datasets"]["shapes"] |= {"length": [12.0, 14.0], "gap": [2.0, 3.0]}
    prepare.run(prepare.Params(**values), folder, serial)
    return folder


def tried(accuracies: list[float], cpu_s: float = 1.0) -> Tried:
    made = tuple(replace(ATTEMPT, accuracy=a, see_s=0.0, fit_s=cpu_s) for a in accuracies)
    return Tried(2, "", (), Seeing(*(None,) * 2), made)  # type: ignore[arg-type]


class Scripted:
    """Pictures whose attempts have the accuracies that the number of steps stands for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []

    def attempt(self, run: Any, seeing: Any) -> Attempt:
        steps = run.setting.recipe.max_steps
        self.asked.append((run.label, steps, run.draw))
        return replace(ATTEMPT, accuracy=float(steps), fit_s=steps / 10)


def scripted(**changed: Any) -> tuple[list[Line], Scripted, Scripted]:
    development, test = Scripted(), Scripted()
    asked = contest(models={"mine": LENET | {"trials": trials(50, 90, 95, 99)}}, **changed)
    return list(measure(asked, development, test)), development, test  # type: ignore[arg-type]


def test_trials_end_with_the_first_that_reaches_the_highest_target() -> None:
    lines, development, test = scripted(targets=[60, 92], controls={})

    assert development.asked == [("mine", n, d) for n in (50, 90, 95) for d in (0, 1)]
    assert test.asked == [("mine", n, d) for n in (90, 95) for d in (0, 1)]
    assert [(x.target, x.trial) for x in lines] == [
        *(("", f"2 a class, side 20, batch_size 4, max_steps {n}") for n in (50, 90, 95)),
        ("60", "2 a class, side 20, batch_size 4, max_steps 90"),
        ("92", "2 a class, side 20, batch_size 4, max_steps 95"),
    ]


def test_a_target_that_no_trial_reaches_has_no_costs() -> None:
    lines, _, test = scripted(targets=[99.5], controls={})

    line = lines[-1]
    assert (line.target, line.development) == ("99.5", 99.0)
    assert np.isnan([line.accuracy, line.cpu_s, line.joules, line.images]).all()
    assert line.row()["cpu_s"] == ""
    assert figures_of("shapes", line) == {}
    assert not test.asked


def test_a_model_can_be_the_target_of_the_others() -> None:
    control = LENET | {"trials": trials(40, 91)}
    lines, development, _ = scripted(targets=["big"], controls={"big": control})

    reached = {x.model: x for x in lines if x.target == "big"}
    assert [steps for name, steps, _ in development.asked if name == "big"] == [40, 40, 91, 91]
    assert reached["big"].trial.endswith("max_steps 91")
    assert reached["mine"].trial.endswith("max_steps 95")
    assert reached["big"].role == "control"
    assert figures_of("ot8", reached["mine"]).keys() == {
        f"ot8/to_big/mine/{m}"
        for m in ("images", "cpu_s", "joules", "macs", "fit_macs", "accuracy", "score_joules")
    }


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 10)), min_size=1), st.floats(0, 100))
def test_the_cheapest_of_those_that_reach_the_target_is_taken(
    each: list[tuple[float, float]], target: float
) -> None:
    found = cheapest([tried([accuracy], cpu_s) for accuracy, cpu_s in each], target)

    costs = [cpu_s for accuracy, cpu_s in each if accuracy >= target]
    assert (found is None) == (not costs)
    assert found is None or found.cpu_s == min(costs)


def test_a_mean_that_may_be_luck_reaches_nothing() -> None:
    lucky = tried([94.0, 96.5])  # 95.25, one standard error 1.25

    assert lucky.reaches(94.0)
    assert not lucky.reaches(95.0)
    assert tried([95.25]).reaches(95.0)


def test_costs_are_means_with_intervals_and_joules_have_the_band_of_their_model() -> None:
    made = [replace(ATTEMPT, fit_s=s, accuracy=a) for s, a in ((1.0, 90.0), (2.0, 92.0))]

    line = to_target.line_of(contest(), "kernel", "80", tried([85.0]), made)

    assert (line.cpu_s, line.extraction_s, line.fit_s) == (2.0, 0.5, 1.5)
    assert line.joules == 4 * line.cpu_s
    assert (line.accuracy, line.development, line.draws) == (91.0, 85.0, 2)
    # Student's t of one degree of freedom at 97.5 % is 12.7; the standard error is half a second.
    assert line.cpu_s_high == pytest.approx(2 + 12.7062 / 2, abs=1e-3)
    assert line.joules_low == pytest.approx(1 * line.cpu_s_low)
    assert line.joules_high == pytest.approx(20 * line.cpu_s_high)
    assert (line.low + line.high) / 2 == pytest.approx(91.0)
    assert np.isnan(interval([1.0])).all()
    once = to_target.line_of(contest(), "kernel", "80", tried([85.0]), made[:1])
    assert (once.joules_low, once.joules_high) == (1 * once.cpu_s, 20 * once.cpu_s)


def test_a_trial_goes_over_its_model_and_that_over_its_runner() -> None:
    first = {"per_class": 3, "keywords": {"dropout": 0.0}, "optimisation": {"max_steps": 7}}
    given: dict[str, Any] = {
        "runner": "lenet",
        "keywords": {"side": 28, "dropout": 0.1},
        "augmentation": "warps",
        "optimisation": {"max_steps": 9, "batch_size": 8},
        "trials": [first],
    }
    who = Contestant(**given)

    change = change_of(who, who.trials[0])
    (run,) = contest().runs("mine", who, who.trials[0], 1)

    assert change.keywords == {"side": 28, "dropout": 0.0}
    assert (run.setting.recipe.max_steps, run.setting.recipe.batch_size) == (7, 8)
    assert run.setting.keywords["side"] == 28
    assert run.setting.augmentation == VALUES["train"]["augment"]["recipes"]["warps"]


def test_unknown_models_runners_and_recipes_are_told() -> None:
    with pytest.raises(ValueError, match="targets: no 'lenett'; did you mean 'lenet'"):
        contest(targets=["lenett"])
    with pytest.raises(ValueError, match="kernel are models too"):
        contest(controls={"kernel": LENET | {"trials": trials(1)}})
    given: dict[str, Any] = {"runner": "leget", "trials": trials(1)}
    who = Contestant(**given)
    with pytest.raises(ParamsError, match="runner: no 'leget'; did you mean"):
        contest().runs("mine", who, who.trials[0], 1)
    with pytest.raises(ParamsError, match="detect: no 'arc'; did you mean 'arcs'"):
        contest().seeing(who.model_copy(update={"detect": "arc"}))


def test_the_targets_of_the_project_can_be_run() -> None:
    params = section_of(VALUES, "to_target", to_target.Params)
    few_shot = section_of(VALUES, "few_shot", few_shot_runs.Params).recipes

    for dataset in params.recipe_of:
        recipe = params.recipe(dataset)
        all_of_it = replace(
            contest(), recipe=recipe, runners=few_shot[recipe.few_shot], dataset=dataset
        )
        for name, who in all_of_it.all_models().items():
            all_of_it.seeing(who)
            for trial in who.trials:
                assert all_of_it.runs(name, who, trial, 1)


def test_attempts_on_images_are_measured_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = contest()
    splits = Pictures(root, in_development=True), Pictures(root)

    lines = list(measure(asked, *splits))
    monkeypatch.setattr(attempts, "fitted", lambda *_: pytest.fail("measured again"))
    again = list(measure(asked, *splits))

    assert [line.row() for line in again] == [line.row() for line in lines]
    reached = {line.model: line for line in lines if line.target and not np.isnan(line.accuracy)}
    assert "kernel" in reached
    for line in reached.values():
        assert line.joules == pytest.approx(4 * (line.extraction_s + line.fit_s))
        assert min(line.extraction_s, line.fit_s, line.score_s, line.macs, line.fit_macs) > 0


def test_development_leaves_the_test_split_alone(root: Path) -> None:
    pictures, test = Pictures(root, in_development=True, most_scored=5), Pictures(root)
    split = pictures.images.split

    assert (split[pictures.pool] == 0).all()
    assert (split[pictures.scored] == 1).all()
    assert len(pictures.scored) == 5
    assert (split[test.pool] < 2).all()
    np.testing.assert_array_equal(test.scored, np.flatnonzero(split == 2))


def test_a_kernel_of_arcs_sees_as_much_where_nothing_else_is_looked_for(root: Path) -> None:
    asked, pictures = contest(), Pictures(root)
    who = asked.recipe.models["kernel"]
    (run,) = asked.runs("kernel", who, who.trials[1], 1)
    chosen = draw(pictures.label, pictures.pool, 2, 0)
    images = [pictures.images.image(int(i)) for i in chosen]
    found = []

    for seeing in (
        asked.seeing(who),
        Seeing(asked.detect.recipes["strokes"], asked.relate.recipes["strokes"]),
    ):
        facts = pictures._facts(seeing)
        samples = graphs_of_images(images, facts)
        samples = replace(samples, label=pictures.label[chosen], facts=dict(facts))
        net, _ = fitted(run, samples, np.arange(len(chosen)))
        found.append(net.logits(samples.batch(np.arange(len(chosen)))))

    torch.testing.assert_close(found[0], found[1])


def test_work_of_learning_is_counted() -> None:
    asked = contest()
    who = asked.recipe.controls["lenet"]
    (run,) = asked.runs("lenet", who, who.trials[1], 1)
    net = run.setting.cls(("a", "b"), **run.setting.keywords)

    # Two steps of four images, forward and twice as much backward.
    assert fit_macs(net, run.setting.recipe, 1000.0) == 3 * 1000 * 4 * 2

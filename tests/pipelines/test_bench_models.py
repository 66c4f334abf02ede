"""Commands `bench digits` and `bench scenes`: figures as they come, nothing measured twice."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from perceptgraph.benchmarks import scenes
from perceptgraph.benchmarks.few_shot import figures_of
from perceptgraph.benchmarks.scenes import VARIANTS
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.pipelines import bench_scenes, rungs
from perceptgraph.pipelines.bench import Figures
from perceptgraph.pipelines.bench_digits import SUITES as DIGITS
from perceptgraph.pipelines.bench_models import (
    Settings,
    bench_models,
    controls_among,
    every,
    few,
    runners_of,
    settings_of,
    table_of,
)
from perceptgraph.pipelines.bench_scenes import SUITES as SCENES
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.rungs import built, extraction_s
from perceptgraph.stages import few_shot, train
from perceptgraph.stages.few_shot import Score
from perceptgraph.stages.few_shot_runs import Params, runs_of
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import ParamsError

PARAMS = Path(__file__).parents[2] / "params.yaml"
TINY = {
    "prepare.datasets.shapes": {
        "train_per_class": 3,
        "val_per_class": 1,
        "test_per_class": 1,
    },
    "dask.mode": "sync",
    "few_shot.recipe_of.shapes": "tiny",
    "few_shot.recipes.tiny": {
        "draws": 2,
        "runners": {
            "set": {
                "model": "set",
                "per_class": [2, "all"],
                "keywords": {"hidden": 8},
                "augmentation": "none",
                "optimisation": {"max_steps": 5},
                "changes": {},
            },
            "lenet_moved": {
                "model": "lenet",
                "per_class": [2],
                "keywords": {"side": 16},
                "augmentation": "warps",
                "optimisation": {"max_steps": 5},
                "changes": {},
            },
        },
    },
}
MEASURES = {"accuracy", "mean_per_class", "sd", "params", "cpu_s", "macs", "joules"}
SUITES = {"few_shot": few("shapes"), "all_data": every("shapes")}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tiny rung of shapes, whose stores are made by the first who needs them."""
    folder = tmp_path_factory.mktemp("bench")
    values: Any = OmegaConf.load(PARAMS)
    for key, value in TINY.items():
        OmegaConf.update(values, key, value, merge=True)
    OmegaConf.save(values, folder / "params.yaml")
    nothing: tuple[Any, ...] = ()
    return Settings(
        folder / "outputs", folder / "params.yaml", nothing, nothing, nothing, None, False
    )


def no_measure(*_: object) -> None:
    pytest.fail("measured again")


def shown(table: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(table)
    return out.getvalue()


def test_every_measure_of_every_label_is_printed_and_written_once(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench_models("digits", SUITES, [], None, settings, tmp_path / "first.json")
    monkeypatch.setattr(few_shot, "measure", no_measure)
    bench_models("digits", SUITES, [], None, settings, tmp_path / "again.json")

    found = json.loads((tmp_path / "first.json").read_text())
    rows = ("shapes/2/set", "shapes/2/lenet_moved", "shapes/all/set")
    assert set(found) == {f"{row}/{measure}" for row in rows for measure in MEASURES}
    assert found == json.loads((tmp_path / "again.json").read_text())
    assert all(0 <= found[f"{row}/accuracy"] <= 100 for row in rows)
    assert found["shapes/2/set/joules"] > 0
    shown_now = capsys.readouterr()
    assert "Joules are modelled" in shown_now.out
    assert f"shapes/2/set: {found['shapes/2/set/accuracy']:.2f} %" in shown_now.err


def test_labels_and_numbers_can_be_chosen(settings: Settings, tmp_path: Path) -> None:
    chosen = replace(settings, models=("set",), per_class=(3,), draws=1)

    bench_models("digits", SUITES, [], None, chosen, tmp_path / "out.json")

    found = json.loads((tmp_path / "out.json").read_text())
    assert {name.rpartition("/")[0] for name in found} == {"shapes/3/set"}
    assert found["shapes/3/set/sd"] == 0
    with pytest.raises(ParamsError, match="--model: no 'sett'; did you mean 'set'"):
        bench_models("digits", SUITES, [], None, replace(settings, models=("sett",)), None)
    with pytest.raises(ParamsError, match="--suite: no 'few_sho'; did you mean 'few_shot'"):
        bench_models("digits", SUITES, ["few_sho"], None, settings, None)


def test_stores_are_made_anew_only_where_params_differ(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("perceptgraph"), "propagate", True)
    where = settings.outputs, settings.params
    root = built("shapes", *where, [])
    ran: list[str] = []

    def remembered(stage: str, **keywords: Any) -> Outcome:
        ran.append(stage)
        return replace(real(stage, **keywords), bad=(("a.png", "no image"),))

    real = rungs.run_stage
    monkeypatch.setattr(rungs, "run_stage", remembered)
    built("shapes", *where, [])
    same = list(ran)
    built("shapes", *where, ["relate.recipes.segments.relations.near.k=3"])
    other = list(ran)
    built("shapes", *where, [])

    assert same == []
    assert other == ["relate"]
    assert ran == ["relate", "relate"]
    assert caplog.messages.count("relate shapes: left out a.png: no image") == 2
    assert extraction_s(root) > 0


def test_pixel_models_need_no_graphs(settings: Settings, tmp_path: Path) -> None:
    there = replace(settings, outputs=tmp_path, models=("lenet_moved",), draws=1)

    bench_models("digits", SUITES, [], None, there, tmp_path / "out.json")

    assert json.loads((tmp_path / "out.json").read_text())["shapes/2/lenet_moved/accuracy"] >= 0
    assert {path.name for path in (tmp_path / "shapes").glob("*.zarr")} == {"images.zarr"}


def test_figures_that_came_before_an_error_are_kept(settings: Settings, tmp_path: Path) -> None:
    def broken(_: Settings) -> Iterator[Figures]:
        yield {"mnist/1/set/accuracy": 40.0}
        raise ValueError("the light went out")

    with pytest.raises(ValueError, match="light"):
        bench_models("digits", {"few_shot": broken}, [], None, settings, tmp_path / "out.json")

    assert json.loads((tmp_path / "out.json").read_text()) == {"mnist/1/set/accuracy": 40.0}


def test_suite_without_data_is_left_out_unless_it_is_named(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(_: Settings) -> Iterator[Figures]:
        raise MissingData("no digits here")
        yield {}

    def there(_: Settings) -> Iterator[Figures]:
        yield {"mnist/1/set/accuracy": 40.0}

    suites = {"lacking": lacking, "there": there}
    bench_models("digits", suites, [], None, settings, tmp_path / "out.json")

    assert json.loads((tmp_path / "out.json").read_text()) == {"mnist/1/set/accuracy": 40.0}
    assert "left out lacking" in capsys.readouterr().err
    with pytest.raises(MissingData):
        bench_models("digits", suites, ["lacking"], None, settings, None)


def test_costs_are_those_of_the_images_that_were_learned_from() -> None:
    scores = [Score(90.0 + i, 80.0, 7, 5.0, 20, 0.5, 1.0 + 10 * (i == 0)) for i in range(3)]

    found = figures_of("mnist", 2, "set", scores, extraction_s=0.1, watts=4.0)

    assert found["mnist/2/set/accuracy"] == pytest.approx(91)
    assert found["mnist/2/set/sd"] == pytest.approx(1)
    # Twenty images at 0.1 s, half a second to read them, and the median second of learning.
    assert found["mnist/2/set/cpu_s"] == pytest.approx(2 + 0.5 + 1)
    assert found["mnist/2/set/joules"] == pytest.approx(4 * 3.5)


def test_table_marks_the_controls_and_has_a_column_for_each_measure() -> None:
    found = {
        "mnist/10/kernel/accuracy": 97.126,
        "mnist/10/kernel/sd": 0.4,
        "mnist/rotated/kernel/accuracy": 97.126,
        "mnist/rotated/kernel/upright": 97.2,
        "mnist/rotated/lenet_moved/params": 61706.0,
        "ot8/100/fisher/accuracy": 90.0,
        "ot8/100/fisher/random_mean_per_class": 89.0,
        "ot8/100/fisher/sd": 0.6,
    }

    text = shown(table_of("digits", found, {"lenet_moved"})).splitlines()

    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text if "/" in line]
    assert cells == [
        ["mnist/10/kernel", "97.13 ± 0.40", "", "", ""],
        ["mnist/rotated/kernel", "97.13", "", "97.20", ""],
        ["mnist/rotated/lenet_moved *", "", "", "", "61,706"],
        ["ot8/100/fisher", "90.00", "89.00 ± 0.60", "", ""],
    ]


def test_controls_are_the_labels_of_pixel_models(settings: Settings) -> None:
    controls = controls_among(runners_of(settings))

    assert {"lenet", "lenet_moved", "pixel_kernel", "pixel_nearest", "resnet"} <= controls
    assert controls.isdisjoint({"kernel", "matching", "relative_pose", "set"})


def test_numbers_of_images_are_numbers_or_all() -> None:
    said = settings_of(Path("outputs"), PARAMS, None, ["set"], ["5", "all"], 3, True)

    assert said.per_class == (5, "all")
    assert said.models == ("set",)
    for word in ("0", "-3", "five"):
        with pytest.raises(ParamsError, match=f"--per-class {word}: expected a number"):
            settings_of(Path("outputs"), PARAMS, None, None, [word], None, False)


def test_runs_of_params_yaml_can_be() -> None:
    values = load_params(PARAMS)
    params = section_of(values, "few_shot", Params)
    base = section_of(values, "train", train.Params)

    runs = {name: runs_of(params.recipe(name), base) for name in params.recipe_of}

    assert all(runs.values())
    assert {"few_shot", "all_data"} <= set(DIGITS)
    assert "few_shot" in SCENES


def test_bench_that_would_measure_nothing_is_an_error(settings: Settings, tmp_path: Path) -> None:
    def lacking(_: Settings) -> Iterator[Figures]:
        raise MissingData("no digits here")
        yield {}

    there = replace(settings, outputs=tmp_path)
    with pytest.raises(ParamsError, match="no suite that is asked for has these labels"):
        bench_models("digits", SUITES, ["all_data"], None, replace(there, per_class=(2,)), None)
    with pytest.raises(MissingData, match="nothing to measure: no data for lacking"):
        bench_models("digits", {"lacking": lacking}, [], None, there, None)
    assert list(tmp_path.iterdir()) == []


def test_labels_of_splits_are_known_and_others_are_not(settings: Settings, tmp_path: Path) -> None:
    def of_splits(chosen: Settings) -> Iterator[Figures]:
        yield {f"ot8/100/{label}/accuracy": 80.0 for label in chosen.models}

    suites = {"splits": of_splits, "few_shot": SCENES["few_shot"]}
    there = replace(settings, outputs=tmp_path / "outputs", models=("fisher",))
    out = tmp_path / "out.json"

    bench_models("scenes", suites, [], None, there, out, VARIANTS)

    assert json.loads(out.read_text()) == {"ot8/100/fisher/accuracy": 80.0}
    with pytest.raises(ParamsError, match="--model: no 'fischer'; did you mean 'fisher'"):
        bench_models(
            "scenes", suites, ["splits"], None, replace(there, models=("fischer",)), None, VARIANTS
        )


def test_splits_have_rungs_of_their_own_and_figures_of_what_is_asked_for(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_scenes, "SETS", ("shapes",))
    monkeypatch.setattr(scenes, "PER_CLASS", 3)
    few_numbers = "kinds=[arc]", "nodes=30", "radii=[20]", "components=2", "gaussians=2"
    chosen = tuple(f"train.networks.fisher.{keyword}" for keyword in few_numbers)
    there = replace(
        settings, outputs=tmp_path, overrides=chosen, models=("fisher",), draws=2, per_class=(3,)
    )

    first, second = SCENES["splits"](there)

    assert [path.name for path in tmp_path.iterdir()] == [bench_scenes.OUT]
    assert first["shapes/3/fisher/cpu_s"] > 0
    assert first["shapes/3/fisher/joules"] > 0
    assert 0 <= second["shapes/3/fisher/random_accuracy"] <= 100


def test_rate_of_groups_stands_beside_measured_shapes_alone(settings: Settings) -> None:
    built("shapes", settings.outputs, settings.params, [])
    chosen = replace(settings, models=("set",))

    measured = [name for figures in DIGITS["shapes"](chosen) for name in figures]

    assert "shapes/all/set/accuracy" in measured
    assert list(DIGITS["shapes"](replace(chosen, per_class=(2,)))) == []


@pytest.mark.parametrize("suite", DIGITS)
def test_suite_of_digits_does_nothing_for_labels_that_it_has_not(
    suite: str, settings: Settings, tmp_path: Path
) -> None:
    other = "lenet_moved" if suite != "shapes" else "pixel_kernel"
    there = replace(settings, outputs=tmp_path, models=(other,))

    assert list(DIGITS[suite](there)) == []
    assert list(tmp_path.iterdir()) == []


def test_splits_of_scenes_are_for_their_labels_and_number_alone(
    settings: Settings, tmp_path: Path
) -> None:
    there = replace(settings, outputs=tmp_path)

    assert list(SCENES["splits"](replace(there, models=("lenet",)))) == []
    assert list(SCENES["splits"](replace(there, per_class=(5,)))) == []
    assert list(tmp_path.iterdir()) == []

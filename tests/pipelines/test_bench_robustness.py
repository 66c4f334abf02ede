"""Command `bench robustness`: figures of the axes of a study, by their names."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from perceptgraph.pipelines.bench_models import Settings, bench_models
from perceptgraph.pipelines.bench_robustness import figures_of, grid, labels_of
from perceptgraph.stages.params import ParamsError

PARAMS = Path(__file__).parents[2] / "params.yaml"
RUNNER: dict[str, Any] = {
    "per_class": [],
    "keywords": {"hidden": 4},
    "model": "set",
    "augmentation": "none",
    "optimisation": {"max_steps": 3, "batch_size": 8},
    "changes": {},
}
ATTACKED = {"pixels": 60, "queries": 3, "images": 4}
TINY: dict[str, Any] = {
    "prepare.datasets.shapes": {"train_per_class": 3, "val_per_class": 1, "test_per_class": 1},
    "dask.mode": "sync",
    "few_shot": {"recipe_of": {}, "recipes": {"tiny": {"draws": 1, "runners": {"set": RUNNER}}}},
    "study.in_development": False,
    "study.recipe_of.shapes": "tiny",
    "study.recipes.tiny": {
        "few_shot": "tiny",
        "per_class": 2,
        "optimisation": {},
        "small": {"seeds": 1, "scored": 8},
        "full": {"seeds": 1},
        "contenders": {"bag": {"runner": "set"}, "other_bag": {"runner": "set", "per_class": 1}},
        "controls": {"no_edges": {"runner": "set", "graphs": {"without_edges": {}}}},
    },
    "to_target": {"recipe_of": {}, "recipes": {}},
    "robustness.axes.tiny": {
        "noise": {"subjects": ["bag", "other_bag"], "small": [0.1], "full": []},
        "blur": {"subjects": ["other_bag"], "small": [1], "full": []},
        "sparse": {
            "subjects": ["bag"],
            "small": [{"pixels": 0, "images": 4}, ATTACKED],
            "full": [],
        },
    },
}
SETS: dict[str, tuple[str, ...]] = {"shapes": ()}
SUITES = {"curves": grid(["noise", "blur"], SETS), "attacks": grid(["sparse"], SETS)}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tiny rung of shapes, whose stores are made by the first who needs them."""
    folder = tmp_path_factory.mktemp("bench")
    values: Any = OmegaConf.load(PARAMS)
    for section in ("few_shot", "study", "robustness.axes", "to_target"):
        OmegaConf.update(values, section, {}, merge=False)
    for key, value in TINY.items():
        OmegaConf.update(values, key, value)
    OmegaConf.save(values, folder / "params.yaml")
    return Settings(folder / "outputs", folder / "params.yaml", (), (), (), None, False)


def test_every_level_of_a_curve_has_its_figures(
    settings: Settings,
) -> None:
    found: dict[str, float] = {}
    for figures in SUITES["curves"](settings):
        found |= figures

    for who in ("bag", "other_bag"):
        for level in ("as_is", "0.1"):
            assert 0 <= found[f"shapes/noise/{level}/{who}/accuracy"] <= 100
    assert found["shapes/noise/0.1/bag/images"] == 8
    assert "shapes/blur/1/other_bag/accuracy" in found
    assert not any("/blur/1/bag/" in name or "no_edges" in name for name in found)


def test_an_attack_stands_beside_the_same_images_unharmed(settings: Settings) -> None:
    (found,) = SUITES["attacks"](settings)

    assert found["shapes/sparse/0/bag/images"] == found["shapes/sparse/60/bag/images"] == 4
    assert found["shapes/sparse/60/bag/accuracy"] <= found["shapes/sparse/0/bag/accuracy"]
    assert 1 <= found["shapes/sparse/60/bag/queries"] <= 3


def test_who_is_asked_for_and_how_often(settings: Settings) -> None:
    chosen = replace(settings, models=("bag",), draws=2, in_development=True)

    (found,) = SUITES["curves"](chosen)

    assert {name.split("/")[3] for name in found} == {"bag"}
    table = pd.read_csv(settings.outputs / "shapes" / "robustness_development" / "results.csv")
    assert set(table["seed"]) == {0, 1}


def test_a_label_that_no_study_has_is_told(settings: Settings) -> None:
    with pytest.raises(ParamsError, match="no 'bog'; did you mean 'bag'"):
        bench_models(
            "robustness",
            SUITES,
            [],
            None,
            replace(settings, models=("bog",)),
            None,
            labels_of(settings),
        )


def test_levels_of_one_number_are_told_apart_by_their_names() -> None:
    def row(level: str, value: float) -> dict[str, Any]:
        return {
            "key": level,
            "axis": "transfer",
            "level": level,
            "value": value,
            "subject": "bag",
            "role": "subject",
            "seed": 0,
            "per_class": "10",
            "accuracy": 50.0,
            "mean_per_class": 50.0,
            "parameters": 3,
            "macs": 2.0,
            "images": 4,
            "queries": math.nan,
            "right": np.array([True, False, True, False]),
        }

    table = pd.DataFrame(
        [row("clean", 0.0), row("eps 0.3 from a", 0.3), row("eps 0.3 from b", 0.3)]
    )

    names = {name.rpartition("/")[0] for name in figures_of("mnist", table)}

    assert names == {
        "mnist/transfer/0/bag",
        "mnist/transfer/eps_0.3_from_a/bag",
        "mnist/transfer/eps_0.3_from_b/bag",
    }

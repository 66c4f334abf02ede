"""Suite `to_target` of `bench robustness`: its table, and how it lands."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from omegaconf import OmegaConf

from perceptgraph.pipelines.bench_models import Settings
from perceptgraph.pipelines.bench_target import land_table, targets
from perceptgraph.stages.tables import TableError
from perceptgraph.stages.target_views import read_targets, target_views

PARAMS = Path(__file__).parents[2] / "params.yaml"
TINY: dict[str, Any] = {
    "prepare.datasets.shapes": {"train_per_class": 3, "val_per_class": 1, "test_per_class": 1},
    "dask.mode": "sync",
    "energy.cpu_watts": 1000,
    "to_target": {
        "recipe_of": {"shapes": "tiny"},
        "recipes": {
            "tiny": {
                "few_shot": "digits",
                "targets": [0, 100.5],
                "draws": 2,
                "validated": 3,
                "models": {
                    "kernel": {
                        "runner": "kernel",
                        "detect": "arcs",
                        "relate": "arcs",
                        "keywords": {"kinds": ["arc"], "waves": 4, "copies": 0},
                        "trials": [{"per_class": 1}, {"per_class": 2}],
                    }
                },
                "controls": {
                    "lenet": {
                        "runner": "lenet",
                        "keywords": {"side": 16},
                        "trials": [{"per_class": 1, "optimisation": {"max_steps": 1}}],
                    }
                },
            }
        },
    },
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tiny rung of shapes, whose images are made by the first who needs them."""
    folder = tmp_path_factory.mktemp("bench")
    values: Any = OmegaConf.load(PARAMS)
    OmegaConf.update(values, "to_target", {}, merge=False)
    for key, value in TINY.items():
        OmegaConf.update(values, key, value)
    OmegaConf.save(values, folder / "params.yaml")
    return Settings(folder / "outputs", folder / "params.yaml", (), (), (), None, False)


def test_table_has_targets_first_and_lands_as_it_is(settings: Settings, tmp_path: Path) -> None:
    found: dict[str, float] = {}
    for figures in targets(settings):
        found |= figures
    root = settings.outputs / "shapes"
    landed = land_table(settings.outputs, tmp_path, "shapes")

    table = pd.read_csv(root / "to_target.csv")
    assert table["target"].tolist()[:4] == [0.0, 100.5, 0.0, 100.5]
    assert table["target"][4:].isna().all()
    assert table["model"].tolist() == [*["kernel"] * 2, *["lenet"] * 2, *["kernel"] * 2, "lenet"]
    cheap = table.iloc[0]
    assert found["shapes/to0/kernel/cpu_s"] == pytest.approx(cheap["cpu_s"], rel=1e-4)
    assert cheap["method"] == "modelled-declared-tdp"
    assert cheap["joules"] / cheap["cpu_s"] == pytest.approx(
        table["joules"][6] / table["cpu_s"][6], rel=1e-4
    )
    assert not any("to100.5" in name for name in found)
    assert table["cpu_s"][[1, 3]].isna().all()
    assert landed is not None
    assert landed.read_bytes() == (root / "to_target.csv").read_bytes()
    assert {view.subject for view in target_views(read_targets(landed.parent))} == {
        "kernel",
        "lenet",
    }


def test_what_was_not_measured_does_not_land(tmp_path: Path) -> None:
    assert land_table(tmp_path / "outputs", tmp_path / "results", "shapes") is None
    assert not (tmp_path / "results").exists()


def test_models_can_be_chosen(settings: Settings) -> None:
    chosen = replace(settings, models=("lenet",), in_development=True)

    found = [figures for figures in targets(chosen) if figures]

    assert {name for figures in found for name in figures} == {
        f"shapes/to0/lenet/{measure}"
        for measure in (
            "images",
            "cpu_s",
            "joules",
            "macs",
            "fit_macs",
            "accuracy",
            "score_joules",
        )
    }
    table = pd.read_csv(settings.outputs / "shapes" / "development" / "to_target.csv")
    assert set(table["model"]) == {"lenet"}


@pytest.mark.parametrize("text", ["", "target,model\n95,kernel\n"])
def test_what_is_no_table_of_targets_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "to_target.csv").write_text(text)

    with pytest.raises(TableError, match=r"to_target.csv: expected"):
        read_targets(tmp_path)

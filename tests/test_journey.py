"""The way of a user with pictures of their own: a folder, a model, a prediction, a look at it."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from perceptgraph.pipelines.cli import app

ROOT = Path(__file__).parents[1]
STAGES = (
    ["prepare"],
    ["detect"],
    ["relate"],
    ["train", "--model", "set"],
    ["train", "--model", "h2gcn"],
    ["evaluate"],
)


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "draw_cracks", ROOT / "docs/examples/draw_cracks.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of the README's example, smaller: a folder of pictures to two trained models."""
    folder = tmp_path_factory.mktemp("journey")
    example().draw(folder / "walls", per_class=30)
    (folder / "walls/cracked/notes.txt").write_text("seen on the north side")
    options = {
        "prepare.datasets.folder.path": str(folder / "walls"),
        "models": "[set,h2gcn]",
        "baselines": "[]",
        "train.max_steps": "300",
        "dask.mode": "sync",
    }
    sets = [word for k, v in options.items() for word in ("--set", f"{k}={v}")]
    for stage in STAGES:
        call(
            *["run", *stage, "--dataset", "folder", "--outputs", str(folder / "outputs")],
            *["--params", str(ROOT / "params.yaml"), *sets],
        )
    return folder


def test_a_folder_of_pictures_becomes_a_model_above_chance(trained: Path) -> None:
    metrics = json.loads((trained / "outputs/folder/metrics.json").read_text())

    assert metrics["class_names"] == ["cracked", "scratched", "sound"]
    assert metrics["models"]["h2gcn"]["accuracy"] > 0.7


def test_a_new_picture_is_classified_by_the_model_alone(trained: Path, tmp_path: Path) -> None:
    draw = example()
    rng = np.random.default_rng(99)
    path = tmp_path / "new wall.png"
    cv2.imwrite(str(path), draw.picture(rng, draw.TEXTURES[0](), "sound"))
    model = (trained / "outputs/folder/models/h2gcn").rename(tmp_path / "moved")

    out = call("predict", str(model), str(path))
    model.rename(trained / "outputs/folder/models/h2gcn")

    assert "new wall.png: sound" in out


def test_its_graph_can_be_looked_at(trained: Path, tmp_path: Path) -> None:
    picture = str(sorted((trained / "walls/cracked").glob("*.png"))[0])
    targets = {kind: tmp_path / f"wall.{kind}" for kind in ("html", "json", "graphml", "png")}
    options = [word for kind, path in targets.items() for word in (f"--{kind}", str(path))]

    out = call("inspect", picture, *options)
    from_rung = call("inspect", "folder", "0", "--outputs", str(trained / "outputs"))

    assert "nodes:" in out
    assert "nodes:" in from_rung
    assert all(path.stat().st_size > 100 for path in targets.values())

"""Prediction of an image with a saved model is what the stages found for it."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.graphs.models.saved import ModelError
from perceptgraph.stages import evaluate
from perceptgraph.stages.predict import predict
from perceptgraph.stores.mapper import serial
from perceptgraph.stores.status import texts_of

MODELS = ("h2gcn", "kernel", "lenet")


@pytest.fixture(scope="module")
def evaluated(climbed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("evaluated") / "shapes"
    shutil.copytree(climbed, root)
    params = evaluate.Params(models=("h2gcn", "kernel"), baselines=("lenet",), calibration_bins=5)
    evaluate.run(params, root, serial, "cpu")
    return root


@pytest.fixture(scope="module")
def pictures(evaluated: Path) -> dict[str, NDArray[np.uint8]]:
    """Test images by their names."""
    block = open_images(evaluated / "images.zarr").block()
    images, names = image_set(block), texts_of(block, "image/id")
    return {names[i]: images.image(int(i)) for i in np.flatnonzero(images.split == 2)}


@pytest.mark.parametrize("model", MODELS)
def test_prediction_is_that_of_the_stages(
    model: str, evaluated: Path, pictures: dict[str, NDArray[np.uint8]]
) -> None:
    with (evaluated / "predictions" / f"{model}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    names, probability = predict(
        evaluated / "models" / model, [pictures[row["image_id"]] for row in rows]
    )

    assert [names[i] for i in probability.argmax(1)] == [row["predicted"] for row in rows]
    confidence = [float(row["confidence"]) for row in rows]
    np.testing.assert_allclose(probability.max(1), confidence, atol=2e-6)
    np.testing.assert_allclose(probability.sum(1), 1)


@pytest.mark.parametrize("model", MODELS)
def test_prediction_of_an_image_does_not_depend_on_the_others(
    model: str, evaluated: Path, pictures: dict[str, NDArray[np.uint8]]
) -> None:
    folder, some = evaluated / "models" / model, list(pictures.values())[:4]

    _, together = predict(folder, some)
    alone = np.concatenate([predict(folder, [image])[1] for image in some])

    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_folder_of_the_model_is_enough(
    model: str, evaluated: Path, pictures: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    away = Path(shutil.copytree(evaluated / "models" / model, tmp_path / "elsewhere"))
    image = next(iter(pictures.values()))

    here, there = (predict(folder, [image])[1] for folder in (evaluated / "models" / model, away))

    np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(40, 40), (1, 1), (1, 300), (40, 40, 3)])
def test_image_without_primitives_has_probabilities_too(
    model: str, shape: tuple[int, ...], evaluated: Path
) -> None:
    _, probability = predict(evaluated / "models" / model, [np.full(shape, 100, np.uint8)])

    assert probability.shape == (1, 12)
    assert np.isfinite(probability).all()
    np.testing.assert_allclose(probability.sum(), 1)


@pytest.mark.parametrize("model", MODELS)
def test_no_images_have_no_probabilities(model: str, evaluated: Path) -> None:
    names, probability = predict(evaluated / "models" / model, [])

    assert len(names) == 12
    assert probability.shape == (0, 12)


def test_image_of_an_unknown_type_is_told(evaluated: Path) -> None:
    with pytest.raises(ValueError, match="int32"):
        predict(evaluated / "models" / "lenet", [np.zeros((20, 20), np.int32)])


def test_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a trained model"):
        predict(tmp_path, [])


def test_model_of_another_version_is_refused(evaluated: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(evaluated / "models" / "h2gcn", tmp_path / "old"))
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(about | {"version": 0}))

    with pytest.raises(ModelError, match="train the model again"):
        predict(folder, [])


def test_model_of_drawn_primitives_cannot_predict_an_image(evaluated: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(evaluated / "models" / "h2gcn", tmp_path / "drawn"))
    about = json.loads((folder / "model.json").read_text())
    about["facts"]["detect"] = None
    (folder / "model.json").write_text(json.dumps(about))

    with pytest.raises(ValueError, match="ground_truth: false"):
        predict(folder, [np.zeros((20, 20), np.uint8)])

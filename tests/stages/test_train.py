"""Stage train: exactly the files of a model, the same after a kill, or an error that helps."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, SMALL_H2GCN, learnable_graph, write_learnable_store
from pydantic import ValidationError

from perceptgraph.datasets.image_set import open_images
from perceptgraph.graphs.models.saved import load_model
from perceptgraph.graphs.store import GRAPH_LAYOUT, graph_attributes, graph_record
from perceptgraph.stages import train
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.train import CLASSIFIERS, Params, device_of, run
from perceptgraph.stores.mapper import serial
from perceptgraph.stores.ragged import stack, write_store
from perceptgraph.stores.status import identity_record

SECTION: dict[str, Any] = {
    "seed": 3,
    "batch_size": 32,
    "max_steps": 60,
    "evaluate_every": 20,
    "patience": 10,
    "learning_rate": 0.01,
    "weight_decay": 0.0,
    "augment": {
        "recipes": {
            "none": {},
            "bent": {"elastic": {"amplitude": 0.5, "spacing": 9.0}},
        },
        "recipe_of": {"drawn": "none"},
    },
    "networks": {
        "h2gcn": SMALL_H2GCN,
        "set": {"hidden": 8, "dropout": 0.1, "left_out": ["inward", "outward"]},
    },
}
FILES = {"model.safetensors", "model.json", "history.csv"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("learnable") / "graphs.zarr"
    write_learnable_store(path)
    return path


@pytest.fixture
def root(store: Path, tmp_path: Path) -> Path:
    (tmp_path / "drawn").mkdir()
    (tmp_path / "drawn" / "graphs.zarr").symlink_to(store)
    return tmp_path / "drawn"


def params_of(**changes: Any) -> Params:
    return Params(**(SECTION | changes))


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_models_folder_and_nothing_else_is_written(root: Path) -> None:
    run(params_of(), root, serial, "h2gcn", "cpu")
    run(params_of(), root, serial, "set", "cpu")

    assert {path.name for path in root.iterdir()} == {"graphs.zarr", "models"}
    assert set(content(root / "models")) == {f"{m}/{f}" for m in ("h2gcn", "set") for f in FILES}


def test_model_says_what_it_learned_from_and_how(root: Path) -> None:
    outcome = run(params_of(), root, serial, "h2gcn", "cpu")

    net, about = load_model(root / "models" / "h2gcn", CLASSIFIERS)
    rows = list(csv.DictReader((root / "models/h2gcn/history.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["20", "40", "60"]
    assert list(rows[0]) == ["step", "train_loss", "val_loss", "val_accuracy"]
    assert about.steps == int(min(rows, key=lambda row: float(row["val_loss"]))["step"])
    assert about.keywords == SECTION["networks"]["h2gcn"]
    assert tuple(about.facts["class_names"]) == SCHEMA.class_names
    assert outcome.work["images"] == 180  # half of 240 train, a quarter validates
    assert outcome.work["steps"] == 60
    assert outcome.work["epochs"] == 16  # of 120 images in 60 batches of 32
    assert (
        outcome.work["parameters"] == about.parameters == sum(p.numel() for p in net.parameters())
    )
    assert outcome.work["macs"] > 0


def test_same_parameters_give_the_same_bytes_and_another_seed_others(root: Path) -> None:
    found = []
    for seed in (3, 3, 4):
        run(params_of(seed=seed), root, serial, "h2gcn", "cpu")
        found.append(content(root / "models"))

    assert found[0] == found[1]
    assert found[0]["h2gcn/model.safetensors"] != found[2]["h2gcn/model.safetensors"]


def test_augmented_training_is_another_and_comes_out_the_same_each_time(root: Path) -> None:
    augment = SECTION["augment"] | {"recipe_of": {"drawn": "bent"}}
    found = []
    for changes in ({}, {"augment": augment}, {"augment": augment}):
        run(params_of(**changes), root, serial, "h2gcn", "cpu")
        found.append(content(root / "models"))

    assert found[1] == found[2]
    assert found[0]["h2gcn/model.safetensors"] != found[1]["h2gcn/model.safetensors"]


@pytest.mark.parametrize(
    ("recipes", "recipe_of", "message"),
    [
        ({"none": {}}, {"drawn": "noen"}, "did you mean 'none'"),
        ({"none": {}}, {"shapes": "none"}, "no 'drawn'"),
        ({"some": {"bend": {}}}, {"drawn": "some"}, "got 'bend'"),
        ({"some": {"drop": {}}}, {"drawn": "some"}, "augment.drop: expected share"),
    ],
)
def test_augmentation_that_is_not_known_is_told(root: Path, recipes, recipe_of, message) -> None:
    augment = {"recipes": recipes, "recipe_of": recipe_of}

    with pytest.raises(ValueError, match=message):
        run(params_of(augment=augment), root, serial, "set", "cpu")


def test_progress_is_told_at_each_evaluation(root: Path) -> None:
    told = []

    run(params_of(), root, serial, "set", "cpu", lambda done, most: told.append((done, most)))

    assert told == [(20, 60), (40, 60), (60, 60)]


KILLED = """
import json, os, signal, sys
from pathlib import Path
import torch
from perceptgraph.stages.train import Params, run
from perceptgraph.stores.mapper import serial

def die(done, most):
    if done >= 40:
        os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
run(Params(**json.loads(sys.argv[2])), Path(sys.argv[1]), serial, "h2gcn", "cpu", die)
"""


def test_run_that_was_killed_ends_with_the_files_of_one_that_was_not(root: Path) -> None:
    run(params_of(), root, serial, "h2gcn", "cpu")
    whole = content(root / "models")
    (root / "models").rename(root / "whole")
    arguments = [sys.executable, "-c", KILLED, str(root), json.dumps(SECTION)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = subprocess.run(arguments, env=environment, timeout=120, check=False)
    left = {path.name for path in root.iterdir()}

    told: list[int] = []
    run(params_of(), root, serial, "h2gcn", "cpu", lambda done, most: told.append(done))

    assert killed.returncode == -signal.SIGKILL
    assert left == {"graphs.zarr", "whole", "parts"}
    assert told == [60]  # the first 40 steps were not taken again
    assert content(root / "models") == whole
    assert {path.name for path in root.iterdir()} == {"graphs.zarr", "whole", "models"}


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ({"h2gcn": {"embeding": 8, "rounds": 1, "dropout": 0.1}}, r"did you mean 'embedding'\?"),
        (
            {"h2gcn": {k: v for k, v in SMALL_H2GCN.items() if k != "dropout"}},
            r"train\.networks\.h2gcn: missing dropout",
        ),
        ({"set": {"hidden": 8, "dropout": 0.1}}, r"--model: no 'h2gcn'; known are set"),
    ],
)
def test_keyword_of_a_network_that_is_misspelt_or_missing_is_named(
    networks: dict[str, Any], message: str, root: Path
) -> None:
    with pytest.raises(ParamsError, match=message):
        run(params_of(networks=networks), root, serial, "h2gcn", "cpu")

    assert not (root / "models").exists()


def test_misspelt_network_is_named() -> None:
    with pytest.raises(ValidationError, match=r"networks: no 'h2gnc'; did you mean 'h2gcn'"):
        params_of(networks={"h2gnc": {}})


def test_misspelt_key_of_the_section_is_an_error() -> None:
    with pytest.raises(ValidationError, match="max_step"):
        params_of(max_step=3)


def test_misspelt_model_is_named(root: Path) -> None:
    with pytest.raises(ParamsError, match=r"--model: no 'lenett'; did you mean 'lenet'\?"):
        run(params_of(), root, serial, "lenett", "cpu")


def write_store_of(path: Path, labels: list[int], split: int, class_names: list[str]) -> None:
    rng = np.random.default_rng(0)
    records = [
        graph_record(learnable_graph(rng, label), identity_record(str(i), label, split))
        for i, label in enumerate(labels)
    ]
    block = stack(GRAPH_LAYOUT, records)
    write_store(
        path,
        block.layout,
        [block.read],
        {**graph_attributes(SCHEMA.relations), "class_names": class_names},
    )


@pytest.mark.parametrize(
    ("labels", "class_names", "message"),
    [
        ([-1, -1], [], r"at least two classes to tell apart, found 0; .* detected and related"),
        ([0, 0], ["a"], r"at least two classes to tell apart, found 1"),
        ([-1, -1], ["a", "b"], r"to train on and to validate with, found 0 and 0"),
        ([0, 1], ["a", "b"], r"to train on and to validate with, found 2 and 0"),
    ],
)
def test_data_that_nothing_can_be_learned_from_is_told(
    labels: list[int], class_names: list[str], message: str, tmp_path: Path
) -> None:
    write_store_of(tmp_path / "graphs.zarr", labels, 0, class_names)

    with pytest.raises(ValueError, match=rf"graphs\.zarr: expected .*{message}"):
        run(params_of(), tmp_path, serial, "h2gcn", "cpu")

    assert not (tmp_path / "models").exists()


def test_cuda_without_a_cuda_device_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(ParamsError, match="no CUDA device is available here; use auto or cpu"):
        run(params_of(), root, serial, "h2gcn", "cuda")


@pytest.mark.parametrize(
    ("name", "available", "chosen"),
    [
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_device_is_the_one_asked_for(
    name: str, available: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)

    assert device_of(name) == torch.device(chosen)


def test_device_that_is_misspelt_is_named() -> None:
    with pytest.raises(ParamsError, match=r"--device: no 'cud'; did you mean 'cuda'\?"):
        device_of("cud")


def test_fit_runs_on_the_device_that_was_chosen(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, fit = [], train.fit

    def here(*arguments: Any) -> Any:
        *first, device, checkpoint, told, drawn = arguments
        chosen.append(device)
        return fit(*first, torch.device("cpu"), checkpoint, told, drawn)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(train, "fit", here)

    run(params_of(), root, serial, "set", "cuda")
    run(params_of(), root, serial, "set", "cpu")

    assert chosen == [torch.device("cuda"), torch.device("cpu")]


def test_pixels_are_learned_from_images_of_any_size(climbed: Path) -> None:
    net, about = load_model(climbed / "models" / "lenet", CLASSIFIERS)

    assert (
        about.facts["class_names"] == open_images(climbed / "images.zarr").attributes["class_names"]
    )
    assert net.STORE == "images.zarr"
    assert set(content(climbed / "models" / "lenet")) == FILES

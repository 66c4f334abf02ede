"""A rung that was climbed once, for the tests of the last stages."""

from pathlib import Path
from typing import Any

import pytest
import torch
from graph_samples import SMALL_H2GCN
from study_rungs import FINDING, RELATING

from perceptgraph.stages import detect, prepare, relate, train
from perceptgraph.stores.mapper import serial

NETWORKS: dict[str, dict[str, Any]] = {
    "h2gcn": SMALL_H2GCN,
    "kernel": {
        "kinds": ["line"],
        "measures": ["length"],
        "scales": [0.5],
        "waves": 8,
        "harmonics": 2,
        "gamma": 2.0,
        "ridge": 0.1,
        "copies": 0,
        "references": 50,
    },
    "lenet": {"side": 20, "view": "raw", "dropout": 0.1},
}


@pytest.fixture(scope="session")
def climbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of a tiny rung of shapes, up to two trained models; read only."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("outputs") / "shapes"
    few = {"train_per_class": 3, "val_per_class": 1, "test_per_class": 2}
    shapes = prepare.opener("shapes").__kwdefaults__ | few
    prepare.run(
        prepare.Params(part_images=50, max_bad_share=0.1, datasets={"shapes": shapes}), root, serial
    )
    finding = detect.Recipe(**FINDING)
    how = {"part_images": 50, "max_bad_share": 0.1, "ground_truth": False}
    detect.run(
        detect.Params(**how, recipes={"all": finding}, recipe_of={"shapes": "all"}), root, serial
    )
    relating = relate.Recipe(**RELATING)
    how = {"part_images": 50, "counted_per_class": 50}
    relate.run(
        relate.Params(**how, recipes={"all": relating}, recipe_of={"shapes": "all"}), root, serial
    )
    recipe = {"batch_size": 16, "max_steps": 20, "evaluate_every": 10, "patience": 5}
    speed = {"seed": 0, "learning_rate": 0.01, "weight_decay": 0.0, "networks": NETWORKS}
    augment = train.Augment(recipes={"none": {}}, recipe_of={"shapes": "none"})
    for model in NETWORKS:
        train.run(train.Params(**recipe, **speed, augment=augment), root, serial, model, "cpu")
    return root

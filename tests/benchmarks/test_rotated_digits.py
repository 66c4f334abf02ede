"""Learned upright, scored at any turn: what is turned, what is told, and what is kept."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from perceptgraph.benchmarks.few_shot import Costs
from perceptgraph.benchmarks.rotated_digits import (
    CUTS,
    ROOM,
    Turned,
    angle_errors,
    cut_anew,
    measure,
    turned_images,
)
from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.graphs.models.fitting import Recipe
from perceptgraph.graphs.recut import Recut
from perceptgraph.stages import detect, prepare, relate
from perceptgraph.stages.baselines.pixels import pixels_in_memory
from perceptgraph.stages.few_shot_runs import ALL, Run, Setting
from perceptgraph.stores.mapper import serial

COSTS = Costs({"graphs.zarr": 0.5, "images.zarr": 0.0}, 10.0)
FIND = detect.Recipe(
    min_side=1, max_zoom=1, detectors={"contours": {"share": 0.5, "log10_eps": 0.0}}
)
CUT = relate.Recipe(
    kinds=("edges",), piece_length=9.0, cut="phase", cut_seed=0, ray_reach=40.0, relations={}
)
LEARNED = Recipe(8, 4, 4, 1, 0.003, 0.0)
NET = {
    "hidden": 4,
    "rounds": 1,
    "frames": 4,
    "dropout": 0.0,
    "kinds": ["arc"],
    "angle_weight": 0.5,
    "left_out": ["contrast", "log10_nfa"],
}
RUNS = [
    Run(
        "lenet", ALL, 0, Setting("lenet", {"side": 20, "view": "raw", "dropout": 0.1}, {}, LEARNED)
    ),
    Run("invariant", ALL, 0, Setting("invariant", NET, {}, LEARNED)),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images and primitives of a few shapes."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("outputs") / "shapes"
    few = {"train_per_class": 2, "val_per_class": 1, "test_per_class": 1}
    shapes = prepare.opener("shapes").__kwdefaults__ | few
    prepare.run(
        prepare.Params(part_images=50, max_bad_share=0.1, datasets={"shapes": shapes}), root, serial
    )
    how = {"part_images": 50, "max_bad_share": 0.1, "ground_truth": False}
    detect.run(
        detect.Params(**how, recipes={"all": FIND}, recipe_of={"shapes": "all"}), root, serial
    )
    return root


def test_turned_images_are_the_images_turned(root: Path) -> None:
    images = image_set(open_images(root / detect.IMAGES).block())

    turned = turned_images(root, np.array([3, 0]))

    assert turned.label.tolist() == images.label[[3, 0]].tolist()
    for index, there, turn in zip((3, 0), turned.images, turned.turn, strict=True):
        image = images.image(index).reshape(96, 96)
        assert there.shape == (96 + 2 * ROOM, 96 + 2 * ROOM)
        rows, columns = np.mgrid[30:66, 30:66] - 47.5
        c, s = math.cos(turn), math.sin(turn)
        row = np.rint(47.5 + ROOM + c * rows + s * columns).astype(int)
        column = np.rint(47.5 + ROOM - s * rows + c * columns).astype(int)
        inside = image[30:66, 30:66].astype(float)
        assert np.corrcoef(there[row, column].ravel(), inside.ravel())[0, 1] > 0.9


def test_errors_of_angles_are_the_shorter_way_round() -> None:
    turned = Turned([], np.array([0, 7, 7, 3]), np.radians([0.0, 350.0, 90.0, 20.0]))

    found = angle_errors(np.radians([180.0, 5.0, 80.5, 20.0]), turned)

    assert found["angle_error_deg"] == pytest.approx((15 + 9.5) / 2)
    assert found["angle_mean_error_deg"] == pytest.approx((180 + 15 + 9.5) / 4)
    assert found["angle_mean_error_with_upright_deg"] == pytest.approx((15 + 9.5) / 3)
    assert found["angle_within_10_deg"] == 50


def test_an_image_that_is_scored_is_cut_many_times_and_pixels_are_not() -> None:
    names, keywords = ("a",), {"kinds": ("edges",), "piece_length": 9.0, "ray_reach": 40.0}
    curves = Recut([], np.zeros(0, np.int64), np.zeros(0, np.uint8), names, keywords, 5)
    pixels = pixels_in_memory([], 20, "raw")

    assert [one.seed for one in cut_anew(curves)] == list(range(5, 5 + CUTS))
    assert cut_anew(pixels) == [pixels]


def test_every_model_is_scored_upright_and_turned_and_what_was_learned_is_kept(root: Path) -> None:
    found, again = (list(measure(root, RUNS, FIND, CUT, COSTS)) for _ in range(2))

    assert found == again  # CPU-seconds too: nothing was learned anew
    names = {"accuracy", "upright", "params", "macs", "cpu_s", "joules"}
    assert {n.removeprefix("shapes/rotated/lenet/") for n in found[0]} == names
    told = {n.removeprefix("shapes/rotated/invariant/") for n in found[1]} - names
    assert told == {
        "angle_error_deg",
        "angle_mean_error_deg",
        "angle_mean_error_with_upright_deg",
        "angle_within_10_deg",
    }
    n_learned = int((open_images(root / detect.IMAGES).column("image/split") < 2).sum())
    assert found[1]["shapes/rotated/invariant/cpu_s"] > 0.5 * n_learned  # of extraction
    assert 0 <= found[1]["shapes/rotated/invariant/angle_error_deg"] <= 180

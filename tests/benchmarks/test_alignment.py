import numpy as np
import pytest

from perceptgraph.benchmarks import alignment
from perceptgraph.benchmarks.alignment import (
    NEAREST,
    alignment_figures,
    measure,
    nearest_images,
    of_set,
    training_images,
)
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.shapes import open_shapes


def test_numbers_that_tell_the_classes_rise_more_than_noise() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(3), 20)
    noise = rng.normal(size=(60, 4))

    telling = alignment_figures(noise + 3 * np.eye(4)[label], label, np.random.default_rng(1))
    blind = alignment_figures(noise, label, np.random.default_rng(1))

    assert list(telling) == ["sam_0", "sam_25", "sam_50", "sam_75", "sam_100", "rise", "homophily"]
    assert telling["rise"] > 2 * blind["rise"]
    assert telling["homophily"] > 0.8 > 0.5 > blind["homophily"]
    assert telling["rise"] == pytest.approx(telling["sam_100"] - telling["sam_0"])


def test_every_image_is_joined_to_those_nearest() -> None:
    numbers = np.arange(30.0)[:, None]

    pairs = nearest_images(numbers)

    degree = np.bincount(pairs[0], minlength=30)
    assert degree.min() >= NEAREST
    assert (np.abs(pairs[0] - pairs[1]) <= NEAREST).all()


def test_the_first_training_images_of_each_class_are_taken() -> None:
    images = open_shapes(train_per_class=3, val_per_class=1, test_per_class=1)

    chosen = training_images(images, 2)

    assert [images.identify(i)[1] for i in chosen] == [*range(12), *range(12)]


def test_relations_of_shapes_know_more_of_the_classes_than_their_nodes() -> None:
    images = open_shapes(train_per_class=5, val_per_class=1, test_per_class=1)

    figures = of_set("shapes", images, 5)

    homophily = {
        kind: figures[f"alignment/shapes/homophily/{kind}"]
        for kind in ("nodes", "relations", "typed_motifs", "untyped_motifs")
    }
    assert homophily["relations"] > homophily["nodes"]
    assert homophily["typed_motifs"] > homophily["nodes"]


def test_sets_that_are_not_there_are_left_out(monkeypatch) -> None:
    def missing(**keywords):
        raise MissingData("no such file")

    def small(**keywords):
        return open_shapes(train_per_class=3, val_per_class=1, test_per_class=1)

    openers = {"shapes": small, "ot8": missing}
    monkeypatch.setattr(alignment, "opener", openers.__getitem__)

    figures = measure(3)

    assert {name.split("/")[1] for name in figures} == {"shapes"}
    assert {name.split("/")[2] for name in figures} >= {"sam_0", "sam_100", "rise"}

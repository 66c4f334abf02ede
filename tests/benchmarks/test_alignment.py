import numpy as np
import pytest

from perceptgraph.benchmarks.alignment import (
    NEAREST,
    alignment_figures,
    measure,
    nearest_images,
    training_images,
)
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
    figures = measure("shapes", 5, train_per_class=5, val_per_class=1, test_per_class=1)

    homophily = {
        kind: figures[f"alignment/shapes/{kind}/homophily"]
        for kind in ("nodes", "relations", "typed_motifs", "untyped_motifs")
    }
    assert homophily["relations"] > homophily["nodes"]
    assert homophily["typed_motifs"] > homophily["nodes"]

"""Samples cut anew: the same curves, in other pieces each time."""

import numpy as np
import pytest
import torch
from drawings import SQUARE, ring, strokes

from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.loader import GraphBatch
from perceptgraph.graphs.recut import Recut
from perceptgraph.stages.detect import detect

LENGTH = list(ATTRIBUTES).index("length")
EVERY = np.arange(3)
LARGE = {"turn_deg": 0, "scale": 3.0, "stretch": 1.0, "shear": 0.0, "shift": 0}


@pytest.fixture(scope="module")
def samples() -> Recut:
    drawn = [
        strokes(48, SQUARE, 3.0)[:48, :48],
        ring(48, 12.0, 3.0),
        np.zeros((48, 48), np.float32),
    ]
    found = [detect(image.astype(np.float32), {"contours": {}}, min_side=1) for image in drawn]
    keywords = {"kinds": ("edges",), "piece_length": 6.0, "ray_reach": 20.0}
    label, split = np.array([1, 0, -1]), np.zeros(3, np.uint8)
    return Recut(found, label, split, ("a", "b"), keywords, 7)


def lengths(batch: GraphBatch) -> torch.Tensor:
    """Length of all curves of each graph."""
    zeros = torch.zeros(len(batch))
    return zeros.index_add(0, batch.batch, batch.attributes[:, LENGTH])


def test_curves_are_the_same_and_their_pieces_are_not(samples: Recut) -> None:
    drawn, rng = samples.drawn({}), np.random.default_rng(0)

    here, there = drawn(EVERY, rng), drawn(EVERY, rng)

    assert here.label.tolist() == [1, 0, -1]
    assert here.ptr[2] == here.ptr[3]  # nothing is drawn there
    torch.testing.assert_close(lengths(here), lengths(there), rtol=0.02, atol=0.1)
    assert not torch.allclose(here.position[:5], there.position[:5], atol=0.05)


def test_an_image_is_cut_the_same_in_every_batch(samples: Recut) -> None:
    together, alone = samples.batch(EVERY), samples.batch(np.array([1]))

    assert torch.equal(together.position[together.batch == 1], alone.position)
    assert not together.edge_index.numel()


def test_augmentation_comes_after_the_cut(samples: Recut) -> None:
    large = samples.drawn({"affine": LARGE})

    grown = lengths(large(EVERY, np.random.default_rng(0)))

    assert (grown[:2] - lengths(samples.batch(EVERY))[:2]).abs().min() > 1
    with pytest.raises(ValueError, match="augment: expected some of"):
        samples.drawn({"nothing": {}})

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import angles, generators

from perceptgraph.graphs.cutting import CUTS
from perceptgraph.graphs.frames import side_by_side
from perceptgraph.graphs.nodes import frames_of, frames_of_images
from perceptgraph.graphs.primitives import (
    Blobs,
    EdgeChains,
    Junctions,
    LineSegments,
    Primitives,
    Ridges,
    primitives,
)

KINDS = ("edges", "ridges", "blobs", "junctions", "lines")


def f4(*values) -> np.ndarray:
    return np.array(values, np.float32)


def egg(rng: np.random.Generator, size: float) -> np.ndarray:
    """A closed curve around (30, 30) that has one blunt end and one pointed."""
    t = np.linspace(0, 2 * np.pi, 80, endpoint=False) + rng.uniform(0, 6)
    along = size * (np.cos(t) + 0.15 * np.cos(2 * t))
    return np.stack([0.6 * size * np.sin(t), along], axis=1) + 30


def pictured(rng: np.random.Generator, turn: float = 0.0, shift: float = 0.0) -> Primitives:
    """Every family, in a picture turned about (0, 0) and then shifted."""
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def moved(points) -> np.ndarray:
        return (np.asarray(points) @ matrix.T + shift).astype(np.float32)

    bow = np.linspace(0, rng.uniform(2, 5), 40)
    spread = matrix @ np.diag([2.0, 9.0]) @ matrix.T
    return primitives(
        lines=LineSegments(
            moved([[(2, 1), (2, 9)]]), f4(1), np.array([-1], np.int8), f4(0.3), f4(-5)
        ),
        edges=EdgeChains(
            moved(np.concatenate([egg(rng, 20), egg(rng, 9)])),
            np.array([0, 80, 160], np.int64),
            np.array([True, True]),
            np.array([1, -1], np.int8),
            f4(0.5, 0.5),
            f4(-3, -2),
        ),
        junctions=Junctions(
            moved([(5, 5)]),
            f4(0.5, 2, 4) + np.float32(turn),
            np.array([0, 3], np.int64),
            np.zeros(1, np.uint8),
            f4(5),
            f4(-2),
        ),
        ridges=Ridges(
            moved(np.stack([14 * np.sin(bow), 12 * np.cos(bow)], axis=1) + 30),
            np.array([0, 40], np.int64),
            np.linspace(2, 3, 40).astype(np.float32),
            np.array([True]),
            f4(-4),
        ),
        blobs=Blobs(
            moved([(30, 30)]),
            f4((spread[0, 0], spread[0, 1], spread[1, 1])),
            f4(0.2),
            moved(egg(rng, 4)),
            np.array([0, 80], np.int64),
            f4(-1),
        ),
    )


@pytest.mark.parametrize("cut", ["canonical", "equal"])
@given(rng=generators(), turn=angles(), shift=st.floats(-50, 50))
def test_nodes_do_not_see_the_pose_of_the_picture(cut, rng, turn, shift) -> None:
    seed = int(rng.integers(1000))
    upright = pictured(np.random.default_rng(seed))
    posed = pictured(np.random.default_rng(seed), turn, shift)

    here, there = (frames_of(p, kinds=KINDS, piece_length=5, cut=cut) for p in (upright, posed))

    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    np.testing.assert_array_equal(there.kind, here.kind)
    np.testing.assert_allclose(there.position, here.position @ matrix.T + shift, atol=5e-3)
    np.testing.assert_allclose(there.direction, here.direction @ matrix.T, atol=5e-3)
    for name in ("following", "curve", "around"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    # Where a ray only just passes the end of a stroke it may meet it in one picture alone.
    apart = np.abs(there.attributes - here.attributes)
    assert (apart < 2e-2).mean() > 0.995


@pytest.mark.parametrize("cut", CUTS)
@given(seeds=st.lists(st.integers(0, 1000), max_size=4), n_empty=st.integers(0, 2))
def test_nodes_of_several_images_are_those_of_each_side_by_side(cut, seeds, n_empty) -> None:
    images = [pictured(np.random.default_rng(seed)) for seed in seeds]
    images = [*images, *[primitives()] * n_empty]
    keywords = {"kinds": KINDS, "piece_length": 5.0, "cut": cut}

    together = frames_of_images(
        images, rngs=[np.random.default_rng(i) for i in range(len(images))], **keywords
    )

    alone = side_by_side(
        [frames_of(p, rng=np.random.default_rng(i), **keywords) for i, p in enumerate(images)]
    )
    for field in fields(together):
        np.testing.assert_array_equal(getattr(together, field.name), getattr(alone, field.name))

"""Own-frame contexts against a slow version; turned, moved and mirrored pictures."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptgraph.graphs.models.contexts import context_width, contexts, mirrored

SHAPE: dict[str, Any] = {"rings": 3, "sectors": 8, "harmonics": 2}
RADII = np.array([5, 12], np.float32)

Nodes = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def nodes(seed: int, n: int) -> Nodes:
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-np.pi, np.pi, n)
    return (
        rng.uniform(0, 30, (n, 2)).astype(np.float32),
        np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32),
        rng.uniform(0, 2, n).astype(np.float32),
    )


def slow(
    position: NDArray[np.float32],
    direction: NDArray[np.float32],
    weight: NDArray[np.float32],
    i: int,
    radius: float,
) -> NDArray[np.float64]:
    found = np.zeros((3, 8, 5))
    theta = np.arctan2(*direction.astype(float).T)
    for j in range(len(position)):
        step = (position[j] - position[i]).astype(float)
        distance = np.hypot(*step)
        if j == i or distance >= radius:
            continue
        u = step @ direction[i]
        v = step @ [-direction[i, 1], direction[i, 0]]
        sector = round(math.atan2(v, u) / (2 * math.pi / 8)) % 8
        turn = theta[j] - theta[i]
        terms = [1, np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)]
        found[int(distance / radius * 3), sector] += weight[j] * np.array(terms)
    return found.ravel() / max(float(np.linalg.norm(found)), 1e-30)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 30))
def test_contexts_are_those_of_the_slow_version(seed: int, n: int) -> None:
    position, direction, weight = nodes(seed, n)
    seen = np.arange(0, n, 2)

    found, n_pairs = contexts(position, direction, weight, seen, radii=RADII, **SHAPE)

    assert found.shape == (len(seen), 2, context_width(**SHAPE))
    for m, i in enumerate(seen):
        for r, radius in enumerate(RADII):
            expected = slow(position, direction, weight, int(i), radius)
            np.testing.assert_allclose(found[m, r], expected, atol=1e-4)
    apart = np.hypot(*(position[seen, None] - position).transpose(2, 0, 1))
    assert n_pairs == ((apart < 12).sum() - len(seen))


@given(turn=st.sampled_from([0.0, 0.5, 1.0, 1.5]), shift=st.floats(-50, 50))
def test_a_turned_and_moved_picture_has_the_same_contexts(turn: float, shift: float) -> None:
    position, direction, weight = nodes(3, 40)
    c, s = round(math.cos(turn * math.pi)), round(math.sin(turn * math.pi))
    rotation = np.array([[c, s], [-s, c]], np.float32)
    seen = np.arange(40)

    here, _ = contexts(position, direction, weight, seen, radii=RADII, **SHAPE)
    there, _ = contexts(
        position @ rotation + np.float32(shift),
        direction @ rotation,
        weight,
        seen,
        radii=RADII,
        **SHAPE,
    )

    # A neighbour may be rounded into the next ring or sector.
    assert (np.abs(there - here).max(axis=(1, 2)) < 1e-3).mean() > 0.9


def test_a_mirrored_picture_has_the_contexts_that_mirrored_tells() -> None:
    position, direction, weight = nodes(4, 50)
    columns, signs = mirrored(**SHAPE)
    seen = np.arange(50)

    here, _ = contexts(position, direction, weight, seen, radii=RADII, **SHAPE)
    # The brighter side stays to the left: the step along a row turns, the direction does twice.
    there, _ = contexts(
        position * np.array([1, -1], np.float32),
        direction * np.array([-1, 1], np.float32),
        weight,
        seen,
        radii=RADII,
        **SHAPE,
    )

    np.testing.assert_allclose(here[:, :, columns] * signs, there, atol=1e-5)


def test_nodes_in_one_place_far_apart_or_alone_are_legal() -> None:
    position = np.array([[0, 0], [0, 0], [0, 1e7], [1e7, 0]], np.float32)
    direction = np.tile(np.array([0, 1], np.float32), (4, 1))
    weight = np.ones(4, np.float32)

    found, n_pairs = contexts(position, direction, weight, np.arange(4), radii=RADII, **SHAPE)

    assert n_pairs == 2
    assert np.linalg.norm(found, axis=2) == pytest.approx(np.array([[1, 1]] * 2 + [[0, 0]] * 2))
    nobody, _ = contexts(
        position[:0], direction[:0], weight[:0], np.arange(0), radii=RADII, **SHAPE
    )
    assert len(nobody) == 0


def test_without_radii_there_is_no_context() -> None:
    found, n_pairs = contexts(*nodes(0, 9), np.arange(9), radii=RADII[:0], **SHAPE)

    assert found.shape == (9, 0, context_width(**SHAPE))
    assert n_pairs == 0

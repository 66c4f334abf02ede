"""Places as waves: what the formulas say, and nothing of how the picture lies."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import angles

from perceptgraph.graphs.encoding import relative_pose
from perceptgraph.graphs.models.all_pairs import neighbours
from perceptgraph.graphs.models.waves import (
    N_WAVES,
    waves_in_frames,
    waves_of_middles,
    waves_of_pairs,
)

import torch  # isort: skip

SIZES = [4, 0, 3]
PTR = np.concatenate([[0], np.cumsum(SIZES)]).astype(np.int64)


def nodes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-np.pi, np.pi, PTR[-1])
    place = rng.normal(size=(PTR[-1], 2)).astype(np.float32)
    return place, np.stack([np.sin(theta), np.cos(theta)], axis=1).astype(np.float32)


def turned(points: np.ndarray, turn: float) -> np.ndarray:
    c, s = np.cos(turn), np.sin(turn)
    return (points @ np.array([[c, -s], [s, c]])).astype(np.float32)


def expected_waves(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """All cosines and sines, in some order."""
    half = [(k, m) for k in range(3) for m in range(-2, 3) if k > 0 or m > 0]
    phases = [np.pi / 2 * (k * u + m * v) for k, m in half]
    return np.stack([f(phase) for phase in phases for f in (np.cos, np.sin)], axis=-1)


def assert_same_columns(found: np.ndarray, wanted: np.ndarray) -> None:
    """The same columns in another order, each but for its sign."""
    assert found.shape == wanted.shape
    for column in wanted.T:
        either = np.minimum(
            np.abs(found - column[:, None]).max(0), np.abs(found + column[:, None]).max(0)
        )
        assert either.min() < 1e-4


@given(seed=st.integers(0, 2**31))
def test_pairs_are_seen_as_the_relative_pose_says(seed: int) -> None:
    place, direction = nodes(seed)
    pairs = neighbours(place, PTR, 63)
    source = np.repeat(np.arange(len(place)), np.diff(pairs.offsets))
    ends = torch.from_numpy(np.stack([source, pairs.target]).astype(np.int64))

    found = waves_of_pairs(place, direction, pairs)

    pose = relative_pose(torch.from_numpy(place), torch.from_numpy(direction), ends).numpy()
    u, v, cosine, sine, _ = pose.T
    turn = np.arctan2(sine, cosine)
    plain = np.stack([u, v, np.arcsinh(10 * u) / 3, np.arcsinh(10 * v) / 3], axis=1)
    np.testing.assert_allclose(found[:, :4], plain, atol=1e-5)
    np.testing.assert_allclose(found[:, 4], np.log(np.maximum(np.hypot(u, v), 0.02)), atol=1e-4)
    harmonics = np.stack([np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)], axis=1)
    np.testing.assert_allclose(found[:, 5:9], harmonics, atol=1e-4)
    assert_same_columns(found[:, 9:], expected_waves(u, v))


@given(seed=st.integers(0, 2**31), turn=angles())
def test_turning_the_picture_changes_neither_pairs_nor_middles(seed: int, turn: float) -> None:
    place, direction = nodes(seed)
    pairs = neighbours(place, PTR, 63)
    there = turned(place, turn), turned(direction, turn)

    np.testing.assert_allclose(
        waves_of_pairs(*there, pairs), waves_of_pairs(place, direction, pairs), atol=1e-3
    )
    np.testing.assert_allclose(
        waves_of_middles(*there), waves_of_middles(place, direction), atol=1e-3
    )


@given(seed=st.integers(0, 2**31), turn=angles())
def test_a_frame_that_turns_with_the_picture_sees_the_same(seed: int, turn: float) -> None:
    place, direction = nodes(seed)
    frames = np.random.default_rng(seed).uniform(-np.pi, np.pi, (len(SIZES), 5)).astype(np.float32)

    here = waves_in_frames(place, direction, frames, PTR)
    there = waves_in_frames(
        turned(place, turn), turned(direction, turn), frames + np.float32(turn), PTR
    )

    np.testing.assert_allclose(there, here, atol=1e-3)


def test_an_upright_frame_sees_places_and_directions_as_they_are() -> None:
    place, direction = nodes(0)

    found = waves_in_frames(place, direction, np.zeros((len(SIZES), 1), np.float32), PTR)[:, 0]

    waves = expected_waves(place[:, 1], place[:, 0])
    np.testing.assert_allclose(found[:, :2], direction[:, ::-1], atol=1e-6)
    products = found[:, 2:].reshape(len(place), N_WAVES, 3)
    assert_same_columns(products[:, :, 0], waves)
    np.testing.assert_allclose(
        products[:, :, 1:], products[:, :, :1] * direction[:, None, ::-1], atol=1e-6
    )

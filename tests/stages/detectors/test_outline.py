"""Outlines: level lines of components, and the shape of polygons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from perceptgraph.stages.detectors.outline import (
    hull_area,
    polygon_moments,
    signed_area,
    trace,
)


def disc(size: int, row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    distance = np.hypot(rows - row, columns - column)
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


def outline_of(image: np.ndarray, sign: int, row: int, column: int, level: float) -> np.ndarray:
    out = np.empty((1000, 2))
    return out[: trace(image, sign, row, column, level, out)]


@pytest.mark.parametrize("sign", [1, -1])
def test_outline_of_a_disc_is_a_circle(sign: int) -> None:
    image = disc(40, 19.3, 20.6, 8.0)

    points = outline_of(sign * image, sign, 19, 21, 0.5)

    np.testing.assert_allclose(np.hypot(*(points - [19.3, 20.6]).T), 8.0, atol=0.1)
    assert signed_area(points) == pytest.approx(np.pi * 64, rel=0.01)


def test_inside_is_on_the_left() -> None:
    points = outline_of(disc(40, 20, 20, 7.8), 1, 20, 20, 0.5)

    ahead = np.roll(points, -1, axis=0) - points
    left = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    assert (np.einsum("ij,ij->i", left, [20, 20] - points) > 0).all()


def test_outline_goes_around_holes() -> None:
    image = disc(40, 20, 20, 12.0) - disc(40, 20, 20, 5.0)

    points = outline_of(image, 1, 20, 12, 0.5)

    assert signed_area(points) == pytest.approx(np.pi * 144, rel=0.01)


def test_what_reaches_the_border_has_no_outline() -> None:
    assert len(outline_of(disc(40, 20, 36, 8.0), 1, 20, 36, 0.5)) == 0


@given(seed=st.integers(0, 1000), n=st.integers(3, 60))
def test_hull_has_the_area_of_another_implementation(seed: int, n: int) -> None:
    points = np.random.default_rng(seed).normal(50, 10, (n, 2))

    assert hull_area(points) == pytest.approx(ConvexHull(points).volume, rel=1e-6)


def test_hull_of_points_on_a_grid() -> None:
    points = np.float64([(r, c) for r in range(4) for c in range(3)])

    assert hull_area(points) == pytest.approx(6.0)


@given(turn=st.floats(0, 6.28), long=st.floats(2, 9))
def test_moments_of_a_turned_rectangle(turn: float, long: float) -> None:
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([[-1, -long], [-1, long], [1, long], [1, -long]]) / 2 @ rotation.T + [5, 7]
    found = np.empty(5)

    polygon_moments(corners, found)

    expected = rotation @ np.diag([1 / 12, long**2 / 12]) @ rotation.T
    np.testing.assert_allclose(found[:2], [5, 7], atol=1e-9)
    np.testing.assert_allclose(found[2:], expected[[0, 0, 1], [0, 1, 1]], atol=1e-9)

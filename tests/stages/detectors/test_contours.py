"""Contours: place, closure, side, and agreement with another implementation."""

import math

import cv2
import numpy as np
import pytest
from drawings import SQUARE, edge, ring, strokes
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from skimage.measure import find_contours

from perceptgraph.graphs.primitives import EdgeChains
from perceptgraph.stages.detectors.contours import contours


def each(found: EdgeChains) -> list[NDArray[np.float32]]:
    """Points of each chain."""
    return np.split(found.points, found.offsets[1:-1]) if len(found) else []


def area(points: NDArray[np.float32]) -> float:
    """Enclosed, positive where the way turns from +column to +row."""
    rows, columns = points.T.astype(float)
    return float(np.sum(columns * np.roll(rows, -1) - rows * np.roll(columns, -1)) / 2)


def test_a_disc_has_its_circle() -> None:
    rows, columns = np.mgrid[:40, :40]
    disc = np.clip(12.5 - np.hypot(rows - 19.3, columns - 20.1), 0, 1).astype(np.float32)

    found = contours(disc)

    radius = np.hypot(*(found.points - [19.3, 20.1]).T)
    assert found.closed.tolist() == [True]
    np.testing.assert_allclose(radius, 12, atol=0.1)
    assert found.contrast[0] == pytest.approx(1, abs=0.1)


def test_the_brighter_side_lies_to_the_left() -> None:
    outer, inner = each(contours(ring(64, radius=20, width=6)))

    if abs(area(outer)) < abs(area(inner)):
        outer, inner = inner, outer
    assert area(outer) == pytest.approx(-math.pi * 23**2, rel=0.02)
    assert area(inner) == pytest.approx(math.pi * 17**2, rel=0.02)


def test_inversion_turns_the_lines_round_and_nothing_else() -> None:
    image = ring(64, radius=20, width=6)

    found, inverted = contours(image), contours(1 - image)

    areas, turned = sorted(area(p) for p in each(found)), sorted(-area(p) for p in each(inverted))
    np.testing.assert_allclose(areas, turned, rtol=1e-4)
    np.testing.assert_allclose(found.log10_nfa, inverted.log10_nfa, rtol=0.01)
    np.testing.assert_allclose(found.contrast, inverted.contrast, rtol=0.01)


@pytest.mark.parametrize("theta", np.linspace(0, 2 * np.pi, 9))
def test_a_line_that_leaves_the_image_is_open_and_straight(theta: float) -> None:
    found = contours(edge(40, theta, 19.7, 19.2))

    offset = (found.points - [19.7, 19.2]) @ [math.cos(theta), -math.sin(theta)]
    way = found.points[-1] - found.points[0]
    assert found.closed.tolist() == [False]
    assert np.abs(offset).max() < 0.05
    assert way @ [math.sin(theta), math.cos(theta)] < -38


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(2, 12), width=st.integers(2, 12))
@settings(max_examples=200, deadline=None)
def test_lines_pass_where_those_of_another_implementation_do(
    seed: int, height: int, width: int
) -> None:
    image = np.random.default_rng(seed).random((height, width), np.float32)

    found = contours(image, log10_eps=math.inf)

    other = np.concatenate([without_return(line) for line in others(image)])
    steps = [np.hypot(*np.diff(line, axis=0).T).max() for line in each(found) if len(line) > 1]
    assert len(found.points) == len(other)
    assert cKDTree(found.points).query(other)[0].max() < 1e-3
    assert max(steps, default=0) <= math.sqrt(2) + 1e-5


def test_lines_of_smooth_fields_are_those_of_another_implementation() -> None:
    rng = np.random.default_rng(0)
    n_compared = 0
    for _ in range(30):
        image = gaussian_filter(rng.random((40, 50), np.float32), 1.5)

        found = contours(image, log10_eps=math.inf)

        if has_saddle(image):
            continue
        n_compared += 1
        mine = zip(each(found), found.closed.tolist(), strict=True)
        wanted = [(len(without_return(p)), len(without_return(p)) < len(p)) for p in others(image)]
        assert sorted((len(points), closed) for points, closed in mine) == sorted(wanted)
    assert n_compared > 5


def others(image: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    return find_contours(image.astype(float), float((image.min() + image.max()) / 2))


def without_return(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points[:-1] if (points[0] == points[-1]).all() else points


def has_saddle(image: NDArray[np.float32]) -> bool:
    """Whether the diagonals of a square of four pixels lie on opposite sides of the level."""
    bright = image >= (image.min() + image.max()) / 2
    a, b, c, d = bright[:-1, :-1], bright[:-1, 1:], bright[1:, :-1], bright[1:, 1:]
    return bool(((a == d) & (b == c) & (a != b)).any())


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_noise_has_no_contours(blur: float) -> None:
    rng = np.random.default_rng(0)
    noise = [gaussian_filter(rng.normal(0, 1, (96, 96)), blur) for _ in range(20)]

    n_found = [
        len(contours(np.clip(0.5 + 0.2 * one / one.std(), 0, 1).astype(np.float32)))
        for one in noise
    ]

    assert np.mean(n_found) <= 0.1


def test_scaling_and_shifting_levels_moves_nothing() -> None:
    image = strokes(64, SQUARE, 4.0)

    found, scaled = contours(image), contours(np.float32(0.3) * image + np.float32(0.2))

    assert found.closed.tolist() == [True, True]
    np.testing.assert_allclose(found.points, scaled.points, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 50), (64, 64)])
def test_blank_images_have_none(shape: tuple[int, int]) -> None:
    assert len(contours(np.full(shape, 0.3, np.float32))) == 0


def test_a_board_of_pixels_has_no_slope_and_no_lines() -> None:
    board = (np.indices((9, 24)).sum(axis=0) % 2).astype(np.float32)

    assert len(contours(board)) == 0
    assert len(contours(board * np.float32(1e-30))) == 0


def test_one_bright_pixel_has_at_most_one_line() -> None:
    image = np.zeros((28, 28), np.float32)
    image[10, 12] = 1

    found = contours(image)

    assert len(found) <= 1
    assert len(contours(image, log10_eps=math.inf)) == 1


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_image_has_the_turned_contours_point_by_point(quarters: int) -> None:
    image = np.random.default_rng(0).random((9, 14), np.float32)
    image = np.pad(cv2.resize(image, (56, 36), interpolation=cv2.INTER_CUBIC).clip(0, 1), 1)
    there = np.ascontiguousarray(np.rot90(image, -quarters))

    here, found = contours(image, log10_eps=99.0), contours(there, log10_eps=99.0)

    quarter = np.array([[0, 1], [-1, 0]])  # of (row, column), from +column to +row
    moved = here.points - (np.array(image.shape) - 1) / 2
    moved = moved @ np.linalg.matrix_power(quarter, quarters).T + (np.array(there.shape) - 1) / 2
    assert here.closed.sum() > 2
    for k in np.flatnonzero(here.closed):
        line = moved[here.offsets[k] : here.offsets[k + 1]]
        same = np.abs(found.points[found.offsets[:-1]] - line[0]).max(axis=1).argmin()
        other = found.points[found.offsets[same] : found.offsets[same + 1]]
        np.testing.assert_allclose(other, line, atol=1e-4)
        assert found.log10_nfa[same] == pytest.approx(here.log10_nfa[k], rel=1e-3)

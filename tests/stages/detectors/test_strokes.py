"""Strokes of drawings: skeleton, spurs, middle line, width."""

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from drawings import PLUS, SQUARE, TEE, Segment, ring, widening_stroke
from drawings import strokes as drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import label

from perceptgraph.stages.detectors.skeleton import (
    N_NEIGHBOURS,
    SIMPLE,
    distance_to_ground,
    pattern_at,
    prune,
    thin,
)
from perceptgraph.stages.detectors.stroke_paths import curves
from perceptgraph.stages.detectors.strokes import strokes

EIGHT = np.ones((3, 3))
STRENGTH = np.random.default_rng(0).random((14, 16), np.float32)
Figure = NDArray[np.uint8]
figures = arrays(np.uint8, (12, 14), elements=st.integers(0, 1)).map(lambda f: np.pad(f, 1))


def n_parts(figure: Figure) -> tuple[int, int]:
    """Components of a figure, and of its ground."""
    return label(figure, EIGHT)[1], label(figure == 0)[1]


def skeleton_of(figure: Figure) -> tuple[Figure, NDArray[np.int32]]:
    skeleton = figure.copy()
    return skeleton, thin(skeleton, STRENGTH)


@settings(deadline=None)  # the first call compiles
@given(figures)
def test_a_skeleton_is_connected_as_the_figure_is(figure: Figure) -> None:
    skeleton, _ = skeleton_of(figure)

    assert n_parts(skeleton) == n_parts(figure)
    assert (skeleton <= figure).all()


@settings(deadline=None)  # the first call compiles
@given(figures)
def test_no_pixel_of_a_skeleton_can_go_but_ends(figure: Figure) -> None:
    skeleton, pixels = skeleton_of(figure)

    assert len(pixels) == skeleton.sum()
    for r, c in pixels:
        pattern = pattern_at(skeleton, r, c)
        assert not SIMPLE[pattern] or N_NEIGHBOURS[pattern] <= 1


@settings(deadline=None)  # the first call compiles
@given(figures)
def test_without_spurs_it_is_still_connected_as_the_figure_is(figure: Figure) -> None:
    skeleton, pixels = skeleton_of(figure)

    left = prune(skeleton, pixels, STRENGTH, distance_to_ground(figure), 2.0)

    assert n_parts(skeleton) == n_parts(figure)
    assert len(left) == skeleton.sum()


@settings(deadline=None)  # the first call compiles
@given(figures)
def test_curves_hold_each_pixel_of_a_skeleton_once(figure: Figure) -> None:
    skeleton, pixels = skeleton_of(figure)
    n_meeting = sum(N_NEIGHBOURS[pattern_at(skeleton, r, c)] > 2 for r, c in pixels)

    points, offsets, met = curves(skeleton, pixels)

    n_alone = (np.diff(offsets) == 1).sum()
    assert skeleton.sum() == 0
    assert offsets[-1] == len(points)
    assert len(points) - met.sum() <= len(pixels)
    assert len(points) - met.sum() >= len(pixels) - n_meeting
    assert n_alone <= len(met)


def test_simple_pixels_are_those_that_cut_nothing() -> None:
    for pattern in range(256):
        ring_of = [pattern >> k & 1 for k in range(8)]
        here = np.zeros((3, 3), np.uint8)
        for k, (r, c) in enumerate(
            [(1, 2), (0, 2), (0, 1), (0, 0), (1, 0), (2, 0), (2, 1), (2, 2)]
        ):
            here[r, c] = ring_of[k]
        there = here.copy()
        there[1, 1] = 1
        wide, wide_there = np.pad(here, 1), np.pad(there, 1)
        same = n_parts(wide) == n_parts(wide_there)
        assert SIMPLE[pattern] == same


@pytest.mark.parametrize("width", [2.0, 3.0, 4.5, 7.0])
@pytest.mark.parametrize("bright", [True, False])
def test_a_stroke_is_its_middle_line_and_width(width: float, bright: bool) -> None:
    image = drawn(64, [((20.3, 10.0), (24.3, 54.0))], width)

    found = strokes(image if bright else 1 - image)

    along = (found.points[:, 1] - 10) / 44
    inside = (along > 0.15) & (along < 0.85)
    assert len(found) == 1
    assert found.bright[0] == bright
    np.testing.assert_allclose(found.points[inside, 0], 20.3 + 4 * along[inside], atol=0.25)
    np.testing.assert_allclose(found.width[inside], width, atol=0.25)


@pytest.mark.parametrize(("segments", "n"), [(PLUS, 4), (TEE, 3), (SQUARE, 1)])
def test_strokes_are_cut_where_they_meet(segments: list[Segment], n: int) -> None:
    found = strokes(drawn(64, segments, 4.0))

    assert len(found) == n
    steps = [np.diff(found.points[a:b], axis=0) for a, b in pairwise(found.offsets)]
    assert max(np.abs(step).max() for step in steps) < 2.6
    np.testing.assert_allclose(found.mean_width, 4, atol=0.2)


@pytest.mark.parametrize("bright", [True, False])
def test_the_width_is_that_of_each_place(bright: bool) -> None:
    image = widening_stroke()

    found = strokes(image if bright else 1 - image)

    inside = np.abs(found.points[:, 1] - 47.5) < 34
    assert len(found) == 1
    np.testing.assert_allclose(found.width[inside], 2 + found.points[inside, 1] / 16, atol=0.2)


def test_strokes_that_meet_share_the_point() -> None:
    found = strokes(drawn(64, TEE, 3.0))

    ends = np.concatenate([found.points[found.offsets[:-1]], found.points[found.offsets[1:] - 1]])
    places, counts = np.unique(ends, axis=0, return_counts=True)
    assert sorted(counts.tolist()) == [1, 1, 1, 3]
    np.testing.assert_allclose(places[counts == 3][0], (12, 32), atol=1)


def test_a_ring_is_one_closed_stroke() -> None:
    found = strokes(ring(64, radius=20, width=3))

    radius = np.hypot(*(found.points - 31.5).T)
    assert len(found) == 1
    np.testing.assert_allclose(radius, 20, atol=0.25)
    assert np.hypot(*(found.points[0] - found.points[-1])) < 2


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_noise_has_no_strokes(blur: float) -> None:
    rng = np.random.default_rng(0)
    n_found = []
    for _ in range(10):
        values = rng.normal(size=(256, 256))
        if blur > 0:
            values = cv2.GaussianBlur(values, (0, 0), blur)
        image = np.clip(np.rint(127.5 + 50 * values / values.std()), 0, 255) / 255
        n_found.append(len(strokes(image.astype(np.float32))))

    assert np.mean(n_found) <= 0.1


def test_a_drawing_in_noise_keeps_its_strokes() -> None:
    image = drawn(64, PLUS, 4.0)
    image += np.random.default_rng(0).normal(0, 0.05, image.shape).astype(np.float32)

    assert len(strokes(image)) == 4


def test_contrast_and_sign_do_not_matter() -> None:
    image = drawn(64, TEE, 3.0)

    here, there = strokes(image), strokes(0.9 - image / 2)

    np.testing.assert_allclose(here.points, there.points, atol=1e-3)
    np.testing.assert_allclose(here.width, there.width, atol=1e-3)
    np.testing.assert_array_equal(here.bright, ~there.bright)


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (2, 2), (1, 500), (3, 3), (28, 28)])
def test_blank_images_have_no_strokes(shape: tuple[int, int]) -> None:
    assert len(strokes(np.full(shape, 0.3, np.float32))) == 0


def test_any_layout_of_the_image_gives_the_same() -> None:
    image = drawn(64, TEE, 3.0)
    frozen = np.asfortranarray(image)
    frozen.setflags(write=False)

    np.testing.assert_array_equal(strokes(frozen).points, strokes(image).points)


@pytest.mark.parametrize("turn", [np.rot90, np.flipud, np.fliplr, np.transpose])
def test_a_turned_or_mirrored_drawing_has_the_same_strokes(turn: Any) -> None:
    segments = [
        ((9.2, 14.7), (50.3, 30.1)),
        ((33.4, 8.6), (20.2, 52.9)),
        ((44.1, 10.3), (49.8, 55.2)),
    ]
    image = drawn(64, segments, 4.3)
    place = np.stack(np.mgrid[:64, :64], axis=-1)

    here, there = strokes(image), strokes(np.ascontiguousarray(turn(image)))

    # Where each pixel of the turned image was, and so each point of the strokes found there.
    was = np.stack([turn(place[:, :, k]) for k in range(2)], axis=-1).astype(float)
    rows, columns = there.points.T
    before = was[0, 0] + rows[:, None] * (was[1, 0] - was[0, 0])
    before += columns[:, None] * (was[0, 1] - was[0, 0])
    one = np.column_stack([here.points, here.width])
    other = np.column_stack([before, there.width])
    assert len(here) == len(there) >= 6
    assert len(one) == len(other)
    assert np.abs(one[:, None] - other[None]).max(axis=2).min(axis=1).max() < 1e-3

import cv2
import numpy as np
import pytest
from hypothesis import given
from strategies import generators

from perceptgraph.benchmarks.repeatability import (
    both_kinds,
    moved,
    nearest,
    random_homography,
    repeatability,
    warped,
)

SHAPE = (120, 160)


def segments(rng: np.random.Generator, n: int) -> np.ndarray:
    """Away from the border, far apart on average."""
    middle = rng.uniform(35, 85, (n, 2))
    step = rng.uniform(10, 25, (n, 1)) * rng.normal(0, 1, (n, 2))
    step *= 20 / np.maximum(np.hypot(*step.T), 20)[:, None]
    return np.stack([middle - step, middle + step], axis=1)


@given(rng=generators())
def test_segments_that_moved_with_the_image_are_all_found_again(rng: np.random.Generator) -> None:
    first = segments(rng, 6)
    homography = random_homography(SHAPE, rng)

    share, distance = repeatability(first, moved(first, homography), homography, SHAPE)

    np.testing.assert_allclose(share, 1)
    np.testing.assert_allclose(distance, 0, atol=1e-6)


@given(rng=generators())
def test_views_may_change_places(rng: np.random.Generator) -> None:
    first, second = segments(rng, 5), segments(rng, 7)

    there = repeatability(first, second, np.eye(3), SHAPE)
    back = repeatability(second, first, np.eye(3), SHAPE)

    np.testing.assert_allclose(there, back)


def test_distance_is_that_of_the_ends_from_the_lines() -> None:
    one = np.array([[[50.0, 20.0], [50.0, 60.0]]])

    aside = one + np.array([2.0, 0.0])
    along = one + np.array([0.0, 15.0])
    apart = one + np.array([0.0, 25.0])

    np.testing.assert_allclose(nearest(one, aside), [2.0])
    np.testing.assert_allclose(nearest(one, along), [0.0])
    np.testing.assert_array_equal(nearest(one, apart), [np.inf])
    np.testing.assert_array_equal(nearest(one, one + np.array([3.1, 0.0])), [np.inf])


def test_a_fragment_counts_if_the_overlap_is_half_on_average() -> None:
    one = np.array([[[50.0, 20.0], [50.0, 120.0]]])
    shifted = one + np.array([0.0, 49.0])

    fragment = np.array([[[50.0, 30.0], [50.0, 35.0]]])

    assert repeatability(one, fragment, np.eye(3), SHAPE) == (1.0, 0.0)
    assert nearest(one, shifted)[0] == 0.0
    assert np.isinf(nearest(one, one + np.array([0.0, 51.0]))[0])


def test_only_the_common_view_counts() -> None:
    homography = np.array([[1.0, 0.0, 100.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # to the right
    first = np.array([[[60.0, 10.0], [60.0, 40.0]], [[60.0, 80.0], [60.0, 120.0]]])
    second = np.array([[[20.0, 10.0], [20.0, 80.0]]])

    share, _ = repeatability(first, second, homography, SHAPE)

    assert share == 0.0  # the first segment alone is in both views, and is not found
    assert np.isnan(repeatability(first[1:], second, homography, SHAPE)).all()


def test_the_image_moves_as_its_segments_do() -> None:
    image = np.zeros(SHAPE, np.uint8)
    cv2.circle(image, (90, 40), 4, 255, -1)
    homography = random_homography(SHAPE, np.random.default_rng(1))

    seen = warped(image, homography)

    rows, columns = np.nonzero(seen > 127)
    expected = moved(np.full((1, 2, 2), (40.0, 90.0)), homography)[0, 0]
    np.testing.assert_allclose((rows.mean(), columns.mean()), expected, atol=0.3)


@pytest.mark.parametrize("kind", ["homography", "noise10"])
def test_a_perfect_detector_scores_one_and_one_that_guesses_near_zero(kind: str) -> None:
    image = np.zeros(SHAPE, np.uint8)
    fixed = segments(np.random.default_rng(0), 6)
    guesses = np.random.default_rng(1)

    perfect = both_kinds([image], lambda view: fixed, np.random.default_rng(0))["noise10"]
    guessing = both_kinds([image], lambda view: segments(guesses, 4), np.random.default_rng(0))

    np.testing.assert_allclose(perfect, [(1, 0)], atol=1e-9)
    assert guessing[kind][0][0] < 0.5

"""Ridges: centre line, width and sign of drawn strokes; noise has none."""

import math
from typing import Any

import cv2
import numpy as np
import pytest
from drawings import PLUS, SQUARE, ring, strokes, turned, widening_stroke
from numpy.typing import NDArray

from perceptgraph.stages.detectors.noise import Noise
from perceptgraph.stages.detectors.ridge_chains import chains, ridge_points
from perceptgraph.stages.detectors.ridge_law import log10_tail
from perceptgraph.stages.detectors.ridges import LINE, SIDE, ridges, second_derivative_std

STROKE = [((20.3, 10.0), (20.3, 54.0))]


def noise_image(rng: np.random.Generator, size: int, blur: float) -> NDArray[np.float32]:
    """Noise of 50 grey levels, 8 bit, clipped, blurred before it is scaled."""
    values = rng.normal(size=(size + 40, size + 40))
    if blur > 0:
        values = cv2.GaussianBlur(values, (0, 0), blur)
    values = values[20:-20, 20:-20] / values.std()
    return (np.clip(np.rint(127.5 + 50 * values), 0, 255) / 255).astype(np.float32)


@pytest.mark.parametrize("width", [1.0, 2.0, 3.0, 5.0, 8.0, 13.0])
@pytest.mark.parametrize("bright", [True, False])
def test_a_stroke_is_one_ridge_on_its_centre_line(width: float, bright: bool) -> None:
    image = strokes(64, STROKE, width)

    found = ridges(image if bright else 1 - image)

    assert len(found) == 1
    assert found.bright[0] == bright
    inside = np.abs(found.points[:, 1] - 32) < 18
    np.testing.assert_allclose(found.points[inside, 0], 20.3, atol=0.12)
    np.testing.assert_allclose(found.width[inside], width, atol=0.6)


@pytest.mark.parametrize("bright", [True, False])
def test_the_width_is_that_of_each_place(bright: bool) -> None:
    image = widening_stroke()

    found = ridges(image if bright else 1 - image)

    inside = np.abs(found.points[:, 1] - 47.5) < 34
    assert len(found) == 1
    np.testing.assert_allclose(found.width[inside], 2 + found.points[inside, 1] / 16, atol=0.4)


@pytest.mark.parametrize("angle", [0.0, 0.3, 0.7854, 1.1, 2.0])
def test_a_stroke_in_noise_is_found_at_every_angle(angle: float) -> None:
    image = strokes(64, turned([((31, 8), (31, 54))], angle), 3.0)
    image += np.random.default_rng(0).normal(0, 0.08, image.shape).astype(np.float32)

    found = ridges(image)

    along = np.array([math.sin(angle), math.cos(angle)])
    inside = found.points[np.abs((found.points - 31) @ along) < 20] - 31
    aside = inside @ np.array([along[1], -along[0]])
    assert len(found) == 1
    assert len(inside) >= 26
    assert math.sqrt((aside**2).mean()) < 0.2


def test_a_longer_stroke_may_be_fainter() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(0.4, 0.1, (128, 128)).astype(np.float32)
    long = strokes(128, [((64, 14), (64, 114))], 3.0) - 0.2
    short = strokes(128, [((64, 60), (64, 68))], 3.0) - 0.2

    assert len(ridges(noise + 0.2 * long)) == 1
    assert len(ridges(noise + 0.2 * short)) == 0
    assert len(ridges(noise + 2 * short)) == 1


def test_a_cross_is_covered_once() -> None:
    found = ridges(strokes(64, PLUS, 3.0))

    assert found.bright.all()
    assert len(found.points) == pytest.approx(92, abs=8)


@pytest.mark.parametrize("image", [ring(64, radius=20, width=3), strokes(64, SQUARE, 3.0)])
def test_a_closed_stroke_is_one_ridge_of_points_that_follow_one_another(
    image: NDArray[np.float32],
) -> None:
    found = ridges(image)

    steps = np.hypot(*np.diff(found.points, axis=0).T)
    assert len(found) == 1
    assert steps.max() < 2.3
    assert np.hypot(*(found.points[0] - found.points[-1])) < 2.5


def test_an_edge_is_no_ridge() -> None:
    image = np.full((64, 64), 0.2, np.float32)
    image[:, 32:] = 0.8
    image += np.random.default_rng(0).normal(0, 0.03, image.shape).astype(np.float32)

    assert len(ridges(image)) == 0


@pytest.mark.parametrize(("blur", "most"), [(0.0, 0.1), (1.0, 0.3), (2.0, 0.3)])
def test_noise_has_no_ridges(blur: float, most: float) -> None:
    rng = np.random.default_rng(3)

    n_found = [len(ridges(noise_image(rng, 256, blur))) for _ in range(30)]

    assert np.mean(n_found) <= most


def test_noise_has_fewer_ridges_than_eps() -> None:
    rng = np.random.default_rng(4)

    n_found = [len(ridges(noise_image(rng, 256, 1.0), log10_eps=1.0)) for _ in range(10)]

    assert np.mean(n_found) <= 10


@pytest.mark.parametrize("blur", [1.5, 3.0])
def test_the_law_of_noise_holds_at_ridge_points(blur: float) -> None:
    rng = np.random.default_rng(5)
    noise = Noise(1.0, 0.0)
    strength = []
    for _ in range(6):
        smooth = cv2.GaussianBlur(rng.normal(size=(400, 400)).astype(np.float32), (0, 0), blur)
        std = second_derivative_std(noise, blur)
        # A gain that takes the sides of the ridge out of account.
        _, point = ridge_points(smooth[20:-20, 20:-20].copy(), std, 1.0, 0.1 * blur, np.inf)
        strength.append(point[:, 4])
    share = np.concatenate(strength)

    above = np.array([(share >= u).mean() for u in (2.0, 3.0, 4.0)])
    law = 10 ** (log10_tail(np.array([2.0, 3.0, 4.0])) - log10_tail(np.array([1.0])))

    assert (above <= 1.1 * law).all()
    assert (above >= 0.4 * law).all()


def test_each_ridge_point_is_in_one_chain_at_most() -> None:
    image = noise_image(np.random.default_rng(6), 128, 1.0)
    index, point = ridge_points(cv2.GaussianBlur(image, (0, 0), 1.5), 0.01, 1.0, SIDE * 1.5, LINE)

    chain, offsets = chains(index, point, 0.0)

    assert sorted(chain.tolist()) == list(range(len(point)))
    assert offsets[-1] == len(chain)
    steps = np.hypot(*np.diff(point[chain, :2], axis=0).T)
    inside = np.setdiff1d(np.arange(len(chain) - 1), offsets[1:-1] - 1)
    assert steps[inside].max() < 4.3


def test_inversion_turns_the_sign_and_nothing_else() -> None:
    image = noise_image(np.random.default_rng(7), 96, 2.0) * 0.2 + strokes(96, SQUARE, 3.0) * 0.5

    here, there = ridges(image), ridges(1 - image)

    assert len(here) == len(there) > 0
    np.testing.assert_array_equal(here.bright, ~there.bright)
    np.testing.assert_allclose(here.points, there.points, atol=1e-2)


def test_contrast_does_not_matter() -> None:
    image = noise_image(np.random.default_rng(7), 96, 2.0) * 0.2 + strokes(96, SQUARE, 3.0) * 0.5

    here, there = ridges(image), ridges(image / 2)

    np.testing.assert_array_equal(here.points, there.points)
    np.testing.assert_array_equal(here.width, there.width)
    np.testing.assert_array_equal(here.log10_nfa, there.log10_nfa)


def test_the_level_of_the_ground_does_not_matter() -> None:
    image = strokes(64, PLUS, 3.0)

    here, there = ridges(image), ridges(image + 0.1)

    assert len(here) == len(there)
    np.testing.assert_allclose(here.offsets, there.offsets, atol=2)  # faintest ends are rounding
    np.testing.assert_allclose(here.mean_width, there.mean_width, atol=5e-2)


@pytest.mark.parametrize("turn", [np.rot90, np.flipud, np.transpose])
def test_the_pose_of_the_picture_hardly_matters(turn: Any) -> None:
    image = noise_image(np.random.default_rng(8), 96, 2.0) * 0.2 + strokes(96, SQUARE, 3.0) * 0.5

    here, there = ridges(image), ridges(np.ascontiguousarray(turn(image)))

    covered = np.zeros((2, 96, 96))
    for k, found in enumerate((here, there)):
        at = np.rint(found.points).astype(int)
        covered[k, at[:, 0], at[:, 1]] = 1
    near = cv2.dilate(covered[1], np.ones((3, 3)))
    same = turn(covered[0]).astype(bool)
    assert len(there) == pytest.approx(len(here), abs=1)
    assert near[same].mean() > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 5000), (3, 3), (64, 64)])
def test_blank_images_have_no_ridges(shape: tuple[int, int]) -> None:
    assert len(ridges(np.full(shape, 0.3, np.float32))) == 0

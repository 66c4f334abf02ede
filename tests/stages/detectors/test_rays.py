"""Rays: the law of their strength under noise, and what they owe to the edges beside them."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from perceptgraph.stages.detectors.meetings import corners, crossings
from perceptgraph.stages.detectors.noise import Noise
from perceptgraph.stages.detectors.rays import (
    NEAR,
    PAD,
    RADII,
    RADIUS,
    Z,
    component,
    difference_std,
    gradient_field,
    ground,
    own,
    ray_std,
)


def noise_image(blur: float, seed: int = 0, size: int = 512) -> NDArray[np.float32]:
    white = np.random.default_rng(seed).normal(0, 0.1, (size, size))
    return (cv2.GaussianBlur(white, (0, 0), blur) if blur else white).astype(np.float32)


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_strength_has_the_standard_deviation_of_the_closed_form(blur: float, angle: float) -> None:
    noise, sigma = Noise(density=0.1, blur=blur), 1.25
    field = gradient_field(noise_image(blur), sigma)
    grid = np.random.default_rng(1).uniform(40, 470, (3000, 2))
    row, column = math.sin(angle), math.cos(angle)

    for radius in (RADII[0], RADII[-1]):
        strength = [
            sum(
                component(field, r + s * row, c + s * column, column, -row)
                for s in range(NEAR, radius + 1)
            )
            for r, c in grid
        ]

        expected = ray_std(noise.total_blur(sigma))[radius - NEAR + 1]
        # between pixels noise is a little less: the mean of its neighbours
        share = np.std(strength) / (expected * difference_std(noise, sigma))
        assert 0.8 < share < 1.06


def test_noise_is_its_own_ground_and_an_edge_does_not_raise_it() -> None:
    image = noise_image(0.0)
    expected = difference_std(Noise(0.1, 0.0), 1.25)
    with_edge = image.copy()
    with_edge[:, 250:] += 5

    for each in (image, with_edge):
        blocks = ground(gradient_field(each, 1.25), 0.0)

        assert np.median(blocks) == pytest.approx(expected, rel=0.05)
        assert blocks.max() < 1.7 * expected


def test_corners_are_maxima_of_the_smaller_eigenvalue() -> None:
    field = gradient_field(noise_image(0.0, size=60), 1.25)
    blocks = np.full((1, 1), 0.5 * difference_std(Noise(0.1, 0.0), 1.25))
    r, c = np.moveaxis(field[PAD - 2 : 62 + PAD, PAD - 2 : 62 + PAD].astype(float), 2, 0)
    windows = np.lib.stride_tricks.sliding_window_view
    rr, rc, cc = (windows(p, (5, 5)).mean(axis=(2, 3)) for p in (r * r, r * c, c * c))
    least = np.linalg.eigvalsh(np.stack([rr, rc, rc, cc], axis=-1).reshape(60, 60, 2, 2))[..., 0]
    around = windows(np.pad(least, 2, constant_values=-1), (5, 5)).max(axis=(2, 3))
    expected = np.argwhere((least == around) & (least > 3 * blocks[0, 0] ** 2))

    found = corners(field, blocks)

    assert len(found) > 10
    np.testing.assert_array_equal(found[np.lexsort(found.T[::-1])], expected)
    values = least[tuple(found.astype(int).T)]
    assert (np.diff(values) <= 1e-9).all()


def test_a_ray_beside_a_strong_edge_owes_its_strength() -> None:
    std = ray_std(1.25)
    lone = np.array([[0.0, 90.0, 11, 11], [math.radians(75), 9.0, 11, 11]])
    beside = np.array([[0.0, 90.0, 11, 11], [math.radians(30), 9.0, 11, 11]])

    assert own(lone, 2, std, 1.6, 4.0) == 2
    assert own(beside, 2, std, 1.6, 4.0) == 1
    assert beside[0, Z] == 90
    assert beside[0, RADIUS] == 11


def test_crossings_are_where_lines_meet_within_reach() -> None:
    ends = np.array(
        [[[10, 0], [10, 40]], [[12, 20], [50, 20]], [[60, 0], [60, 9]], [[0, 48], [30, 48]]], float
    )

    found = crossings(ends, 0.25, 3.0, 12.0)

    order = np.lexsort(found.T[1::-1])
    np.testing.assert_allclose(found[order, :2], [[10, 20], [10, 48]])

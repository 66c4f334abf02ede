"""Gradient maxima: place, direction, several channels, and their law in noise."""

import math

import numpy as np
import pytest
from drawings import edge, ring

from perceptgraph.stages.detectors.edges import field_energy, minus_log10_tail
from perceptgraph.stages.detectors.maxima import colour_gradient, gradient, maxima
from perceptgraph.stages.detectors.mixture import smoothed


@pytest.mark.parametrize("theta", np.linspace(0, 2 * np.pi, 17))
def test_maxima_of_a_straight_edge_lie_on_it(theta: float) -> None:
    found = maxima(gradient(smoothed(edge(64, theta, 31.3, 31.6), (1.0, 2.0))), 0.02)

    inner = (np.abs(found.pixel - 31.5) < 20).all(axis=1)
    normal = np.array([math.cos(theta), -math.sin(theta)])
    offset = (found.position[inner] - [31.3, 31.6]) @ normal
    assert np.sqrt(np.mean(offset**2)) < 0.02
    np.testing.assert_allclose(found.normal[inner] @ normal, 1, atol=1e-3)


def test_maxima_of_a_ring_lie_on_its_two_circles() -> None:
    found = maxima(gradient(smoothed(ring(96, radius=30, width=8), (1.0,))), 0.02)

    radius = np.hypot(*(found.position - 47.5).T)
    assert np.abs(np.abs(radius - 30) - 4).max() < 0.15


def test_slots_number_the_pixels() -> None:
    found = maxima(gradient(np.random.default_rng(0).random((20, 30), np.float32)), 0.1)

    np.testing.assert_array_equal(found.slot[tuple(found.pixel.T)], np.arange(len(found.norm)))
    assert (found.slot >= 0).sum() == len(found.norm)


def test_three_equal_channels_have_the_direction_of_one_and_its_norm_times_root_three() -> None:
    image = np.random.default_rng(0).random((30, 40), np.float32)

    one, three = gradient(image), colour_gradient([image] * 3)

    np.testing.assert_allclose(three.norm, one.norm * math.sqrt(3), rtol=1e-4)
    np.testing.assert_allclose(three.down, one.down * math.sqrt(3), atol=1e-4)
    np.testing.assert_allclose(three.across, one.across * math.sqrt(3), atol=1e-4)


def test_the_norm_of_a_colour_gradient_is_the_largest_singular_value() -> None:
    channels = list(np.random.default_rng(0).random((3, 12, 14), np.float32))

    found = colour_gradient(channels)

    each = [gradient(channel) for channel in channels]
    matrix = np.stack([[g.down, g.across] for g in each]).transpose(2, 3, 0, 1)
    np.testing.assert_allclose(found.norm, np.linalg.svd(matrix)[1][..., 0], rtol=1e-4)


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_in_noise_maxima_exceed_a_norm_as_often_as_the_law_allows(blur: float) -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, (900, 900)).astype(np.float32)
    noise = smoothed(noise, (blur,)) if blur else noise
    field = gradient(smoothed(noise, (1.0, 2.0, 4.0, 8.0)))

    x = maxima(field, 0.0).norm.astype(float) ** 2 / field_energy(field)

    levels = np.array([0.5, 1.0, 2.0, 3.0, 4.0, 5.0])
    drawn = -np.log10([(x > level).mean() for level in levels])
    law = minus_log10_tail(levels)
    assert (law < drawn + 0.05).all()
    np.testing.assert_allclose(law, drawn, atol=0.2)

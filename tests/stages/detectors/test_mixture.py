"""The mixture of Gaussians: its kernel, and the noise that it leaves."""

import cv2
import numpy as np
import pytest

from perceptgraph.stages.detectors.maxima import gradient
from perceptgraph.stages.detectors.mixture import (
    correlation_length,
    gradient_energy,
    octaves,
    smoothed,
    weights_of,
)
from perceptgraph.stages.detectors.noise import Noise

SCALES = [(1.0,), (1.0, 2.0), (1.5, 3.0, 6.0), (1.0, 2.0, 4.0, 8.0)]


@pytest.mark.parametrize("sigmas", SCALES)
@pytest.mark.parametrize("shape", [(128, 128), (121, 127)])
def test_the_kernel_is_the_sum_of_gaussians(
    sigmas: tuple[float, ...], shape: tuple[int, int]
) -> None:
    point = np.zeros(shape, np.float32)
    point[60, 61] = 1

    kernel = smoothed(point, sigmas)

    rows, columns = np.mgrid[: shape[0], : shape[1]]
    square = (rows - 60) ** 2 + (columns - 61) ** 2
    gaussians = [np.exp(-square / (2 * s**2)) / (2 * np.pi * s**2) for s in sigmas]
    wanted = sum(w * g for w, g in zip(weights_of(sigmas), gaussians, strict=True))
    np.testing.assert_allclose(kernel, wanted, atol=2e-3 * wanted.max())
    assert (kernel * rows).sum() / kernel.sum() == pytest.approx(60, abs=1e-3)


def test_scales_are_octaves_and_weights_sum_to_one() -> None:
    assert octaves(1.5, 3) == (1.5, 3.0, 6.0)
    assert weights_of((1.0, 4.0)).tolist() == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("sigmas", SCALES[1:])
@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_energy_and_correlation_are_those_of_drawn_noise(
    sigmas: tuple[float, ...], blur: float
) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (1000, 1000)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), blur) if blur else noise
    field = gradient(smoothed(noise, sigmas))

    expected = gradient_energy(Noise(1.0, blur), sigmas)
    length = correlation_length(Noise(1.0, blur), sigmas)

    inner = slice(32, -32)
    drawn = np.square(field.norm[inner, inner].astype(float)).mean()
    across = field.down[inner, inner].astype(float)
    lags = [(across[:, d:] * across[:, : across.shape[1] - d]).mean() for d in range(32)]
    integral = (np.sum(lags) - lags[0] / 2) / lags[0]
    assert drawn == pytest.approx(expected, rel=0.05)
    assert integral / np.sqrt(np.pi) == pytest.approx(length, rel=0.15)

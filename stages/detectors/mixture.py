"""One smoothing for several scales: a weighted sum of Gaussians, and what it makes of noise.

Coarse scales say whether there is an edge, fine ones where. The sum of Gaussian blurs of an image
is itself one blur, by a kernel with a sharp peak and wide flanks; its gradient is a linear filter,
so that the law of its noise is known in closed form, as for one Gaussian.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.detectors.noise import Noise

Floats = NDArray[np.float32]

LEAST_SIGMA = 2.0
"""A Gaussian is put on a grid of half as many pixels as long as it is this wide there, pixels."""
REDUCING = 0.25
"""Variance of the mean of two pixels, squared pixels of the fine grid."""
ENLARGING = 0.75
"""Variance of the linear enlargement by two, squared pixels of the fine grid."""


def octaves(sigma: float, n_scales: int) -> tuple[float, ...]:
    """Sigmas of the Gaussians, each twice the one before, pixels."""
    return tuple(sigma * 2.0**k for k in range(n_scales))


def weights_of(sigmas: tuple[float, ...]) -> NDArray[np.float64]:
    r"""Weights of the Gaussians: proportional to :math:`\sqrt\sigma`, their sum is 1.

    The gradient of a step falls with 1 / sigma; these weights are half way to making the scales
    equal there.
    """
    weights = np.sqrt(np.asarray(sigmas, np.float64))
    return weights / weights.sum()


def smoothed(image: Floats, sigmas: tuple[float, ...]) -> Floats:
    """Image (H, W) smoothed by the mixture of Gaussians of rising `sigmas`, pixels.

    Each Gaussian continues from the one before; wide ones are made on grids of fewer pixels.
    """
    n_halvings = _halvings(sigmas[-1])
    pad = [-n % 2**n_halvings for n in image.shape]
    layer = image
    if any(pad):
        layer = _floats(cv2.copyMakeBorder(image, 0, pad[0], 0, pad[1], cv2.BORDER_REFLECT))
    sums: list[Floats] = [np.zeros_like(layer)]
    variance = 0.0
    for sigma, weight in zip(sigmas, weights_of(sigmas), strict=True):
        while len(sums) <= _halvings(sigma):
            half = (layer.shape[1] // 2, layer.shape[0] // 2)
            variance += REDUCING * 4.0 ** (len(sums) - 1)
            layer = _floats(cv2.resize(layer, half, interpolation=cv2.INTER_AREA))
            sums.append(np.zeros_like(layer))
        area = 4.0 ** (len(sums) - 1)
        step = sigma**2 - variance - ENLARGING * (area - 1) / 3
        layer = _blurred(layer, math.sqrt(step / area))
        variance += step
        cv2.scaleAdd(layer, float(weight), sums[-1], sums[-1])
    while len(sums) > 1:
        coarse = sums.pop()
        sums[-1] += cv2.resize(coarse, sums[-1].shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(sums[0][: image.shape[0], : image.shape[1]])


def _halvings(sigma: float) -> int:
    return max(int(math.log2(sigma / LEAST_SIGMA) + 1e-9), 0)


def _blurred(layer: Floats, sigma: float) -> Floats:
    side = 2 * math.ceil(3 * sigma) + 1
    blurred = cv2.GaussianBlur(layer, (side, side), sigma, borderType=cv2.BORDER_REFLECT)
    return _floats(blurred).reshape(layer.shape)


def _floats(array: NDArray[Any]) -> Floats:
    """What OpenCV returns, its type known."""
    return np.asarray(array, np.float32)


def gradient_energy(noise: Noise, sigmas: tuple[float, ...]) -> float:
    r"""Mean squared norm of the gradient of smoothed noise, by central differences.

    The levels at distance d have the covariance

    .. math:: R(d) = \frac{D^2}{4 \pi} \sum_{ij} w_i w_j \frac{e^{-d^2 / 4 t_{ij}^2}}{t_{ij}^2},
              \qquad t_{ij}^2 = \frac{\sigma_i^2 + \sigma_j^2}{2} + b^2

    for noise of density D and blur b; half the difference of two pixels 2 apart has the variance
    (R(0) - R(2)) / 2, and there are two of them.
    """
    t2, ww = _pairs(noise, sigmas)
    differences = ww / t2 * -np.expm1(-1 / t2)
    return noise.density**2 / (4 * math.pi) * float(differences.sum())


def correlation_length(noise: Noise, sigmas: tuple[float, ...]) -> float:
    r"""The t of the single Gaussian whose gradient is as long correlated along an edge, pixels.

    The gradient's component across an edge, at distance d along it, is correlated as
    :math:`\sum_{ij} w_i w_j e^{-d^2 / 4 t_{ij}^2} / t_{ij}^4`; t has the same integral over d.
    """
    t2, ww = _pairs(noise, sigmas)
    return float((ww / t2**1.5).sum() / (ww / t2**2).sum())


def _pairs(
    noise: Noise, sigmas: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Squared total blur and weight of each pair of Gaussians."""
    squares = np.square(np.asarray(sigmas, np.float64))
    weights = weights_of(sigmas)
    t2 = (squares[:, None] + squares[None, :]) / 2 + noise.blur**2
    return t2, np.outer(weights, weights)

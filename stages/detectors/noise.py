"""The noise of one image: its strength and its correlation, measured where the image is flat.

Every a-contrario detector asks what noise would do. Published ones ask white noise, and break
their promise as soon as the noise is blurred, as it is in photographs. Here the background model
is a stationary Gaussian field with the strength and the correlation measured in the image: white
noise of standard deviation `density`, blurred by a Gaussian of sigma `blur`.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

BLOCK = 8  # pixels; flat zones are looked for in squares of this side
MARGIN = 2 * 2  # a second difference of lag 2 reaches this far beyond the last pixel of a square
MAX_BLOCKS = 1024  # a larger image is sampled on a regular grid: the cost has a bound
FLAT_QUANTILE = 0.1  # the flattest tenth of the squares is taken for noise without structure ...
FLAT_FACTOR = 1.6  # ... and so is what is rougher than those by less than this: two standard
# deviations of the roughness of one square in noise blurred by 2 pixels
ROUNDS = 4  # of widening the flat zones by that factor; pure noise is included whole after three
FLOOR = 1e-4  # least density, share of the range: a tenth of what 8-bit rounding adds
ROUNDING = (
    2e-6  # of full scale: all levels are one, told apart by how float32 was rounded (enlarging,
)
# colours); an eighth of a step of 16 bit
FINEST_STEP, COARSEST_STEP = 1 / 255, 0.01  # of grey levels, shares of the range: finer ones do not
# matter, drawings have few tones
BLURS = np.linspace(0.0, 8.0, 161)


@dataclass(frozen=True, slots=True)
class Noise:
    """Stationary Gaussian noise: white noise of std `density`, blurred by `blur`."""

    density: float
    """Square root of the spectral density at frequency 0: standard deviation of the white noise
    that, blurred, gives this noise. Share of full scale, times pixels."""
    blur: float
    """Sigma of the Gaussian that makes white noise as correlated as this one, pixels; 0: white."""
    step: float = 0.0
    """Step of the grey levels (rounding), share of full scale; 0: the image is constant."""

    def total_blur(self, sigma: float) -> float:
        r"""Blur :math:`t = \sqrt{\sigma^2 + b^2}` of the noise after a Gaussian of `sigma`.

        The levels at distance d are then correlated by :math:`\exp(-d^2 / 4 t^2)`, and so are the
        gradient's components across a line, d being measured along that line.
        """
        return math.hypot(sigma, self.blur)

    def level_std(self, sigma: float) -> float:
        """Standard deviation of the levels after a Gaussian of `sigma` (total blur over 0.5)."""
        return self.density / (math.sqrt(4 * math.pi) * self.total_blur(sigma))

    def gradient_std(self, sigma: float) -> float:
        """Standard deviation of one component of the gradient at `sigma` (total blur over 0.5)."""
        return self.density / (math.sqrt(8 * math.pi) * self.total_blur(sigma) ** 2)


def measure_noise(image: NDArray[np.float32]) -> Noise:
    r"""Noise of an image, measured in its flat zones.

    In squares of 8 pixels, the mean absolute second difference is taken at lags 1 and 2 along rows
    and columns; it does not see a linear slope of the ground. The flattest squares give the
    standard deviation at either lag. For noise blurred by b the levels are correlated by
    :math:`\rho(d) = \exp(-d^2 / 4 b^2)` and the squared second difference of lag d has the mean
    :math:`\sigma^2 (6 - 8 \rho(d) + 2 \rho(2 d))`: the ratio of the two lags gives b, then either
    gives :math:`\sigma`.

    Parameters
    ----------
    image : (H, W) float32

    Returns
    -------
    Noise
        Squares of which more than half is constant or a slope count as noise-free, except where
        they are wholly at the largest or smallest level of the image: there the noise may be cut
        off. The least ever returned is the noise of rounding; none for a constant image, whose
        levels differ by no more than float32 rounds.

    Notes
    -----
    On pure Gaussian noise of 128 x 128 pixels and more, blurred by 0 to 2 pixels, the standard
    deviation of the smoothed levels is within 5 percent of the truth on average (a test says so).
    Structure that fills the whole image is taken for noise: less is found then, never more.

    Examples
    --------
    >>> white = np.random.default_rng(0).normal(0.5, 0.1, (256, 256)).astype(np.float32)
    >>> noise = measure_noise(white)
    >>> round(noise.density, 2), round(noise.blur, 1)
    (0.1, 0.0)
    """
    low, high = float(image.min(initial=1.0)), float(image.max(initial=0.0))
    scale = max(high - low, 0.0)
    n_blocks = [(n - MARGIN) // BLOCK for n in image.shape]
    if scale <= ROUNDING:
        return Noise(0.0, 0.0)
    if min(n_blocks) < 1:
        return Noise(FLOOR * scale, 0.0, FINEST_STEP * scale)
    stride = math.ceil(math.sqrt(max(n_blocks[0] * n_blocks[1] / MAX_BLOCKS, 1.0)))
    rough, step = _roughness(image, stride, np.float32(low), np.float32(high))
    step = min(step, COARSEST_STEP * scale)
    least = max(FLOOR * scale, step / math.sqrt(12))  # rounding is white and uniform in a step
    step = max(step, FINEST_STEP * scale)
    lag1, lag2 = _flat_roughness(rough) * math.sqrt(math.pi / 2)
    if lag1 <= 0:
        return Noise(least, 0.0, step)
    ratio, curvature, area = _blur_table()
    blur = float(np.interp((lag2 / lag1) ** 2, ratio, BLURS))
    std = lag1 / math.sqrt(float(np.interp(blur, BLURS, curvature)))
    density = float(std) * math.sqrt(float(np.interp(blur, BLURS, area)))
    return Noise(max(density, least), blur, step)


def _flat_roughness(rough: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean roughness (2,) of the flattest tenth of squares and what is hardly rougher than it."""
    if len(rough) == 0:
        return np.zeros(2)
    coarse = rough[:, 1]
    level = np.quantile(coarse, FLAT_QUANTILE, method="higher")
    if level <= 0:
        return np.zeros(2)
    flat = (coarse > 0) & (coarse <= level)
    for _ in range(ROUNDS):
        flat = (coarse > 0) & (coarse <= FLAT_FACTOR * coarse[flat].mean())
    return np.asarray(rough[flat].mean(axis=0))


@cache
def _blur_table() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each of BLURS: squared second differences, lag 2 over lag 1; lag 1; area of correlation.

    For noise of variance 1. The area is the sum of the correlation over the plane, in pixels: 1
    for white noise, 4 pi b^2 for a wide blur b.
    """
    reach = np.arange(-40, 41)
    # Below 0.15 a sampled Gaussian is one pixel: white.
    kernel = np.exp(-(reach**2) / (2 * np.maximum(BLURS, 0.15)[:, None] ** 2))
    kernel /= kernel.sum(axis=1, keepdims=True)
    energy = (kernel**2).sum(axis=1)
    rho = [(kernel[:, d:] * kernel[:, : len(reach) - d]).sum(axis=1) / energy for d in range(5)]
    lag1 = 6 - 8 * rho[1] + 2 * rho[2]
    lag2 = 6 - 8 * rho[2] + 2 * rho[4]
    return lag2 / lag1, lag1, 1 / energy**2


@njit(cache=True, nogil=True)  # fmt: skip
def _begins(n, stride):  # type: ignore[no-untyped-def]
    """Where squares begin on an axis of n pixels: the same from either end of it."""
    n_squares = (n - 4) // 8
    left_over = n - 4 - 8 * n_squares
    begins = np.empty(n_squares, np.int64)
    m = 0
    for i in range(n_squares):
        from_end = n_squares - 1 - i
        if min(i, from_end) % stride > 0 or (i == from_end and left_over % 2 > 0 and i > 0):
            continue
        shift = 0 if i < from_end else left_over
        begins[m] = 2 + 8 * i + (left_over // 2 if i == from_end else shift)
        m += 1
    return begins[:m]


@njit(cache=True, nogil=True)  # fmt: skip
def _roughness(image, stride, low, high):  # type: ignore[no-untyped-def]
    """Mean absolute second differences (B, 2) at lags 1 and 2 of squares; smallest level step."""
    tops, lefts = _begins(image.shape[0], stride), _begins(image.shape[1], stride)
    rough = np.empty((len(tops) * len(lefts), 2))
    n = 0
    step = np.float32(np.inf)
    for top in tops:
        for left in lefts:
            one = np.float32(0)
            two = np.float32(0)
            n_flat = 0
            for r in range(top, top + 8):
                for c in range(left, left + 8):
                    here = image[r, c]
                    right, below = image[r, c + 1], image[r + 1, c]
                    twice = here + here
                    vertical = abs(image[r - 1, c] + below - twice)
                    horizontal = abs(image[r, c - 1] + right - twice)
                    one += vertical + horizontal
                    n_flat += (vertical == 0) + (horizontal == 0)
                    two += abs(image[r - 2, c] + image[r + 2, c] - twice)
                    two += abs(image[r, c - 2] + image[r, c + 2] - twice)
                    if here != right:
                        step = min(step, abs(here - right))
                    if here != below:
                        step = min(step, abs(here - below))
            if n_flat == 128 and two == 0 and here in (low, high):
                continue
            rough[n, 0] = one / 128 if n_flat <= 64 else 0.0
            rough[n, 1] = two / 128 if n_flat <= 64 else 0.0
            n += 1
    if not np.isfinite(step):
        step = np.float32(0)
    return rough[:n], step

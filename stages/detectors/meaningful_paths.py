"""Path openings with a threshold that is computed: paths that noise does not make."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.detectors.nfa import log10_binomial_tail, log10_gaussian_tail
from perceptgraph.stages.detectors.noise import Noise, measure_noise
from perceptgraph.stages.detectors.path_openings import path_opening

INDEPENDENT = 4.0  # total blurs apart, levels of noise are correlated by exp(-4) = 0.02
SHARPEST = 0.5  # total blur below which noise is white


def log10_path_nfa(n_pixels: int, *, length: int, gaps: int, p: float, spacing: int = 1) -> float:
    r"""log10 of the number of paths in noise of which all pixels but some pass a threshold.

    .. math:: \mathrm{NFA} = 4 N (2 d + 1)^{n - 1} B(n, n - K, p),
              \quad n = 1 + \lfloor (L - 1) / d \rfloor

    The union bound over all paths: N beginnings, four orientations, and d pixels on a path is at
    one of 2 d + 1 places. Only every d-th pixel is looked at, as these are independent.

    Parameters
    ----------
    n_pixels : int
        N, of the image.
    length, gaps : int
        L pixels of a path, of which K may be below the threshold.
    p : float
        Share of the noise above the threshold, in (0, 1).
    spacing : int
        d, pixels at which noise is independent: 1 for white noise.

    References
    ----------
    .. [1] P. Dokladal, "Statistical threshold selection for path openings to detect cracks",
           International Symposium on Mathematical Morphology, 2017.

    Examples
    --------
    >>> round(log10_path_nfa(10_000, length=10, gaps=0, p=0.05), 2)
    -4.11
    """
    n = 1 + (length - 1) // spacing
    log10_paths = math.log10(4 * n_pixels) + (n - 1) * math.log10(2 * spacing + 1)
    return log10_paths + log10_binomial_tail(n, max(n - gaps, 0), p)


def path_threshold(
    n_pixels: int, *, length: int, gaps: int = 0, spacing: int = 1, log10_eps: float = 0.0
) -> float:
    """Lowest threshold, in standard deviations of the noise, that less than eps paths pass.

    Parameters
    ----------
    n_pixels, length, gaps, spacing
        See `log10_path_nfa`.
    log10_eps : float
        Mean number of false paths in an image, at most.

    Returns
    -------
    float
        Infinite where no threshold will do: all pixels of the path may be missing.

    Examples
    --------
    >>> [round(path_threshold(10_000, length=n), 2) for n in (5, 10, 30, 100)]
    [1.65, 1.13, 0.7, 0.52]
    """
    low, high = -5.0, 30.0

    def fails(level: float) -> bool:
        p = min(max(10.0 ** log10_gaussian_tail(level), 1e-300), 1 - 1e-15)
        found = log10_path_nfa(n_pixels, length=length, gaps=gaps, p=p, spacing=spacing)
        return found > log10_eps

    if fails(high):
        return math.inf
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if fails(middle) else (low, middle)
    return high


def meaningful_paths(
    image: NDArray[np.float32],
    *,
    length: int = 30,
    gaps: int = 1,
    sigma: float = 0.0,
    ground: float = 8.0,
    log10_eps: float = 0.0,
) -> NDArray[np.int8]:
    """Pixels on paths above or below the ground that are too long for noise.

    A path opening of the image less its ground, at a threshold computed from the noise: how to
    find cracks, vessels and hair by one number that has a meaning.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    length, gaps : int
        Of the paths, see `perceptgraph.stages.detectors.path_openings.path_opening`.
    sigma : float
        Of a Gaussian before, for wider curves; 0 for none. Pixels.
    ground : float
        Sigma of the Gaussian that leaves the ground, pixels: many times the width of a curve.
    log10_eps : float
        Mean number of false paths in an image, at most.

    Returns
    -------
    (H, W) int8
        1 on bright paths, -1 on dark ones, 0 elsewhere.

    Examples
    --------
    >>> image = np.random.default_rng(0).normal(0.5, 0.05, (99, 99)).astype(np.float32)
    >>> image[40, 20:80] += 0.2
    >>> found = meaningful_paths(image)
    >>> int((found[40, 20:80] == 1).sum()) > 50, int(found[:30].any())
    (True, 0)
    """
    found = np.zeros(image.shape, np.int8)
    noise = measure_noise(image)
    if min(image.shape) < 3 or noise.density <= 0:
        return found
    smooth = cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0 else image
    rise = (smooth - cv2.GaussianBlur(image, (0, 0), ground)) / np.float32(level_std(noise, sigma))
    blur = noise.total_blur(sigma)
    threshold = path_threshold(
        2 * image.size,  # bright paths and dark ones
        length=length,
        gaps=gaps,
        spacing=max(math.ceil(INDEPENDENT * blur), 1) if blur >= SHARPEST else 1,
        log10_eps=log10_eps,
    )
    for sign in (1, -1):
        above = (sign * rise >= threshold).astype(np.uint8)
        found[path_opening(above, length=length, gaps=gaps) > 0] = sign
    return found


def level_std(noise: Noise, sigma: float) -> float:
    """Standard deviation of the levels after a Gaussian, also where the noise is all but white."""
    sharp = noise.total_blur(sigma) < SHARPEST
    return noise.density if sharp else noise.level_std(sigma)

"""Strokes of drawings and digits: the middle line of what is drawn, and its width."""

import math

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import Ridges, no_ridges
from perceptgraph.stages.detectors.nfa import log10_gaussian_tail
from perceptgraph.stages.detectors.noise import measure_noise
from perceptgraph.stages.detectors.skeleton import CHAMFER, distance_to_ground, prune, thin
from perceptgraph.stages.detectors.stroke_paths import centred, curves
from perceptgraph.stores.compiled import njit

INDEPENDENT = 4.0  # blurs of the noise apart, levels are correlated by exp(-4) = 0.02
CONSTANT = 0.01  # noise of a constant ground, share of half the contrast: several grey levels
MOSTLY = 0.6  # share of pixels that are the ground, if it is constant; noise cut off at it has half
N_BINS = 256


def strokes(
    image: NDArray[np.float32],
    *,
    spur: float = 1.0,
    min_length: int = 3,
    log10_eps: float = 0.0,
) -> Ridges:
    r"""Strokes of a drawing: its skeleton, cut where strokes meet.

    What is drawn is farther from the ground than half of what anything is; the ground is the
    median level. The skeleton without spurs is cut where it branches, and its points are moved
    to the middle of the two places where the level crosses that half. A stroke of l pixels is
    meaningful if noise on the ground is unlikely to pass half maximum, p, on a curve as long:

    .. math:: \mathrm{NFA} = N (8 d)^{n - 1} p^n, \quad n = 1 + (l - 1) / d,

    because of d pixels on (four blurs of the noise, at least one) levels are independent, and a
    curve of d pixels ends on one of the 8 d pixels of a square ring.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1], few of them drawn on.
    spur : float
        Longest spur that is left out, in half widths of the stroke, plus one pixel.
    min_length : int
        Fewest points of a stroke that ends freely.
    log10_eps : float
        Largest log10(NFA).

    Returns
    -------
    Ridges
        Most meaningful first; points about a pixel apart. Strokes that meet share the very point.

    Examples
    --------
    >>> image = np.zeros((28, 28), np.float32)
    >>> image[5:25, 12:15] = 1
    >>> found = strokes(image)
    >>> len(found), found.mean_width.tolist(), found.bright.tolist()
    (1, [3.0], [True])
    """
    if min(image.shape, default=0) < 3:
        return no_ridges()
    # Kernels are compiled for one layout of the image.
    image = np.require(image, np.float32, ["C", "W"])
    ground, top, is_constant = _levels(image)
    half = (top - ground) / 2
    if half == 0:
        return no_ridges()
    # A constant ground has no noise but rounding, which is white.
    blur, std = 0.0, abs(half) * CONSTANT
    if not is_constant:
        noise = measure_noise(image)
        blur = noise.blur
        std = noise.density if blur < 0.5 else noise.level_std(0.0)
    spacing = max(math.ceil(INDEPENDENT * blur), 1)
    branches = math.log10(8 * spacing)
    points, offsets, width, log10_nfa = _strokes(
        image,
        np.float32(ground + half),
        half > 0,
        spur,
        min_length,
        math.log10(image.size) - branches,
        log10_gaussian_tail(abs(half) / std) + branches,
        spacing,
        log10_eps,
    )
    bright = np.full(len(log10_nfa), half > 0)
    return Ridges(points, offsets, width, bright, log10_nfa)


@njit(cache=True, nogil=True)
def _levels(image):  # type: ignore[no-untyped-def]
    """Ground (median), the level farthest from it, and whether it is constant."""
    low, high = image.min(), image.max()
    if not high > low:
        return low, low, True
    count = np.zeros(N_BINS, np.int64)
    scale = (N_BINS - 1) / (high - low)
    for value in image.flat:
        count[int((value - low) * scale)] += 1
    n_below, middle = 0, 0
    while n_below + count[middle] <= image.size // 2:
        n_below += count[middle]
        middle += 1
    total, first, n_first = 0.0, np.float32(np.nan), 0
    for value in image.flat:
        if int((value - low) * scale) == middle:
            if np.isnan(first):
                first = value
            n_first += value == first
            total += value
    ground = np.float32(total / count[middle])
    top = high if high - ground >= ground - low else low
    return ground, top, n_first > MOSTLY * image.size


@njit(cache=True, nogil=True)
def _smoothed(beyond):  # type: ignore[no-untyped-def]
    """Sums of three by three pixels, binomial weights: what is in the middle of a stroke is most.

    Pairs of opposite pixels are added first, so that the sum does not know where up is.
    """
    out = np.zeros_like(beyond)
    for r in range(1, beyond.shape[0] - 1):
        for c in range(1, beyond.shape[1] - 1):
            down = beyond[r - 1, c] + beyond[r + 1, c]
            across = beyond[r, c - 1] + beyond[r, c + 1]
            falling = beyond[r - 1, c - 1] + beyond[r + 1, c + 1]
            rising = beyond[r - 1, c + 1] + beyond[r + 1, c - 1]
            out[r, c] = 4 * beyond[r, c] + (2 * (down + across) + (falling + rising))
    return out


@njit(cache=True, nogil=True)
def _strokes(  # type: ignore[no-untyped-def]
    image, level, is_bright, spur, min_length, log10_tests, log10_p, spacing, log10_eps
):
    """Points, offsets, widths and log10(NFA) of the strokes beyond a level, the best first."""
    height, width = image.shape
    sign = np.float32(1) if is_bright else np.float32(-1)
    figure = np.zeros((height + 2, width + 2), np.uint8)
    beyond = np.zeros((height + 2, width + 2), np.float32)
    for r in range(height):
        for c in range(width):
            figure[r + 1, c + 1] = (image[r, c] > level) == is_bright
            beyond[r + 1, c + 1] = sign * (image[r, c] - level)
    distance = distance_to_ground(figure)
    # What is deep inside is stronger than what is near the ground, also where all is as bright.
    beyond += beyond.max() / np.float32(CHAMFER) * distance.astype(np.float32)
    reach = distance.max() / CHAMFER + 1.5
    strength = _smoothed(_smoothed(beyond))
    pixels = prune(figure, thin(figure, strength), strength, distance, spur)
    points, offsets, met = curves(figure, pixels)
    points -= np.float32(1)  # the ground around the figure
    points, across = centred(image, level, sign, points, offsets, met, reach)
    log10_nfa = np.empty(len(met), np.float32)
    for k in range(len(met)):
        n_points = offsets[k + 1] - offsets[k]
        log10_nfa[k] = log10_tests + (1 + (n_points - 1) / spacing) * log10_p
        if n_points < min_length and not (met[k, 0] and met[k, 1]):
            log10_nfa[k] = np.inf
    best = np.argsort(log10_nfa, kind="mergesort")
    best = best[: np.sum(log10_nfa <= log10_eps)]
    in_order, wide = np.empty_like(points), np.empty_like(across)
    ends = np.zeros(len(best) + 1, np.int64)
    for i in range(len(best)):
        begin, end = offsets[best[i]], offsets[best[i] + 1]
        ends[i + 1] = ends[i] + end - begin
        in_order[ends[i] : ends[i + 1]] = points[begin:end]
        wide[ends[i] : ends[i + 1]] = across[begin:end]
    return in_order[: ends[-1]].copy(), ends, wide[: ends[-1]].copy(), log10_nfa[best]

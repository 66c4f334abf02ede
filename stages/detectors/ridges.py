"""Ridges: centre lines of bright and dark strokes, as long and strong as noise never makes them."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import Ridges, no_ridges
from perceptgraph.stages.detectors.noise import Noise, measure_noise
from perceptgraph.stages.detectors.ridge_chains import chains, pieces, ridge_points
from perceptgraph.stages.detectors.ridge_law import TABLE_STEP, log10_tail_table, strength_of
from perceptgraph.stages.detectors.ridge_profiles import widths_along, widths_and_rises
from perceptgraph.stages.detectors.ridge_scales import exclusive
from perceptgraph.stores.arrays import offsets_of

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
SPACING = 2.5
"""Arc length at which points of a ridge count as independent, in total blurs of the noise: the
curvature is correlated by exp(-25/16) = 0.2 there. Measured: on noise images the promise is kept
down to 2 (tests/stages/detectors/test_ridges.py)."""
SIDE = 1.5  # how far from a ridge its sides are, sigmas
LINE = 1 / (1 - math.exp(-(SIDE**2) / 2))  # curvature of a smoothed line over its fall to there
FAINTEST = 0.2  # fall of a smoothed line of 1 pixel to its sides, sigma 1, share of its contrast
REACH = 5.0  # of the profile across a ridge, in sigmas, plus 2 pixels: beyond its sides


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """What one scale sees: its pieces of chains, and what a test of them needs."""

    sigma: float
    unit: float
    log10_tests: float
    image_tail: NDArray[np.float64]
    point: Floats
    chain: Indices
    ends: Indices
    log10_nfa: NDArray[np.float64]


def ridges(
    image: NDArray[np.float32],
    *,
    scales: tuple[float, ...] = (1.0, 1.6, 2.5, 4.0),
    longest: float = 100.0,
    min_contrast: float = 0.01,
    log10_eps: float = 0.0,
) -> Ridges:
    r"""Ridges of an image: centre lines of strokes, with a threshold computed from the noise.

    At each scale, ridge points are where the slope along the stronger principal direction is
    zero; edges have none. Each is followed to its best successor, and along the chains openings
    of all lengths at once keep the longest pieces that are meaningful: with u the weakest
    strength on l pixels, and t the total blur of the noise there,

    .. math:: \mathrm{NFA} = \frac{2 N S}{t^2} H(u)^{2 l / 5 t}

    on N pixels and S scales. H is the law of noise at ridge points in closed form
    (`perceptgraph.stages.detectors.ridge_law`), or the share of the image's own places for ridges
    that are as strong, if larger: ridges must stand out from noise and from texture. So no
    threshold is chosen: a longer ridge may be fainter.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    scales : tuple of float
        Sigmas of the Gaussians, pixels; strokes up to about 3.5 times the largest are found.
    longest : float
        Ridges longer than that may not be fainter still, in pixels.
    min_contrast : float
        Least that a ridge stands out from both sides, share of the range of the image's levels.
    log10_eps : float
        Largest log10(NFA): the mean number of ridges in an image of noise is below eps.

    Returns
    -------
    Ridges
        Most meaningful first; points are in order, about a pixel apart, to sub-pixel accuracy. A
        closed ridge begins and ends at neighbouring points.

    References
    ----------
    .. [1] C. Steger, "An unbiased detector of curvilinear structures", IEEE Transactions on
           Pattern Analysis and Machine Intelligence 20(2), 1998.
    .. [2] V. Morard, P. Dokladal, E. Decenciere, "Parsimonious path openings and closings", IEEE
           Transactions on Image Processing 23(4), 2014.
    .. [3] P. Dokladal, "Statistical threshold selection for path openings to detect cracks",
           International Symposium on Mathematical Morphology, 2017.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.float32)
    >>> image[18:21, 5:35] = 1
    >>> found = ridges(image)
    >>> len(found), found.bright.tolist(), found.points[:, 0].mean().round(2).item()
    (1, [True], 19.0)
    """
    if min(image.shape) < 3:
        return no_ridges()
    # Kernels are compiled for one layout of the image.
    image = np.require(image, np.float32, ["C", "W"])
    noise = measure_noise(image)
    if noise.density <= 0:
        return no_ridges()
    log10_scales = math.log10(len(scales))
    min_contrast *= float(np.ptp(image))
    found = [
        _at_scale(image, noise, sigma, log10_scales - log10_eps, longest, min_contrast)
        for sigma in scales
    ]
    return _one_answer(image, found, log10_eps, min_contrast)


def _at_scale(
    image: Floats,
    noise: Noise,
    sigma: float,
    log10_scales: float,
    longest: float,
    min_contrast: float,
) -> _Scale:
    """Meaningful pieces of the ridge chains at one scale; eps is among the scales, as 1 / eps."""
    blur, gain = noise.total_blur(sigma), LINE / sigma**2
    std = second_derivative_std(noise, sigma)
    unit = SPACING * blur
    log10_tests = log10_scales + math.log10(2 * image.size / blur**2)
    # The threshold of a path opening: so strong must be what is as long as the longest.
    log10_share = -log10_tests * unit / max(longest, unit)
    least = max(strength_of(log10_share), gain * FAINTEST * min_contrast / std)
    smooth = cv2.GaussianBlur(image, (0, 0), sigma)
    index, point = ridge_points(smooth, std, least, SIDE * sigma, gain)
    image_tail = _image_tail(point[:, 4], image.size / blur)
    least = 2 ** (np.searchsorted(-image_tail, -log10_share) / 16)
    chain, offsets = chains(index, point, least)
    ends, log10_nfa = pieces(
        point, chain, offsets, log10_tail_table(), image_tail, TABLE_STEP, unit, log10_tests, 0.0
    )
    at, offsets = _members(ends)
    reach = np.full(len(ends), REACH * sigma + 2)
    _, rise = widths_and_rises(image, point[chain[at]], offsets, reach, min_contrast)
    high = rise >= min_contrast
    return _Scale(sigma, unit, log10_tests, image_tail, point, chain, ends[high], log10_nfa[high])


def _members(ends: Indices) -> tuple[Indices, Indices]:
    """Places of all points of pieces, one piece after the other, and where each piece begins."""
    n_points = ends[:, 1] - ends[:, 0] + 1
    offsets = offsets_of(n_points)
    return np.repeat(ends[:, 0] - offsets[:-1], n_points) + np.arange(offsets[-1]), offsets


def second_derivative_std(noise: Noise, sigma: float) -> float:
    """Standard deviation of f(x+1) - 2 f(x) + f(x-1), the noise smoothed by `sigma`.

    Examples
    --------
    >>> round(second_derivative_std(Noise(1.0, 0.0), 1.0), 3)
    0.201
    """
    one, two = (math.exp(-(d**2) / (4 * noise.total_blur(sigma) ** 2)) for d in (1, 2))
    return noise.level_std(sigma) * math.sqrt(6 - 8 * one + 2 * two)


def _image_tail(strength: Floats, n_places: float) -> NDArray[np.float64]:
    """log10 of the share of places with a ridge point above strengths at sixteenths of octaves."""
    bins = np.clip(16 * np.log2(np.maximum(strength, 1)), 0, 511).astype(np.int64)
    n_above = np.cumsum(np.bincount(bins, minlength=512)[::-1])[::-1]
    return np.log10(np.clip(n_above / n_places, 1 / n_places, 1))


def _one_answer(
    image: Floats, found: list[_Scale], log10_eps: float, min_contrast: float
) -> Ridges:
    """The pieces of all scales, each place given to the most meaningful of them."""
    sigma = np.array([one.sigma for one in found])
    shift_point = offsets_of(np.array([len(one.point) for one in found]))
    shift_chain = offsets_of(np.array([len(one.chain) for one in found]))
    point = np.concatenate([one.point for one in found])
    chain = np.concatenate(
        [one.chain + at for one, at in zip(found, shift_point[:-1], strict=True)]
    )
    ends = np.concatenate([one.ends + at for one, at in zip(found, shift_chain[:-1], strict=True)])
    scale = np.repeat(np.arange(len(found)), [len(one.ends) for one in found])
    order = np.argsort(np.concatenate([one.log10_nfa for one in found]), kind="stable")
    kept, of, log10_nfa = exclusive(
        image.shape,
        point,
        chain,
        ends[order],
        scale[order],
        sigma,
        log10_tail_table(),
        np.stack([one.image_tail for one in found]),
        TABLE_STEP,
        np.array([one.unit for one in found]),
        np.array([one.log10_tests for one in found]),
        0.0,
    )
    at, offsets = _members(kept)
    path = point[chain[at]]
    reach = REACH * sigma[scale[order][of]] + 2
    width, rise = widths_and_rises(image, path, offsets, reach, min_contrast)
    best = np.argsort(log10_nfa, kind="stable")
    best = best[rise[best] >= min_contrast]
    at, in_order = _members(np.stack([offsets[:-1], offsets[1:] - 1], axis=1)[best])
    return Ridges(
        points=np.ascontiguousarray(path[at, :2]),
        offsets=in_order,
        width=widths_along(image, path[at], in_order, reach[best], min_contrast, width[best]),
        bright=path[offsets[best], 5] > 0,
        log10_nfa=(log10_nfa[best] + log10_eps).astype(np.float32),
    )

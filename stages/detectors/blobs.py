"""Blobs: spots and closed convex sets, brighter or darker than what surrounds them."""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import log_ndtr

from perceptgraph.graphs.primitives import Blobs, no_blobs
from perceptgraph.stages.detectors.component_shapes import (
    SIZE,
    component_shapes,
    contrast_variance,
    ellipse_contrasts,
)
from perceptgraph.stages.detectors.component_tree import component_tree
from perceptgraph.stages.detectors.gather import chosen, concatenated
from perceptgraph.stages.detectors.nested_components import distinct
from perceptgraph.stages.detectors.noise import measure_noise
from perceptgraph.stores.arrays import offsets_of

N_LEVELS = 512
LEVEL_STEP = 0.5
"""The component tree has at most so many levels, a step of this share of the noise apart."""
MIN_FILL = 0.82
"""Least share of a convex set in the ellipse with its second moments; 0.827 for triangles."""
FAINT = 4.0
"""A coarser scale is asked for what is this faint, in standard deviations of the levels at the
finer one: there, noise breaks it. What is stronger has been seen, and judged, at the finer one."""
N_NEAREST = 8
"""Blobs of finer scales, the nearest, that one of a coarser scale is compared with."""


def blobs(
    image: NDArray[np.float32],
    *,
    sigma: float = 1.0,
    n_scales: int = 1,
    min_area: int = 5,
    max_share: float = 0.25,
    min_convexity: float = 0.8,
    max_elongation: float = 4.0,
    min_contrast: float = 0.02,
    log10_eps: float = 0.0,
) -> Blobs:
    r"""Meaningful blobs of an image: its connected components, bright and dark, that stand out.

    The components of the smoothed image at all its levels form a tree. A component is judged by
    the ellipse E with its centre and second moments, not by its own shape, which noise has drawn:
    the mean over E minus the mean over a ring around it is a linear function of the image, whose
    standard deviation s in noise of total blur t follows from the area A of E
    (`contrast_variance`). With N pixels, and m twice the number of octaves of area times that of
    scales,

    .. math:: \mathrm{NFA} = m\, \frac{N}{4 \pi t^2} \left(\frac{A}{t^2}\right)^{3/2}
              Q\!\left(\frac{\mathrm{contrast}}{s}\right)

    with Q the tail of the normal law: at each of :math:`N / 4 \pi t^2` independent places are
    ellipses of one area with other axes and turns, each told apart to one t of their outline. The
    contrast is the least to a half of the ring, so that noise beside an edge does not count that
    edge. Among nested components the most meaningful stays, and a second one where there is a flat
    shelf between them (a disc on a disc).

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    sigma : float
        Of the Gaussian that smooths the image first, in pixels.
    n_scales : int
        Smoothings: sigma, 2 sigma, 4 sigma, ... on coarser grids. At a fine scale, noise breaks
        what is faint into many components; three scales find a disc of radius 12 at half the
        contrast, but also halos between strong objects.
    min_area : int
        Pixels of the smallest blob.
    max_share : float
        Area of the largest blob, share of the image.
    min_convexity : float
        Least area of a blob over that of its convex hull.
    max_elongation : float
        Largest ratio of the axes; what is longer is a ridge.
    min_contrast : float
        Share of the range of the smoothed image. Fainter are the ripples that enlarging and
        compressing leave, on a ground without noise.
    log10_eps : float
        Largest log10(NFA) of a blob.

    Returns
    -------
    Blobs
        Most meaningful first. Outlines are level lines half way between blob and surround, the
        brighter side on their left; the last point joins the first. Contrast is measured after
        smoothing. Blobs that reach the border of the image are not closed and are left out.

    Notes
    -----
    On noise there are fewer blobs than eps allows by a factor of 20 to 200, white or blurred. What
    fills an image (grass, water) is structure, not noise: each of its spots is a blob.

    References
    ----------
    .. [1] J. Matas, O. Chum, M. Urban, T. Pajdla, "Robust wide-baseline stereo from maximally
           stable extremal regions", Image and Vision Computing 22(10), 2004.
    .. [2] A. Desolneux, L. Moisan, J.-M. Morel, "From Gestalt Theory to Image Analysis", chapters
           on maximal meaningful events and on meaningful boundaries, Springer 2008.

    Examples
    --------
    >>> rows, columns = np.mgrid[:40, :40]
    >>> disc = (np.hypot(rows - 20, columns - 18) < 6).astype(np.float32)
    >>> found = blobs(disc)
    >>> len(found), found.centre.round(1).tolist()
    (1, [[20.0, 18.0]])
    """
    noise = measure_noise(image)
    if noise.density <= 0:
        return no_blobs()
    smooth = _smoothed(image, sigma)
    weakest = min_contrast * float(smooth.max() - smooth.min())
    scales: list[Blobs] = []
    for scale in range(n_scales):
        grid = 2**scale
        strongest = math.inf if scale == 0 else FAINT * noise.level_std(sigma * grid / 2)
        limits = (
            min_area,
            max_share * smooth.size,
            min_convexity,
            max_elongation,
            weakest,
            strongest,
        )
        blur, std = noise.total_blur(sigma * grid) / grid, noise.level_std(sigma * grid)
        log10_tests = math.log10(n_scales * smooth.size)
        found = _at_one_scale(smooth, blur, std, limits, log10_tests, log10_eps)
        scales.append(_in_image(found, grid))
        if min(smooth.shape) < 2:
            break
        smooth = np.ascontiguousarray(_smoothed(smooth, math.sqrt(3) * sigma)[::2, ::2])
    return _seen_first(scales)


def _smoothed(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float32).reshape(image.shape[0], image.shape[1])


def _at_one_scale(
    smooth: NDArray[np.float32],
    blur: float,
    std: float,
    limits: tuple[float, float, float, float, float, float],
    log10_tests: float,
    log10_eps: float,
) -> Blobs:
    """Blobs of a smoothed image, of area, convexity, elongation and contrast within limits.

    `blur` and `std` are the total blur and the standard deviation of its noise.
    """
    min_area, max_area, min_convexity, max_elongation, weakest, strongest = limits
    low, high = float(smooth.min()), float(smooth.max())
    finest = max((high - low) / N_LEVELS, LEVEL_STEP * std)
    if high - low < finest or high == low or max_area < min_area:
        return no_blobs()
    n_steps = int((high - low) / finest)
    step = (high - low) / n_steps
    level = ((smooth - np.float32(low)) * np.float32(1 / step) + np.float32(0.5)).astype(np.uint16)
    log10_tests += math.log10(2 * math.log2(2 * max_area / min_area))
    found = []
    for sign, levels, lowest in ((1, level, low), (-1, np.uint16(n_steps) - level, -high)):
        tree = component_tree(levels)
        shapes = component_shapes(
            tree, min_area, max_area, MIN_FILL * min_convexity, max_elongation
        )
        contrast, core, ground, n_ring = ellipse_contrasts(smooth, sign, shapes).T
        score = contrast / (std * np.sqrt(contrast_variance(shapes, n_ring, blur)))
        log10_nfa = blob_log10_nfa(score, shapes[:, SIZE], blur, log10_tests)
        order = np.argsort(log10_nfa, kind="stable")
        is_meant = (log10_nfa <= log10_eps) & (core >= weakest) & (core <= strongest)
        order = order[is_meant[order]]
        kept, moments, points, counts = distinct(
            (tree.level, tree.parent, tree.nodes),
            smooth,
            shapes[order],
            ground[order] + core[order] / 2,
            (sign, lowest, step, min_convexity),
        )
        order = order[kept]
        peak = sign * np.maximum(core, contrast)[order]
        found.append(_contract(moments, peak, log10_nfa[order], points, counts))
    return concatenated(found)


def blob_log10_nfa(
    score: NDArray[np.float64], area: NDArray[np.float64], blur: float, log10_tests: float
) -> NDArray[np.float64]:
    r"""log10 of the number of ellipses of about this area with as high a contrast, in noise.

    Parameters
    ----------
    score : (K,)
        Contrast in its standard deviations.
    area : (K,)
        Pixels.
    blur : float
        Total blur t of the noise, pixels.
    log10_tests : float
        log10 of the number of pixels, signs and octaves of area together.

    Examples
    --------
    >>> blob_log10_nfa(np.array([6.0]), np.array([64.0]), 1.0, 6.0).round(1).tolist()
    [-1.4]
    """
    n_ellipses = np.maximum(area / blur**2, 1) ** 1.5 / (4 * math.pi * blur**2)
    return log10_tests + np.log10(n_ellipses) + log_ndtr(-score) / math.log(10)


def _contract(
    moments: NDArray[np.float64],
    contrast: NDArray[np.float64],
    log10_nfa: NDArray[np.float64],
    points: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> Blobs:
    return Blobs(
        centre=moments[:, :2].astype(np.float32),
        second_moments=moments[:, 2:].astype(np.float32),
        contrast=contrast.astype(np.float32),
        points=points.astype(np.float32),
        offsets=offsets_of(counts),
        log10_nfa=log10_nfa.astype(np.float32),
    )


def _in_image(found: Blobs, grid: int) -> Blobs:
    """Blobs of every `grid`-th pixel in pixels of the image."""
    factor = np.float32(grid)
    return replace(
        found,
        centre=found.centre * factor,
        second_moments=found.second_moments * factor**2,
        points=found.points * factor,
    )


def _seen_first(scales: list[Blobs]) -> Blobs:
    """Blobs of all scales, the most meaningful first; one seen at several as at the finest."""
    kept = scales[0]
    for coarser in scales[1:]:
        kept = concatenated([kept, chosen(coarser, np.flatnonzero(~_is_seen(coarser, kept)))])
    return chosen(kept, np.argsort(kept.log10_nfa, kind="stable"))


def _is_seen(found: Blobs, known: Blobs) -> NDArray[np.bool_]:
    """Which of the blobs have about the place, the area and the sign of a known one."""
    n = min(len(known), N_NEAREST)
    if n == 0 or len(found) == 0:
        return np.zeros(len(found), np.bool_)
    distance, nearest = cKDTree(known.centre).query(found.centre, k=range(1, n + 1))
    area, known_area = blob_areas(found)[:, None], blob_areas(known)[nearest]
    is_near = distance <= np.sqrt(np.minimum(area, known_area) / math.pi) / 2
    is_like = (area <= 2 * known_area) & (known_area <= 2 * area)
    agrees = found.contrast[:, None] * known.contrast[nearest] > 0
    return (is_near & is_like & agrees).any(axis=1)


def blob_areas(found: Blobs) -> NDArray[np.float64]:
    """Area (N,) of the ellipses with the second moments of blobs, square pixels."""
    rr, rc, cc = found.second_moments.astype(np.float64).T
    return 4 * math.pi * np.sqrt(np.maximum(rr * cc - rc**2, 0))

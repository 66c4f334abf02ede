"""Blobs: spots and closed convex sets, brighter or darker than what surrounds them."""

import math

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import log_ndtr

from perceptgraph.graphs.primitives import Blobs, no_blobs
from perceptgraph.stages.detectors.component_shapes import (
    NODE,
    SIZE,
    component_shapes,
    contrast_variance,
    ellipse_contrasts,
)
from perceptgraph.stages.detectors.component_tree import (
    AREA,
    AT_BORDER,
    DROP,
    PEAK,
    SIDES,
    component_tree,
)
from perceptgraph.stages.detectors.noise import measure_noise
from perceptgraph.stages.detectors.outline import hull_area, polygon_moments, signed_area, trace
from perceptgraph.stores.arrays import offsets_of, ranges

N_LEVELS = 512
LEVEL_STEP = 0.5
"""The component tree has at most so many levels, a step of this share of the noise apart."""
MIN_FILL = 0.82
"""Least share of a convex set in the ellipse with its second moments; 0.827 for triangles."""
SHELF = 0.5
"""Two nested components are two blobs where the slope falls to this share between them."""
SAME_AREA = 1.5
"""An outline at half contrast that holds another area than its component, by more than this
factor, has flowed over into a neighbour; the outline of the component itself is taken."""


def blobs(
    image: NDArray[np.float32],
    *,
    sigma: float = 1.0,
    min_area: int = 5,
    max_share: float = 0.25,
    min_convexity: float = 0.8,
    max_elongation: float = 4.0,
    log10_eps: float = 0.0,
) -> Blobs:
    r"""Meaningful blobs of an image: its connected components, bright and dark, that stand out.

    The components of the smoothed image at all its levels form a tree. A component is judged by
    the ellipse E with its centre and second moments, not by its own shape, which noise has drawn:
    the mean over E minus the mean over a ring around it is a linear function of the image, whose
    standard deviation s in noise of total blur t follows from the area A of E
    (`contrast_variance`). With N pixels, two signs and m octaves of area

    .. math:: \mathrm{NFA} = 2 m\, \frac{N}{4 \pi t^2} \left(\frac{A}{t^2}\right)^{3/2}
              Q\!\left(\frac{\mathrm{contrast}}{s}\right)

    with Q the tail of the normal law: at each of :math:`N / 4 \pi t^2` independent places are
    ellipses of one area with other axes and turns, each told apart to one t of their outline. The
    contrast taken is the least to a half of the ring, so that noise beside another object's edge
    does not count that edge. Among nested components the most meaningful stays;
    a second one stays where there is a flat shelf between them (a disc on a disc).

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    sigma : float
        Of the Gaussian that smooths the image first, in pixels.
    min_area : int
        Pixels of the smallest blob.
    max_share : float
        Area of the largest blob, share of the image.
    min_convexity : float
        Least area of a blob over that of its convex hull.
    max_elongation : float
        Largest ratio of the axes; what is longer is a ridge.
    log10_eps : float
        Largest log10(NFA) of a blob.

    Returns
    -------
    Blobs
        Most meaningful first. Outlines are level lines half way between blob and surround, the
        brighter side on their left; the last point joins the first. Contrast is measured after
        smoothing. Blobs that reach the border of the image are not closed and are left out.

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
    smooth = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    smooth = smooth.reshape(image.shape)
    low, high = float(smooth.min()), float(smooth.max())
    noise = measure_noise(image)
    finest = max((high - low) / N_LEVELS, LEVEL_STEP * noise.level_std(sigma))
    if high - low < finest or high == low:
        return no_blobs()
    n_steps = int((high - low) / finest)
    step = (high - low) / n_steps
    level = ((smooth - np.float32(low)) * np.float32(1 / step) + np.float32(0.5)).astype(np.uint16)
    max_area = max(int(max_share * image.size), min_area)
    log10_tests = math.log10(2 * math.log2(2 * max_area / min_area) * image.size)
    found = []
    for sign, levels, lowest in (
        (1, level, low),
        (-1, np.uint16(n_steps) - level, -high),
    ):
        tree = component_tree(levels)
        shapes = component_shapes(
            tree, min_area, max_area, MIN_FILL * min_convexity, max_elongation
        )
        contrast, core, ground, n_ring = ellipse_contrasts(smooth, sign, shapes).T
        variance = contrast_variance(shapes, n_ring, noise.total_blur(sigma))
        score = contrast / (noise.level_std(sigma) * np.sqrt(variance))
        log10_nfa = blob_log10_nfa(score, shapes[:, SIZE], noise.total_blur(sigma), log10_tests)
        order = np.argsort(log10_nfa, kind="stable")
        order = order[log10_nfa[order] <= log10_eps]
        kept, moments, points, counts = _distinct(
            (tree.level, tree.parent, tree.nodes),
            smooth,
            shapes[order],
            ground[order] + core[order] / 2,
            (sign, lowest, step, min_convexity),
        )
        order = order[kept]
        found.append(
            (moments, sign * np.maximum(core, contrast)[order], log10_nfa[order], points, counts)
        )
    return _contract(*(np.concatenate(part) for part in zip(*found, strict=True)))


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


@njit(cache=True, nogil=True)
def _distinct(tree, image, shapes, middles, settings):  # type: ignore[no-untyped-def]
    """Of candidates (K, 7), the most meaningful first, those that stay, and their outlines.

    Returns indices (N,), centres and second moments (N, 5), points (P, 2), their numbers (N,).
    """
    levels, parent, nodes = tree
    sign, lowest, step, min_convexity = settings
    level, width = levels.ravel(), levels.shape[1]
    names = shapes[:, NODE].astype(np.int32)
    slopes = nodes[names, DROP] / nodes[names, SIDES]
    around, least = _nesting(level, parent, nodes, names)
    is_kept = np.zeros(len(names), np.bool_)
    shelf = np.zeros((len(names), 2))
    kept = np.empty(len(names), np.int64)
    moments = np.empty((len(names), 5))
    counts = np.empty(len(names), np.int64)
    points = np.empty((1024, 2))
    n, n_points = 0, 0
    for k in range(len(names)):
        if shelf[k, 0] > SHELF * slopes[k] or shelf[k, 1] > SHELF:
            continue
        if not _is_apart(around, least, slopes, is_kept, k):
            continue
        p = names[k]
        room = int(SAME_AREA * nodes[p, SIDES]) + 8  # an outline has a point on each side
        while n_points + room > len(points):
            points = np.concatenate((points, np.empty_like(points)))
        row, column = nodes[p, PEAK] // width - 1, nodes[p, PEAK] % width - 1
        outline = points[n_points : n_points + room]
        n_here = trace(image, sign, row, column, middles[k], outline)
        ratio = signed_area(outline[:n_here]) / nodes[p, AREA] if n_here else 0.0
        if not 1 / SAME_AREA <= ratio <= SAME_AREA:
            n_here = trace(image, sign, row, column, lowest + (level[p] - 0.5) * step, outline)
        if n_here == 0:
            continue
        if signed_area(outline[:n_here]) < min_convexity * hull_area(outline[:n_here]):
            continue
        polygon_moments(outline[:n_here], moments[n])
        if sign < 0:
            outline[:n_here] = outline[:n_here][::-1].copy()
        kept[n] = k
        counts[n] = n_here
        n += 1
        n_points += n_here
        is_kept[k] = True
        _mark(around, least, slopes, shelf, k)
    return kept[:n], moments[:n], points[:n_points], counts[:n]


@njit(cache=True, nogil=True)
def _nesting(level, parent, nodes, names):  # type: ignore[no-untyped-def]
    """The candidate next around each one, -1 for none, and the least slope between the two."""
    index = np.full(len(level), -1, np.int32)
    for k in range(len(names)):
        index[names[k]] = k
    around = np.full(len(names), -1, np.int32)
    least = np.full(len(names), np.inf)
    for k in range(len(names)):
        node = names[k]
        p = parent[node]
        while nodes[p, SIDES] != AT_BORDER:
            if level[parent[p]] != level[p]:
                parent[node] = p  # the next walk steps over the pixels between
                node = p
                least[k] = min(least[k], nodes[p, DROP] / nodes[p, SIDES])
                if index[p] >= 0:
                    around[k] = index[p]
                    break
            p = parent[p]
    return around, least


@njit(cache=True, nogil=True)
def _is_apart(around, least, slopes, is_kept, k):  # type: ignore[no-untyped-def]
    """Whether there is a shelf between candidate k and the nearest kept one around it."""
    lowest = slopes[k]
    q = k
    while around[q] >= 0:
        lowest = min(lowest, least[q])
        q = around[q]
        if is_kept[q]:
            return lowest <= SHELF * min(slopes[k], slopes[q])
    return True


@njit(cache=True, nogil=True)
def _mark(around, least, slopes, shelf, k):  # type: ignore[no-untyped-def]
    """Tell all candidates around k the least slope on the way up, absolute and relative to k's."""
    lowest = slopes[k]
    q = k
    while around[q] >= 0:
        lowest = min(lowest, least[q])
        q = around[q]
        shelf[q, 0] = max(shelf[q, 0], lowest)
        shelf[q, 1] = max(shelf[q, 1], lowest / slopes[k])


def _contract(
    moments: NDArray[np.float64],
    contrast: NDArray[np.float64],
    log10_nfa: NDArray[np.float64],
    points: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> Blobs:
    """The blobs, the most meaningful first."""
    order = np.argsort(log10_nfa, kind="stable")
    starts = offsets_of(counts)[:-1]
    return Blobs(
        centre=moments[order, :2].astype(np.float32),
        second_moments=moments[order, 2:].astype(np.float32),
        contrast=contrast[order].astype(np.float32),
        points=points[ranges(starts[order], counts[order])].astype(np.float32),
        offsets=offsets_of(counts[order]),
        log10_nfa=log10_nfa[order].astype(np.float32),
    )

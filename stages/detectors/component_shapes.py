"""Which components of a tree could be blobs, their moments, and their contrast to a ring around."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import j1

from perceptgraph.stages.detectors.component_tree import (
    AREA,
    AT_BORDER,
    DROP,
    SIDES,
    ComponentTree,
)
from perceptgraph.stores.compiled import njit

RING = (1.2, 1.6)
"""Inner and outer size of the ring, in sizes of the component: a gap for the blur of its boundary,
then a ring of about its own area."""
STEP = math.sqrt(2)
"""Components on one way up the tree are looked at when the area has grown by this factor."""
MAX_SAMPLES = 4096
"""Pixels looked at inside one component; a larger one is looked at on a coarser grid."""

NODE, SIZE, CENTRE_ROW, CENTRE_COLUMN, ROW_ROW, ROW_COLUMN, COLUMN_COLUMN = range(7)
"""Columns of shapes (K, 7): node of the tree, pixels, and centre and second moments of these."""


def component_shapes(
    tree: ComponentTree, min_area: float, max_area: float, min_fill: float, max_elongation: float
) -> NDArray[np.float64]:
    """Shapes (K, 7), see NODE to COLUMN_COLUMN, of the components that could be blobs.

    On each way up the tree, among components of about one area (STEP), it is the one with the
    steepest boundary.

    Parameters
    ----------
    tree : ComponentTree
    min_area, max_area : float
        Pixels.
    min_fill : float
        Least area of the component over that of the ellipse with its moments; 1 for ellipses,
        0.95 for rectangles, 0.83 for triangles, which is least among convex sets.
    max_elongation : float
        Largest ratio of the axes of that ellipse.
    """
    flat, width = tree.level.ravel(), tree.level.shape[1]
    steepest = _steepest(flat, tree.order, tree.parent, tree.nodes, min_area, max_area)
    shapes = _moments(flat, width, steepest, tree.nodes)
    rr, rc, cc = shapes[:, ROW_ROW], shapes[:, ROW_COLUMN], shapes[:, COLUMN_COLUMN]
    mean, half = (rr + cc) / 2, np.hypot((rr - cc) / 2, rc)
    fills = shapes[:, SIZE] >= min_fill * ellipse_area(shapes)
    return shapes[fills & (mean + half <= max_elongation**2 * (mean - half))]


def ellipse_area(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area (K,) of the ellipses with the moments of shapes (K, 7), pixels."""
    rr, rc, cc = shapes[:, ROW_ROW], shapes[:, ROW_COLUMN], shapes[:, COLUMN_COLUMN]
    return 4 * np.pi * np.sqrt(rr * cc - rc**2)


@njit(cache=True, nogil=True)
def _steepest(level, order, parent, nodes, min_area, max_area):  # type: ignore[no-untyped-def]
    """Nodes with the steepest boundary among those of one way up and of about one area."""
    found = np.empty(len(order), np.int32)
    n = 0
    first = np.zeros(len(level), np.int32)  # smallest area of the run that ends here; 0: none
    best = np.empty(len(level), np.int32)
    for p in order:
        up = parent[p]
        area = nodes[p, AREA]
        is_node = level[up] != level[p] or up == p
        if is_node:
            if nodes[p, SIDES] == AT_BORDER or area > max_area:
                if first[p]:
                    found[n] = best[p]
                    n += 1
                    first[p] = 0
                continue
            if area < min_area:
                continue
            if first[p] and area > STEP * first[p]:
                found[n] = best[p]
                n += 1
                first[p] = 0
            if not first[p]:
                first[p] = area
                best[p] = p
            elif _is_steeper(nodes, p, best[p]):
                best[p] = p
        if not first[p] or up == p:
            continue
        if first[up]:  # another way up that ends here: the smaller one goes no further
            other = best[up]
            if nodes[other, AREA] > nodes[best[p], AREA]:
                found[n] = best[p]
                n += 1
                continue
            found[n] = other
            n += 1
        first[up] = first[p]
        best[up] = best[p]
    return found[:n]


@njit(cache=True, nogil=True)
def _is_steeper(nodes, p, q):  # type: ignore[no-untyped-def]
    return nodes[p, DROP] * nodes[q, SIDES] > nodes[q, DROP] * nodes[p, SIDES]


@njit(cache=True, nogil=True)
def _moments(level, width, names, nodes):  # type: ignore[no-untyped-def]
    """Shapes (K, 7) of nodes, in pixels of the image without margin; a flood from each."""
    shapes = np.empty((len(names), 7))
    seen = np.full(len(level), -1, np.int32)
    stack = np.empty(len(level), np.int32)
    for k in range(len(names)):
        p = names[k]
        lowest = level[p]
        r0, c0 = p // width, p % width
        stack[0], seen[p] = p, k
        n = 1
        mr = mc = rr = rc = cc = 0.0
        while n:
            n -= 1
            q = stack[n]
            row = q // width
            r = np.float64(row - r0)
            c = np.float64(q - row * width - c0)
            mr += r
            mc += c
            rr += r * r
            rc += r * c
            cc += c * c
            for step in (-width, -1, 1, width):
                if seen[q + step] != k and level[q + step] >= lowest:
                    seen[q + step] = k
                    stack[n] = q + step
                    n += 1
        area = nodes[p, AREA]
        mr, mc = mr / area, mc / area
        shapes[k, NODE], shapes[k, SIZE] = p, area
        shapes[k, CENTRE_ROW], shapes[k, CENTRE_COLUMN] = r0 + mr - 1, c0 + mc - 1
        shapes[k, ROW_ROW] = rr / area - mr * mr + 1 / 12  # a pixel is a unit square
        shapes[k, ROW_COLUMN] = rc / area - mr * mc
        shapes[k, COLUMN_COLUMN] = cc / area - mc * mc + 1 / 12
    return shapes


@njit(cache=True, nogil=True)
def ellipse_contrasts(image, sign, shapes):  # type: ignore[no-untyped-def]
    """Contrasts (K, 4) of ellipses, with the moments of the components, to the rings around them.

    Columns: mean over the ellipse minus the highest mean over a half of the ring (upper, lower,
    left or right), of the image times `sign`; core, the inner quarter of the ellipse, minus the
    same; that mean; pixels of the ring in the image. All but the last are 0 where these are less
    than half of the ring.

    What has an edge on one side only has no contrast to the half on the other side; and the least
    contrast is at most that to the whole ring, whose law it therefore may be judged by.
    """
    height, width = image.shape
    out = np.zeros((len(shapes), 4))
    inner, outer = 4 * RING[0] ** 2, 4 * RING[1] ** 2
    sums, counts = np.empty(6), np.empty(6)  # ellipse, core, and upper, lower, left, right half
    for k in range(len(shapes)):
        row, column = shapes[k, CENTRE_ROW], shapes[k, CENTRE_COLUMN]
        rr, rc, cc = shapes[k, ROW_ROW], shapes[k, ROW_COLUMN], shapes[k, COLUMN_COLUMN]
        det = rr * cc - rc * rc
        a, b, c = cc / det, -2 * rc / det, rr / det  # the form a y^2 + b y x + c x^2
        grid = int(np.ceil(np.sqrt(max(shapes[k, SIZE] / MAX_SAMPLES, 1.0))))
        up, left = np.sqrt(outer * rr), np.sqrt(outer * cc)
        sums[:] = 0
        counts[:] = 0
        n_ring = 0
        for r in range(max(0, int(row - up)), min(height, int(row + up) + 2), grid):
            for s in range(max(0, int(column - left)), min(width, int(column + left) + 2), grid):
                y, x = r - row, s - column
                form = a * y * y + b * y * x + c * x * x
                if form <= 4:
                    sums[0] += image[r, s]
                    counts[0] += 1
                    if form <= 1:
                        sums[1] += image[r, s]
                        counts[1] += 1
                elif inner <= form <= outer:
                    n_ring += 1
                    if y != 0:
                        sums[2 + (y > 0)] += image[r, s]
                        counts[2 + (y > 0)] += 1
                    if x != 0:
                        sums[4 + (x > 0)] += image[r, s]
                        counts[4 + (x > 0)] += 1
        full = (RING[1] ** 2 - RING[0] ** 2) * 4 * np.pi * np.sqrt(det)
        out[k, 3] = n_ring * grid * grid
        if counts[:2].min() > 0 and out[k, 3] >= 0.5 * full:
            ground = -np.inf
            for j in range(2, 6):
                if counts[j]:
                    ground = max(ground, sign * sums[j] / counts[j])
            out[k, 0] = sign * sums[0] / counts[0] - ground
            out[k, 1] = sign * sums[1] / counts[1] - ground
            out[k, 2] = ground
    return out


def contrast_variance(
    shapes: NDArray[np.float64], n_ring: NDArray[np.float64], blur: float
) -> NDArray[np.float64]:
    r"""Variance (K,) of the contrast of ellipses to their rings, in variances of one level.

    In noise whose levels are correlated by :math:`\exp(-d^2 / 4 t^2)` a disc of radius R with its
    ring is a filter with the spectrum H, made of Bessel functions, and

    .. math:: V(R / t) = 2 t^2 \int_0^\infty |H(k R)|^2 e^{-k^2 t^2} k\, \mathrm{d}k

    An ellipse with second moments M counts as the disc that a Gaussian window sees as large:
    :math:`R^2 / 4 = \sqrt{\det(M + t^2 I)} - t^2`. What the border of the image cuts off the ring
    leaves fewer independent samples, of :math:`4 \pi t^2` pixels each.

    Parameters
    ----------
    shapes : (K, 7)
    n_ring : (K,)
        Pixels of each ring in the image.
    blur : float
        Total blur t, in pixels.
    """
    rr, rc, cc = shapes[:, ROW_ROW], shapes[:, ROW_COLUMN], shapes[:, COLUMN_COLUMN]
    spread = np.sqrt((rr + blur**2) * (cc + blur**2) - rc**2) - blur**2
    ratios, variances = _disc_variances()
    log_variance = np.interp(np.log(2 * np.sqrt(spread) / blur), ratios, variances)
    n_full = (RING[1] ** 2 - RING[0] ** 2) * ellipse_area(shapes)
    missing = np.maximum(1 / np.maximum(n_ring, 1) - 1 / n_full, 0)
    return np.exp(log_variance) + 4 * np.pi * blur**2 * missing


@cache
def _disc_variances() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logarithms of R / t and of V(R / t); V falls with its square from 100 on."""
    ratio = np.geomspace(0.1, 1000, 60)
    k = np.linspace(0, 5, 2001)[1:]  # in 1 / t; beyond, the integrand is below 1e-10

    def disc(size: float) -> NDArray[np.float64]:
        x = size * k * np.minimum(ratio, 100)[:, None]
        return 2 * j1(x) / x

    ring = (RING[1] ** 2 * disc(RING[1]) - RING[0] ** 2 * disc(RING[0])) / (
        RING[1] ** 2 - RING[0] ** 2
    )
    integrand = (disc(1.0) - ring) ** 2 * np.exp(-(k**2)) * k
    variance = 2 * integrand.sum(axis=1) * (k[1] - k[0])
    return np.log(ratio), np.log(variance * np.minimum(100 / ratio, 1) ** 2)

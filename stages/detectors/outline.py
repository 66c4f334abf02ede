"""Outlines of connected components, to sub-pixel accuracy, and their shape.

An outline is a level line: closed, in order, the component on its left as one walks on the
displayed picture (row down), so that a bright component has the brighter side to its left.
"""

import numpy as np

from perceptgraph.stores.compiled import njit


@njit(cache=True, nogil=True)
def trace(image, sign, row, column, level, out):  # type: ignore[no-untyped-def]
    """Outline of the component of `sign * image >= level` around a pixel, written to `out` (P, 2).

    Points are where the level is crossed between an inside pixel and one of its four neighbours,
    linear in between. Returns their number; 0 where the pixel is not in it, the component
    reaches the border of the image, or its outline does not fit into `out`.
    """
    width = image.shape[1]
    if sign * image[row, column] < level:
        return 0
    while column + 1 < width:
        if sign * image[row, column + 1] >= level:
            column += 1
            continue
        n = _walk(image, sign, row, column, level, out)
        if n == 0 or signed_area(out[:n]) > 0:
            return n
        column += 1  # that was the outline of a hole: on to its other side
        while column < width and sign * image[row, column] < level:
            column += 1
    return 0


@njit(cache=True, nogil=True)
def _walk(image, sign, row, column, level, out):  # type: ignore[no-untyped-def]
    """The level line that passes between a pixel and its right neighbour."""
    height, width = image.shape
    r, c, dr, dc = row, column, 0, 1
    n = 0
    while n < len(out):
        if r + dr < 0 or r + dr >= height or c + dc < 0 or c + dc >= width:
            return 0
        inside, outside = sign * image[r, c], sign * image[r + dr, c + dc]
        share = (inside - level) / (inside - outside)
        out[n, 0] = r + share * dr
        out[n, 1] = c + share * dc
        n += 1
        er, ec = -dc, dr  # the way on, the inside to its left
        if r + er < 0 or r + er >= height or c + ec < 0 or c + ec >= width:
            return 0
        if sign * image[r + er, c + ec] < level:
            dr, dc = er, ec
        elif sign * image[r + er + dr, c + ec + dc] < level:
            r, c = r + er, c + ec
        else:
            r, c = r + er + dr, c + ec + dc
            dr, dc = -er, -ec
        if r == row and c == column and dr == 0 and dc == 1:
            return n
    return 0


@njit(cache=True, nogil=True)
def signed_area(points):  # type: ignore[no-untyped-def]
    """Area of a polygon (P, 2), square pixels; positive if its inside is to the left."""
    total = 0.0
    r, c = points[-1]
    for k in range(len(points)):
        total += r * points[k, 1] - c * points[k, 0]
        r, c = points[k]
    return 0.5 * total


@njit(cache=True, nogil=True)
def hull_area(points):  # type: ignore[no-untyped-def]
    """Area of the convex hull of points (P, 2), by the two monotone chains."""
    order = np.argsort(points[:, 0] + 1e-6 * points[:, 1])
    n = len(order)
    hull = np.empty((2 * n + 1, 2))
    m = 0
    for way in range(2):
        first = m
        for k in range(n):
            r, c = points[order[k if way == 0 else n - 1 - k]]
            while m - first >= 2 and (hull[m - 1, 0] - hull[m - 2, 0]) * (c - hull[m - 2, 1]) <= (
                hull[m - 1, 1] - hull[m - 2, 1]
            ) * (r - hull[m - 2, 0]):
                m -= 1
            hull[m, 0], hull[m, 1] = r, c
            m += 1
    return abs(signed_area(hull[:m]))


@njit(cache=True, nogil=True)
def polygon_moments(points, out):  # type: ignore[no-untyped-def]
    """Centre and second moments (row-row, row-column, column-column) of a polygon, into `out`."""
    r0, c0 = points[0]
    area, mr, mc, rr, rc, cc = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(len(points)):
        a, b = points[k - 1, 0] - r0, points[k - 1, 1] - c0
        c, d = points[k, 0] - r0, points[k, 1] - c0
        cross = a * d - b * c
        area += cross / 2
        mr += cross * (a + c) / 6
        mc += cross * (b + d) / 6
        rr += cross * (a * a + a * c + c * c) / 12
        cc += cross * (b * b + b * d + d * d) / 12
        rc += cross * (2 * a * b + a * d + c * b + 2 * c * d) / 24
    mr, mc = mr / area, mc / area
    out[0], out[1] = r0 + mr, c0 + mc
    out[2] = rr / area - mr * mr
    out[3] = rc / area - mr * mc
    out[4] = cc / area - mc * mc

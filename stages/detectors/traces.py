"""Where the edge beside a ray runs, to a part of a pixel; where such edges meet."""

import math

import numpy as np

from perceptgraph.stages.detectors.rays import (
    ANGLE,
    ENOUGH_Z,
    LONGEST,
    NEAR,
    RADIUS,
    Z,
    component,
    turn,
)
from perceptgraph.stores.compiled import njit

SEARCH = 2
"""An edge is looked for this far to either side of its ray, pixels."""
EVERY = 2
"""Pixels between points looked at along an edge: nearer ones know the same."""
FEWEST = 4
"""Steps between points that a line keeps at least, however sharp the corner."""
ARC = 0.5
"""Two branches are one smooth curve if their own curvature explains this share of their turn."""


@njit(cache=True, nogil=True)  # fmt: skip
def trace(field, row, column, angle, radius, search, profile, offset, weight):  # type: ignore[no-untyped-def]
    """Offset and weight of the edge near a ray, by distance from NEAR to radius.

    The points are gradient maxima across the ray, to a part of a pixel (parabola), weighted by
    their gradient; the weight is 0 where there is no maximum within the search. Offsets are
    towards growing angles.
    """
    dr = math.sin(angle)
    dc = math.cos(angle)
    weight[NEAR : radius + 1] = 0.0
    total = 0.0
    for s in range(NEAR, radius + 1, EVERY):
        r = row + s * dr - search * dc
        c = column + s * dc + search * dr
        for o in range(2 * search + 1):
            profile[s, o] = component(field, r + o * dc, c - o * dr, dc, -dr)
            total += profile[s, o]
    sign = 1.0 if total > 0 else -1.0
    for s in range(NEAR, radius + 1, EVERY):
        best = 1
        for o in range(2, 2 * search):
            if sign * profile[s, o] > sign * profile[s, best]:
                best = o
        left = sign * profile[s, best - 1]
        here = sign * profile[s, best]
        right = sign * profile[s, best + 1]
        bend = 2 * here - left - right
        if here > 0 and here >= left and here >= right and bend > 0:
            offset[s] = best - search + 0.5 * (right - left) / bend
            weight[s] = here


@njit(cache=True, nogil=True)  # fmt: skip
def clear_of_others(branches, k, n, spread):  # type: ignore[no-untyped-def]
    """Distance from which the edge of branch k runs undisturbed by the n - 1 others, pixels.

    Nearer, the corner's blur rounds it off: twice the spread of the gradient away from all others.
    NEAR for weak branches, whose every point counts.
    """
    radius = int(branches[k, RADIUS])
    if branches[k, Z] < ENOUGH_Z:
        return NEAR
    sharpest = 1.0
    for m in range(n):
        between = turn(branches[k, ANGLE], branches[m, ANGLE])
        if m != k and between < 0.5 * math.pi:
            sharpest = min(sharpest, math.sin(between))
    return max(NEAR, min(int(2 * spread / max(sharpest, 0.1)), radius - FEWEST))


@njit(cache=True, nogil=True)  # fmt: skip
def line(offset, weight, first, radius):  # type: ignore[no-untyped-def]
    """Level and slope of the line through points traced from `first` to `radius`.

    And the level's precision; 0 where there is no line.
    """
    w0 = w1 = w2 = y0 = y1 = 0.0
    for s in range(first, radius + 1):
        w0 += weight[s]
        w1 += weight[s] * s
        w2 += weight[s] * s * s
        y0 += weight[s] * offset[s]
        y1 += weight[s] * s * offset[s]
    det = w0 * w2 - w1 * w1
    if det <= 1e-9 * w0 * w0:
        return 0.0, 0.0, 0.0
    # the variance of a point falls with the square of its gradient
    precision = det / w2 * w0 / (radius - first + 1)
    return (w2 * y0 - w1 * y1) / det, (w0 * y1 - w1 * y0) / det, precision


@njit(cache=True, nogil=True)  # fmt: skip
def curvature(offset, weight, radius):  # type: ignore[no-untyped-def]
    """Second derivative of the parabola through traced points; 0 with fewer than three."""
    level, slope, precision = line(offset, weight, NEAR, radius)
    square = np.zeros(radius + 1)
    for s in range(NEAR, radius + 1):
        square[s] = s * s
    base, tilt, _ = line(square, weight, NEAR, radius)
    top = bottom = 0.0
    count = 0
    for s in range(NEAR, radius + 1):
        bulge = square[s] - base - tilt * s
        top += weight[s] * bulge * (offset[s] - level - slope * s)
        bottom += weight[s] * bulge * bulge
        count += weight[s] > 0
    return 2.0 * top / bottom if precision > 0 and count >= 3 and bottom > 0 else 0.0


@njit(cache=True, nogil=True)  # fmt: skip
def is_arc(field, row, column, branches, profile, offset, weight):  # type: ignore[no-untyped-def]
    """Whether the first two branches are one smooth curve.

    A circle seen from one of its points has branches that bend by their curvature times their
    mean distance, half of the turn between them each; those of a corner are straight.
    """
    between = math.pi - turn(branches[0, ANGLE], branches[1, ANGLE])
    inward = 1.0 if math.sin(branches[1, ANGLE] - branches[0, ANGLE]) > 0 else -1.0
    explained = 0.0
    for k in range(2):
        radius = int(branches[k, LONGEST])
        trace(field, row, column, branches[k, ANGLE], radius, SEARCH, profile, offset, weight)
        explained += inward * curvature(offset, weight, radius) * 0.5 * (NEAR + radius)
        inward = -inward
    return explained > ARC * between


@njit(cache=True, nogil=True)  # fmt: skip
def meet(angles, levels, precisions, n):  # type: ignore[no-untyped-def]
    """Shift (row, column) to the point closest to n lines, weighted least squares.

    Each line runs at `levels` beside the origin. A pull to the origin, a thousandth of the best
    line's weight, keeps it solvable where all lines run the same way.
    """
    a = b = c = u = v = top = 0.0
    for k in range(n):
        nr = math.cos(angles[k])
        nc = -math.sin(angles[k])
        w = precisions[k]
        a += w * nr * nr
        b += w * nr * nc
        c += w * nc * nc
        u += w * nr * levels[k]
        v += w * nc * levels[k]
        top = max(top, w)
    a += 1e-3 * top
    c += 1e-3 * top
    det = a * c - b * b
    return (c * u - b * v) / det, (a * v - b * u) / det

"""Gradient maxima joined into curves, and the pieces of curves that are meaningful."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.detectors.maxima import Maxima
from perceptgraph.stores.compiled import njit

COHERENCE = 0.8
"""Smallest cosine between the normals of two points that follow each other."""
AHEAD = 0.6
"""Smallest cosine between the tangent and the way to the next point."""


ENDS = 3.0
"""Places where a piece may begin or end, for each independent point."""


class Curves(NamedTuple):
    """Gradient maxima in order along N curves; each maximum lies on one curve at most."""

    order: NDArray[np.int32]
    """(P,): which maximum."""
    offsets: NDArray[np.int64]
    """(N + 1,): where each curve begins."""
    closed: NDArray[np.bool_]
    """(N,): the last point joins the first."""


def linked(points: Maxima) -> Curves:
    """Curves through gradient maxima, the strongest followed first, both ways, to its ends.

    The next point is one of the 8 neighbours, or else of the 16 around those, that no curve has
    yet: ahead, with nearly the same normal up to its sign, and as strong and near as may be. Where
    a step is diagonal, the two pixels beside it are left out.
    """
    # In steps of 1/65535: a stable sort of 16 bit is linear in time.
    largest = float(points.norm.max(initial=0.0)) or 1.0
    levels = (points.norm * np.float32(-65535 / largest) + np.float32(65535)).astype(np.uint16)
    seeds = np.argsort(levels, kind="stable")
    return Curves(*_link(seeds, *points[1:]))


@njit(cache=True, nogil=True)
def _link(seeds, normal, norm, pixel, slot):  # type: ignore[no-untyped-def]
    n = len(norm)
    is_used = np.zeros(n, np.bool_)
    order = np.empty(n, np.int32)
    offsets = np.zeros(n + 1, np.int64)
    closed = np.zeros(n, np.bool_)
    backwards = np.empty(n, np.int32)
    n_curves = 0
    filled = 0
    for seed in seeds:
        if is_used[seed]:
            continue
        is_used[seed] = True
        n_back = _follow(seed, -1, normal, norm, pixel, slot, is_used, backwards)
        begin = filled
        for k in range(n_back - 1, -1, -1):
            order[filled] = backwards[k]
            filled += 1
        order[filled] = seed
        filled += 1
        filled += _follow(seed, 1, normal, norm, pixel, slot, is_used, order[filled:])
        if filled - begin >= 8 and _meet(order[begin], order[filled - 1], pixel):
            closed[n_curves] = True
            _begin_at_weakest(order[begin:filled], norm)
        n_curves += 1
        offsets[n_curves] = filled
    return order[:filled], offsets[: n_curves + 1], closed[:n_curves]


@njit(cache=True, nogil=True)
def _meet(one, other, pixel):  # type: ignore[no-untyped-def]
    rows = abs(pixel[one, 0] - pixel[other, 0])
    columns = abs(pixel[one, 1] - pixel[other, 1])
    return max(rows, columns) <= 2


@njit(cache=True, nogil=True)
def _begin_at_weakest(order, norm):  # type: ignore[no-untyped-def]
    """Turn a closed curve: no piece of it but the whole then goes on over its beginning."""
    weakest = 0
    for i in range(len(order)):
        if norm[order[i]] < norm[order[weakest]]:
            weakest = i
    turned = np.concatenate((order[weakest:], order[:weakest]))
    order[:] = turned


@njit(cache=True, nogil=True)
def _follow(seed, way, normal, norm, pixel, slot, is_used, out):  # type: ignore[no-untyped-def]
    """Maxima ahead of a seed, in order, written to `out`; their number."""
    here = seed
    tangent_r, tangent_c = -way * normal[seed, 1], way * normal[seed, 0]
    n = 0
    while True:
        ahead = _next(here, tangent_r, tangent_c, normal, norm, pixel, slot, is_used)
        if ahead < 0:
            return n
        is_used[ahead] = True
        r, c = pixel[here, 0], pixel[here, 1]
        rr, cc = pixel[ahead, 0], pixel[ahead, 1]
        if abs(rr - r) == 1 and abs(cc - c) == 1:
            if slot[r, cc] >= 0:
                is_used[slot[r, cc]] = True
            if slot[rr, c] >= 0:
                is_used[slot[rr, c]] = True
        next_r, next_c = -normal[ahead, 1], normal[ahead, 0]
        if next_r * tangent_r + next_c * tangent_c < 0:
            next_r, next_c = -next_r, -next_c
        tangent_r, tangent_c = next_r, next_c
        out[n] = ahead
        n += 1
        here = ahead


@njit(cache=True, nogil=True)
def _next(here, tangent_r, tangent_c, normal, norm, pixel, slot, is_used):  # type: ignore[no-untyped-def]
    """The best maximum ahead that is not used; -1: none."""
    r, c = pixel[here, 0], pixel[here, 1]
    height, width = slot.shape
    for reach in range(1, 3):
        best = np.float32(0)
        found = -1
        for dr in range(-reach, reach + 1):
            rr = r + dr
            if rr < 0 or rr >= height:
                continue
            step = 1 if abs(dr) == reach else 2 * reach
            for dc in range(-reach, reach + 1, step):
                cc = c + dc
                if cc < 0 or cc >= width:
                    continue
                k = slot[rr, cc]
                if k < 0 or is_used[k]:
                    continue
                distance2 = np.float32(dr * dr + dc * dc)
                ahead = dr * tangent_r + dc * tangent_c
                if ahead <= 0 or ahead * ahead < np.float32(AHEAD * AHEAD) * distance2:
                    continue
                coherence = abs(normal[k, 1] * tangent_r - normal[k, 0] * tangent_c)
                if coherence < np.float32(COHERENCE):
                    continue
                merit = ahead / distance2 * coherence * norm[k]
                if merit > best:
                    best = merit
                    found = k
        if found >= 0:
            return found
    return -1


def arc_lengths(points: Maxima, curves: Curves) -> NDArray[np.float32]:
    """(P,): way along the curve from its first point, pixels."""
    return _arc_lengths(points.position, curves.order, curves.offsets)


@njit(cache=True, nogil=True)
def _arc_lengths(position, order, offsets):  # type: ignore[no-untyped-def]
    way = np.zeros(len(order), np.float32)
    for curve in range(len(offsets) - 1):
        for i in range(offsets[curve] + 1, offsets[curve + 1]):
            down = position[order[i], 0] - position[order[i - 1], 0]
            across = position[order[i], 1] - position[order[i - 1], 1]
            way[i] = way[i - 1] + math.sqrt(down * down + across * across)
    return way


def curves_log10_nfa(
    strength: NDArray[np.float32],
    way: NDArray[np.float32],
    offsets: NDArray[np.int64],
    spacing: float,
) -> NDArray[np.float64]:
    r"""log10(NFA) (N,) of the most meaningful piece of each curve.

    A piece of length l whose weakest point has the strength h is expected

    .. math:: \mathrm{NFA} = N_T \cdot 10^{-h l / s}, \qquad N_T = \sum_i n_i (n_i + 1) / 2

    times by chance: its points at spacing s are independent, and :math:`N_T` counts the pieces of
    all curves, of length :math:`l_i`, that begin and end at a third of that spacing,
    :math:`n_i = 3 l_i / s`. Only pieces that cannot be made longer without a weaker point can be
    the best; one pass over the curve meets them all.

    Parameters
    ----------
    strength : (P,) float32
        -log10 of the probability that a point of a curve in noise is as contrasted.
    way : (P,) float32
        Along its curve, pixels.
    offsets : (N + 1,) int64
        Where each curve begins; none is empty.
    spacing : float
        Pixels.

    References
    ----------
    .. [1] A. Desolneux, L. Moisan, J.-M. Morel, "Edge detection by Helmholtz principle", Journal
           of Mathematical Imaging and Vision 14(3), 2001.

    Examples
    --------
    >>> strength, way = np.ones(100, np.float32), np.arange(100, dtype=np.float32)
    >>> curves_log10_nfa(strength, way, np.array([0, 100]), 5.0).round(1).tolist()
    [-16.7]
    """
    if len(offsets) < 2:
        return np.zeros(0)
    n_ends = (way[offsets[1:] - 1] + 1.0) * (ENDS / spacing)
    n_tests = float((n_ends * (n_ends + 1) / 2).sum())
    return math.log10(n_tests) - _best_runs(strength, way, offsets) / spacing


@njit(cache=True, nogil=True)
def _best_runs(strength, way, offsets):  # type: ignore[no-untyped-def]
    """Largest length times least strength of the pieces of each curve."""
    best = np.empty(len(offsets) - 1)
    stack = np.empty(len(strength), np.int64)
    for curve in range(len(best)):
        best[curve] = best_run(strength, way, offsets[curve], offsets[curve + 1] - 1, stack)
    return best


@njit(cache=True, nogil=True)
def best_run(strength, way, first, last, stack):  # type: ignore[no-untyped-def]
    """Largest length times least strength of the pieces of one curve.

    `stack` holds the places whose run still grows, of rising strength.
    """
    best = 0.0
    height = 0
    for i in range(first, last + 2):
        here = strength[i] if i <= last else np.float32(-1)
        while height > 0 and strength[stack[height - 1]] >= here:
            height -= 1
            begin = stack[height - 1] + 1 if height > 0 else first
            best = max(best, (way[i - 1] - way[begin] + 1) * strength[stack[height]])
        stack[height] = i
        height += 1
    return best


@njit(cache=True, nogil=True)
def side_differences(planes, position, order, offsets, chosen, reach):  # type: ignore[no-untyped-def]
    """Mean of left minus right (N, K) along curves, `reach` pixels to either side of each chord.

    `planes` are K images (K, H, W), linear in between, the border continued; `chosen` (N,) which
    curves.
    """
    n_planes, height, width = planes.shape
    difference = np.zeros((len(chosen), n_planes))
    for n in range(len(chosen)):
        first, last = offsets[chosen[n]], offsets[chosen[n] + 1] - 1
        for i in range(first, last):
            r0, c0 = position[order[i]]
            r1, c1 = position[order[i + 1]]
            length = math.sqrt((r1 - r0) ** 2 + (c1 - c0) ** 2)
            if length == 0:
                continue
            out_r, out_c = -(c1 - c0) / length * reach, (r1 - r0) / length * reach
            for side in range(-1, 2, 2):
                r = min(max((r0 + r1) / 2 + side * out_r, 0.0), height - 1.0)
                c = min(max((c0 + c1) / 2 + side * out_c, 0.0), width - 1.0)
                top, left = min(int(r), height - 2), min(int(c), width - 2)
                r, c = r - top, c - left
                for k in range(n_planes):
                    upper = planes[k, top, left] * (1 - c) + planes[k, top, left + 1] * c
                    lower = planes[k, top + 1, left] * (1 - c) + planes[k, top + 1, left + 1] * c
                    difference[n, k] += side * (upper * (1 - r) + lower * r)
        difference[n] /= max(last - first, 1)
    return difference

"""Relations of perceptual grouping: parallel, perpendicular, collinear and symmetric pairs.

All join two lines, two arcs or two darts that do not lie in one place, in both directions. None
knows the picture's pose or scale: `reach` is a share of the mean length of the two. An angle is at
most t where its sine is at most tan t times its cosine.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.approach import (
    ROUNDING,
    SMALLEST,
    Pieces,
    closeness_both_ways,
    gap,
    pieces_of,
    seen_from,
    squared_distance,
    turn,
)
from perceptgraph.graphs.closest import Closest, both_ways, nobody, offer
from perceptgraph.graphs.edges import Edges, check_reach
from perceptgraph.graphs.frames import Frames
from perceptgraph.stores.compiled import njit


class Tolerance(NamedTuple):
    """Of an angle between two axes, in [0, 90] degrees."""

    cos: float
    sin: float


def tolerance(degrees: float) -> Tolerance:
    """ValueError unless 0 <= degrees <= 90."""
    if not 0 <= degrees <= 90:
        raise ValueError(f"tolerance_deg must be in [0, 90], got {degrees}")
    return Tolerance(float(np.cos(np.deg2rad(degrees))), float(np.sin(np.deg2rad(degrees))))


def parallel(
    frames: Frames,
    *,
    tolerance_deg: float = 10.0,
    min_overlap: float = 0.2,
    reach: float = 2.0,
    k: int = 4,
) -> Edges:
    """Side by side: within the angle tolerance, and each in front of a part of the other.

    That part is at least `min_overlap` of the shorter one's length. Of those with a gap of at most
    `reach` mean lengths, each takes the k closest.
    """
    check_reach(reach)
    p, closest = pieces_of(frames), nobody(len(frames), k)
    within = tolerance(tolerance_deg)
    _offer_parallel(p, frames.offsets, within, min_overlap, reach, closest)
    return both_ways(closest, p)


def perpendicular(
    frames: Frames, *, tolerance_deg: float = 10.0, reach: float = 0.5, k: int = 4
) -> Edges:
    """At a right angle, within the tolerance.

    Of those with a gap of at most `reach` mean lengths, each takes the k closest.
    """
    check_reach(reach)
    p, closest = pieces_of(frames), nobody(len(frames), k)
    _offer_perpendicular(p, frames.offsets, tolerance(tolerance_deg), reach, closest)
    return both_ways(closest, p)


def collinear(
    frames: Frames,
    *,
    tolerance_deg: float = 10.0,
    max_overlap: float = 0.2,
    reach: float = 1.0,
    k: int = 2,
) -> Edges:
    """Good continuation: both axes lie, within the tolerance, on the way between the middles.

    They go on behind each other: what they lie in front of each other, if anything, is less than
    `max_overlap` of the shorter one's length. Of those with a gap of at most `reach` mean lengths,
    each takes the k closest.
    """
    check_reach(reach)
    p, closest = pieces_of(frames), nobody(len(frames), k)
    within = tolerance(tolerance_deg)
    _offer_collinear(p, frames.offsets, within, max_overlap, reach, closest)
    return both_ways(closest, p)


def symmetric(
    frames: Frames,
    *,
    tolerance_deg: float = 10.0,
    min_ratio: float = 0.8,
    reach: float = 3.0,
    k: int = 4,
) -> Edges:
    """Mirror images of each other, about the perpendicular bisector of the two middles.

    The mirrored axis of one is, within the tolerance, that of the other, and the shorter has at
    least `min_ratio` of the longer one's length. Of those with a gap of at most `reach` mean
    lengths, each takes the k closest. Pieces that follow one another on a curve are left out: of
    any smooth curve they are nearly mirror images, and `next` holds them.
    """
    if not 0 <= min_ratio <= 1:
        raise ValueError(f"min_ratio must be in [0, 1], got {min_ratio}")
    check_reach(reach)
    p, closest = pieces_of(frames), nobody(len(frames), k)
    _offer_symmetric(
        p,
        frames.offsets,
        frames.following,
        tolerance(tolerance_deg),
        min_ratio,
        reach,
        closest,
    )
    return both_ways(closest, p)


@njit(cache=True, nogil=True)
def _offer_parallel(
    p: Pieces,
    offsets: NDArray[np.int64],
    within: Tolerance,
    min_overlap: float,
    reach: float,
    closest: Closest,
) -> None:
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            for j in range(i + 1, offsets[g + 1]):
                if not _may_pair(p, i, j, reach):
                    continue
                cosine, sine = turn(p, i, j)
                if abs(sine) * within.cos > abs(cosine) * within.sin:
                    continue
                if _overlap(p, i, j) >= 2 * min_overlap * min(p.half[i], p.half[j]):
                    _offer_each_other(p, i, j, reach, closest)


@njit(cache=True, nogil=True)
def _offer_perpendicular(
    p: Pieces, offsets: NDArray[np.int64], within: Tolerance, reach: float, closest: Closest
) -> None:
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            for j in range(i + 1, offsets[g + 1]):
                if not _may_pair(p, i, j, reach):
                    continue
                cosine, sine = turn(p, i, j)
                if abs(cosine) * within.cos <= abs(sine) * within.sin:
                    _offer_each_other(p, i, j, reach, closest)


@njit(cache=True, nogil=True)
def _offer_collinear(
    p: Pieces,
    offsets: NDArray[np.int64],
    within: Tolerance,
    max_overlap: float,
    reach: float,
    closest: Closest,
) -> None:
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            for j in range(i + 1, offsets[g + 1]):
                if not _may_pair(p, i, j, reach):
                    continue
                along, left = seen_from(p, i, j)
                if abs(left) * within.cos > abs(along) * within.sin:
                    continue
                along, left = seen_from(p, j, i)
                if abs(left) * within.cos > abs(along) * within.sin:
                    continue
                if _overlap(p, i, j) < 2 * max_overlap * min(p.half[i], p.half[j]):
                    _offer_each_other(p, i, j, reach, closest)


@njit(cache=True, nogil=True)
def _offer_symmetric(
    p: Pieces,
    offsets: NDArray[np.int64],
    following: NDArray[np.int32],
    within: Tolerance,
    min_ratio: float,
    reach: float,
    closest: Closest,
) -> None:
    for g in range(len(offsets) - 1):
        first = offsets[g]
        for i in range(first, offsets[g + 1]):
            for j in range(i + 1, offsets[g + 1]):
                shorter, longer = min(p.half[i], p.half[j]), max(p.half[i], p.half[j])
                if shorter < min_ratio * longer or not _may_pair(p, i, j, reach):
                    continue
                if following[i] == j - first or following[j] == i - first:
                    continue
                # The way turns off either axis by the same angle, to the left of one and to the
                # right of the other: their sum is 0, or half a turn where one axis is reversed.
                along_i, left_i = seen_from(p, i, j)
                along_j, left_j = seen_from(p, j, i)
                sine = along_i * left_j + left_i * along_j
                cosine = along_i * along_j - left_i * left_j
                if abs(sine) * within.cos <= abs(cosine) * within.sin:
                    _offer_each_other(p, i, j, reach, closest)


@njit(cache=True, nogil=True)
def _may_pair(p: Pieces, i: int, j: int, reach: float) -> bool:
    """Two of one kind, with an axis, apart, and not too far: the gap itself is tested later."""
    if not (p.is_line[i] and p.kind[i] == p.kind[j]):
        return False
    halves = p.half[i] + p.half[j]
    limit = (halves + reach * max(halves, SMALLEST)) * (1 + ROUNDING)
    return 0 < squared_distance(p, i, j) <= limit * limit


@njit(cache=True, nogil=True)
def _overlap(p: Pieces, i: int, j: int) -> float:
    """Length of the part of one that lies in front of the other, the less of both views.

    In front means along the normal; below 0 where there is no such part.
    """
    cosine, _ = turn(p, i, j)
    least = np.inf
    for here, there in ((i, j), (j, i)):
        along, _ = seen_from(p, here, there)
        end, shadow = p.half[here], p.half[there] * abs(cosine)
        least = min(least, min(end, along + shadow) - max(-end, along - shadow))
    return least


@njit(cache=True, nogil=True)
def _offer_each_other(p: Pieces, i: int, j: int, reach: float, closest: Closest) -> None:
    if gap(p, i, j) <= reach * max(p.half[i] + p.half[j], SMALLEST):
        from_i, from_j = closeness_both_ways(p, i, j)
        offer(closest.closeness, closest.partner, i, j, from_i)
        offer(closest.closeness, closest.partner, j, i, from_j)

"""Pieces of curves as nodes: where each lies, where it leads, and how it bends."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.cutting import OPEN, Curves, Cuts
from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.stores.compiled import njit

_NAMES = list(ATTRIBUTES)
LENGTH = _NAMES.index("length")
WIDTH = _NAMES.index("width")
WIDTH_SLOPE = _NAMES.index("width_slope")
TURNING = _NAMES.index("turning")
TURNING_SLOPE = _NAMES.index("turning_slope")
OFFSET_1 = _NAMES.index("offset_1")
N_ATTRIBUTES = len(_NAMES)


class Pieces(NamedTuple):
    """M pieces of curves, as `Frames` describes its nodes; other attributes are 0."""

    position: NDArray[np.float32]
    direction: NDArray[np.float32]
    attributes: NDArray[np.float32]
    following: NDArray[np.int32]
    curve: NDArray[np.int32]


def pieces_of(
    curves: Curves, cuts: Cuts, width: NDArray[np.float32], sense: NDArray[np.int8]
) -> Pieces:
    """Pieces between the cuts, curve by curve, in the order of its points.

    A piece is measured at five points, its ends and quarters. Turns are those of the four chords
    between them, continued to the ends: they are exact for a circle, and their slope for a curve
    whose curvature grows evenly.

    Parameters
    ----------
    curves : Curves
    cuts : Cuts
        Of the same curves.
    width : (P,) float32
        At each point of the curves, in pixels.
    sense : (C,) int8
        -1 where the pieces of a curve run against the order of its points.
    """
    return Pieces(
        *_measured(
            curves.points,
            curves.offsets,
            curves.closing,
            curves.reach,
            curves.length,
            cuts.at,
            cuts.offsets,
            width,
            sense,
        )
    )


@njit(cache=True, nogil=True)
def _measured(  # type: ignore[no-untyped-def]
    points, offsets, closing, reach, length, at, cuts, width, sense
):
    """Fields of Pieces."""
    n_pieces = 0
    for c in range(len(length)):
        n_pieces += max(cuts[c + 1] - cuts[c] - 1, 0)
    position = np.empty((n_pieces, 2), np.float32)
    direction = np.empty((n_pieces, 2), np.float32)
    attributes = np.zeros((n_pieces, N_ATTRIBUTES), np.float32)
    following = np.full(n_pieces, -1, np.int32)
    curve = np.empty(n_pieces, np.int32)
    knots = np.empty((5, 3))
    n = 0
    for c in range(len(length)):
        count = max(cuts[c + 1] - cuts[c] - 1, 0)
        is_reversed = sense[c] < 0
        begin, end = offsets[c], offsets[c + 1]
        for k in range(count):
            start, stop = at[cuts[c] + k], at[cuts[c] + k + 1]
            for m in range(5):
                quarter = 4 - m if is_reversed else m
                way = start + (stop - start) * (quarter / 4)
                if closing[c] == OPEN:
                    way = min(way, length[c])  # rounding must not lead it on to the begin
                elif way > length[c]:
                    way -= length[c]
                elif way < 0:
                    way += length[c]
                _look_up(
                    points[begin:end], reach[begin:end], width[begin:end], length[c], way, knots[m]
                )
            attributes[n, LENGTH] = stop - start
            _measure(knots, position[n], direction[n], attributes[n])
            curve[n] = c
            nearby = k - 1 if is_reversed else k + 1
            if 0 <= nearby < count:
                following[n] = n - k + nearby
            elif closing[c] != OPEN and count > 1:
                following[n] = n - k + nearby % count
            n += 1
    return position, direction, attributes, following, curve


@njit(cache=True, nogil=True)
def _look_up(  # type: ignore[no-untyped-def]
    points, reach, width, length, way, knot
):
    """Write (row, column, width) at this way along a curve."""
    low, high = 0, len(points) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if reach[middle] <= way:
            low = middle
        else:
            high = middle - 1
    after = (low + 1) % len(points)
    span = (reach[after] if after > 0 else length) - reach[low]
    share = min((way - reach[low]) / span, 1.0) if span > 0 else 0.0
    knot[0] = points[low, 0] + share * (points[after, 0] - points[low, 0])
    knot[1] = points[low, 1] + share * (points[after, 1] - points[low, 1])
    knot[2] = width[low] + share * (width[after] - width[low])


@njit(cache=True, nogil=True)
def _measure(knots, position, direction, attributes):  # type: ignore[no-untyped-def]
    """Write what five points (row, column, width) on a piece tell of it."""
    position[0], position[1] = knots[2, 0], knots[2, 1]
    row, column = knots[4, 0] - knots[0, 0], knots[4, 1] - knots[0, 1]
    norm = np.hypot(row, column)
    if norm == 0:  # it returns to where it began, or has no extent: along its middle, or any way
        row, column = knots[3, 0] - knots[1, 0], knots[3, 1] - knots[1, 1]
        norm = np.hypot(row, column)
    if norm == 0:
        row, column, norm = 0.0, 1.0, 1.0
    row, column = row / norm, column / norm
    direction[0], direction[1] = row, column
    for m in range(3):
        down, right = knots[m + 1, 0] - knots[0, 0], knots[m + 1, 1] - knots[0, 1]
        attributes[OFFSET_1 + m] = right * row - down * column
    early = _turn(knots, 0)
    late = _turn(knots, 2)
    attributes[TURNING] = (early + _turn(knots, 1) + late) * (4 / 3)
    attributes[TURNING_SLOPE] = 2 * (late - early)
    first = (knots[0, 2] + 2 * knots[1, 2] + knots[2, 2]) / 4
    second = (knots[2, 2] + 2 * knots[3, 2] + knots[4, 2]) / 4
    attributes[WIDTH] = (first + second) / 2
    attributes[WIDTH_SLOPE] = 2 * (second - first)


@njit(cache=True, nogil=True)
def _turn(knots, k):  # type: ignore[no-untyped-def]
    """Angle from the k-th chord between the points to the next."""
    r0, c0 = knots[k + 1, 0] - knots[k, 0], knots[k + 1, 1] - knots[k, 1]
    r1, c1 = knots[k + 2, 0] - knots[k + 1, 0], knots[k + 2, 1] - knots[k + 1, 1]
    return np.arctan2(c0 * r1 - r0 * c1, r0 * r1 + c0 * c1)

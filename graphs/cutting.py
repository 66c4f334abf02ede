"""Curves cut into pieces: at their corners and then evenly, only evenly, or at a random phase."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.corners import anchors_of
from perceptgraph.stores.compiled import njit

Phase = NDArray[np.float64] | None

OPEN, RING, LOOP = 0, 1, 2
"""How a curve ends: at two places; nowhere, so that it may begin anywhere; or where it began and
others meet it, so that it is closed but cut there."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """C curves, with the way along them."""

    points: NDArray[np.float32]
    """(P, 2): (row, column), in pixels."""
    offsets: NDArray[np.int64]
    """(C + 1,): where the points of each curve begin."""
    closing: NDArray[np.uint8]
    """(C,): OPEN, RING or LOOP."""
    reach: NDArray[np.float64]
    """(P,): way from the first point of the curve to each, in pixels."""
    length: NDArray[np.float64]
    """(C,): of each curve, in pixels; from its last point to its first included if closed."""


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Where C curves are cut: a curve of n pieces has n + 1 cuts; no point, no cut."""

    at: NDArray[np.float64]
    """(K,): way along the curve, ascending. The last cut of a closed curve is its first, one
    length on; one of an open curve lies in [0, length]."""
    offsets: NDArray[np.int64]
    """(C + 1,): where the cuts of each curve begin."""


def curves_of(
    points: NDArray[np.float32], offsets: NDArray[np.int64], closing: NDArray[np.uint8]
) -> Curves:
    """Curves through these points."""
    return Curves(points, offsets, closing, *_ways(points, offsets, closing))


def canonical_cuts(curves: Curves, piece_length: float, phase: Phase = None) -> Cuts:
    """Cuts that follow from the shape of a curve alone, wherever its points begin.

    A curve is cut at its corners and at other extrema of its curvature (`corners.anchors_of`),
    and in between into equal pieces, as many as bring their length closest to `piece_length`. A
    closed one gives three pieces at least, so that none of them returns to where it began.
    """
    anchors, starts = anchors_of(
        curves.points,
        curves.offsets,
        curves.closing == RING,
        curves.reach,
        curves.length,
        piece_length,
    )
    no_phase = np.zeros(len(curves.length))
    return _cuts(curves, piece_length, anchors, starts, no_phase)


def equal_cuts(curves: Curves, piece_length: float, phase: Phase = None) -> Cuts:
    """Cuts into equal pieces from the first point of each curve on."""
    return _even_cuts(curves, piece_length, np.zeros(len(curves.length)))


def phased_cuts(curves: Curves, piece_length: float, phase: Phase) -> Cuts:
    """Equal cuts, those of each curve moved along it by a share of a piece, `phase` (C,).

    The two pieces at the ends of a curve that has its own are longer and shorter by it.
    """
    if phase is None:
        raise ValueError("cuts at a random phase need generators, got none")
    return _even_cuts(curves, piece_length, phase)


def _even_cuts(curves: Curves, piece_length: float, phase: NDArray[np.float64]) -> Cuts:
    starts = np.zeros(len(phase) + 1, np.int64)
    no_anchors = np.zeros(0)
    return _cuts(curves, piece_length, no_anchors, starts, phase)


def _cuts(
    curves: Curves,
    piece_length: float,
    anchors: NDArray[np.float64],
    starts: NDArray[np.int64],
    phase: NDArray[np.float64],
) -> Cuts:
    return Cuts(
        *_cut(curves.offsets, curves.closing, curves.length, piece_length, anchors, starts, phase)
    )


@njit(cache=True, nogil=True)
def _ways(
    points: NDArray[np.float32], offsets: NDArray[np.int64], closing: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Way to each point (P,) and length of each curve (C,)."""
    reach = np.zeros(len(points))
    length = np.zeros(len(closing))
    for c in range(len(closing)):
        begin, end = offsets[c], offsets[c + 1]
        for i in range(begin + 1, end):
            step = np.hypot(points[i, 0] - points[i - 1, 0], points[i, 1] - points[i - 1, 1])
            reach[i] = reach[i - 1] + step
        if end > begin:
            length[c] = reach[end - 1]
            if closing[c] != OPEN:
                row = points[begin, 0] - points[end - 1, 0]
                length[c] += np.hypot(row, points[begin, 1] - points[end - 1, 1])
    return reach, length


@njit(cache=True, nogil=True)
def _cut(
    points: NDArray[np.int64],
    closing: NDArray[np.uint8],
    length: NDArray[np.float64],
    piece_length: float,
    anchors: NDArray[np.float64],
    starts: NDArray[np.int64],
    phase: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cuts at the anchors (A,) of each curve and evenly in between, moved by shares of a piece."""
    n_most = 4 * len(closing) + 4 * len(anchors) + int(length.sum() / piece_length)
    at = np.empty(n_most)
    offsets = np.zeros(len(closing) + 1, np.int64)
    n = 0
    for c in range(len(closing)):
        offsets[c + 1] = n
        if points[c + 1] == points[c]:
            continue
        is_ring = closing[c] == RING
        n_anchors = starts[c + 1] - starts[c]
        first = anchors[starts[c]] if is_ring and n_anchors else 0.0
        n_spans = max(n_anchors, 1) if is_ring else n_anchors + 1
        least = 1 if closing[c] == OPEN or length[c] == 0 else -(-3 // n_spans)
        begin, here = n, first
        for span in range(n_spans):
            k = starts[c] + span + is_ring
            there = anchors[k] if k < starts[c + 1] else first + length[c]
            count = max(int(np.rint((there - here) / piece_length)), least)
            for piece in range(count):
                at[n] = here + (there - here) * (piece / count)
                n += 1
            here = there
        at[n] = here
        n += 1
        move = phase[c] * length[c] / (n - 1 - begin)
        for k in range(begin if is_ring else begin + 1, n if is_ring else n - 1):
            at[k] += move
        offsets[c + 1] = n
    return at[:n].copy(), offsets


CUTS: dict[str, Callable[..., Cuts]] = {
    "canonical": canonical_cuts,
    "equal": equal_cuts,
    "phase": phased_cuts,
}
"""Name to the function that cuts curves into pieces of about a length; the last needs shares in
[-1/2, 1/2), the others leave them out."""

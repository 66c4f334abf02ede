"""Rays from the middle of each piece, straight to its left and right, until they meet a curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.course import courses
from perceptgraph.graphs.frames import NODE_KINDS, Frames
from perceptgraph.stores.compiled import njit

SEES = np.array([{"line": 1, "arc": 1, "dart": 2}.get(kind, 0) for kind in NODE_KINDS])
"""Node kind to what its rays meet, and is met by: contours meet contours, strokes meet strokes."""

SAME_CURVE = 0.5  # pixels; what is as close as that is the same curve once more
TIE = 1e-3  # pixels; what float32 may part two darts of one piece by
OVERLAP = 1e-3  # share of a quarter by which pieces overlap, so that no ray slips between them


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Where the two rays of each of N nodes end."""

    inward: NDArray[np.float32]
    """(N,): length of the ray to the left, in pixels; the reach where it meets nothing."""
    outward: NDArray[np.float32]
    """(N,): the same to the right."""
    inward_hit: NDArray[np.int32]
    """(N,): node that the ray to the left meets, counted through all images; -1 for none."""
    outward_hit: NDArray[np.int32]
    """(N,): the same to the right."""


def rays(frames: Frames, reach: float) -> Rays:
    """The first curve to the left and to the right of the middle of each piece.

    A ray of a line or arc meets lines and arcs of its image, and that of a dart meets darts; a
    junction or blob sends none: its lengths are 0. Pieces are met where their `courses` run.
    Closer than half a pixel nothing is met: it is the same contour found twice, or the other dart
    of the same piece. Of two darts of one piece, the one that runs more against the ray's node is
    met.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    reach : float
        Longest ray, in pixels.

    Raises
    ------
    ValueError
        Where the reach is not positive.
    """
    if not reach > 0:
        raise ValueError(f"reach must be positive, got {reach}")
    lengths, hits = _cast(
        SEES[frames.kind], courses(frames), frames.direction, frames.offsets, float(reach)
    )
    return Rays(lengths[0], lengths[1], hits[0], hits[1])


@njit(cache=True, nogil=True)
def _cast(
    sees: NDArray[np.int64],
    points: NDArray[np.float64],
    direction: NDArray[np.float32],
    offsets: NDArray[np.int64],
    reach: float,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Lengths (2, N) and hits (2, N) of the rays to the left and to the right."""
    lengths = np.zeros((2, len(sees)), np.float32)
    hits = np.full((2, len(sees)), -1, np.int32)
    half = _radii(points)
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            if sees[i] == 0:
                continue
            best = np.array([reach, reach])
            for j in range(offsets[g], offsets[g + 1]):
                if sees[j] != sees[i] or j == i:
                    continue
                row = points[j, 2, 0] - points[i, 2, 0]
                column = points[j, 2, 1] - points[i, 2, 1]
                along = row * direction[i, 0] + column * direction[i, 1]
                if abs(along) <= half[j]:
                    aside = column * direction[i, 0] - row * direction[i, 1]
                    if aside - half[j] <= best[0] and -aside - half[j] <= best[1]:
                        _meet(i, j, points, direction, best, hits)
            lengths[0, i], lengths[1, i] = best
    return lengths, hits


@njit(cache=True, nogil=True)
def _radii(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far from its middle each piece goes at most, with its overlap; (N,)."""
    radii = np.zeros(len(points))
    for i in range(len(points)):
        for k in (0, 1, 3, 4):
            apart = np.hypot(points[i, k, 0] - points[i, 2, 0], points[i, k, 1] - points[i, 2, 1])
            radii[i] = max(radii[i], apart * (1 + OVERLAP) + TIE)
    return radii


@njit(cache=True, nogil=True)
def _meet(
    i: int,
    j: int,
    points: NDArray[np.float64],
    direction: NDArray[np.float32],
    best: NDArray[np.float64],
    hits: NDArray[np.int32],
) -> None:
    """Shorten the rays of i, `best` (2,), to where they meet the quarters of j."""
    row, column = points[i, 2, 0], points[i, 2, 1]
    d_row, d_column = float(direction[i, 0]), float(direction[i, 1])
    for k in range(4):
        r0, c0 = points[j, k, 0] - row, points[j, k, 1] - column
        r1, c1 = points[j, k + 1, 0] - row, points[j, k + 1, 1] - column
        u0, u1 = r0 * d_row + c0 * d_column, r1 * d_row + c1 * d_column
        if u0 == u1:  # along the ray: its neighbours end where it begins
            continue
        share = u0 / (u0 - u1)
        if not -OVERLAP <= share <= 1 + OVERLAP:
            continue
        v0, v1 = c0 * d_row - r0 * d_column, c1 * d_row - r1 * d_column
        met = v0 + share * (v1 - v0)
        side, length = (0, met) if met > 0 else (1, -met)
        rival = hits[side, i]
        if length < SAME_CURVE or length > best[side] + (TIE if rival >= 0 else 0.0):
            continue
        if length < best[side] - TIE or rival < 0 or _is_against(i, j, rival, direction):
            best[side] = min(length, best[side])
            hits[side, i] = j


@njit(cache=True, nogil=True)
def _is_against(i: int, j: int, rival: int, direction: NDArray[np.float32]) -> bool:
    """Whether j runs more against i than the rival does."""
    mine = direction[i, 0] * direction[j, 0] + direction[i, 1] * direction[j, 1]
    other = direction[i, 0] * direction[rival, 0] + direction[i, 1] * direction[rival, 1]
    return mine < other

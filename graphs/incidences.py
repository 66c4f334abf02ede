"""Relations at junctions: the lines that meet one, and those that one holds together."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.approach import (
    ROUNDING,
    Floats,
    Pieces,
    gap,
    pieces_of,
    seen_from,
    squared_distance,
)
from perceptgraph.graphs.edges import Edges, Nodes, check_reach, edges_of
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.stores.compiled import njit

JUNCTION = NODE_KINDS.index("junction")
BRANCHES = [list(ATTRIBUTES).index(f"branch_{number}") for number in (1, 2, 3, 4)]


def incidence(frames: Frames, *, reach: float = 1.0) -> Edges:
    """A junction and the pieces that come within `reach` of its scale; both directions.

    Pieces are lines, arcs and darts, which end there or pass. The rank is that of the junction's
    branch, 0 to 3, whose direction is closest to that of the way to the middle of the piece.
    """
    check_reach(reach)
    junction, line = _incident(pieces_of(frames), frames.offsets, reach)
    branches = frames.attributes[:, BRANCHES].astype(np.float64)
    rank = _branch_ranks(pieces_of(frames), junction, line, branches)
    return edges_of(
        np.concatenate([junction, line]),
        np.concatenate([line, junction]),
        np.concatenate([rank, rank]),
        len(frames),
    )


def shared_junction(frames: Frames, *, reach: float = 1.0) -> Edges:
    """Two pieces that both come within `reach` scales of a junction; both directions."""
    check_reach(reach)
    junction, line = _incident(pieces_of(frames), frames.offsets, reach)
    source, target = _meeting(junction, line, len(frames))
    return edges_of(source, target, np.zeros(len(source), np.uint8), len(frames))


@njit(cache=True, nogil=True)
def _incident(p: Pieces, offsets: NDArray[np.int64], reach: float) -> tuple[Nodes, Nodes]:
    """Junctions, in order, and the pieces within `reach` of their scales, in order."""
    n_most = 0
    for g in range(len(offsets) - 1):
        n_junctions = n_lines = 0
        for i in range(offsets[g], offsets[g + 1]):
            n_junctions += p.kind[i] == JUNCTION
            n_lines += p.is_line[i]
        n_most += n_junctions * n_lines
    junction, line = np.empty(n_most, np.int32), np.empty(n_most, np.int32)
    n_found = 0
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            if p.kind[i] != JUNCTION:
                continue
            limit = reach * p.size[i]
            for j in range(offsets[g], offsets[g + 1]):
                wide = (limit + p.half[i] + p.half[j]) * (1 + ROUNDING)
                if not p.is_line[j] or squared_distance(p, i, j) > wide * wide:
                    continue
                if gap(p, i, j) <= limit:
                    junction[n_found], line[n_found] = i, j
                    n_found += 1
    return junction[:n_found].copy(), line[:n_found].copy()


@njit(cache=True, nogil=True)
def _branch_ranks(p: Pieces, junction: Nodes, line: Nodes, branches: Floats) -> NDArray[np.uint8]:
    """Branch of each junction, of the angles in `branches` (N, 4), closest to each line; or 0."""
    rank = np.zeros(len(line), np.uint8)
    for e in range(len(line)):
        along, left = seen_from(p, junction[e], line[e])
        farthest = -np.inf
        for number in range(branches.shape[1]):
            angle = branches[junction[e], number]
            reached = along * np.cos(angle) + left * np.sin(angle)
            if angle > 0 and reached > farthest:
                farthest = reached
                rank[e] = number
    return rank


@njit(cache=True, nogil=True)
def _meeting(junction: Nodes, line: Nodes, n_nodes: int) -> tuple[Nodes, Nodes]:
    """Ordered pairs of different lines of one junction, by junction; some are there twice."""
    n_lines = np.zeros(n_nodes, np.int64)
    for j in junction:
        n_lines[j] += 1
    n_pairs = 0
    for j in range(n_nodes):
        n_pairs += n_lines[j] * (n_lines[j] - 1)
    source, target = np.empty(n_pairs, np.int32), np.empty(n_pairs, np.int32)
    place = first = 0
    for e in range(len(line)):
        if junction[e] != junction[first]:
            first = e
        for other in range(first, first + n_lines[junction[e]]):
            if other != e:
                source[place], target[place] = line[e], line[other]
                place += 1
    return source, target

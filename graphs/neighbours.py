"""Relations by distance alone: the nearest nodes, the triangulation, and all pairs.

Which node is closer than another is told by `perceptgraph.graphs.approach.closeness`: the gap
counts most, then the distance of the middles, and the frame decides between what is equally far.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, QhullError

from perceptgraph.graphs.approach import (
    Pieces,
    closeness_both_ways,
    may_be_closer,
    most_closeness,
    pieces_of,
    squared_distance,
)
from perceptgraph.graphs.closest import Closest, both_ways, nobody, offer, one_way
from perceptgraph.graphs.edges import Edges, Floats, edges_of
from perceptgraph.graphs.frames import NODE_KINDS, Frames
from perceptgraph.stores.arrays import ranges
from perceptgraph.stores.compiled import njit


def near(frames: Frames, *, k: int = 6) -> Edges:
    """Each node and the k nodes that come closest to it, whatever they are; both directions."""
    p, closest = pieces_of(frames), nobody(len(frames), k)
    _offer_all(p, frames.offsets, closest, np.zeros(len(frames), np.uint8), 1)
    return both_ways(closest, p)


def near_each(frames: Frames, *, k: int = 2) -> Edges:
    """From each node to the k nodes of each kind that come closest to it."""
    closest = nobody(len(frames) * len(NODE_KINDS), k)
    _offer_all(pieces_of(frames), frames.offsets, closest, frames.kind, len(NODE_KINDS))
    return one_way(closest, len(frames))


def complete(frames: Frames, *, limit: int = 64) -> Edges:
    """All pairs of nodes, in images of at most `limit` nodes."""
    n = np.diff(frames.offsets)
    n_partners = np.where(n <= limit, n, 0)
    first = np.repeat(frames.offsets[:-1], n)
    source = np.repeat(np.arange(len(frames)), np.repeat(n_partners, n))
    target = ranges(first, np.repeat(n_partners, n))
    return _different(source, target, len(frames))


def delaunay(frames: Frames) -> Edges:
    """Nodes whose middles are joined by the Delaunay triangulation; both directions.

    Middles on one line are joined in their order. Nodes in one place, as the two darts of a piece
    of a ridge, are joined to each other and all to the same others.
    """
    found = [
        start + _triangulated(frames.position[start:stop].astype(np.float64))
        for start, stop in pairwise(frames.offsets)
    ]
    source, target = np.concatenate([np.zeros((2, 0), np.int64), *found], axis=1)
    return _different(source, target, len(frames))


def _different(source: NDArray[np.int64], target: NDArray[np.int64], n_nodes: int) -> Edges:
    apart = source != target
    ends = source[apart].astype(np.int32), target[apart].astype(np.int32)
    return edges_of(*ends, np.zeros(int(apart.sum()), np.uint8), n_nodes)


def _triangulated(position: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ordered pairs (2, P) of points that a triangulation joins, with pairs of the same place."""
    places, place = np.unique(position, axis=0, return_inverse=True)
    joined = np.concatenate([_joined_places(places), np.tile(np.arange(len(places)), (2, 1))], 1)
    n_points = np.bincount(place.ravel(), minlength=len(places))
    points = np.argsort(place.ravel(), kind="stable")
    first = np.cumsum(n_points) - n_points
    a, b = np.concatenate([joined, joined[::-1]], axis=1)
    source = np.repeat(a, n_points[a])
    target = np.repeat(b, n_points[a])
    source_point = points[ranges(first[a], n_points[a])]
    pair = np.repeat(np.arange(len(source)), n_points[target])
    return np.stack([source_point[pair], points[ranges(first[target], n_points[target])]])


def _joined_places(places: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pairs (2, P) of different points that their triangulation joins."""
    centred = places - places.mean(axis=0) if len(places) else places
    try:
        found = Delaunay(centred)
    except (QhullError, ValueError):  # fewer than three, or all on one line
        farthest = centred[np.argmax((centred**2).sum(axis=1))] if len(places) else np.zeros(2)
        order = np.argsort(centred @ farthest, kind="stable")
        return np.stack([order[:-1], order[1:]])
    a, b, c = found.simplices.T
    left_out, _, beside = found.coplanar.T  # so close to another that it is no corner
    return np.stack([[*a, *b, *c, *left_out], [*b, *c, *a, *beside]]).astype(np.int64)


@njit(cache=True, nogil=True)
def _offer_all(
    p: Pieces, offsets: NDArray[np.int64], closest: Closest, group: NDArray[np.uint8], n_groups: int
) -> None:
    """Offer each two nodes of an image to each other; a node has a row for each group of others."""
    values, partners = closest
    last = values.shape[1] - 1
    limit = _limits(p, offsets, values.shape, group, n_groups)
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            for j in range(i + 1, offsets[g + 1]):
                of_i, of_j = i * n_groups + group[j], j * n_groups + group[i]
                if may_be_closer(p, i, j, max(limit[of_i], limit[of_j])):
                    from_i, from_j = closeness_both_ways(p, i, j)
                    offer(values, partners, of_i, j, from_i)
                    offer(values, partners, of_j, i, from_j)
                    limit[of_i] = min(limit[of_i], values[of_i, last])
                    limit[of_j] = min(limit[of_j], values[of_j, last])


@njit(cache=True, nogil=True)
def _limits(
    p: Pieces,
    offsets: NDArray[np.int64],
    shape: tuple[int, int],
    group: NDArray[np.uint8],
    n_groups: int,
) -> Floats:
    """For each row a closeness that its k closest do not exceed: that of the k nearest middles.

    Distances are cheap; what lies between the exact closeness of most pairs and never being looked
    at are these limits.
    """
    squares, nobody_yet = np.full(shape, np.inf), np.full(shape, -1, np.int32)
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            for j in range(i + 1, offsets[g + 1]):
                of_i, of_j = i * n_groups + group[j], j * n_groups + group[i]
                square = squared_distance(p, i, j)
                if square < squares[of_i, shape[1] - 1]:
                    offer(squares, nobody_yet, of_i, j, square)
                if square < squares[of_j, shape[1] - 1]:
                    offer(squares, nobody_yet, of_j, i, square)
    limits = np.empty(shape[0])
    for row in range(shape[0]):
        limits[row] = most_closeness(squares[row, shape[1] - 1])
    return limits

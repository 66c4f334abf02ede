"""What several tiles see of one junction, blob or line segment becomes one."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from perceptgraph.graphs.primitives import Blobs, Junctions, LineSegments
from perceptgraph.stages.detectors.blobs import blob_areas
from perceptgraph.stages.detectors.gather import chosen, concatenated
from perceptgraph.stages.detectors.tile_layout import Tile

Indices = NDArray[np.int64]

SAME_PLACE = 1.5
"""Two tiles see the same point, or the same line, if they see it this close, pixels."""
SAME_SIZE = 1.5
"""Two tiles see the same blob if its areas are within this factor."""
SHARED_LENGTH = 6.0
"""Least length over which two segments of one line run side by side, pixels."""


def join_junctions(found: Junctions, tile: Indices, layout: list[Tile]) -> Junctions:
    """Each junction once: by the tile whose core it is in, or the better of two on a seam."""
    return chosen(found, _once(found.position, found.log10_nfa, tile, layout, np.ones(len(found))))


def join_blobs(found: Blobs, tile: Indices, layout: list[Tile]) -> Blobs:
    """Each blob once: by the tile whose core its centre is in, or the better of two on a seam."""
    return chosen(found, _once(found.centre, found.log10_nfa, tile, layout, blob_areas(found)))


def _once(
    position: NDArray[np.float32],
    log10_nfa: NDArray[np.float32],
    tile: Indices,
    layout: list[Tile],
    area: NDArray[np.float64],
) -> Indices:
    """Indices of the primitives to keep."""
    own = np.zeros(len(tile), np.bool_)
    for k, one in enumerate(layout):
        # Two tiles can see a place on either side of the seam: neither may leave it to the other.
        own[tile == k] = one.owns(position[tile == k], SAME_PLACE)
    index = np.flatnonzero(own)
    pairs = index[cKDTree(position[index]).query_pairs(SAME_PLACE, output_type="ndarray")]
    first, second = pairs.reshape(-1, 2).T
    is_same = (tile[first] != tile[second]) & (
        np.maximum(area[first], area[second]) <= SAME_SIZE * np.minimum(area[first], area[second])
    )
    worse = np.where(log10_nfa[first] <= log10_nfa[second], second, first)
    own[worse[is_same]] = False
    return np.flatnonzero(own)


def join_lines(found: LineSegments, tile: Indices, layout: list[Tile]) -> LineSegments:
    """Segments of one line that two tiles see, or see parts of, as one segment.

    Each tile sees what it shares with its neighbour: there, segments of one line run side by side.
    """
    n = len(found)
    pairs = [np.zeros((0, 2), np.int64)]
    for i, j in combinations(range(len(layout)), 2):
        a, b = layout[i], layout[j]
        top, left = max(a.top, b.top), max(a.left, b.left)
        bottom = min(a.top + a.height, b.top + b.height)
        right = min(a.left + a.width, b.left + b.width)
        if top >= bottom or left >= right:
            continue
        low, high = found.endpoints.min(axis=1), found.endpoints.max(axis=1)
        inside = (high >= [top, left]).all(axis=1) & (low <= [bottom, right]).all(axis=1)
        ours, theirs = (np.flatnonzero(inside & (tile == k)) for k in (i, j))
        same = _same_line(chosen(found, ours), chosen(found, theirs))
        pairs.append(np.stack([ours[same[0]], theirs[same[1]]], axis=1))
    first, second = np.concatenate(pairs).T
    links = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    n_groups, group = connected_components(links, directed=False)
    order = np.argsort(group, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(group, minlength=n_groups))[:-1])
    joined = [_one_line(chosen(found, members)) for members in groups if len(members) > 1]
    single = [members for members in groups if len(members) == 1]
    kept = chosen(found, np.concatenate([np.zeros(0, np.int64), *single]))
    return concatenated([kept, *joined])


def _same_line(a: LineSegments, b: LineSegments) -> tuple[Indices, Indices]:
    """Pairs of a segment of each that lie on one another and have the same polarity."""
    start, along = a.endpoints[:, 0].astype(np.float64), np.diff(a.endpoints, axis=1)[:, 0]
    length = np.maximum(np.hypot(*along.T), 1e-6)
    unit = along / length[:, None]
    off = b.endpoints[None] - start[:, None, None]  # (A, B, end, 2)
    t = off[..., 0] * unit[:, None, None, 0] + off[..., 1] * unit[:, None, None, 1]
    lateral = off[..., 1] * unit[:, None, None, 0] - off[..., 0] * unit[:, None, None, 1]
    turn = np.sign(t[..., 1] - t[..., 0])
    steep = np.diff(lateral, axis=2)[..., 0] / np.where(turn == 0, 1, np.diff(t, axis=2)[..., 0])
    low = np.maximum(t.min(axis=2), 0)
    high = np.minimum(t.max(axis=2), length[:, None])
    at_low = lateral[..., 0] + steep * (low - t[..., 0])
    at_high = lateral[..., 0] + steep * (high - t[..., 0])
    is_near = np.maximum(np.abs(at_low), np.abs(at_high)) <= SAME_PLACE
    agrees = a.polarity[:, None].astype(int) * b.polarity[None] * turn >= 0
    return np.nonzero(is_near & agrees & (turn != 0) & (high - low >= SHARED_LENGTH))  # type: ignore[return-value]


def _one_line(parts: LineSegments) -> LineSegments:
    """One segment from end to end of several; weighted means by length, the best log10_nfa."""
    weight = parts.length.astype(np.float64)
    longest = int(weight.argmax())
    along = np.diff(parts.endpoints[longest], axis=0)[0]
    ends = parts.endpoints.reshape(-1, 2)
    t = ends @ along
    turn = np.sign(np.diff(parts.endpoints, axis=1)[:, 0] @ along).astype(np.int8)
    return LineSegments(
        endpoints=ends[[t.argmin(), t.argmax()]][None],
        width=np.array([np.average(parts.width, weights=weight)], np.float32),
        polarity=(parts.polarity * turn)[longest : longest + 1],
        contrast=np.array([np.average(parts.contrast, weights=weight)], np.float32),
        log10_nfa=parts.log10_nfa.min(keepdims=True),
    )

"""Chains that run over several tiles: cut where the cores of tiles meet, and joined again there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from perceptgraph.graphs.primitives import EdgeChains, Ridges
from perceptgraph.stages.detectors.gather import chosen, concatenated
from perceptgraph.stages.detectors.tile_layout import Tile

Chains = TypeVar("Chains", EdgeChains, Ridges)
Points = NDArray[np.float32]
Indices = NDArray[np.int64]

GAP = 2.0
"""Two tiles see the same cut if its two points are this close together, pixels."""
MIN_POINTS = 3
"""A shorter rest of a chain, cut off and not joined, is left out."""
START, STOP = 0, 1
FAR = 1e3
"""Pixels by which ends that cannot belong together are set apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A run of points of one chain in the core of a tile."""

    chain: int
    """Index of the chain."""
    members: Indices
    """(P,): its points, among those of all chains."""
    beyond: tuple[int | None, int | None]
    """The point of the chain before the first and the one after the last, outside the core."""


def join_chains(found: Chains, tile: Indices, layout: list[Tile]) -> Chains:
    """Chains of all tiles, each point by the tile whose core it is in.

    Where a chain leaves a core the neighbour has seen it go on: its cut has the same two points,
    the other way round. Pieces with the same cut, that agree in sign and side, are one chain, with
    their mean contrast (by their numbers of points) and the best `log10_nfa`.
    """
    whole: list[int] = []
    pieces: list[Piece] = []
    for k in range(len(found)):
        points = found.points[found.offsets[k] : found.offsets[k + 1]]
        inside = layout[tile[k]].owns(points)
        if inside.all():
            whole.append(k)
        elif inside.any():
            is_closed = bool(found.closed[k]) if isinstance(found, EdgeChains) else False
            if is_closed and (points[0] == points[-1]).all():
                inside = inside[:-1]
            pieces.extend(_pieces(k, int(found.offsets[k]), inside, is_closed))
    partner = _partners(found, pieces)
    kept = [chosen(found, np.array(whole, np.int64))]
    for way, closes in _ways(partner):
        chain = _one_chain(found, pieces, way, closes)
        if len(chain.points) >= MIN_POINTS:
            kept.append(chain)
    return concatenated(kept)


def _pieces(chain: int, begin: int, inside: NDArray[np.bool_], is_closed: bool) -> Iterator[Piece]:
    """The runs in the core of a chain whose points begin there; a closed one is begun outside."""
    members = begin + np.arange(len(inside))
    if is_closed:
        first = int(np.flatnonzero(~inside)[0])
        members, inside = np.roll(members, -first), np.roll(inside, -first)
        members, inside = np.append(members, members[:1]), np.append(inside, False)
    steps = np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8))
    for start, stop in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True):
        before = int(members[start - 1]) if start > 0 else None
        after = int(members[stop]) if stop < len(members) else None
        yield Piece(chain, members[start:stop], (before, after))


def _partners(found: EdgeChains | Ridges, pieces: list[Piece]) -> Indices:
    """End (2 N,) that continues each end of N pieces, 2 k for the start of piece k; -1 for none."""
    partner = np.full(2 * len(pieces), -1, np.int64)
    cut = [
        (2 * k + end, found.points[[piece.members[-end], beyond]].ravel())
        for k, piece in enumerate(pieces)
        for end, beyond in enumerate(piece.beyond)
        if beyond is not None
    ]
    if not cut:
        return partner
    ends = np.array([end for end, _ in cut])
    here = np.array([key for _, key in cut])
    sign, opposite = _sign(found, np.array([pieces[end // 2].chain for end in ends]), ends % 2)
    there = here[:, [2, 3, 0, 1]]
    tree = cKDTree(np.column_stack([here, FAR * sign]))
    distance, nearest = tree.query(np.column_stack([there, FAR * opposite]))
    is_mutual = (distance <= GAP) & (nearest[nearest] == np.arange(len(ends)))
    partner[ends[is_mutual]] = ends[nearest[is_mutual]]
    return partner


def _sign(
    found: EdgeChains | Ridges, chain: Indices, end: Indices
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Sign of ends, and that of an end which continues them.

    That of an edge is its polarity as one leaves it, so that the one which goes on is entered.
    """
    if isinstance(found, EdgeChains):
        outward = np.where(end == STOP, found.polarity[chain], -found.polarity[chain])
        return outward, -outward
    bright = found.bright[chain].astype(np.int8)
    return bright, bright


def _ways(partner: Indices) -> Iterator[tuple[list[int], bool]]:
    """Runs of joined pieces, each as the ends by which its pieces are entered, and if it closes."""
    left = np.ones(len(partner) // 2, np.bool_)
    free = np.flatnonzero(partner < 0)
    for first in [*free, *range(0, len(partner), 2)]:  # runs with an end, then closed ones
        entered = int(first)
        way: list[int] = []
        while entered >= 0 and left[entered // 2]:
            left[entered // 2] = False
            way.append(entered)
            entered = int(partner[entered ^ 1])
        if way:
            yield way, entered == way[0]


def _one_chain(found: Chains, pieces: list[Piece], way: list[int], is_closed: bool) -> Chains:
    """Joined pieces as one chain, in the order of the way."""
    parts = [pieces[end // 2] for end in way]
    weight = np.array([len(part.members) for part in parts])
    longest = int(weight.argmax())
    index = np.array([part.chain for part in parts])
    members = np.concatenate(
        [
            part.members if end % 2 == START else part.members[::-1]
            for part, end in zip(parts, way, strict=True)
        ]
    )
    offsets = np.array([0, len(members)])
    one = chosen(found, index[longest : longest + 1])
    best = found.log10_nfa[index].min(keepdims=True)
    if isinstance(one, EdgeChains):
        turned = way[longest] % 2 == STOP
        contrast = np.array([np.average(found.contrast[index], weights=weight)], np.float32)
        polarity = -one.polarity if turned else one.polarity
        closed = np.array([is_closed])
        made = replace(one, closed=closed, polarity=polarity, contrast=contrast, log10_nfa=best)
        return replace(made, points=found.points[members], offsets=offsets)
    width = found.width[members]
    return replace(one, points=found.points[members], offsets=offsets, width=width, log10_nfa=best)

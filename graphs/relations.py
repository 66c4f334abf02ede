"""Spatial relations between the nodes of an image: one function each, Frames to Edges.

A relation finds its own pairs and measures them. Neither knows the pose or the scale of the
picture: angles are relative, and lengths are shares of the mean length of the two nodes. All
relations here are symmetric: they return both directions, each seen from its source.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.approach import (
    SMALLEST,
    Floats,
    Nodes,
    Pieces,
    junction_candidates,
    line_candidates,
    nearest,
    neighbour_candidates,
)
from perceptgraph.graphs.frames import Frames, joined
from perceptgraph.graphs.two_hop import adjacency_pairs
from perceptgraph.stores.arrays import ContractError, check_array, ranges

MEASURES: dict[str, tuple[str, str]] = {
    "gap": ("log1p of a share", "closest distance of the two nodes"),
    "angle": ("radians", "between the two axes, in [0, pi/2]"),
    "agreement": ("cosine", "of the two directions; -1: brighter sides are opposite"),
    "along": ("log1p of a share", "how far the target's middle lies along the source's axis"),
    "left": ("signed log1p of a share", "how far the target's middle lies left of that axis"),
    "overlap": ("share", "of the shorter of two lines, seen from the other, in [0, 1]"),
    "bend": ("radians", "larger angle of an axis with the way between the middles"),
    "ratio": ("log of a share", "size of the target over size of the source"),
    "opening": (
        "cosine",
        "between the ways from a junction to the two middles, each way at most 1",
    ),
    "offset": ("share of the junction's scale", "distance of a junction from the line"),
    "end": ("share", "where the line meets the junction: 0 at its middle, 1 at an end"),
    "ahead": ("share of half the line", "the target's middle in the source's frame, along"),
    "aside": ("share of half the line", "the target's middle in the source's frame, left"),
}
"""What `Edges.measures` may name: name to unit and meaning."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """What one relation found: E directed edges and their measures."""

    source: NDArray[np.int32]
    """(E,): node that the edge leaves; in order of source, then target."""
    target: NDArray[np.int32]
    """(E,): node that the edge enters."""
    attributes: NDArray[np.float32]
    """(E, A): one column for each of `measures`."""
    measures: tuple[str, ...]
    """Names of MEASURES; the same for all images."""
    rank: NDArray[np.uint8]
    """(E,): slot of the edge among those of its source, 0 the closest or first; at most 255."""

    def __post_init__(self) -> None:
        n = len(self.source)
        check_array("source", self.source, (n,), np.int32)
        check_array("target", self.target, (n,), np.int32)
        check_array("attributes", self.attributes, (n, len(self.measures)), np.float32)
        check_array("rank", self.rank, (n,), np.uint8)
        if unknown := set(self.measures) - set(MEASURES):
            raise ContractError(f"measures: expected names of MEASURES, got {sorted(unknown)}")

    def __len__(self) -> int:
        return len(self.source)

    @property
    def pairs(self) -> NDArray[np.int32]:
        """(E, 2): source, target."""
        return np.stack([self.source, self.target], axis=1)


def near(frames: Frames, *, k: int = 6) -> Edges:
    """Each node and the k nodes that come closest to it, whatever they are."""
    pieces = Pieces(frames)
    found = neighbour_candidates(pieces, k)
    i, j = _both_ways(
        *nearest(*found, pieces.closeness(*found, pieces.gap(*found)), k), len(frames)
    )
    size = (pieces.size[i] + pieces.size[j]) / 2
    along, left = pieces.seen_from(i, j)
    return _edges(
        i,
        j,
        gap=np.log1p(pieces.gap(i, j) / size),
        angle=pieces.angle(i, j),
        agreement=pieces.cosine(i, j),
        along=np.log1p(np.abs(along) / size),
        left=np.sign(left) * np.log1p(np.abs(left) / size),
        ratio=_ratio(pieces, i, j),
    )


def parallel(
    frames: Frames, *, tolerance_deg: float = 10.0, reach: float = 2.0, k: int = 4
) -> Edges:
    """Lines side by side: within the angle tolerance, and each in front of a part of the other.

    Of the lines with a gap of at most `reach` mean lengths, each line takes the k closest.
    """
    pieces = Pieces(frames)
    i, j = line_candidates(pieces, reach)
    i, j = _where(pieces.angle(i, j) <= np.deg2rad(tolerance_deg), i, j)
    i, j = _where(_overlap(pieces, i, j) > 0, i, j)
    i, j = _closest(pieces, i, j, reach, k)
    return _edges(
        i,
        j,
        gap=np.log1p(pieces.gap(i, j) / _mean_length(pieces, i, j)),
        agreement=pieces.cosine(i, j),
        overlap=_overlap(pieces, i, j),
        ratio=_ratio(pieces, i, j),
    )


def perpendicular(
    frames: Frames, *, tolerance_deg: float = 10.0, reach: float = 0.5, k: int = 4
) -> Edges:
    """Lines at a right angle, within the tolerance.

    Of the lines with a gap of at most `reach` mean lengths, each line takes the k closest.
    """
    pieces = Pieces(frames)
    i, j = line_candidates(pieces, reach)
    i, j = _where(pieces.angle(i, j) >= np.pi / 2 - np.deg2rad(tolerance_deg), i, j)
    i, j = _closest(pieces, i, j, reach, k)
    length = _mean_length(pieces, i, j)
    along, left = pieces.seen_from(i, j)
    return _edges(
        i,
        j,
        gap=np.log1p(pieces.gap(i, j) / length),
        along=np.log1p(np.abs(along) / length),
        left=np.sign(left) * np.log1p(np.abs(left) / length),
        ratio=_ratio(pieces, i, j),
    )


def collinear(
    frames: Frames, *, tolerance_deg: float = 10.0, reach: float = 1.0, k: int = 2
) -> Edges:
    """Lines that continue each other: both axes lie, within the tolerance, on the way between.

    The way is the one from middle to middle. Of the lines with a gap of at most `reach` mean
    lengths, each line takes the k closest.
    """
    pieces = Pieces(frames)
    i, j = line_candidates(pieces, reach)
    i, j = _where(_bend(pieces, i, j) <= np.deg2rad(tolerance_deg), i, j)
    i, j = _closest(pieces, i, j, reach, k)
    return _edges(
        i,
        j,
        gap=np.log1p(pieces.gap(i, j) / _mean_length(pieces, i, j)),
        bend=_bend(pieces, i, j),
        agreement=pieces.cosine(i, j),
        ratio=_ratio(pieces, i, j),
    )


def incidence(frames: Frames, *, reach: float = 1.0) -> Edges:
    """A junction and the lines that come within `reach` of its scale, with an end or in passing."""
    pieces = Pieces(frames)
    junction, line, gap = _incident(pieces, reach)
    half = np.maximum(pieces.half[line], SMALLEST) + gap
    end = np.minimum(np.abs(pieces.seen_from(line, junction)[0]) / half, 1)
    i, j = np.concatenate([junction, line]), np.concatenate([line, junction])
    order = np.lexsort((j, i))
    i, j, pair = i[order], j[order], order % max(len(line), 1)
    along, left = pieces.seen_from(i, j)
    return _edges(
        i,
        j,
        offset=(gap / pieces.size[junction])[pair],
        end=end[pair],
        ahead=along / half[pair],
        aside=left / half[pair],
    )


def shared_junction(frames: Frames, *, reach: float = 1.0) -> Edges:
    """Two lines that both come within `reach` scales of a junction; of several, the closest."""
    pieces = Pieces(frames)
    junction, line, gap = _incident(pieces, reach)
    n_lines = np.bincount(junction, minlength=len(frames))[junction]
    first = np.searchsorted(junction, junction)
    mine = np.repeat(np.arange(len(line)), n_lines)
    other = ranges(first, n_lines)
    mine, other = _where(mine != other, mine, other)
    # One edge for two lines: the junction that both come closest to, in scales.
    offset = gap / pieces.size[junction]
    order = np.lexsort((junction[mine], offset[mine] + offset[other], line[other], line[mine]))
    mine, other = mine[order], other[order]
    key = line[mine] * len(frames) + line[other]
    mine, other = _where(np.diff(key, prepend=-1) != 0, mine, other)
    way = pieces.position[line] - pieces.position[junction]
    way /= (np.maximum(pieces.half[line], SMALLEST) + gap)[:, None]
    i, j = line[mine], line[other]
    return _edges(
        i,
        j,
        opening=(way[mine] * way[other]).sum(axis=1),
        angle=pieces.angle(i, j),
        offset=(offset[mine] + offset[other]) / 2,
        ratio=_ratio(pieces, i, j),
    )


def _incident(pieces: Pieces, reach: float) -> tuple[Nodes, Nodes, Floats]:
    """Junctions, in order, the lines within `reach` of their scales, and the distance."""
    junction, line = junction_candidates(pieces, reach)
    gap = pieces.gap(junction, line)
    close = gap <= reach * pieces.size[junction]
    return junction[close], line[close], gap[close]


def _closest(pieces: Pieces, i: Nodes, j: Nodes, reach: float, k: int) -> tuple[Nodes, Nodes]:
    """Of the pairs within reach, the k closest of each node, both ways."""
    gap = pieces.gap(i, j)
    close = gap <= reach * _mean_length(pieces, i, j)
    i, j = i[close], j[close]
    return _both_ways(*nearest(i, j, pieces.closeness(i, j, gap[close]), k), len(pieces))


def _both_ways(i: Nodes, j: Nodes, n_nodes: int) -> tuple[Nodes, Nodes]:
    source, target = adjacency_pairs(np.stack([i, j]), n_nodes)
    return source, target


def _where(chosen: NDArray[np.bool_], i: Nodes, j: Nodes) -> tuple[Nodes, Nodes]:
    return i[chosen], j[chosen]


def _mean_length(pieces: Pieces, i: Nodes, j: Nodes) -> Floats:
    return np.maximum(pieces.half[i] + pieces.half[j], SMALLEST)


def _ratio(pieces: Pieces, i: Nodes, j: Nodes) -> Floats:
    return np.log(pieces.size[j] / pieces.size[i])


def _overlap(pieces: Pieces, i: Nodes, j: Nodes) -> Floats:
    """Share of the shorter line in front of which the other lies; the less of both views."""
    shadow = np.abs(pieces.cosine(i, j))
    shorter = np.maximum(2 * np.minimum(pieces.half[i], pieces.half[j]), SMALLEST)
    views = []
    for here, there in ((i, j), (j, i)):
        along, _ = pieces.seen_from(here, there)
        end, reach = pieces.half[here], pieces.half[there] * shadow
        views.append(np.minimum(end, along + reach) - np.maximum(-end, along - reach))
    return np.minimum(np.maximum(np.minimum(*views) / shorter, 0), 1)


def _bend(pieces: Pieces, i: Nodes, j: Nodes) -> Floats:
    """Larger angle that the axes of i and j make with the way between their middles."""
    here, there = pieces.seen_from(i, j), pieces.seen_from(j, i)
    return np.maximum(
        np.arctan2(np.abs(here[1]), np.abs(here[0])),
        np.arctan2(np.abs(there[1]), np.abs(there[0])),
    )


def _edges(i: Nodes, j: Nodes, **measures: Floats) -> Edges:
    columns = np.empty((len(i), len(measures)), np.float32)
    for column, values in enumerate(measures.values()):
        columns[:, column] = values
    return Edges(
        i.astype(np.int32), j.astype(np.int32), columns, tuple(measures), np.zeros(len(i), np.uint8)
    )


RELATIONS: dict[str, Callable[..., Edges]] = {
    "near": near,
    "parallel": parallel,
    "perpendicular": perpendicular,
    "collinear": collinear,
    "incidence": incidence,
    "shared_junction": shared_junction,
}
"""Name to relation: a function of Frames whose keyword-only arguments are in params.yaml."""


def measures_of(name: str) -> tuple[str, ...]:
    """What a relation measures: it tells so of no nodes at all."""
    return RELATIONS[name](joined([])).measures

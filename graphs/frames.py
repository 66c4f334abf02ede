"""Frames: the nodes of a relation graph, each with a directed local frame.

The angle theta of a direction runs from the +column axis towards +row. It is chosen so that the
brighter side lies to the left, as one walks along it on the displayed picture (row down). In the
frame of a node, u is along its direction and v to its left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import JUNCTION_KINDS, Primitives
from perceptgraph.stores.arrays import check_array, check_offsets, offsets_of

Floats = NDArray[np.float64]

NODE_KINDS = ("line", "arc", "junction", "dart", "blob")
"""Names of `Frames.kind`: segment, piece of an edge chain, junction, piece of a ridge, blob."""

ATTRIBUTES: dict[str, tuple[str, str]] = {
    "length": ("pixels", "of a line or piece along its curve; 0 for a junction"),
    "width": ("pixels", "of the line-support region or stroke; the shorter axis of a blob"),
    "width_slope": (
        "pixels",
        "by which a stroke is wider at the end of its piece than at the start",
    ),
    "contrast": ("share of full scale", "0 where the family has none"),
    "scale": ("pixels", "radius on which a junction was seen; 0 for others"),
    "log10_nfa": ("log10", "lower is more meaningful"),
    "turning": ("radians", "turn of the tangent from the start to the end of a piece"),
    "turning_slope": ("radians", "turn of its second half less that of its first"),
    "offset_1": ("pixels", "how far a quarter of the piece lies left of its chord"),
    "offset_2": ("pixels", "the same of its middle"),
    "offset_3": ("pixels", "the same of three quarters of it"),
    "inward": ("pixels", "from the middle to the left, where it is brighter, to the next curve"),
    "outward": ("pixels", "the same to the right"),
    "degree": ("count", "branches of a junction; 0 for others"),
    "is_l": ("0 or 1", "junction of kind L"),
    "is_t": ("0 or 1", "junction of kind T"),
    "is_y": ("0 or 1", "junction of kind Y"),
    "is_x": ("0 or 1", "junction of kind X"),
    "branch_1": ("radians", "from a junction's frame to the left to its first branch; 0 for none"),
    "branch_2": ("radians", "the same of its second branch"),
    "branch_3": ("radians", "the same of its third branch"),
    "branch_4": ("radians", "the same of its fourth branch"),
}
"""Columns of `Frames.attributes`: name to unit and meaning. None knows the picture's pose."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The N nodes of one image, or of G images one after the other."""

    kind: NDArray[np.uint8]
    """(N,): index into NODE_KINDS."""
    position: NDArray[np.float32]
    """(N, 2): middle of the primitive or piece, (row, column), in pixels."""
    direction: NDArray[np.float32]
    """(N, 2): (sin theta, cos theta), that is the step in (row, column) along the frame."""
    attributes: NDArray[np.float32]
    """(N, F): the columns that ATTRIBUTES names."""
    following: NDArray[np.int32]
    """(N,): piece that comes next on the curve, along the frame; -1 for none. Nodes and curves are
    counted within their image."""
    curve: NDArray[np.int32]
    """(N,): curve that the node is of. The pieces of one chain or ridge share theirs."""
    around: NDArray[np.int32]
    """(N,): closed curve that encloses the node's curve most closely; -1 for none."""
    offsets: NDArray[np.int64]
    """(G + 1,): where the nodes of each image begin; [0, N] for one image."""

    def __post_init__(self) -> None:
        n = len(self.kind)
        check_array("kind", self.kind, (n,), np.uint8)
        check_array("position", self.position, (n, 2), np.float32)
        check_array("direction", self.direction, (n, 2), np.float32)
        check_array("attributes", self.attributes, (n, len(ATTRIBUTES)), np.float32)
        check_array("following", self.following, (n,), np.int32)
        check_array("curve", self.curve, (n,), np.int32)
        check_array("around", self.around, (n,), np.int32)
        check_offsets("offsets", self.offsets, len(self.offsets) - 1, n)

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def left(self) -> NDArray[np.float32]:
        """(N, 2): unit normal to the left of the direction, (row, column)."""
        return np.stack([-self.direction[:, 1], self.direction[:, 0]], axis=1)


def frames_of(
    primitives: Primitives,
    *,
    kinds: Sequence[str] = ("lines", "junctions"),
    piece_length: float = 12.0,
) -> Frames:
    """Nodes that the primitives of these families make.

    A line segment, junction or blob is one node. An edge chain is cut into arcs of equal length;
    a ridge likewise, but each of its pieces gives two darts, one in either direction.

    Parameters
    ----------
    primitives : Primitives
        All primitives of one image.
    kinds : sequence of str
        Families to take (keys of NODES_OF); their nodes come in this order.
    piece_length : float
        Length that a piece of a chain or ridge comes closest to, in pixels.

    Raises
    ------
    ValueError
        Where a family is not known or `piece_length` is not positive.
    """
    if not piece_length > 0:
        raise ValueError(f"piece_length must be positive, got {piece_length}")
    unknown = [kind for kind in kinds if kind not in NODES_OF]
    if unknown:
        raise ValueError(f"expected families among {', '.join(NODES_OF)}, got {unknown[0]!r}")
    return joined([NODES_OF[kind](primitives, piece_length) for kind in kinds])


def lone_nodes(
    kind: NDArray[np.uint8],
    position: NDArray[np.float32],
    direction: NDArray[np.float32],
    attributes: NDArray[np.float32],
) -> Frames:
    """The nodes of one image, each with a curve of its own that nothing is around."""
    n = len(kind)
    nothing = np.full(n, -1, np.int32)
    return Frames(
        kind,
        position,
        direction,
        attributes,
        following=nothing,
        curve=np.arange(n, dtype=np.int32),
        around=nothing,
        offsets=np.array([0, n], np.int64),
    )


def joined(parts: Sequence[Frames]) -> Frames:
    """The nodes of one image that its families make, one part after the other."""
    every = [_nodes("line", np.zeros((0, 2)), np.zeros((0, 2))), *parts]
    n_nodes = np.cumsum([0, *(len(part) for part in every)])
    n_curves = np.cumsum([0, *(part.curve.max(initial=-1) + 1 for part in every)])
    return _concatenated(
        every,
        following=[_moved(p.following, n) for p, n in zip(every, n_nodes, strict=False)],
        curve=[_moved(p.curve, n) for p, n in zip(every, n_curves, strict=False)],
        around=[_moved(p.around, n) for p, n in zip(every, n_curves, strict=False)],
        offsets=n_nodes[[0, -1]],
    )


def side_by_side(images: Sequence[Frames]) -> Frames:
    """The nodes of several images, one image after the other."""
    if not images:
        return side_by_side([joined([])])
    return _concatenated(
        images,
        following=[frames.following for frames in images],
        curve=[frames.curve for frames in images],
        around=[frames.around for frames in images],
        offsets=offsets_of(np.concatenate([np.diff(frames.offsets) for frames in images])),
    )


def _concatenated(
    parts: Sequence[Frames],
    following: Sequence[NDArray[np.int32]],
    curve: Sequence[NDArray[np.int32]],
    around: Sequence[NDArray[np.int32]],
    offsets: NDArray[np.int64],
) -> Frames:
    return Frames(
        kind=np.concatenate([part.kind for part in parts]),
        position=np.concatenate([part.position for part in parts]),
        direction=np.concatenate([part.direction for part in parts]),
        attributes=np.concatenate([part.attributes for part in parts]),
        following=np.concatenate(following),
        curve=np.concatenate(curve),
        around=np.concatenate(around),
        offsets=offsets,
    )


def _moved(numbers: NDArray[np.int32], by: int) -> NDArray[np.int32]:
    """Numbers counted from further on; -1 stays."""
    return np.where(numbers < 0, -1, numbers + by).astype(np.int32)


def _nodes(
    kind: str,
    position: Floats,
    along: Floats,
    *,
    following: NDArray[np.integer[Any]] | None = None,
    curve: NDArray[np.integer[Any]] | None = None,
    **columns: Any,
) -> Frames:
    """Nodes of one kind, directed like the vectors `along` (N, 2); other attributes are 0."""
    norm = np.hypot(along[:, 0], along[:, 1])
    # A primitive without extent has no direction of its own; any unit vector does.
    direction = (
        np.where(norm[:, None] > 0, along, (0.0, 1.0)) / np.where(norm > 0, norm, 1)[:, None]
    )
    attributes = np.zeros((len(position), len(ATTRIBUTES)), np.float32)
    for column, name in enumerate(ATTRIBUTES):
        attributes[:, column] = columns.pop(name, 0)
    # Where the family has no NFA (NaN): 0, one false alarm an image, which says nothing for it.
    alone = lone_nodes(
        np.full(len(position), NODE_KINDS.index(kind), np.uint8),
        position.astype(np.float32),
        direction.astype(np.float32),
        np.nan_to_num(attributes, nan=0.0),
    )
    return replace(
        alone,
        following=alone.following if following is None else following.astype(np.int32),
        curve=alone.curve if curve is None else curve.astype(np.int32),
    )


def _line_nodes(primitives: Primitives, _: float) -> Frames:
    lines = primitives.lines
    ends = lines.endpoints.astype(np.float64)
    return _nodes(
        "line",
        ends.mean(axis=1),
        (ends[:, 1] - ends[:, 0]) * np.where(lines.polarity < 0, -1, 1)[:, None],
        length=lines.length,
        width=lines.width,
        contrast=lines.contrast,
        log10_nfa=lines.log10_nfa,
    )


def _junction_nodes(primitives: Primitives, _: float) -> Frames:
    junctions = primitives.junctions
    degree = np.diff(junctions.branch_offsets)
    widest = _widest_gap(junctions.branch_angle, degree)
    branches = _ranked_branches(junctions.branch_angle, degree, widest)
    return _nodes(
        "junction",
        junctions.position.astype(np.float64),
        np.stack([np.sin(widest), np.cos(widest)], axis=1),
        scale=junctions.scale,
        log10_nfa=junctions.log10_nfa,
        degree=degree,
        branch_1=branches[:, 0],
        branch_2=branches[:, 1],
        branch_3=branches[:, 2],
        branch_4=branches[:, 3],
        **{f"is_{k.lower()}": junctions.kind == i for i, k in enumerate(JUNCTION_KINDS)},
    )


def _widest_gap(branch_angle: NDArray[np.float32], degree: NDArray[np.int64]) -> Floats:
    """Middle of the widest gap between branches of each junction; 0 where it has no branch."""
    widest = np.zeros(len(degree))
    has = degree > 0
    if not has.any():
        return widest
    owner = np.repeat(np.arange(len(degree)), degree)
    angle = branch_angle.astype(np.float64)[np.lexsort((branch_angle, owner))]
    starts = offsets_of(degree)[:-1][has]
    following = np.append(angle[1:], 0)
    following[starts + degree[has] - 1] = angle[starts] + 2 * np.pi
    gap = following - angle
    by_gap = np.lexsort((-gap, owner))[starts]
    widest[has] = angle[by_gap] + gap[by_gap] / 2
    return widest


def _ranked_branches(
    branch_angle: NDArray[np.float32], degree: NDArray[np.int64], widest: Floats
) -> Floats:
    """Angles (N, 4), in (0, 2 pi), from the widest gap to the left to each branch; 0 for none.

    To the left means against the angles of the picture, whose rows run down.
    """
    ranked = np.zeros((len(degree), 4))
    owner = np.repeat(np.arange(len(degree)), degree)
    turn = np.mod(widest[owner] - branch_angle, 2 * np.pi)
    order = np.lexsort((turn, owner))
    rank = np.arange(len(owner)) - np.repeat(offsets_of(degree)[:-1], degree)
    few = rank < ranked.shape[1]
    ranked[owner[order][few], rank[few]] = turn[order][few]
    return ranked


def _arc_nodes(primitives: Primitives, piece_length: float) -> Frames:
    edges = primitives.edges
    chain, middle, along, length, turning = _pieces(
        edges.points, edges.offsets, edges.closed, piece_length
    )
    sign = np.where(edges.polarity < 0, -1, 1)[chain]
    return _nodes(
        "arc",
        middle,
        along * sign[:, None],
        length=length,
        contrast=edges.contrast[chain],
        log10_nfa=edges.log10_nfa[chain],
        turning=turning * sign,
    )


def _dart_nodes(primitives: Primitives, piece_length: float) -> Frames:
    ridges = primitives.ridges
    open_ends = np.zeros(len(ridges), np.bool_)
    ridge, middle, along, length, turning = _pieces(
        ridges.points, ridges.offsets, open_ends, piece_length
    )
    return joined(
        [
            _nodes(
                "dart",
                middle,
                along * sign,
                length=length,
                width=ridges.mean_width[ridge],
                log10_nfa=ridges.log10_nfa[ridge],
                turning=turning * sign,
            )
            for sign in (1, -1)
        ]
    )


def _pieces(
    points: NDArray[np.float32],
    offsets: NDArray[np.int64],
    closed: NDArray[np.bool_],
    piece_length: float,
) -> tuple[NDArray[np.int64], Floats, Floats, Floats, Floats]:
    """Curves cut into pieces of equal length: curve, middle, chord, length and turn of each.

    A closed curve gives three pieces at least, so that none of them returns to where it began.
    """
    n_points = np.diff(offsets)
    # A closed curve ends at its first point again. Each curve begins one pixel of arc length
    # after the one before, so that all of them are interpolated at once and never mixed.
    ends = offsets[1:][closed & (n_points > 0)]
    path = np.insert(
        points.astype(np.float64), ends, points[offsets[:-1][closed & (n_points > 0)]], 0
    )
    n_points = n_points + (closed & (n_points > 0))
    first = offsets_of(n_points)[:-1]
    step = np.hypot(*np.diff(path, axis=0, prepend=path[:1]).T)
    step[first[n_points > 0]] = 1
    reach = np.cumsum(step)
    some = np.flatnonzero(n_points > 0)
    begin, end = reach[first[some]], reach[first[some] + n_points[some] - 1]
    count = np.maximum(np.rint((end - begin) / piece_length), np.where(closed[some], 3, 1))
    count = count.astype(np.int64)
    curve = np.repeat(np.arange(len(some)), count)
    place = np.arange(len(curve)) - np.repeat(offsets_of(count)[:-1], count)
    length = ((end - begin) / count)[curve]
    start = begin[curve] + place * length
    knots = start[:, None] + length[:, None] * np.array([0.0, 0.5, 1.0])
    row, column = (
        (np.interp(knots, reach, path[:, axis]) for axis in (0, 1)) if len(curve) else 2 * (knots,)
    )
    there = np.stack([row, column], axis=-1)
    before, after = there[:, 1] - there[:, 0], there[:, 2] - there[:, 1]
    # On a circle the two half chords turn by half of what the tangent turns by.
    turn = np.arctan2(
        before[:, 1] * after[:, 0] - before[:, 0] * after[:, 1], (before * after).sum(axis=1)
    )
    return some[curve], there[:, 1], there[:, 2] - there[:, 0], length, 2 * turn


def _blob_nodes(primitives: Primitives, _: float) -> Frames:
    """A blob's direction is its longer axis; length and width are four standard deviations."""
    blobs = primitives.blobs
    rr, rc, cc = blobs.second_moments.astype(np.float64).T
    spread = np.hypot(rr - cc, 2 * rc)
    theta = np.arctan2(2 * rc, cc - rr) / 2
    return _nodes(
        "blob",
        blobs.centre.astype(np.float64),
        np.stack([np.sin(theta), np.cos(theta)], axis=1),
        length=4 * np.sqrt(np.maximum(rr + cc + spread, 0) / 2),
        width=4 * np.sqrt(np.maximum(rr + cc - spread, 0) / 2),
        contrast=blobs.contrast,
        log10_nfa=blobs.log10_nfa,
    )


NODES_OF: dict[str, Callable[[Primitives, float], Frames]] = {
    "lines": _line_nodes,
    "edges": _arc_nodes,
    "junctions": _junction_nodes,
    "ridges": _dart_nodes,
    "blobs": _blob_nodes,
}
"""Family to the function that makes its nodes, given the length of a piece."""

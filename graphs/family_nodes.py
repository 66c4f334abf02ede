"""The nodes that each family of primitives makes, over the images of a batch."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.branches import branch_frames
from perceptgraph.graphs.cutting import LOOP, OPEN, RING, Curves, Cuts, curves_of
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.pieces import Pieces, pieces_of
from perceptgraph.graphs.primitives import (
    JUNCTION_KINDS,
    Blobs,
    EdgeChains,
    Junctions,
    LineSegments,
    Ridges,
)

Cut = Callable[[Curves], Cuts]

COLUMN = {name: column for column, name in enumerate(ATTRIBUTES)}
NEIGHBOURING = 1.5  # pixels between the first and the last point of a ridge that is closed
NO_POINTS, NO_OFFSETS = np.zeros((0, 2), np.float32), np.zeros(1, np.int64)


class Nodes(NamedTuple):
    """The n nodes of one family; fields as in `Frames`, but counted through all images."""

    kind: int
    """Index into NODE_KINDS."""
    position: NDArray[np.float32]
    direction: NDArray[np.float32]
    attributes: NDArray[np.float32]
    following: NDArray[np.int32]
    curve: NDArray[np.int32]
    """(n,): primitive that each is made of."""
    points: NDArray[np.float32] = NO_POINTS
    """(P, 2): points along the primitives, of families whose curves may enclose others."""
    offsets: NDArray[np.int64] = NO_OFFSETS
    """(Q + 1,): where those of each primitive begin."""
    is_closed: NDArray[np.bool_] = np.zeros(0, np.bool_)
    """(Q,): they are a polygon."""


def line_nodes(lines: LineSegments, _: Cut) -> Nodes:
    """One node for each line segment, the brighter side on its left."""
    ends = lines.endpoints.astype(np.float64)
    along = (ends[:, 1] - ends[:, 0]) * np.where(lines.polarity < 0, -1, 1)[:, None]
    norm = np.hypot(along[:, 0], along[:, 1])[:, None]
    # A line without extent has no direction of its own; any unit vector does.
    direction = np.where(norm > 0, along, (0.0, 1.0)) / np.where(norm > 0, norm, 1)
    columns = {
        "length": norm[:, 0],
        "width": lines.width,
        "contrast": lines.contrast,
        "log10_nfa": np.nan_to_num(lines.log10_nfa),
    }
    return _lone("line", ends.mean(axis=1), direction, columns)


def junction_nodes(junctions: Junctions, _: Cut) -> Nodes:
    """One node for each junction, along its widest gap."""
    widest, turns = branch_frames(junctions.branch_angle, junctions.branch_offsets)
    columns = {
        "scale": junctions.scale,
        "log10_nfa": np.nan_to_num(junctions.log10_nfa),
        "degree": np.diff(junctions.branch_offsets),
        **{f"is_{k.lower()}": junctions.kind == i for i, k in enumerate(JUNCTION_KINDS)},
        **{f"branch_{k + 1}": turns[:, k] for k in range(turns.shape[1])},
    }
    direction = np.stack([np.sin(widest), np.cos(widest)], axis=1)
    return _lone("junction", junctions.position, direction, columns)


def blob_nodes(blobs: Blobs, _: Cut) -> Nodes:
    """One node for each blob, along its longer axis; length and width are 4 standard deviations.

    Of the two ways along the axis it takes the one in which its contour reaches farther: the sum
    of the cubed places of its points is positive.
    """
    rr, rc, cc = blobs.second_moments.astype(np.float64).T
    spread = np.hypot(rr - cc, 2 * rc)
    theta = np.arctan2(2 * rc, cc - rr) / 2
    columns = {
        "length": 4 * np.sqrt(np.maximum(rr + cc + spread, 0) / 2),
        "width": 4 * np.sqrt(np.maximum(rr + cc - spread, 0) / 2),
        "contrast": blobs.contrast,
        "log10_nfa": np.nan_to_num(blobs.log10_nfa),
    }
    axis = np.stack([np.sin(theta), np.cos(theta)], axis=1)
    blob = np.repeat(np.arange(len(blobs)), np.diff(blobs.offsets))
    along = ((blobs.points - blobs.centre[blob]) * axis[blob]).sum(axis=1)
    skew = np.bincount(blob, along**3, minlength=len(blobs))
    nodes = _lone("blob", blobs.centre, axis * np.where(skew < 0, -1, 1)[:, None], columns)
    is_closed = np.ones(len(blobs), np.bool_)
    return nodes._replace(points=blobs.points, offsets=blobs.offsets, is_closed=is_closed)


def arc_nodes(edges: EdgeChains, cut: Cut) -> Nodes:
    """Arcs of each edge chain, the brighter side on their left."""
    closing = np.where(edges.closed, np.uint8(RING), np.uint8(OPEN))
    curves = curves_of(edges.points, edges.offsets, closing)
    no_width = np.zeros(len(edges.points), np.float32)
    arcs = pieces_of(curves, cut(curves), no_width, edges.polarity)
    arcs.attributes[:, COLUMN["contrast"]] = edges.contrast[arcs.curve]
    nodes = _along_curves("arc", arcs, edges.log10_nfa)
    return nodes._replace(points=edges.points, offsets=edges.offsets, is_closed=edges.closed)


def dart_nodes(ridges: Ridges, cut: Cut) -> Nodes:
    """Darts of each ridge in either direction, first all that run along its points."""
    curves = curves_of(ridges.points, ridges.offsets, _closing(ridges.points, ridges.offsets))
    cuts = cut(curves)
    along = np.ones(len(ridges), np.int8)
    there, back = (pieces_of(curves, cuts, ridges.width, sense) for sense in (along, -along))
    moved = np.where(back.following < 0, back.following, back.following + len(there.curve))
    back = back._replace(following=moved.astype(np.int32))
    both = Pieces(*(np.concatenate(columns) for columns in zip(there, back, strict=True)))
    return _along_curves("dart", both, ridges.log10_nfa)


def _closing(points: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.uint8]:
    """How ridges end: those that begin and end at neighbouring points are closed.

    One that ends at the very point where it began is closed where strokes meet.
    """
    closing = np.full(len(offsets) - 1, OPEN, np.uint8)
    long = np.flatnonzero(np.diff(offsets) > 3)
    step = points[offsets[long]] - points[offsets[long + 1] - 1]
    apart = np.hypot(step[:, 0], step[:, 1])
    closing[long[apart <= NEIGHBOURING]] = RING
    closing[long[apart == 0]] = LOOP
    return closing


def _along_curves(kind: str, pieces: Pieces, log10_nfa: NDArray[np.float32]) -> Nodes:
    # Where the family has no NFA (NaN): 0, one false alarm an image, which says nothing for it.
    pieces.attributes[:, COLUMN["log10_nfa"]] = np.nan_to_num(log10_nfa)[pieces.curve]
    return Nodes(NODE_KINDS.index(kind), *pieces)


def _lone(
    kind: str,
    position: NDArray[np.floating[Any]],
    direction: NDArray[np.floating[Any]],
    columns: dict[str, NDArray[Any]],
) -> Nodes:
    """Nodes that each are a curve of their own; attributes that are not given are 0."""
    attributes = np.zeros((len(position), len(ATTRIBUTES)), np.float32)
    for name, values in columns.items():
        attributes[:, COLUMN[name]] = values
    return Nodes(
        NODE_KINDS.index(kind),
        position.astype(np.float32),
        direction.astype(np.float32),
        attributes,
        following=np.full(len(position), -1, np.int32),
        curve=np.arange(len(position), dtype=np.int32),
    )


NODES_OF: dict[str, Callable[[Any, Cut], Nodes]] = {
    "lines": line_nodes,
    "edges": arc_nodes,
    "junctions": junction_nodes,
    "ridges": dart_nodes,
    "blobs": blob_nodes,
}
"""Family to the function that makes its nodes, given one that cuts curves."""

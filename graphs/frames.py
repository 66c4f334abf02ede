"""Frames: the nodes of a relation graph, each with a directed local frame.

The angle theta of a direction runs from the +column axis towards +row. It is chosen so that the
brighter side lies to the left, as one walks along it on the displayed picture (row down). In the
frame of a node, u is along its direction and v to its left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import check_array, check_offsets, offsets_of

NODE_KINDS = ("line", "arc", "junction", "dart", "blob")
"""Names of `Frames.kind`: segment, piece of an edge chain, junction, piece of a ridge, blob."""

ATTRIBUTES: dict[str, tuple[str, str]] = {
    "length": ("pixels", "of a line or piece along its curve; 0 or more, 0 for a junction"),
    "width": (
        "pixels",
        "of the line-support region or stroke; the shorter axis of a blob; 0 or more",
    ),
    "width_slope": (
        "pixels",
        "by which a stroke is wider at the end of its piece than at the start, of either sign",
    ),
    "contrast": (
        "share of full scale",
        "in [0, 1], of a blob in [-1, 1]; 0 where the family has none",
    ),
    "scale": ("pixels", "radius on which a junction was seen, over 0; 0 for others"),
    "log10_nfa": ("log10", "lower is more meaningful, mostly below 0; 0 where the family has none"),
    "turning": (
        "radians",
        "turn of the tangent from the start to the end of a piece, in (-4 pi, 4 pi); over 0 to the "
        "right",
    ),
    "turning_slope": (
        "radians",
        "turn of its second half less that of its first, in (-4 pi, 4 pi)",
    ),
    "offset_1": ("pixels", "how far a quarter of the piece lies left of its chord; below 0: right"),
    "offset_2": ("pixels", "the same of its middle"),
    "offset_3": ("pixels", "the same of three quarters of it"),
    "inward": (
        "pixels",
        "from the middle to the left, where it is brighter, to the next curve; in [0, ray_reach]",
    ),
    "outward": ("pixels", "the same to the right"),
    "degree": ("count", "branches of a junction, 2 or more; 0 for others"),
    "is_l": ("0 or 1", "junction of kind L"),
    "is_t": ("0 or 1", "junction of kind T"),
    "is_y": ("0 or 1", "junction of kind Y"),
    "is_x": ("0 or 1", "junction of kind X"),
    "branch_1": (
        "radians",
        "from a junction's frame to the left to its first branch, in (0, 2 pi); 0 for none",
    ),
    "branch_2": ("radians", "the same of its second branch"),
    "branch_3": ("radians", "the same of its third branch"),
    "branch_4": ("radians", "the same of its fourth branch"),
}
"""Columns of `Frames.attributes`: name to unit and meaning. None knows the picture's pose."""


LAST, GONE = -1, -2
"""In `Frames.following`, for no piece: the curve ends there, or what comes next was left out."""


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
    """(N,): piece that comes next on the curve, along the frame; LAST for none, GONE where it was
    left out. Nodes and curves are counted within their image."""
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
    nothing = np.zeros((0, 2), np.float32)
    blank = np.zeros((0, len(ATTRIBUTES)), np.float32)
    every = [lone_nodes(np.zeros(0, np.uint8), nothing, nothing, blank), *parts]
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
        return replace(joined([]), offsets=np.zeros(1, np.int64))
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
    """Numbers counted from further on; negative ones stay."""
    return np.where(numbers < 0, numbers, numbers + by).astype(np.int32)

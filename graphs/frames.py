"""Frames: the nodes of a relation graph, each with a directed local frame.

The angle theta of a direction runs from the +column axis towards +row. It is chosen so that the
brighter side lies to the left, as one walks along it on the displayed picture (row down). In the
frame of a node, u is along its direction and v to its left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import check_array

NODE_KINDS = ("line", "arc", "junction", "dart", "blob")
"""Names of `Frames.kind`: segment, piece of an edge chain, junction, piece of a ridge, blob."""

ATTRIBUTES: dict[str, tuple[str, str]] = {
    "length": ("pixels", "of a line or piece along its curve; 0 for a junction"),
    "width": ("pixels", "of the line-support region or stroke; scale of a junction"),
    "contrast": ("share of full scale", "0 where the family has none"),
    "log10_nfa": ("log10", "lower is more meaningful"),
    "turning": ("radians", "turn of the tangent from the start to the end of a piece"),
    "degree": ("count", "branches of a junction; 0 for others"),
    "is_l": ("0 or 1", "junction of kind L"),
    "is_t": ("0 or 1", "junction of kind T"),
    "is_y": ("0 or 1", "junction of kind Y"),
    "is_x": ("0 or 1", "junction of kind X"),
    "narrowest": ("radians", "smallest angle between neighbouring branches of a junction"),
}
"""Columns of `Frames.attributes`: name to unit and meaning. None knows the picture's pose."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The N nodes of one image."""

    kind: NDArray[np.uint8]
    """(N,): index into NODE_KINDS."""
    position: NDArray[np.float32]
    """(N, 2): middle of the primitive or piece, (row, column), in pixels."""
    direction: NDArray[np.float32]
    """(N, 2): (sin theta, cos theta), that is the step in (row, column) along the frame."""
    attributes: NDArray[np.float32]
    """(N, F): the columns that ATTRIBUTES names."""

    def __post_init__(self) -> None:
        n = len(self.kind)
        check_array("kind", self.kind, (n,), np.uint8)
        check_array("position", self.position, (n, 2), np.float32)
        check_array("direction", self.direction, (n, 2), np.float32)
        check_array("attributes", self.attributes, (n, len(ATTRIBUTES)), np.float32)

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def left(self) -> NDArray[np.float32]:
        """(N, 2): unit normal to the left of the direction, (row, column)."""
        return np.stack([-self.direction[:, 1], self.direction[:, 0]], axis=1)

"""The perceptual primitives of one image: what detectors return and relations are built from.

Coordinates are (row, column) in pixels, (0, 0) the centre of the first pixel; angles in radians,
from the +column axis towards +row. `log10_nfa` is log10 of the number of false alarms: lower is
more meaningful. Each family is sorted, most meaningful first.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import check_array, check_offsets

JUNCTION_KINDS = ("L", "T", "Y", "X")
FAMILIES = ("lines", "edges", "junctions", "ridges", "blobs")


@dataclass(frozen=True, slots=True, eq=False)
class LineSegments:
    """The N meaningful line segments of one image."""

    runs: ClassVar[dict[str, str]] = {}
    """Fields that hold a run of values for each primitive, to the field with where these begin."""
    endpoints: NDArray[np.float32]
    """(N, 2, 2): segment, end, (row, column), in pixels."""
    width: NDArray[np.float32]
    """(N,): of the line-support region, in pixels."""
    polarity: NDArray[np.int8]
    """(N,): 1 where the brighter side lies to the left of the way from the first end to the second
    (on the displayed picture, row down), -1 to the right, 0 unknown."""
    contrast: NDArray[np.float32]
    """(N,): grey level difference of the two sides, share of full scale, in [0, 1]."""
    log10_nfa: NDArray[np.float32]
    """(N,)."""

    def __post_init__(self) -> None:
        n = len(self.endpoints)
        check_array("endpoints", self.endpoints, (n, 2, 2), np.float32)
        check_array("width", self.width, (n,), np.float32)
        check_array("polarity", self.polarity, (n,), np.int8)
        check_array("contrast", self.contrast, (n,), np.float32)
        check_array("log10_nfa", self.log10_nfa, (n,), np.float32)

    def __len__(self) -> int:
        return len(self.endpoints)

    @property
    def length(self) -> NDArray[np.float32]:
        """(N,): distance of the two ends, in pixels."""
        return np.hypot(*(self.endpoints[:, 1] - self.endpoints[:, 0]).T)


@dataclass(frozen=True, slots=True, eq=False)
class EdgeChains:
    """The N meaningful edge chains of one image: ordered points along a level line or edge."""

    runs: ClassVar[dict[str, str]] = {"points": "offsets"}
    points: NDArray[np.float32]
    """(P, 2): (row, column), in pixels."""
    offsets: NDArray[np.int64]
    """(N + 1,): where the points of each chain begin."""
    closed: NDArray[np.bool_]
    """(N,): the last point joins the first."""
    polarity: NDArray[np.int8]
    """(N,): 1 where the brighter side lies to the left along the chain, -1 right, 0 unknown."""
    contrast: NDArray[np.float32]
    """(N,): share of full scale, in [0, 1]."""
    log10_nfa: NDArray[np.float32]
    """(N,)."""

    def __post_init__(self) -> None:
        n = len(self.closed)
        check_array("points", self.points, (None, 2), np.float32)
        check_offsets("offsets", self.offsets, n, len(self.points))
        check_array("closed", self.closed, (n,), np.bool_)
        check_array("polarity", self.polarity, (n,), np.int8)
        check_array("contrast", self.contrast, (n,), np.float32)
        check_array("log10_nfa", self.log10_nfa, (n,), np.float32)

    def __len__(self) -> int:
        return len(self.closed)


@dataclass(frozen=True, slots=True, eq=False)
class Junctions:
    """The N junctions of one image: points where branches meet."""

    runs: ClassVar[dict[str, str]] = {"branch_angle": "branch_offsets"}
    position: NDArray[np.float32]
    """(N, 2): (row, column), in pixels."""
    branch_angle: NDArray[np.float32]
    """(B,): direction of each branch, outward, in (-pi, pi]."""
    branch_offsets: NDArray[np.int64]
    """(N + 1,): where the branches of each junction begin."""
    kind: NDArray[np.uint8]
    """(N,): index into JUNCTION_KINDS; an arrow is a Y with an angle over 180 degrees."""
    scale: NDArray[np.float32]
    """(N,): radius on which the branches were seen, in pixels."""
    log10_nfa: NDArray[np.float32]
    """(N,)."""

    def __post_init__(self) -> None:
        n = len(self.position)
        check_array("position", self.position, (n, 2), np.float32)
        check_array("branch_angle", self.branch_angle, (None,), np.float32)
        check_offsets("branch_offsets", self.branch_offsets, n, len(self.branch_angle))
        check_array("kind", self.kind, (n,), np.uint8)
        check_array("scale", self.scale, (n,), np.float32)
        check_array("log10_nfa", self.log10_nfa, (n,), np.float32)

    def __len__(self) -> int:
        return len(self.position)


@dataclass(frozen=True, slots=True, eq=False)
class Ridges:
    """The N ridges of one image: centre lines of strokes, bright or dark."""

    runs: ClassVar[dict[str, str]] = {"points": "offsets", "width": "offsets"}
    points: NDArray[np.float32]
    """(P, 2): (row, column), in pixels."""
    offsets: NDArray[np.int64]
    """(N + 1,): where the points of each ridge begin."""
    width: NDArray[np.float32]
    """(P,): of the stroke at each point, across it, in pixels."""
    bright: NDArray[np.bool_]
    """(N,): brighter than both sides."""
    log10_nfa: NDArray[np.float32]
    """(N,)."""

    def __post_init__(self) -> None:
        n = len(self.bright)
        check_array("points", self.points, (None, 2), np.float32)
        check_offsets("offsets", self.offsets, n, len(self.points))
        check_array("width", self.width, (len(self.points),), np.float32)
        check_array("bright", self.bright, (n,), np.bool_)
        check_array("log10_nfa", self.log10_nfa, (n,), np.float32)

    def __len__(self) -> int:
        return len(self.bright)

    @property
    def mean_width(self) -> NDArray[np.float32]:
        """(N,): mean of the widths at the points of each ridge, in pixels; 0 without points."""
        n_points = np.diff(self.offsets)
        ridge = np.repeat(np.arange(len(self)), n_points)
        total = np.bincount(ridge, self.width, minlength=len(self))
        return (total / np.maximum(n_points, 1)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Blobs:
    """The N blobs of one image: spots and closed convex sets."""

    runs: ClassVar[dict[str, str]] = {"points": "offsets"}
    centre: NDArray[np.float32]
    """(N, 2): (row, column), in pixels."""
    second_moments: NDArray[np.float32]
    """(N, 3): row-row, row-column, column-column, in square pixels."""
    contrast: NDArray[np.float32]
    """(N,): signed, bright over dark surround, share of full scale, in [-1, 1]."""
    points: NDArray[np.float32]
    """(P, 2): closed contour, (row, column), in pixels."""
    offsets: NDArray[np.int64]
    """(N + 1,): where the contour of each blob begins."""
    log10_nfa: NDArray[np.float32]
    """(N,)."""

    def __post_init__(self) -> None:
        n = len(self.centre)
        check_array("centre", self.centre, (n, 2), np.float32)
        check_array("second_moments", self.second_moments, (n, 3), np.float32)
        check_array("contrast", self.contrast, (n,), np.float32)
        check_array("points", self.points, (None, 2), np.float32)
        check_offsets("offsets", self.offsets, n, len(self.points))
        check_array("log10_nfa", self.log10_nfa, (n,), np.float32)

    def __len__(self) -> int:
        return len(self.centre)


@dataclass(frozen=True, slots=True, eq=False)
class Primitives:
    """All primitives of one image."""

    lines: LineSegments
    edges: EdgeChains
    junctions: Junctions
    ridges: Ridges
    blobs: Blobs

    def __len__(self) -> int:
        return sum(len(getattr(self, family.name)) for family in fields(self))


@cache  # one for all: contracts are never changed
def no_lines() -> LineSegments:
    """No line segment."""
    one = np.zeros(0, np.float32)
    return LineSegments(np.zeros((0, 2, 2), np.float32), one, np.zeros(0, np.int8), one, one)


@cache
def no_edges() -> EdgeChains:
    """No edge chain."""
    one = np.zeros(0, np.float32)
    return EdgeChains(
        np.zeros((0, 2), np.float32),
        np.zeros(1, np.int64),
        np.zeros(0, np.bool_),
        np.zeros(0, np.int8),
        one,
        one,
    )


@cache
def no_junctions() -> Junctions:
    """No junction."""
    one = np.zeros(0, np.float32)
    return Junctions(
        np.zeros((0, 2), np.float32), one, np.zeros(1, np.int64), np.zeros(0, np.uint8), one, one
    )


@cache
def no_ridges() -> Ridges:
    """No ridge."""
    one = np.zeros(0, np.float32)
    return Ridges(
        np.zeros((0, 2), np.float32), np.zeros(1, np.int64), one, np.zeros(0, np.bool_), one
    )


@cache
def no_blobs() -> Blobs:
    """No blob."""
    one = np.zeros(0, np.float32)
    return Blobs(
        np.zeros((0, 2), np.float32),
        np.zeros((0, 3), np.float32),
        one,
        np.zeros((0, 2), np.float32),
        np.zeros(1, np.int64),
        one,
    )


NOTHING = {
    "lines": no_lines,
    "edges": no_edges,
    "junctions": no_junctions,
    "ridges": no_ridges,
    "blobs": no_blobs,
}
"""Family to the function that makes an empty one."""


def primitives(**found: LineSegments | EdgeChains | Junctions | Ridges | Blobs) -> Primitives:
    """Primitives of the families found; the others are empty."""
    return Primitives(**{f: found[f] if f in found else NOTHING[f]() for f in FAMILIES})  # type: ignore[arg-type]

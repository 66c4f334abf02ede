"""Line drawings: strokes, the junctions that they would meet in, and their exact coverage."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import check_array

KINDS = ("L", "T", "Y", "X")
"""Index is the kind of a junction in `truth/junction_kind`."""
STRAIGHT = np.radians(8.0)
"""Two branches whose directions are opposite up to this are one stroke that passes through."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where strokes would meet, were they not kept apart by gaps."""

    at: tuple[float, float]
    """(row, column)."""
    ends: tuple[int, ...]
    """Indices of the segments that end here."""
    through: tuple[int, ...] = ()
    """Indices of the segments whose middle lies here."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """N segments and M arcs, the centre lines of strokes, and where they meet."""

    segments: NDArray[np.float64]
    """(N, 2, 2): segment, end, (row, column)."""
    arcs: NDArray[np.float64]
    """(M, 5): centre row, centre column, radius, start, sweep; angles from +column to +row."""
    meetings: tuple[Meeting, ...]
    n_clutter: int = 0
    """The last segments that belong to no shape."""

    def __post_init__(self) -> None:
        check_array("segments", self.segments, (None, 2, 2), np.float64)
        check_array("arcs", self.arcs, (None, 5), np.float64)


def polar(angle: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (..., 2) as (row, column) of angles from +column to +row."""
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def posed(drawing: Drawing, scale: float, turn: float, shift: NDArray[np.float64]) -> Drawing:
    """The drawing scaled, turned by radians about the origin, then moved by (row, column)."""
    c, s = np.cos(turn), np.sin(turn)
    matrix = scale * np.array([[c, s], [-s, c]])
    arcs = drawing.arcs.copy()
    arcs[:, :2] = arcs[:, :2] @ matrix.T + shift
    arcs[:, 2] *= scale
    arcs[:, 3] += turn
    meetings = tuple(
        replace(m, at=tuple((matrix @ np.array(m.at) + shift).tolist())) for m in drawing.meetings
    )
    return replace(
        drawing, segments=drawing.segments @ matrix.T + shift, arcs=arcs, meetings=meetings
    )


def shortened(drawing: Drawing, gap: float) -> Drawing:
    """The drawing with every stroke cut by `gap`, a length, at both of its ends."""
    start, end = drawing.segments[:, :1], drawing.segments[:, 1:]
    along = end - start
    along = along / np.linalg.norm(along, axis=2, keepdims=True)
    arcs = drawing.arcs.copy()
    angle = gap / arcs[:, 2]
    arcs[:, 3] += angle
    arcs[:, 4] -= 2 * angle
    segments = np.concatenate([start + gap * along, end - gap * along], axis=1)
    return replace(drawing, segments=segments, arcs=arcs)


def jittered(drawing: Drawing, turn: float, shift: float, rng: np.random.Generator) -> Drawing:
    """The drawing with each stroke turned about its middle and moved a little; lengths stay.

    `turn` (radians) and `shift` (a length) are standard deviations.
    """
    n, m = len(drawing.segments), len(drawing.arcs)
    turns = rng.normal(0, turn, n + m)
    shifts = rng.normal(0, shift, (n + m, 2))
    middle = drawing.segments.mean(axis=1)
    half = (drawing.segments[:, 1] - drawing.segments[:, 0]) / 2
    angle = np.arctan2(half[:, 0], half[:, 1]) + turns[:n]
    half = polar(angle) * np.linalg.norm(half, axis=1)[:, None]
    middle = middle + shifts[:n]
    arcs = drawing.arcs.copy()
    # An arc turns about its own middle too, so its centre moves.
    to_middle = arcs[:, 3] + arcs[:, 4] / 2
    centre = arcs[:, :2] + arcs[:, 2:3] * (polar(to_middle) - polar(to_middle + turns[n:]))
    arcs[:, :2] = centre + shifts[n:]
    arcs[:, 3] += turns[n:]
    segments = np.stack([middle - half, middle + half], axis=1)
    return replace(drawing, segments=segments, arcs=arcs)


def distance_to_segment(
    points: NDArray[np.float64], segment: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance (...) of points (..., 2) from one segment (2, 2)."""
    along = segment[1] - segment[0]
    t = ((points - segment[0]) @ along / max(float(along @ along), 1e-12)).clip(0, 1)
    return np.linalg.norm(points - segment[0] - t[..., None] * along, axis=-1)


def distance_to_arc(points: NDArray[np.float64], arc: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance (...) of points (..., 2) from one arc (5,)."""
    centre, radius, start, sweep = arc[:2], arc[2], arc[3], arc[4]
    offset = points - centre
    angle = np.arctan2(offset[..., 0], offset[..., 1])
    inside = np.mod(angle - start, 2 * np.pi) <= sweep
    ends = centre + radius * polar(np.array([start, start + sweep]))
    to_ends = np.minimum(
        np.linalg.norm(points - ends[0], axis=-1), np.linalg.norm(points - ends[1], axis=-1)
    )
    to_circle = np.abs(np.linalg.norm(offset, axis=-1) - radius)
    return np.where(inside, to_circle, to_ends)


def distance(drawing: Drawing, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance (...) of points (..., 2) from the closest stroke; infinite without strokes."""
    closest = np.full(points.shape[:-1], np.inf)
    for segment in drawing.segments:
        np.minimum(closest, distance_to_segment(points, segment), out=closest)
    for arc in drawing.arcs:
        np.minimum(closest, distance_to_arc(points, arc), out=closest)
    return closest


def coverage(drawing: Drawing, side: int, stroke_width: float) -> NDArray[np.float64]:
    """Share (side, side) of each pixel that round-ended strokes of this width cover.

    Anti-aliased: a straight edge through a pixel, at distance d from its centre, covers about
    clip(1/2 - d, 0, 1) of it.
    """
    grid = np.indices((side, side)).transpose(1, 2, 0).astype(np.float64)
    return np.clip(0.5 + stroke_width / 2 - distance(drawing, grid), 0, 1)


def branches(meeting: Meeting, segments: NDArray[np.float64]) -> list[float]:
    """Angles of the branches of one junction, outward, from +column to +row, in (-pi, pi]."""
    found = []
    for i in meeting.ends:
        near, far = segments[i]
        if np.linalg.norm(far - meeting.at) < np.linalg.norm(near - meeting.at):
            near, far = far, near
        found.append(far - near)
    for i in meeting.through:
        along = segments[i, 1] - segments[i, 0]
        found += [along, -along]
    return [float(np.arctan2(row, column)) for row, column in found]


def kind_of(angles: Sequence[float]) -> int:
    """Index into KINDS of a junction with branches at these angles."""
    if len(angles) == 2:
        return KINDS.index("L")
    if len(angles) > 3:
        return KINDS.index("X")
    turns = [abs(np.angle(np.exp(1j * (a - b)))) for a in angles for b in angles]
    return KINDS.index("T" if max(turns) > np.pi - STRAIGHT else "Y")


def truth_of(drawing: Drawing, stroke_width: float) -> dict[str, NDArray[Any]]:
    """The columns DRAWING_COLUMNS of one image."""
    n = len(drawing.segments)
    angles = [branches(m, drawing.segments) for m in drawing.meetings]
    clutter = np.arange(n) >= n - drawing.n_clutter
    return {
        "truth/segment": drawing.segments.astype(np.float32),
        "truth/arc": drawing.arcs.astype(np.float32),
        "truth/stroke_width": np.asarray(stroke_width, np.float32),
        "truth/clutter": clutter.astype(np.uint8),
        "truth/junction": np.array([m.at for m in drawing.meetings], np.float32).reshape(-1, 2),
        "truth/junction_kind": np.array([kind_of(a) for a in angles], np.uint8),
        "truth/junction_degree": np.array([len(a) for a in angles], np.int32),
        "truth/branch_angle": np.array([a for one in angles for a in one], np.float32),
    }

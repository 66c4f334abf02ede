"""Frames where a map of the plane takes them: positions by the map, all else by its Jacobian."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.course import courses
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float64]

ImageMap = Callable[[Floats, NDArray[np.int64]], tuple[Floats, Floats]]
"""One map of the plane for each image. From points (N, P, 2), (row, column) in pixels, and the
image (N,) of each row of them: where they come to lie (N, P, 2), and the Jacobians (N, P, 2, 2),
whose [a, b] is the step in coordinate a for a step in coordinate b."""

COLUMN = {name: column for column, name in enumerate(ATTRIBUTES)}
JUNCTION, BLOB, LINE = (NODE_KINDS.index(kind) for kind in ("junction", "blob", "line"))
LENGTH, WIDTH, SCALE, DEGREE = (COLUMN[n] for n in ("length", "width", "scale", "degree"))
WIDTH_SLOPE, TURNING, SLOPE = (COLUMN[n] for n in ("width_slope", "turning", "turning_slope"))
OFFSET, INWARD, OUTWARD, BRANCH = (COLUMN[n] for n in ("offset_1", "inward", "outward", "branch_1"))
N_BRANCHES = 4
SAME_GAP = 1e-3  # radians; of gaps as wide as that apart, a junction goes on looking along its own
ROUND = 1e-5  # share by which the axes of a blob differ that has no longer one


def image_of(frames: Frames) -> NDArray[np.int64]:
    """Image (N,) that each node is of."""
    return np.repeat(np.arange(len(frames.offsets) - 1), np.diff(frames.offsets))


def pushed_forward(frames: Frames, image_map: ImageMap) -> Frames:
    """The nodes as they lie after a smooth map of each image; the same nodes, in the same order.

    Five points of the course of a line or piece are mapped (`courses`), and its direction, length,
    offsets and turning are read off again, with the tangents at its start, middle and end by the
    Jacobians there. So pieces that met still meet. What is measured across it (width, rays) grows
    by the Jacobian determinant over the stretch along it, as between parallel curves. The branches
    of a junction and the moments of a blob are mapped, and their frames chosen again.

    Where the map turns the plane over (negative determinant), a curve is walked the other way, so
    that its brighter side is to the left again: then `following` is turned round for its image.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    image_map : ImageMap
        Smooth, without fold between the nodes of one image; no Jacobian is singular.

    References
    ----------
    .. [1] M. do Carmo, "Differential Geometry of Curves and Surfaces", 1976, section 2-4 (the
           differential of a map takes tangents to tangents).
    """
    points = courses(frames)
    there, jacobian = image_map(points, image_of(frames))
    direction, attributes, turned_over = _push(
        frames.kind, frames.direction, frames.attributes, points, there, jacobian
    )
    return replace(
        frames,
        position=there[:, 2].astype(np.float32),
        direction=direction,
        attributes=attributes,
        following=_turned_round(frames, turned_over),
    )


def _turned_round(frames: Frames, turned_over: NDArray[np.bool_]) -> NDArray[np.int32]:
    """`following` with the curves of these nodes walked the other way."""
    if not turned_over.any():
        return frames.following
    following = np.where(turned_over, np.int32(-1), frames.following)
    first = frames.offsets[image_of(frames)]
    before = np.flatnonzero((frames.following >= 0) & turned_over)
    after = first[before] + frames.following[before]
    following[after] = before - first[before]
    return following


@njit(cache=True, nogil=True)
def _push(
    kind: NDArray[np.uint8],
    direction: NDArray[np.float32],
    attributes: NDArray[np.float32],
    points: Floats,
    there: Floats,
    jacobian: Floats,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Direction, attributes, and whether the plane was turned over, for each node."""
    n = len(kind)
    directions, values = np.empty((n, 2), np.float32), attributes.copy()
    turned_over = np.zeros(n, np.bool_)
    way = np.zeros(2)
    for i in range(n):
        middle = jacobian[i, 2]
        way[0], way[1] = direction[i, 0], direction[i, 1]
        determinant = middle[0, 0] * middle[1, 1] - middle[0, 1] * middle[1, 0]
        if kind[i] == JUNCTION:
            values[i, SCALE] *= np.sqrt(abs(determinant))
            _junction(values[i], way, middle, determinant < 0)
        elif kind[i] == BLOB:
            _blob(values[i], way, middle)
        else:
            turned_over[i] = determinant < 0
            _piece(kind[i], values[i], way, points[i], there[i], jacobian[i], determinant)
        norm = np.hypot(way[0], way[1])
        directions[i, 0], directions[i, 1] = way[0] / norm, way[1] / norm
    return directions, values, turned_over


@njit(cache=True, nogil=True)
def _stepped(jacobian: Floats, row: float, column: float) -> tuple[float, float]:
    """What the map makes of a small step."""
    return (
        jacobian[0, 0] * row + jacobian[0, 1] * column,
        jacobian[1, 0] * row + jacobian[1, 1] * column,
    )


@njit(cache=True, nogil=True)
def _piece(
    kind: int,
    values: NDArray[np.float32],
    way: Floats,
    points: Floats,
    there: Floats,
    jacobian: Floats,
    determinant: float,
) -> None:
    """Attributes (F,) and direction (2,) of a line or of a piece of a curve, in place."""
    row, column = _stepped(jacobian[2], way[0], way[1])
    across = abs(determinant) / np.hypot(row, column)
    for name in (WIDTH, WIDTH_SLOPE, INWARD, OUTWARD):
        values[name] *= across
    if kind != LINE:
        first, second = _turns(values, way, points, jacobian, np.sign(determinant))
        values[TURNING], values[SLOPE] = first + second, second - first
    before, after = _length(points), _length(there)
    chord = np.hypot(there[4, 0] - there[0, 0], there[4, 1] - there[0, 1])
    if chord > 0:
        values[LENGTH] *= (chord if kind == LINE else after) / before
        way[0], way[1] = (there[4, 0] - there[0, 0]) / chord, (there[4, 1] - there[0, 1]) / chord
    else:
        way[0], way[1] = row, column
    if kind != LINE and chord > 0:
        for k in range(1, 4):
            row, column = there[k, 0] - there[0, 0], there[k, 1] - there[0, 1]
            values[OFFSET + k - 1] = column * way[0] - row * way[1]
    if determinant < 0:
        _walked_back(values, way)


@njit(cache=True, nogil=True)
def _walked_back(values: NDArray[np.float32], way: Floats) -> None:
    """A piece of a plane that was turned over, walked the other way, in place."""
    way[0], way[1] = -way[0], -way[1]
    values[WIDTH_SLOPE] = -values[WIDTH_SLOPE]
    # Turning over changed the signs of turning and offsets; walking back changes them again, and
    # the ends change their places.
    values[TURNING] = -values[TURNING]
    first, third = values[OFFSET], values[OFFSET + 2]
    values[OFFSET], values[OFFSET + 1], values[OFFSET + 2] = -third, -values[OFFSET + 1], -first


@njit(cache=True, nogil=True)
def _length(points: Floats) -> float:
    """Length of the way over five points."""
    total = 0.0
    for k in range(4):
        row, column = points[k + 1, 0] - points[k, 0], points[k + 1, 1] - points[k, 1]
        total += np.sqrt(row * row + column * column)
    return total


@njit(cache=True, nogil=True)
def _turns(
    values: NDArray[np.float32], way: Floats, points: Floats, jacobian: Floats, side: float
) -> tuple[float, float]:
    """What the tangent of the first and of the second half turns by, after the map.

    `side` is 1, or -1 where the map turns the plane over.
    """
    first = (values[TURNING] - values[SLOPE]) / 2
    second = (values[TURNING] + values[SLOPE]) / 2
    row, column = points[3, 0] - points[1, 0], points[3, 1] - points[1, 1]
    if row == 0 and column == 0:
        row, column = way[0], way[1]
    middle = _stepped(jacobian[2], row, column)
    sin, cos = np.sin(first), np.cos(first)
    start = _stepped(jacobian[0], row * cos - column * sin, column * cos + row * sin)
    sin, cos = np.sin(second), np.cos(second)
    end = _stepped(jacobian[4], row * cos + column * sin, column * cos - row * sin)
    return _turn(start, middle, side * first), _turn(middle, end, side * second)


@njit(cache=True, nogil=True)
def _turn(start: tuple[float, float], end: tuple[float, float], about: float) -> float:
    """Angle, (row, column) to (row, column), within half a turn of what it is about."""
    cross = start[1] * end[0] - start[0] * end[1]
    turn = np.arctan2(cross, start[0] * end[0] + start[1] * end[1])
    # No linear map turns two directions towards each other by half a turn.
    return turn + 2 * np.pi * np.rint((about - turn) / (2 * np.pi))


@njit(cache=True, nogil=True)
def _junction(
    values: NDArray[np.float32], way: Floats, jacobian: Floats, is_turned_over: bool
) -> None:
    """Branches of a junction and its direction along their widest gap, in place.

    Of more than four branches the last is known too: the frame lies in the middle of its gap.
    """
    degree = int(values[DEGREE] + 0.5)
    n = min(degree, N_BRANCHES + 1)
    if n <= 0:
        way[0], way[1] = _stepped(jacobian, way[0], way[1])
        return
    turn = np.empty(n)  # from the +column axis to the left
    for k in range(n):
        angle = values[BRANCH + k] if k < N_BRANCHES else 2 * np.pi - values[BRANCH]
        cos, sin = np.cos(angle), np.sin(angle)
        row, column = _stepped(jacobian, way[0] * cos - way[1] * sin, way[1] * cos + way[0] * sin)
        turn[k] = np.arctan2(-row, column)
    order = np.argsort(turn)
    begin, end = (0, n - 1) if is_turned_over else (n - 1, 0)
    best, widest = 0, -1.0
    for k in range(n):
        k_next = order[(k + 1) % n]
        gap = (turn[k_next] - turn[order[k]]) % (2 * np.pi) if n > 1 else 2 * np.pi
        if order[k] == begin and k_next == end:
            gap += 2 * np.pi if degree > N_BRANCHES else SAME_GAP
        if gap > widest:
            best, widest = k, gap
    k, k_next = order[best], order[(best + 1) % n]
    gap = (turn[k_next] - turn[k]) % (2 * np.pi) if n > 1 else 2 * np.pi
    frame = turn[k] + gap / 2
    way[0], way[1] = -np.sin(frame), np.cos(frame)
    for rank in range(min(n, N_BRANCHES)):
        branch = turn[order[(best + 1 + rank) % n]]
        values[BRANCH + rank] = (branch - frame) % (2 * np.pi)


@njit(cache=True, nogil=True)
def _blob(values: NDArray[np.float32], way: Floats, jacobian: Floats) -> None:
    """Axes of a blob and its direction along the longer one, in place."""
    row, column = _stepped(jacobian, way[0], way[1])
    left_row, left_column = _stepped(jacobian, -way[1], way[0])
    long, short = values[LENGTH] ** 2, values[WIDTH] ** 2
    rr = long * row * row + short * left_row * left_row
    cc = long * column * column + short * left_column * left_column
    rc = long * row * column + short * left_row * left_column
    spread = np.hypot(rr - cc, 2 * rc)
    values[LENGTH] = np.sqrt((rr + cc + spread) / 2)
    values[WIDTH] = np.sqrt(max(rr + cc - spread, 0.0) / 2)
    way[0], way[1] = row, column
    if spread > ROUND * (rr + cc):
        theta = np.arctan2(2 * rc, cc - rr) / 2
        way[0], way[1] = np.sin(theta), np.cos(theta)
        if way[0] * row + way[1] * column < 0:
            way[0], way[1] = -way[0], -way[1]

"""How two nodes lie to each other in the plane: as straight pieces with a middle and two ends.

Compiled, for one pair of nodes i and j at a time; lengths are in pixels. Loops over the pairs of
an image are in the modules of the relations.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float64]

SMALLEST = 1e-3  # pixels; a node without extent is compared as if it had this size
BESIDE_GAP = 0.1  # share of the middles' distance that counts in the closeness of two nodes
LEAN = 0.25  # share by which what lies ahead and to the left counts as closer
# Most of all 63 degrees to the left: what lies before, behind, beside or halfway differs clearly.
AHEAD, LEFT = 1 / 5**0.5, 2 / 5**0.5
TIE = 1e-3  # share of it that decides between two darts in one place
ROUNDING = 1e-9  # share by which a quick test is wider than the exact one that follows it
LENGTH, *OTHER_SIZES = (list(ATTRIBUTES).index(name) for name in ("length", "width", "scale"))
IS_LINE = np.array([kind in ("line", "arc", "dart") for kind in NODE_KINDS])


class Pieces(NamedTuple):
    """The N nodes of Frames in float64, with what all relations need of them."""

    row: Floats
    """(N,): of the middle."""
    column: Floats
    """(N,): of the middle."""
    sin: Floats
    """(N,): step along the direction, in rows; a row's share of 1."""
    cos: Floats
    """(N,): the same in columns."""
    half: Floats
    """(N,): half the length."""
    size: Floats
    """(N,): the largest of length, width and scale."""
    kind: NDArray[np.uint8]
    """(N,): index into NODE_KINDS."""
    is_line: NDArray[np.bool_]
    """(N,): has an axis: a line, an arc or a dart."""


def pieces_of(frames: Frames) -> Pieces:
    """The nodes as straight pieces; float32 left their directions a little off 1, here they are."""
    row, column = frames.position.astype(np.float64).T.copy()
    sin, cos = frames.direction.astype(np.float64).T.copy()
    norm = np.sqrt(sin * sin + cos * cos)
    length = frames.attributes[:, LENGTH].astype(np.float64)
    size = np.maximum(length, SMALLEST)
    for other in OTHER_SIZES:
        size = np.maximum(size, frames.attributes[:, other])
    is_line = IS_LINE[frames.kind]
    return Pieces(row, column, sin / norm, cos / norm, length / 2, size, frames.kind, is_line)


@njit(cache=True, nogil=True)
def seen_from(p: Pieces, i: int, j: int) -> tuple[float, float]:
    """Middle of j in the frame of i: along its direction, and to its left."""
    row, column = p.row[j] - p.row[i], p.column[j] - p.column[i]
    return row * p.sin[i] + column * p.cos[i], column * p.sin[i] - row * p.cos[i]


@njit(cache=True, nogil=True)
def squared_distance(p: Pieces, i: int, j: int) -> float:
    """Of the two middles."""
    row, column = p.row[j] - p.row[i], p.column[j] - p.column[i]
    return row * row + column * column


@njit(cache=True, nogil=True)
def turn(p: Pieces, i: int, j: int) -> tuple[float, float]:
    """Cosine and sine of the angle from the direction of i to that of j, towards the left."""
    return (
        p.cos[i] * p.cos[j] + p.sin[i] * p.sin[j],
        p.sin[i] * p.cos[j] - p.cos[i] * p.sin[j],
    )


@njit(cache=True, nogil=True)
def gap(p: Pieces, i: int, j: int) -> float:
    """Closest distance of the pieces i and j; 0 where they cross.

    The closest points of two segments, as in C. Ericson, "Real-time collision detection", 2005,
    section 5.1.9.
    """
    row, column = p.row[i] - p.row[j], p.column[i] - p.column[j]
    cosine, sine = turn(p, i, j)
    on_i = p.sin[i] * row + p.cos[i] * column
    on_j = p.sin[j] * row + p.cos[j] * column
    s = clip((cosine * on_j - on_i) / max(sine * sine, 1e-20), p.half[i])
    t = clip(cosine * s + on_j, p.half[j])
    s = clip(cosine * t - on_i, p.half[i])
    row += s * p.sin[i] - t * p.sin[j]
    column += s * p.cos[i] - t * p.cos[j]
    return np.sqrt(row * row + column * column)


@njit(cache=True, nogil=True)
def closeness(p: Pieces, i: int, j: int) -> float:
    """What ranks the neighbours of i: the gap and, a tenth as much, the distance of the middles.

    What lies ahead and to the left is up to a quarter closer, what lies behind and to the right as
    much farther. So the frame of i decides, and not chance, where its surroundings are symmetric:
    between the sides of a stroke, or the next piece and the previous one. Of two darts in one place
    that one is closer which runs more in the direction of i.
    """
    return closeness_both_ways(p, i, j)[0]


@njit(cache=True, nogil=True)
def closeness_both_ways(p: Pieces, i: int, j: int) -> tuple[float, float]:
    """Closeness of j seen from i, and of i seen from j."""
    apart = np.sqrt(squared_distance(p, i, j))
    cosine, _ = turn(p, i, j)
    straight = gap(p, i, j) + BESIDE_GAP * apart * (1 + TIE * (1 - cosine))
    share = LEAN * straight / max(apart, SMALLEST)
    along_i, left_i = seen_from(p, i, j)
    along_j, left_j = seen_from(p, j, i)
    return (
        straight - share * (AHEAD * along_i + LEFT * left_i),
        straight - share * (AHEAD * along_j + LEFT * left_j),
    )


@njit(cache=True, nogil=True)
def may_be_closer(p: Pieces, i: int, j: int, limit: float) -> bool:
    """Whether the closeness of i and j can be `limit` or less, either way; quick, never wrongly no.

    The gap is at least the distance of the middles less both halves.
    """
    far = (limit / (1 - LEAN) + p.half[i] + p.half[j]) / (1 + BESIDE_GAP) * (1 + ROUNDING)
    return squared_distance(p, i, j) <= far * far


@njit(cache=True, nogil=True)
def most_closeness(square: float) -> float:
    """What the closeness of nodes whose middles have this squared distance never exceeds.

    The gap is at most the distance of the middles.
    """
    straight = np.sqrt(square) * (1 + BESIDE_GAP * (1 + 2 * TIE))
    return straight * (1 + LEAN) * (1 + ROUNDING)


@njit(cache=True, nogil=True)
def closeness_of(p: Pieces, source: NDArray[np.int32], target: NDArray[np.int32]) -> Floats:
    """Closeness (E,) of these targets, seen from these sources."""
    values = np.empty(len(source))
    for e in range(len(source)):
        values[e] = closeness(p, source[e], target[e])
    return values


@njit(cache=True, nogil=True)
def clip(value: float, limit: float) -> float:
    """The value, or the nearer one of -limit and limit where it is beyond them."""
    return min(max(value, -limit), limit)

"""How two nodes lie to each other in the plane: as straight pieces with a middle and two ends.

All lengths are in pixels; pairs are two arrays (P,) of node numbers.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames

Floats = NDArray[np.float64]
Nodes = NDArray[np.int64]

SMALLEST = 1e-3  # pixels; a node without extent is compared as if it had this size
ROWS = 512  # nodes whose distances to all others are in memory at a time
TIE = 1e-3  # share of the middles' distance that decides among nodes which touch
SIZES = [list(ATTRIBUTES).index(name) for name in ("length", "width", "scale")]
IS_LINE = np.array([kind in ("line", "arc", "dart") for kind in NODE_KINDS])


class Pieces:
    """The nodes of Frames in float64, with what all relations need of them."""

    def __init__(self, frames: Frames) -> None:
        attributes = frames.attributes.astype(np.float64)
        self.position: Floats = frames.position.astype(np.float64)
        direction = frames.direction.astype(np.float64)
        # float32 has left a direction a little longer or shorter than 1.
        self.direction: Floats = direction / np.hypot(direction[:, :1], direction[:, 1:])
        self.half: Floats = attributes[:, 0] / 2
        """(N,): half the length."""
        self.size: Floats = np.maximum(attributes[:, SIZES].max(axis=1), SMALLEST)
        """(N,): the largest of length, width and scale."""
        self.is_line: NDArray[np.bool_] = IS_LINE[frames.kind]
        """(N,): has an axis: a line, an arc or a dart."""
        self.is_junction: NDArray[np.bool_] = frames.kind == NODE_KINDS.index("junction")

    def __len__(self) -> int:
        return len(self.position)

    def seen_from(self, i: Nodes, j: Nodes) -> tuple[Floats, Floats]:
        """Middle of j in the frame of i: along its direction, and to its left; (P,) each."""
        step, direction = self.position[j] - self.position[i], self.direction[i]
        along = _dot(step, direction)
        return along, _cross(direction, step)

    def cosine(self, i: Nodes, j: Nodes) -> Floats:
        """Cosine of the angle from the direction of i to that of j; (P,)."""
        return _clip(_dot(self.direction[i], self.direction[j]), 1)

    def angle(self, i: Nodes, j: Nodes) -> Floats:
        """Angle between the axes of i and j, in [0, pi/2]; (P,)."""
        a, b = self.direction[i], self.direction[j]
        # Not the arc cosine, which loses half of the digits where the axes are nearly parallel.
        return np.arctan2(np.abs(_cross(a, b)), np.abs(_dot(a, b)))

    def gap(self, i: Nodes, j: Nodes) -> Floats:
        """Closest distance of the pieces i and j; 0 where they cross; (P,).

        The closest points of two segments, as in C. Ericson, "Real-time collision detection",
        2005, section 5.1.9.
        """
        a, b = self.direction[i], self.direction[j]
        step = self.position[i] - self.position[j]
        cosine, on_a, on_b = _dot(a, b), _dot(a, step), _dot(b, step)
        s = _clip((cosine * on_b - on_a) / np.maximum(_cross(a, b) ** 2, 1e-20), self.half[i])
        t = _clip(cosine * s + on_b, self.half[j])
        s = _clip(cosine * t - on_a, self.half[i])
        apart = step + s[:, None] * a - t[:, None] * b
        return np.hypot(apart[:, 0], apart[:, 1])

    def closeness(self, i: Nodes, j: Nodes, gap: Floats) -> Floats:
        """What ranks neighbours: the gap, and among nodes that touch, the middles' distance."""
        step = self.position[i] - self.position[j]
        return gap + TIE * np.hypot(step[:, 0], step[:, 1])


def _dot(a: Floats, b: Floats) -> Floats:
    return np.einsum("ij,ij->i", a, b)


def _cross(a: Floats, b: Floats) -> Floats:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _clip(value: Floats, limit: Floats | float) -> Floats:
    return np.minimum(np.maximum(value, -limit), limit)


def neighbour_candidates(pieces: Pieces, k: int) -> tuple[Nodes, Nodes]:
    """Pairs among which are the k closest nodes of each node, whatever their shapes.

    The closeness of two nodes is at most what their middles' distance gives, and at least that
    less both halves. So a node whose least exceeds the k-th smallest most is none of the k.
    """
    every = np.arange(len(pieces))
    most = np.full(len(pieces), np.inf)
    if len(pieces) > k + 1:
        distance, _ = cKDTree(pieces.position).query(pieces.position, [k + 1])
        most = (1 + TIE) * distance[:, 0]
    i, j = _pairs_within(pieces, every, every, 1, most)
    return i[i != j], j[i != j]


def line_candidates(pieces: Pieces, reach: float) -> tuple[Nodes, Nodes]:
    """Pairs of different lines, among which are all with a gap of `reach` mean lengths or less."""
    lines = np.flatnonzero(pieces.is_line)
    i, j = _pairs_within(pieces, lines, lines, 1 + reach, np.zeros(len(lines)))
    return i[i != j], j[i != j]


def junction_candidates(pieces: Pieces, reach: float) -> tuple[Nodes, Nodes]:
    """Junctions and lines, among which are all pairs with a gap of `reach` scales or less."""
    junctions, lines = np.flatnonzero(pieces.is_junction), np.flatnonzero(pieces.is_line)
    return _pairs_within(pieces, junctions, lines, 1, reach * pieces.size[junctions])


def nearest(i: Nodes, j: Nodes, closeness: Floats, k: int) -> tuple[Nodes, Nodes]:
    """Of the pairs (i, j), those with the k smallest closenesses of each i."""
    order = np.lexsort((j, closeness, i))
    i, j = i[order], j[order]
    rank = np.arange(len(i)) - np.searchsorted(i, i)
    return i[rank < k], j[rank < k]


def _pairs_within(
    pieces: Pieces, i: Nodes, j: Nodes, share: float, extra: Floats
) -> tuple[Nodes, Nodes]:
    """Pairs of i and j with middles at most `share` times both halves plus `extra` of i apart."""
    (row, column), reach = pieces.position[j].T, share * pieces.half[j]
    here, limit = pieces.position[i], share * pieces.half[i] + extra
    found: list[tuple[Nodes, Nodes]] = []
    for start in range(0, len(i), ROWS):
        rows = slice(start, start + ROWS)
        apart = (here[rows, :1] - row) ** 2
        apart += (here[rows, 1:] - column) ** 2
        # Rounding must lose no pair that just touches: the gap itself decides later.
        close = apart <= ((limit[rows, None] + reach) * (1 + 1e-9)) ** 2
        first, second = np.nonzero(close)
        found.append((i[start + first], j[second]))
    if len(found) == 1:
        return found[0]
    nothing = np.zeros(0, np.int64)
    return (
        np.concatenate([nothing, *(first for first, _ in found)]),
        np.concatenate([nothing, *(second for _, second in found)]),
    )

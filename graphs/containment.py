"""Relations of containment: holes, nested curves, and what else lies inside a curve.

Each joins the nodes of a curve to the curve that encloses it most closely: every inner node to the
closest outer node, in both directions. Rank 0 leads from the inner to the outer, rank 1 back.
"""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.approach import Pieces, closeness, may_be_closer, pieces_of
from perceptgraph.graphs.edges import Edges, Nodes, edges_of
from perceptgraph.graphs.frames import ATTRIBUTES, LAST, NODE_KINDS, Frames
from perceptgraph.stores.compiled import njit

ARC, BLOB = NODE_KINDS.index("arc"), NODE_KINDS.index("blob")
CONTRAST = list(ATTRIBUTES).index("contrast")


def hole(frames: Frames) -> Edges:
    """A closed curve directly inside another of opposite polarity: the inner side of a ring."""
    return _contained(frames, -1)


def nested(frames: Frames) -> Edges:
    """A closed curve directly inside another of the same polarity: its next level or scale."""
    return _contained(frames, 1)


def inside(frames: Frames) -> Edges:
    """Any other node directly inside a closed curve: of a line, open curve, stroke or junction."""
    return _contained(frames, 0)


def _contained(frames: Frames, agreement: int) -> Edges:
    inner, outer = _closest_around(
        pieces_of(frames),
        frames.attributes[:, CONTRAST],
        frames.following,
        frames.curve,
        frames.around,
        frames.offsets,
        agreement,
    )
    rank = np.repeat(np.array([0, 1], np.uint8), len(inner))
    ends = np.concatenate([inner, outer]), np.concatenate([outer, inner])
    return edges_of(*ends, rank, len(frames))


@njit(cache=True, nogil=True)
def _closest_around(
    p: Pieces,
    contrast: NDArray[np.float32],
    following: Nodes,
    curve: Nodes,
    around: Nodes,
    offsets: NDArray[np.int64],
    agreement: int,
) -> tuple[Nodes, Nodes]:
    """Nodes inside a curve whose polarity agrees with theirs so, and its node closest to each."""
    inner, outer = np.empty(len(curve), np.int32), np.empty(len(curve), np.int32)
    n_found = 0
    for g in range(len(offsets) - 1):
        first, end = offsets[g], offsets[g + 1]
        polarity = _polarity(p, contrast, following, curve, around, first, end)
        for i in range(first, end):
            if around[i] < 0 or polarity[curve[i]] * polarity[around[i]] != agreement:
                continue
            least = np.inf
            for j in range(first, end):
                if curve[j] != around[i] or j == i:
                    continue
                if may_be_closer(p, i, j, least):
                    value = closeness(p, i, j)
                    if value < least:
                        least = value
                        inner[n_found], outer[n_found] = i, j
            if least < np.inf:
                n_found += 1
    return inner[:n_found].copy(), outer[:n_found].copy()


@njit(cache=True, nogil=True)
def _polarity(
    p: Pieces,
    contrast: NDArray[np.float32],
    following: Nodes,
    curve: Nodes,
    around: Nodes,
    first: int,
    end: int,
) -> NDArray[np.int8]:
    """Of each curve of an image: 1 brighter inside, -1 darker, 0 for open curves and strokes.

    The inside of a closed chain is where its area is: the area is half the sum over its pieces of
    length times the distance to the middle of the curve, positive where that lies to the left. A
    closed curve stays closed where pieces of it were left out.
    """
    n_curves = 1
    for i in range(first, end):
        n_curves = max(n_curves, curve[i] + 1, around[i] + 1)
    n_pieces = np.zeros(n_curves)
    row, column, area = np.zeros(n_curves), np.zeros(n_curves), np.zeros(n_curves)
    for i in range(first, end):
        c = curve[i]
        n_pieces[c] += 1
        row[c] += p.row[i]
        column[c] += p.column[i]
    for i in range(first, end):
        c = curve[i]
        to_row, to_column = row[c] / n_pieces[c] - p.row[i], column[c] / n_pieces[c] - p.column[i]
        area[c] += p.half[i] * (to_column * p.sin[i] - to_row * p.cos[i])
    polarity = np.sign(area).astype(np.int8)
    for i in range(first, end):
        if p.kind[i] == BLOB:
            polarity[curve[i]] = np.sign(contrast[i])
        elif following[i] == LAST or p.kind[i] != ARC:
            polarity[curve[i]] = 0
    return polarity

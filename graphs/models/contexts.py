r"""Own-frame contexts: the neighbours of a node as they are seen from its own frame.

One round of messages between relative poses, with nothing to learn in it. The plane around a node
is divided into rings and sectors, the first sector ahead of the node. In each place the directions
of the neighbours, relative to that of the node, are summed as harmonics:

.. math:: \sum_j w_j \, (1, \cos \Delta_j, \sin \Delta_j, \dots, \cos h \Delta_j, \sin h \Delta_j)

The whole is brought to unit length. Since relative poses alone enter, a picture that is turned or
moved has the same contexts; one that is mirrored has them with other places and signs.

References
----------
.. [1] S. Belongie, J. Malik, J. Puzicha, "Shape matching and object recognition using shape
       contexts", IEEE TPAMI 24(4), 2002 (log-polar counts of neighbours, in the image's frame).
"""

import math

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float32]


def context_width(rings: int, sectors: int, harmonics: int) -> int:
    """Numbers in the context of one radius."""
    return rings * sectors * (2 * harmonics + 1)


def contexts(
    position: Floats,
    direction: Floats,
    weight: Floats,
    seen: NDArray[np.int64],
    *,
    radii: Floats,
    rings: int,
    sectors: int,
    harmonics: int,
) -> tuple[Floats, int]:
    """Contexts of the nodes `seen` among the N nodes of one picture.

    Parameters
    ----------
    position, direction : (N, 2)
        (row, column) in pixels and (sin theta, cos theta).
    weight : (N,)
        With which a node stands in the contexts of others; not negative.
    seen : (M,) int64
        Nodes whose contexts are asked for.
    radii : (R,)
        Of the contexts, in pixels, positive. A neighbour counts if it is nearer.
    rings, sectors, harmonics : int
        Rings of equal width, sectors of equal angle, and harmonics besides the constant.

    Returns
    -------
    (M, R, context_width)
        By ring, sector and harmonic; of unit length for each radius, zeros without neighbours.
    int
        Neighbours that were looked at, of all nodes `seen`.
    """
    shape = len(seen), len(radii), context_width(rings, sectors, harmonics)
    found = np.zeros(shape, np.float32)
    if not (len(seen) and len(radii)):
        return found, 0
    corner = position.min(axis=0)
    n_pairs = _gather(
        position - corner, direction, weight, seen, radii, rings, sectors, harmonics, found
    )
    norm = np.sqrt(np.square(found).sum(axis=2, keepdims=True))
    found /= np.where(norm > 0, norm, 1)
    return found, int(n_pairs)


@njit(cache=True, nogil=True)
def _gather(
    place: Floats,
    direction: Floats,
    weight: Floats,
    seen: NDArray[np.int64],
    radii: Floats,
    rings: int,
    sectors: int,
    harmonics: int,
    found: Floats,
) -> int:
    """Add the neighbours to `found`; their number. Places are not negative."""
    reach = radii.max()
    first, order, n_across, cell = _cells(place, reach)
    n_down = (len(first) - 1) // n_across
    n_terms = 2 * harmonics + 1
    n_pairs = 0
    for m in range(len(seen)):
        i = seen[m]
        sine, cosine = direction[i, 0], direction[i, 1]
        top = max(int((place[i, 0] - reach) / cell), 0)
        bottom = min(int((place[i, 0] + reach) / cell), n_down - 1)
        left = max(int((place[i, 1] - reach) / cell), 0)
        right = min(int((place[i, 1] + reach) / cell), n_across - 1)
        for row in range(top, bottom + 1):
            for k in range(first[row * n_across + left], first[row * n_across + right + 1]):
                j = order[k]
                down, across = place[j, 0] - place[i, 0], place[j, 1] - place[i, 1]
                distance = math.sqrt(down * down + across * across)
                if j == i or distance >= reach:
                    continue
                n_pairs += 1
                u, v = down * sine + across * cosine, across * sine - down * cosine
                sector = int((math.atan2(v, u) / (2 * math.pi) + 1) * sectors + 0.5) % sectors
                c = direction[j, 1] * cosine + direction[j, 0] * sine
                s = direction[j, 0] * cosine - direction[j, 1] * sine
                for r in range(len(radii)):
                    if distance < radii[r]:
                        ring = min(int(distance / radii[r] * rings), rings - 1)
                        begin = (ring * sectors + sector) * n_terms
                        real, imaginary = np.float32(1), np.float32(0)
                        found[m, r, begin] += weight[j]
                        for h in range(harmonics):
                            real, imaginary = real * c - imaginary * s, real * s + imaginary * c
                            found[m, r, begin + 2 * h + 1] += weight[j] * real
                            found[m, r, begin + 2 * h + 2] += weight[j] * imaginary
    return n_pairs


@njit(cache=True, nogil=True)
def _cells(place: Floats, reach: float) -> tuple[NDArray[np.int64], NDArray[np.int64], int, float]:
    """Nodes sorted into square cells row by row.

    Where each cell begins, the nodes in order, cells in a row, and their side.
    """
    cell = reach / 2
    for axis in range(2):  # at most a thousand cells a side, however far apart nodes are
        cell = max(cell, place[:, axis].max() / 1000)
    n_across = int(place[:, 1].max() / cell) + 1
    n_down = int(place[:, 0].max() / cell) + 1
    first = np.zeros(n_down * n_across + 1, np.int64)
    key = np.empty(len(place), np.int64)
    for i in range(len(place)):
        key[i] = int(place[i, 0] / cell) * n_across + int(place[i, 1] / cell)
        first[key[i] + 1] += 1
    first = np.cumsum(first)
    return first, np.argsort(key, kind="mergesort"), n_across, cell


def mirrored(rings: int, sectors: int, harmonics: int) -> tuple[NDArray[np.int64], Floats]:
    """What a mirrored picture's contexts are made of: columns (W,) and signs (W,).

    With the brighter side still to their left, mirrored nodes look the other way along the edge:
    what was ahead is behind, and relative directions have the other sign.
    """
    ring, sector, term = np.indices((rings, sectors, 2 * harmonics + 1))
    across = (sectors // 2 - sector) % sectors
    columns = (ring * sectors + across) * (2 * harmonics + 1) + term
    is_sine = (term > 0) & (term % 2 == 0)
    return columns.ravel(), np.where(is_sine, -1, 1).ravel().astype(np.float32)

"""Which closed curve encloses another most closely."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit


@njit(cache=True, nogil=True)
def enclosing(
    position: NDArray[np.float32],
    curve: NDArray[np.int64],
    points: NDArray[np.float32],
    offsets: NDArray[np.int64],
    owner: NDArray[np.int64],
    image: NDArray[np.int64],
    first_curve: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Curve around each node: the polygon of least area that has all nodes of its curve inside.

    A polygon encloses neither its own curve nor one whose own polygon is as large or larger.

    Parameters
    ----------
    position : (N, 2) float32
        Of the nodes of G images, (row, column), in pixels.
    curve : (N,) int64
        Curve that each node is of, counted through all images.
    points : (P, 2) float32
        Corners of the polygons.
    offsets : (Q + 1,) int64
        Where the corners of each polygon begin.
    owner : (Q,) int64
        Curve that runs along each polygon; -1 for a polygon that encloses nothing.
    image : (Q,) int64
        Image of each polygon.
    first_curve : (G + 1,) int64
        Where the curves of each image begin.

    Returns
    -------
    (N,) int32
        Counted through all images; -1 where there is none.
    """
    around = np.full(len(curve), -1, np.int32)
    area = np.zeros(len(owner))
    for q in range(len(owner)):
        if owner[q] >= 0:
            area[q] = _area(points[offsets[q] : offsets[q + 1]])
    if not area.any():
        return around
    n_curves = first_curve[-1]
    own = np.zeros(n_curves)
    for q in range(len(owner)):
        if owner[q] >= 0:
            own[owner[q]] = area[q]
    first, node = _by_curve(curve, n_curves)
    low, high = np.empty((n_curves, 2)), np.empty((n_curves, 2))
    for c in range(n_curves):
        for axis in range(2):
            low[c, axis], high[c, axis] = _range(position, node[first[c] : first[c + 1]], axis)
    is_done = first[1:] == first[:-1]
    for q in np.argsort(area, kind="mergesort"):
        if area[q] == 0:
            continue
        polygon = points[offsets[q] : offsets[q + 1]]
        top, bottom = polygon[:, 0].min(), polygon[:, 0].max()
        left, right = polygon[:, 1].min(), polygon[:, 1].max()
        for c in range(first_curve[image[q]], first_curve[image[q] + 1]):
            if is_done[c] or c == owner[q] or own[c] >= area[q]:
                continue
            if low[c, 0] < top or high[c, 0] > bottom or low[c, 1] < left or high[c, 1] > right:
                continue
            nodes = node[first[c] : first[c + 1]]
            is_done[c] = _has_all(polygon, position, nodes)
            if is_done[c]:
                around[nodes] = owner[q]
    return around


@njit(cache=True, nogil=True)
def _by_curve(
    curve: NDArray[np.int64], n_curves: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes in order of their curves (N,), and where those of each curve begin (C + 1,)."""
    first = np.zeros(n_curves + 1, np.int64)
    for c in curve:
        first[c + 1] += 1
    first = np.cumsum(first)
    place = first.copy()
    node = np.empty(len(curve), np.int64)
    for i in range(len(curve)):
        node[place[curve[i]]] = i
        place[curve[i]] += 1
    return first, node


@njit(cache=True, nogil=True)
def _range(
    position: NDArray[np.float32], nodes: NDArray[np.int64], axis: int
) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for i in nodes:
        low = min(low, position[i, axis])
        high = max(high, position[i, axis])
    return low, high


@njit(cache=True, nogil=True)
def _area(polygon: NDArray[np.float32]) -> float:
    """Area inside, by the trapezoids below its sides (the shoelace formula)."""
    twice = 0.0
    for k in range(len(polygon)):
        r0, c0 = float(polygon[k - 1, 0]), float(polygon[k - 1, 1])
        r1, c1 = float(polygon[k, 0]), float(polygon[k, 1])
        twice += c0 * r1 - c1 * r0
    return abs(twice) / 2


@njit(cache=True, nogil=True)
def _has_all(
    polygon: NDArray[np.float32], position: NDArray[np.float32], nodes: NDArray[np.int64]
) -> bool:
    """Whether all nodes lie inside: a ray from each crosses the sides an odd number of times."""
    for i in nodes:
        row, column = float(position[i, 0]), float(position[i, 1])
        is_inside = False
        for k in range(len(polygon)):
            r0, c0 = float(polygon[k - 1, 0]), float(polygon[k - 1, 1])
            r1, c1 = float(polygon[k, 0]), float(polygon[k, 1])
            if (r0 > row) != (r1 > row) and column < c0 + (row - r0) / (r1 - r0) * (c1 - c0):
                is_inside = not is_inside
        if not is_inside:
            return False
    return True

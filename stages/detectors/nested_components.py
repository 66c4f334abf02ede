"""Of nested components, those that are different things, with their outlines."""

import numpy as np

from perceptgraph.stages.detectors.component_shapes import NODE
from perceptgraph.stages.detectors.component_tree import AREA, AT_BORDER, DROP, PEAK, SIDES
from perceptgraph.stages.detectors.outline import hull_area, polygon_moments, signed_area, trace
from perceptgraph.stores.compiled import njit

SHELF = 0.5
"""Two nested components are two blobs where the slope falls to this share between them."""
SAME_AREA = 1.5
"""An outline at half contrast that holds another area than its component, by more than this
factor, has flowed over into a neighbour; the outline of the component itself is taken."""


@njit(cache=True, nogil=True)
def distinct(tree, image, shapes, middles, settings):  # type: ignore[no-untyped-def]
    """Of candidates (K, 7), the most meaningful first, those that stay, and their outlines.

    Returns indices (N,), centres and second moments (N, 5), points (P, 2), their numbers (N,).
    """
    levels, parent, nodes = tree
    sign, lowest, step, min_convexity = settings
    level, width = levels.ravel(), levels.shape[1]
    names = shapes[:, NODE].astype(np.int32)
    slopes = nodes[names, DROP] / nodes[names, SIDES]
    around, least = _nesting(level, parent, nodes, names)
    is_kept = np.zeros(len(names), np.bool_)
    shelf = np.zeros((len(names), 2))
    kept = np.empty(len(names), np.int64)
    moments = np.empty((len(names), 5))
    counts = np.empty(len(names), np.int64)
    points = np.empty((1024, 2))
    n, n_points = 0, 0
    for k in range(len(names)):
        if shelf[k, 0] > SHELF * slopes[k] or shelf[k, 1] > SHELF:
            continue
        if not _is_apart(around, least, slopes, is_kept, k):
            continue
        p = names[k]
        room = int(SAME_AREA * nodes[p, SIDES]) + 8  # an outline has a point on each side
        while n_points + room > len(points):
            points = np.concatenate((points, np.empty_like(points)))
        row, column = nodes[p, PEAK] // width - 1, nodes[p, PEAK] % width - 1
        outline = points[n_points : n_points + room]
        n_here = trace(image, sign, row, column, middles[k], outline)
        ratio = signed_area(outline[:n_here]) / nodes[p, AREA] if n_here else 0.0
        if not 1 / SAME_AREA <= ratio <= SAME_AREA:
            n_here = trace(image, sign, row, column, lowest + (level[p] - 0.5) * step, outline)
        if n_here == 0:
            continue
        if signed_area(outline[:n_here]) < min_convexity * hull_area(outline[:n_here]):
            continue
        polygon_moments(outline[:n_here], moments[n])
        if sign < 0:
            outline[:n_here] = outline[:n_here][::-1].copy()
        kept[n] = k
        counts[n] = n_here
        n += 1
        n_points += n_here
        is_kept[k] = True
        _mark(around, least, slopes, shelf, k)
    return kept[:n], moments[:n], points[:n_points], counts[:n]


@njit(cache=True, nogil=True)
def _nesting(level, parent, nodes, names):  # type: ignore[no-untyped-def]
    """The candidate next around each one, -1 for none, and the least slope between the two."""
    index = np.full(len(level), -1, np.int32)
    for k in range(len(names)):
        index[names[k]] = k
    around = np.full(len(names), -1, np.int32)
    least = np.full(len(names), np.inf)
    for k in range(len(names)):
        node = names[k]
        p = parent[node]
        while nodes[p, SIDES] != AT_BORDER:
            if level[parent[p]] != level[p]:
                parent[node] = p  # the next walk steps over the pixels between
                node = p
                least[k] = min(least[k], nodes[p, DROP] / nodes[p, SIDES])
                if index[p] >= 0:
                    around[k] = index[p]
                    break
            p = parent[p]
    return around, least


@njit(cache=True, nogil=True)
def _is_apart(around, least, slopes, is_kept, k):  # type: ignore[no-untyped-def]
    """Whether there is a shelf between candidate k and the nearest kept one around it."""
    lowest = slopes[k]
    q = k
    while around[q] >= 0:
        lowest = min(lowest, least[q])
        q = around[q]
        if is_kept[q]:
            return lowest <= SHELF * min(slopes[k], slopes[q])
    return True


@njit(cache=True, nogil=True)
def _mark(around, least, slopes, shelf, k):  # type: ignore[no-untyped-def]
    """Tell all candidates around k the least slope on the way up, absolute and relative to k's."""
    lowest = slopes[k]
    q = k
    while around[q] >= 0:
        lowest = min(lowest, least[q])
        q = around[q]
        shelf[q, 0] = max(shelf[q, 0], lowest)
        shelf[q, 1] = max(shelf[q, 1], lowest / slopes[k])

"""The component tree of a grey level image: all its connected bright components, and how they nest.

A component at level v is a 4-connected set of pixels at or above v. Components of different levels
are disjoint or nested, so they form a tree whose root is the whole image (the max-tree; the
min-tree, of dark components, is the max-tree of the inverted image).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

AREA, DROP, SIDES, PEAK = range(4)
"""Columns of `ComponentTree.nodes`: number of pixels; sum of the steps down across the boundary,
in levels; number of boundary sides; one of the brightest pixels. DROP / SIDES is the mean slope
of the boundary."""
AT_BORDER = -2
OUTSIDE = -1


@dataclass(frozen=True, slots=True, eq=False)
class ComponentTree:
    """Max-tree of an image, its pixels numbered in an image with a margin of one pixel.

    A node is named after its last pixel, one of its darkest; the other pixels name no component.
    """

    level: NDArray[np.uint16]
    """(H + 2, W + 2): the image, its border pixels repeated in the margin."""
    order: NDArray[np.int32]
    """(H W,): the pixels from bright to dark; the pixels of a node stand before its name."""
    parent: NDArray[np.int32]
    """((H + 2) (W + 2),): node around the node of this name; the root is its own, and a pixel that
    names no node points to another pixel of its level in its node."""
    nodes: NDArray[np.int32]
    """((H + 2) (W + 2), 4): AREA to PEAK. SIDES is AT_BORDER where the node reaches the border."""


def component_tree(level: NDArray[np.uint16]) -> ComponentTree:
    """Max-tree of an image, by union and find of the pixels from bright to dark.

    Parameters
    ----------
    level : (H, W) uint16
        Grey levels.

    References
    ----------
    .. [1] C. Berger, T. Geraud, R. Levillain, N. Widynski, A. Baillard, E. Bertin, "Effective
           component tree computation with application to pattern recognition in astronomical
           imaging", IEEE International Conference on Image Processing, 2007.

    Examples
    --------
    >>> tree = component_tree(np.array([[5, 1, 3, 3, 0]], np.uint16))
    >>> tree.order.tolist(), tree.parent[tree.order].tolist()
    ([8, 10, 11, 9, 12], [9, 11, 9, 12, 12])
    >>> tree.nodes[tree.order, AREA].tolist()
    [1, 1, 2, 4, 5]
    """
    padded = np.pad(level, 1, mode="edge")
    order = _bright_to_dark(level)
    return ComponentTree(padded, order, *_union(padded.ravel(), order, padded.shape[1]))


@njit(cache=True, nogil=True)
def _bright_to_dark(level):  # type: ignore[no-untyped-def]
    """Counting sort of the pixels, those of one level in the order of the picture."""
    height, width = level.shape
    n_levels = np.int64(level.max()) + 1
    start = np.zeros(n_levels + 1, np.int64)
    for v in level.ravel():
        start[n_levels - v] += 1
    for k in range(1, n_levels + 1):
        start[k] += start[k - 1]
    order = np.empty(height * width, np.int32)
    for r in range(height):
        for c in range(width):
            k = n_levels - 1 - level[r, c]
            order[start[k]] = (r + 1) * (width + 2) + c + 1
            start[k] += 1
    return order


@njit(cache=True, nogil=True)
def _union(level, order, width):  # type: ignore[no-untyped-def]
    """Parents and nodes; sets of pixels are balanced by size, and know the node they are."""
    n = len(level)
    parent = np.empty(n, np.int32)
    nodes = np.zeros((n, 4), np.int32)
    root = np.full(n, OUTSIDE, np.int32)
    root[:width] = AT_BORDER
    root[n - width :] = AT_BORDER
    root[::width] = AT_BORDER
    root[width - 1 :: width] = AT_BORDER
    size = np.ones(n, np.int32)
    node = np.empty(n, np.int32)
    for p in order:
        parent[p] = p
        root[p] = p
        here = np.int64(level[p])
        top, drop = here, np.int64(0)
        area, sides, peak = 1, 0, p
        at_border = False
        own = p
        for step in (-width, -1, 1, width):
            q = p + step
            drop += here - np.int64(level[q])
            if root[q] < 0:
                sides += 1
                at_border |= root[q] == AT_BORDER
                continue
            sides -= 1
            while root[q] != q:
                root[q] = root[root[q]]
                q = root[q]
            if q == own:
                continue
            child = node[q]
            parent[child] = p
            area += nodes[child, AREA]
            drop += nodes[child, DROP]
            sides += nodes[child, SIDES]
            at_border |= nodes[child, SIDES] == AT_BORDER
            if level[nodes[child, PEAK]] > top:
                peak = nodes[child, PEAK]
                top = np.int64(level[peak])
            if size[q] < size[own]:
                root[q] = own
                size[own] += size[q]
            else:
                root[own] = q
                size[q] += size[own]
                own = q
        node[own] = p
        nodes[p, AREA], nodes[p, DROP], nodes[p, PEAK] = area, drop, peak
        nodes[p, SIDES] = AT_BORDER if at_border else sides
    return parent, nodes

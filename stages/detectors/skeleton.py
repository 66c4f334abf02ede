"""The skeleton of a figure: one pixel thin, connected as the figure is, without spurs.

Figures are uint8 planes, nonzero inside, whose outermost rows and columns are empty.
"""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

ROW_STEP = np.array([0, -1, -1, -1, 0, 1, 1, 1])
COLUMN_STEP = np.array([1, 1, 0, -1, -1, -1, 0, 1])
"""The eight neighbours, counter-clockwise from the right: neighbour k is bit k of a pattern."""
CHAMFER = 3  # a step of distance is worth, a diagonal one 4


def _tables() -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """By pattern: whether a round of thinning takes it; whether it is simple; neighbours."""
    pattern = np.arange(256)
    x = [(pattern >> (k % 8) & 1).astype(bool) for k in range(9)]
    ones = [x[k] | x[k + 1] for k in (1, 3, 5, 7)], [x[k] | x[k + 1] for k in (0, 2, 4, 6)]
    fewest = np.minimum(*(np.sum(pairs, axis=0) for pairs in ones))
    empty = [~one for one in x]
    crossings = [empty[k] & ~(empty[k] & empty[k + 1] & empty[(k + 2) % 8]) for k in (0, 2, 4, 6)]
    simple = np.sum(crossings, axis=0) == 1
    return simple & (fewest >= 2) & (fewest <= 3), simple, np.sum(x[:8], axis=0)


THINS, SIMPLE, N_NEIGHBOURS = _tables()


@njit(cache=True, nogil=True)
def pattern_at(figure, r, c):  # type: ignore[no-untyped-def]
    """The neighbours of a pixel that are in the figure, as bits."""
    pattern = 0
    for k in range(8):
        if figure[r + ROW_STEP[k], c + COLUMN_STEP[k]]:
            pattern |= 1 << k
    return pattern


@njit(cache=True, nogil=True)
def distance_to_ground(figure):  # type: ignore[no-untyped-def]
    """Distance (H, W) int32 of each pixel to the nearest one of the ground, times CHAMFER."""
    height, width = figure.shape
    distance = np.zeros((height, width), np.int32)
    for r in range(1, height - 1):
        for c in range(1, width - 1):
            if figure[r, c]:
                aside = min(distance[r - 1, c - 1], distance[r - 1, c + 1]) + 4
                distance[r, c] = min(min(distance[r - 1, c], distance[r, c - 1]) + 3, aside)
    for r in range(height - 2, 0, -1):
        for c in range(width - 2, 0, -1):
            if figure[r, c]:
                aside = min(distance[r + 1, c - 1], distance[r + 1, c + 1]) + 4
                here = min(min(distance[r + 1, c], distance[r, c + 1]) + 3, aside)
                distance[r, c] = min(distance[r, c], here)
    return distance


@njit(cache=True, nogil=True)
def thin(figure, strength):  # type: ignore[no-untyped-def]
    """Make a figure its skeleton; returns the rows and columns (P, 2) int32 of its pixels.

    In each round pixels of the border go, the weakest first, if no end is cut off [1]_ and none
    but one part becomes of the figure around them; then those at which a path turns a corner that
    it could cut. No pixel of the result can go without cutting or shortening a curve. Only equal
    strengths make it depend on the pose of the picture.

    Parameters
    ----------
    figure : (H, W) uint8
    strength : (H, W) float32

    References
    ----------
    .. [1] Z. Guo, R. W. Hall, "Parallel thinning with two-subiteration algorithms",
           Communications of the ACM 32(3), 1989: what an end is.
    """
    pixels = _weakest_first(figure, strength)
    border = np.empty(len(pixels), np.bool_)
    n = len(pixels) + 1
    while len(pixels) < n:
        n = len(pixels)
        for i in range(n):
            r, c = pixels[i]
            around = figure[r - 1, c] & figure[r + 1, c] & figure[r, c - 1] & figure[r, c + 1]
            border[i] = around == 0
        left = 0
        for i in range(n):
            r, c = pixels[i]
            if border[i] and THINS[pattern_at(figure, r, c)]:
                figure[r, c] = 0
            else:
                pixels[left, 0] = r
                pixels[left, 1] = c
                left += 1
        pixels = pixels[:left]
    return drop_corners(figure, pixels)


@njit(cache=True, nogil=True)
def _weakest_first(figure, strength):  # type: ignore[no-untyped-def]
    """Rows and columns (P, 2) int32 of the pixels of a figure."""
    height, width = figure.shape
    places = np.empty(np.count_nonzero(figure), np.int64)
    of = np.empty(len(places), np.float32)
    n = 0
    for r in range(height):
        for c in range(width):
            if figure[r, c]:
                places[n] = r * width + c
                of[n] = strength[r, c]
                n += 1
    pixels = np.empty((n, 2), np.int32)
    order = np.argsort(of, kind="mergesort")
    for i in range(n):
        pixels[i, 0] = places[order[i]] // width
        pixels[i, 1] = places[order[i]] % width
    return pixels


@njit(cache=True, nogil=True)
def drop_corners(figure, pixels):  # type: ignore[no-untyped-def]
    """Take pixels off a skeleton that no connection needs, ends excepted; returns the others."""
    while True:
        left, n_dropped = 0, 0
        for i in range(len(pixels)):
            r, c = pixels[i]
            if figure[r, c]:
                if _drop_corner(figure, r, c):
                    n_dropped += 1
                else:
                    pixels[left, 0] = r
                    pixels[left, 1] = c
                    left += 1
        pixels = pixels[:left]
        if n_dropped == 0:
            return pixels


@njit(cache=True, nogil=True)
def _drop_corner(figure, r, c):  # type: ignore[no-untyped-def]
    pattern = pattern_at(figure, r, c)
    drops = SIMPLE[pattern] and N_NEIGHBOURS[pattern] >= 2
    if drops:
        figure[r, c] = 0
    return drops


@njit(cache=True, nogil=True)
def prune(skeleton, pixels, strength, distance, share):  # type: ignore[no-untyped-def]
    """Take spurs off a skeleton, in place; returns the pixels that are left.

    A spur ends freely and is no longer than `share` of the half width of the stroke that it
    leaves, plus one pixel. Of two at the same place the shorter goes, of two as long the one with
    the weaker end, and the other goes on as the end of the stroke.

    Parameters
    ----------
    skeleton, pixels
        Of `thin`.
    strength : (H, W) float32
        That `thin` had.
    distance : (H, W) int32
        Of `distance_to_ground`.
    share : float
    """
    ends = np.empty((len(pixels), 2), np.int64)
    length = np.empty(len(pixels), np.int64)
    n = 0
    for i in range(len(pixels)):
        r, c = pixels[i]
        if N_NEIGHBOURS[pattern_at(skeleton, r, c)] == 1:
            spur = _spur(skeleton, strength, distance, r, c, share, False)
            if spur > 0:
                ends[n] = pixels[i]
                length[n] = spur
                n += 1
    for i in np.argsort(length[:n], kind="mergesort"):
        r, c = ends[i]
        if _spur(skeleton, strength, distance, r, c, share, False) > 0:
            _spur(skeleton, strength, distance, r, c, share, True)
    return drop_corners(skeleton, pixels)


@njit(cache=True, nogil=True)
def _spur(skeleton, strength, distance, r, c, share, erase):  # type: ignore[no-untyped-def]
    """Length in pixels of the spur that ends here, -1 if it is none; `erase` takes it off."""
    from_r, from_c = -1, -1
    length = 0
    while True:
        n_ahead, next_r, next_c = 0, 0, 0
        for k in range(8):
            there_r, there_c = r + ROW_STEP[k], c + COLUMN_STEP[k]
            if skeleton[there_r, there_c] and (there_r != from_r or there_c != from_c):
                n_ahead += 1
                next_r, next_c = there_r, there_c
        if n_ahead != 1:
            break
        if erase:
            skeleton[r, c] = 0
        length += 1
        from_r, from_c, r, c = r, c, next_r, next_c
    if erase:
        # What the spur left behind may be a corner now, where the stroke goes on.
        around = skeleton[r - 1 : r + 2, c - 1 : c + 2].copy()
        around[1, 1] = 0
        for near in _weakest_first(around, strength[r - 1 : r + 2, c - 1 : c + 2]):
            _drop_corner(skeleton, r - 1 + near[0], c - 1 + near[1])
        _drop_corner(skeleton, r, c)
    is_short = length <= share * distance[r, c] / CHAMFER + 1
    return length if n_ahead > 1 and is_short else -1

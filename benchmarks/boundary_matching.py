"""Pairs the pixels of two boundary maps, one to one: as many as possible, then as near as possible.

In the graph of pixels within the radius, S is what alternating paths reach from the detected
pixels that a largest pairing leaves alone, T the drawn pixels next to S. Every largest pairing
gives each pixel of T a partner in S, and each detected pixel outside S a partner outside T
(Dulmage and Mendelsohn, 1958). So the nearest of the largest pairings is two assignments in which
every row finds a column, and no search for a row ever fails: this is what makes it fast.
"""

import math
from heapq import heappop, heappush

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def _pair_nearest(
    places: NDArray[np.int64],
    rank: NDArray[np.int32],
    steps: NDArray[np.int64],
    partner: NDArray[np.int32],
    partner_drawn: NDArray[np.int32],
) -> None:
    """Pair what is free, all pairs of one distance before those of the next."""
    free = np.arange(len(places))
    n_free = len(free)
    for step in steps:
        n_kept = 0
        for k in range(n_free):
            i = free[k]
            j = rank[places[i] + step]
            if j >= 0 and partner_drawn[j] < 0:
                partner[i] = j
                partner_drawn[j] = i
            else:
                free[n_kept] = i
                n_kept += 1
        n_free = n_kept


@njit(cache=True, nogil=True)
def _pair_most(
    places: NDArray[np.int64],
    rank: NDArray[np.int32],
    steps: NDArray[np.int64],
    partner: NDArray[np.int32],
    partner_drawn: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Lengthen the pairing along shortest augmenting paths until there is none; give the set T.

    What a failed search has seen can never be on an augmenting path again: it stays marked.
    """
    n_drawn = len(partner_drawn)
    seen = np.zeros(n_drawn, np.bool_)
    via = np.empty(n_drawn, np.int32)
    queue = np.empty(n_drawn + 1, np.int32)
    trail = np.empty(n_drawn, np.int32)
    for start in range(len(places)):
        if partner[start] >= 0:
            continue
        queue[0], head, tail, n_trail, end = start, 0, 1, 0, -1
        while head < tail and end < 0:
            i = queue[head]
            head += 1
            for step in steps:
                j = rank[places[i] + step]
                if j < 0 or seen[j]:
                    continue
                seen[j] = True
                via[j] = i
                trail[n_trail] = j
                n_trail += 1
                if partner_drawn[j] < 0:
                    end = j
                    break
                queue[tail] = partner_drawn[j]
                tail += 1
        if end >= 0:
            for k in range(n_trail):
                seen[trail[k]] = False
        while end >= 0:
            i = via[end]
            before = partner[i]
            partner[i] = end
            partner_drawn[end] = i
            end = before
    return seen


@njit(cache=True, nogil=True)
def _assign(
    places: NDArray[np.int64],
    rank: NDArray[np.int32],
    n_columns: int,
    steps: NDArray[np.int64],
    lengths: NDArray[np.float64],
) -> NDArray[np.int32]:
    """Column of each row, all different, of least total length; every row must be able to have one.

    Shortest augmenting paths on the lengths reduced by the duals of rows and columns.
    """
    column_of = np.full(len(places), -1, np.int32)
    row_of = np.full(n_columns, -1, np.int32)
    dual_row, dual_column = np.zeros(len(places)), np.zeros(n_columns)
    for i in range(len(places)):
        for k in range(len(steps)):
            j = rank[places[i] + steps[k]]
            if j >= 0:
                dual_row[i] = lengths[k]
                if row_of[j] < 0:
                    column_of[i], row_of[j] = j, i
                break
    far = np.full(n_columns, np.inf)
    done = np.zeros(n_columns, np.bool_)
    via = np.empty(n_columns, np.int32)
    trail = np.empty(n_columns, np.int32)
    for start in range(len(places)):
        if column_of[start] >= 0:
            continue
        heap = [(0.0, np.int64(-1))]
        heap.clear()
        i, here, n_trail, end = start, 0.0, 0, -1
        while end < 0:
            for k in range(len(steps)):
                j = rank[places[i] + steps[k]]
                if j < 0 or done[j]:
                    continue
                there = here + lengths[k] - dual_row[i] - dual_column[j]
                if there < far[j]:
                    if far[j] == np.inf:
                        trail[n_trail] = j
                        n_trail += 1
                    far[j], via[j] = there, i
                    heappush(heap, (float(there), np.int64(j)))
            here, j = heappop(heap)
            while done[j]:
                here, j = heappop(heap)
            done[j] = True
            i = row_of[j]
            if i < 0:
                end = j
        dual_row[start] += here
        for k in range(n_trail):
            j = trail[k]
            if done[j] and j != end:
                dual_row[row_of[j]] += here - far[j]
                dual_column[j] -= here - far[j]
            far[j], done[j] = np.inf, False
        while end >= 0:
            i = via[end]
            before = column_of[i]
            column_of[i], row_of[end] = end, i
            end = before
    return column_of


def steps_within(radius: float) -> NDArray[np.int64]:
    """(K, 2): whole (row, column) steps no longer than `radius`, the shortest first."""
    reach = np.arange(-math.floor(radius), math.floor(radius) + 1)
    steps = np.stack(np.meshgrid(reach, reach, indexing="ij"), -1).reshape(-1, 2)
    squared = (steps**2).sum(1)
    order = np.argsort(squared, kind="stable")
    return steps[order[squared[order] <= radius**2]]


def _ranks(places: NDArray[np.int64], size: int) -> NDArray[np.int32]:
    """(size,): which of `places` a flat index is, -1 where none."""
    rank = np.full(size, -1, np.int32)
    rank[places] = np.arange(len(places), dtype=np.int32)
    return rank


def match_boundaries(
    detected: NDArray[np.bool_], drawn: NDArray[np.bool_], radius: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which detected and which drawn boundary pixels find a partner within `radius`.

    No pixel has two partners; there are as many pairs as can be and, of all such pairings, the
    sum of their lengths is least.

    Parameters
    ----------
    detected, drawn : (H, W) bool
    radius : float
        Pixels, inclusive.

    Returns
    -------
    (H, W) bool, (H, W) bool
        The pixels of `detected`, and those of `drawn`, that have a partner: equally many.

    Notes
    -----
    The Berkeley benchmark [1]_ solves a minimum-cost assignment where a pixel left alone costs 100
    times the radius, and draws at random, a few for each pixel, the ways to stay alone: it finds
    the pairs found here less one or two in a thousand.

    References
    ----------
    .. [1] D. Martin, C. Fowlkes, J. Malik, "Learning to detect natural image boundaries using
           local brightness, color, and texture cues", IEEE TPAMI 26(5), 2004.

    Examples
    --------
    >>> row = np.array([[True, False, False, True]])
    >>> print(*match_boundaries(row, row[:, ::-1] & [[True, True, False, False]], radius=1.5))
    [[ True False False False]] [[ True False False False]]
    """
    if detected.shape != drawn.shape:
        raise ValueError(f"expected maps of one shape, got {detected.shape} and {drawn.shape}")
    margin = math.floor(radius)
    places, places_drawn = (np.flatnonzero(np.pad(mask, margin)) for mask in (detected, drawn))
    width = drawn.shape[1] + 2 * margin
    size = (drawn.shape[0] + 2 * margin) * width
    steps = steps_within(radius)
    moves, lengths = steps @ np.array([width, 1]), np.hypot(*steps.T)

    partner = np.full(len(places), -1, np.int32)
    partner_drawn = np.full(len(places_drawn), -1, np.int32)
    rank = _ranks(places_drawn, size)
    _pair_nearest(places, rank, moves, partner, partner_drawn)
    in_t = _pair_most(places, rank, moves, partner, partner_drawn)
    in_s = partner < 0
    in_s[partner_drawn[in_t]] = True

    has, has_drawn = ~in_s, in_t.copy()
    s, not_t = np.flatnonzero(in_s), np.flatnonzero(~in_t)
    rank = _ranks(places[s], size)
    has[s[_assign(places_drawn[in_t], rank, len(s), moves, lengths)]] = True
    rank = _ranks(places_drawn[not_t], size)
    has_drawn[not_t[_assign(places[~in_s], rank, len(not_t), moves, lengths)]] = True
    matched, matched_drawn = detected.copy(), drawn.copy()
    matched[detected] = has
    matched_drawn[drawn] = has_drawn
    return matched, matched_drawn

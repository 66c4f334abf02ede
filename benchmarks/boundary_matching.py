"""Pairs the pixels of two boundary maps, one to one, as many as possible and near ones first."""

import math

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
def _pair_more(
    places: NDArray[np.int64],
    rank: NDArray[np.int32],
    steps: NDArray[np.int64],
    partner: NDArray[np.int32],
    partner_drawn: NDArray[np.int32],
) -> None:
    """Lengthen the pairing along shortest augmenting paths until there is none.

    What a failed search has seen can never be on an augmenting path again: it stays marked.
    """
    n_drawn = len(partner_drawn)
    seen = np.zeros(n_drawn, np.bool_)
    via = np.empty(n_drawn, np.int32)
    trail = np.empty(n_drawn, np.int32)
    queue = np.empty(n_drawn + 1, np.int32)
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
        if end < 0:
            continue
        for k in range(n_trail):
            seen[trail[k]] = False
        while end >= 0:
            i = via[end]
            before = partner[i]
            partner[i] = end
            partner_drawn[end] = i
            end = before


def steps_within(radius: float) -> NDArray[np.int64]:
    """(K, 2): whole (row, column) steps no longer than `radius`, the shortest first."""
    reach = np.arange(-math.floor(radius), math.floor(radius) + 1)
    steps = np.stack(np.meshgrid(reach, reach, indexing="ij"), -1).reshape(-1, 2)
    squared = (steps**2).sum(1)
    order = np.argsort(squared, kind="stable")
    return steps[order[squared[order] <= radius**2]]


def match_boundaries(
    detected: NDArray[np.bool_], drawn: NDArray[np.bool_], radius: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which detected and which drawn boundary pixels find a partner within `radius`.

    No pixel has two partners, and there are as many pairs as can be (a maximum matching of the
    bipartite graph of pixels within the radius). Nearest pairs are made first; augmenting paths
    add the rest and leave nobody without a partner who had one.

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
    times the radius: as many pairs as possible too, then as near as possible. The scores of the
    two agree to 1e-3 (`tests/benchmarks/test_boundaries.py`).

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
    inside = (slice(margin, margin + drawn.shape[0]), slice(margin, margin + drawn.shape[1]))
    n_drawn = int(np.count_nonzero(drawn))
    rank = np.full((drawn.shape[0] + 2 * margin, drawn.shape[1] + 2 * margin), -1, np.int32)
    rank[inside][drawn] = np.arange(n_drawn, dtype=np.int32)
    width = rank.shape[1]
    row, column = np.nonzero(detected)
    places = (row + margin) * width + column + margin
    steps = steps_within(radius) @ np.array([width, 1])
    partner = np.full(len(places), -1, np.int32)
    partner_drawn = np.full(n_drawn, -1, np.int32)
    state = (places, rank.reshape(-1), steps, partner, partner_drawn)
    _pair_nearest(*state)
    _pair_more(*state)
    matched, matched_drawn = detected.copy(), drawn.copy()
    matched[detected] = partner >= 0
    matched_drawn[drawn] = partner_drawn >= 0
    return matched, matched_drawn

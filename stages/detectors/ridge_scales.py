"""One answer where several scales see the same ridge: the most meaningful one has the place."""

import numpy as np

from perceptgraph.stages.detectors.ridge_chains import pieces
from perceptgraph.stores.compiled import njit

SAME_WAY = 0.7  # cosine of the angle between ridges of which one takes the other's place
ASIDE = 0.7  # and they are as close as that, in sigmas of the weaker one


@njit(cache=True, nogil=True)
def exclusive(  # type: ignore[no-untyped-def]
    shape,
    point,
    chain,
    ends,
    scale,
    sigma,
    noise_tail,
    image_tail,
    table_step,
    unit,
    log10_tests,
    log10_eps,
):
    """What is left of the pieces where each place belongs to the first of them, tested again.

    Parameters
    ----------
    shape : tuple
        Of the image.
    point : (P, 6) float32
        Ridge points of all scales.
    chain, ends : (Q,), (M, 2) int64
        Pieces of all scales, the ones that choose first first.
    scale : (M,) int64
        Scale of each piece.
    sigma : (S,) float64
        A ridge takes what is closer to it than 1.5 sigma.
    unit, log10_tests, image_tail : (S,), (S,), (S, 512) float64
        Of each scale, see `pieces`.
    noise_tail, table_step, log10_eps
        See `pieces`.

    Returns
    -------
    ends : (K, 2) int64
        Of the pieces that are left.
    of : (K,) int64
        Piece from which each was cut.
    log10_nfa : (K,) float64
    """
    height, width = shape
    taker = np.full((2, height, width), -1, np.int32)
    kept = np.empty((len(chain), 2), np.int64)
    of = np.empty(len(chain), np.int64)
    log10_nfa = np.empty(len(chain))
    n = 0
    for m in range(len(ends)):
        k = scale[m]
        first, last = ends[m]
        at = first
        while at <= last:
            begin = at
            while at <= last and _is_free(taker, point, chain[at], ASIDE * sigma[k]):
                at += 1
            if at - begin > 1:
                run = np.array([0, at - begin])
                found, nfa = pieces(
                    point, chain[begin:at], run, noise_tail, image_tail[k], table_step, unit[k],
                    log10_tests[k], log10_eps,
                )  # fmt: skip
                for i in range(len(found)):
                    kept[n] = begin + found[i, 0], begin + found[i, 1]
                    of[n] = m
                    log10_nfa[n] = nfa[i]
                    n += 1
            at += 1
        # Only now: a piece does not stand in its own way.
        for i in range(n - 1, -1, -1):
            if of[i] != m:
                break
            for j in range(kept[i, 0], kept[i, 1] + 1):
                _take(taker, point, chain[j], 1.5 * sigma[k])
    return kept[:n].copy(), of[:n].copy(), log10_nfa[:n].copy()


@njit(cache=True, nogil=True)
def _is_free(taker, point, i, aside):  # type: ignore[no-untyped-def]
    sign = 1 if point[i, 5] > 0 else 0
    for way in (0, 1, -1):
        r = round(point[i, 0] - way * aside * point[i, 3])
        c = round(point[i, 1] + way * aside * point[i, 2])
        if 0 <= r < taker.shape[1] and 0 <= c < taker.shape[2]:
            other = taker[sign, r, c]
            if other >= 0:
                cosine = point[i, 2] * point[other, 2] + point[i, 3] * point[other, 3]
                if abs(cosine) >= SAME_WAY:
                    return False
    return True


@njit(cache=True, nogil=True)
def _take(taker, point, i, reach):  # type: ignore[no-untyped-def]
    sign = 1 if point[i, 5] > 0 else 0
    row, column, n = point[i, 0], point[i, 1], int(reach + 1)
    for r in range(max(round(row) - n, 0), min(round(row) + n + 1, taker.shape[1])):
        for c in range(max(round(column) - n, 0), min(round(column) + n + 1, taker.shape[2])):
            if (r - row) ** 2 + (c - column) ** 2 <= reach * reach and taker[sign, r, c] < 0:
                taker[sign, r, c] = i

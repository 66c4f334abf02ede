"""Boundaries made one pixel thin, the way the boundary benchmark does it."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

STEPS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
"""The eight neighbours, (row, column), from east counter-clockwise on the displayed picture."""


def _is_deleted(code: int, half: int) -> bool:
    """Conditions G1, G2 and G3 (or G3' in the second half) of [1]_; bit k of `code` is x_(k+1)."""
    x = [bool(code >> k & 1) for k in range(8)]
    crossings = sum(not x[2 * i] and (x[2 * i + 1] or x[(2 * i + 2) % 8]) for i in range(4))
    n1 = sum(x[2 * i] or x[2 * i + 1] for i in range(4))
    n2 = sum(x[2 * i + 1] or x[(2 * i + 2) % 8] for i in range(4))
    a = 4 * half
    side = (x[a + 1] or x[a + 2] or not x[(a + 7) % 8]) and x[a]
    return crossings == 1 and 2 <= min(n1, n2) <= 3 and not side


DELETED = np.array([[_is_deleted(code, half) for code in range(256)] for half in range(2)])
"""(2, 256): half of an iteration, neighbourhood -> whether its centre goes."""


@njit(cache=True, nogil=True)
def _thin(padded: NDArray[np.uint8], steps: NDArray[np.int64], deleted: NDArray[np.bool_]) -> None:
    """Thin flat `padded`, zero all around, in place; `steps`: the neighbours as flat offsets."""
    left = np.flatnonzero(padded)
    doomed = np.empty(len(left), np.int64)
    n_left, n_quiet, half = len(left), 0, 0
    while n_quiet < 2:
        n_doomed, n_kept = 0, 0
        for k in range(n_left):
            at = left[k]
            code = 0
            for bit in range(8):
                code |= padded[at + steps[bit]] << bit
            if deleted[half, code]:
                doomed[n_doomed] = at
                n_doomed += 1
            else:
                left[n_kept] = at
                n_kept += 1
        for k in range(n_doomed):
            padded[doomed[k]] = 0
        n_left = n_kept
        n_quiet = 0 if n_doomed else n_quiet + 1
        half = 1 - half


def thinned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin a mask until nothing changes; curves keep their ends, and shapes their connections.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    (H, W) bool
        A subset of `mask`.

    References
    ----------
    .. [1] L. Lam, S.-W. Lee, C. Y. Suen, "Thinning methodologies: a comprehensive survey",
           IEEE TPAMI 14(9), 1992, page 879: the parallel algorithm of two halves of Guo and Hall.

    Examples
    --------
    >>> bar = np.zeros((5, 7), bool)
    >>> bar[1:4, 1:6] = True
    >>> print(thinned(bar)[2].astype(int))
    [0 0 1 1 1 0 0]
    """
    padded = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), np.uint8)
    padded[1:-1, 1:-1] = mask
    width = padded.shape[1]
    steps = np.array([row * width + column for row, column in STEPS])
    _thin(padded.reshape(-1), steps, DELETED)
    return padded[1:-1, 1:-1].astype(bool)

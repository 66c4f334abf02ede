"""The frame of a junction: along its widest gap, and where its branches lie from there."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

N_RANKED = 4
"""Branches that have a rank; a junction of more has them too, without one."""


@njit(cache=True, nogil=True)
def branch_frames(
    branch_angle: NDArray[np.float32], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Direction of each junction and the angles from there to its branches.

    Parameters
    ----------
    branch_angle : (B,) float32
        Direction of each branch, outward.
    offsets : (N + 1,) int64
        Where the branches of each junction begin.

    Returns
    -------
    widest : (N,) float64
        Middle of the widest gap between branches; 0 where there is no branch.
    turns : (N, 4) float64
        From there to the left (against the angles of the picture, whose rows run down) to the
        first four branches, ascending, in (0, 2 pi); 0 for none.
    """
    n = len(offsets) - 1
    widest, turns = np.zeros(n), np.zeros((n, N_RANKED))
    for i in range(n):
        angle = np.sort(branch_angle[offsets[i] : offsets[i + 1]].astype(np.float64))
        degree = len(angle)
        largest = -1.0
        for k in range(degree):
            following = angle[k + 1] if k + 1 < degree else angle[0] + 2 * np.pi
            if following - angle[k] > largest:
                largest = following - angle[k]
                widest[i] = angle[k] + largest / 2
        turn = np.sort((widest[i] - angle) % (2 * np.pi))
        turns[i, : min(degree, N_RANKED)] = turn[:N_RANKED]
    return widest, turns

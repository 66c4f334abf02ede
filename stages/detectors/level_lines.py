"""The level-line field of an image: the unit gradient at every corner where four pixels meet."""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

SIN_22 = np.float32(math.sin(math.pi / 8))  # to the nearest of 8 neighbours
N_BINS = 1024  # of gradient norms; how finely the strongest come first, nothing else
WEAK, FREE, TAKEN, FLANK = 0, 1, 2, 3
TINY = 1e-30  # a gradient that is none


class Field(NamedTuple):
    """Gradients (H, W); element (r, c) is the corner (r + 1/2, c + 1/2) of the image.

    The last row and column are weak: a neighbour of any corner, found by its flat index, is in the
    array or wraps onto them. A named tuple, since compiled code takes it as it is.
    """

    unit: NDArray[np.float32]
    """(H, W, 2): unit vector of the gradient, (row, column), towards the brighter side; 0: none."""
    norm: NDArray[np.float32]
    """(H, W): levels per pixel."""
    state: NDArray[np.uint8]
    """(H, W): WEAK below the least norm; FLANK where a neighbour across the edge is stronger; FREE:
    a crest, or TAKEN: one that a region has."""


def level_line_field(
    image: NDArray[np.float32], least_norm: float
) -> tuple[Field, NDArray[np.int32]]:
    """Gradient field of an image by differences over 2 x 2 pixels, and where it is strong.

    Parameters
    ----------
    image : (H, W) float32
        H, W >= 2.
    least_norm : float
        Corners with a smaller gradient have no orientation to rely on.

    Returns
    -------
    Field
    order : (P,) int32
        Flat indices of the crests, the strongest first (to 1/1024 of the largest norm).
    """
    rows, columns = image.shape
    unit = np.zeros((rows, columns, 2), np.float32)
    norm = np.zeros((rows, columns), np.float32)
    state = np.empty((rows, columns), np.uint8)
    least = np.float32(max(least_norm, TINY))
    largest = _gradient(np.ascontiguousarray(image), unit, norm, state, least)
    crests = _crests(unit.reshape(-1, 2), norm.reshape(-1), state.reshape(-1), columns)
    return Field(unit, norm, state), _strongest_first(norm.reshape(-1), crests, largest)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # fmt: skip
def _gradient(image: Any, unit: Any, norm: Any, state: Any, least: Any) -> Any:
    """Fill the arrays but for their last row and column; the largest norm."""
    rows, columns = image.shape
    largest: Any = np.float32(0)
    half, one, tiny = np.float32(0.5), np.float32(1), np.float32(1e-30)
    state[rows - 1] = WEAK
    for r in range(rows - 1):
        for c in range(columns - 1):
            falling = image[r + 1, c + 1] - image[r, c]
            rising = image[r + 1, c] - image[r, c + 1]
            down, right = half * (falling + rising), half * (falling - rising)
            size = np.float32(math.sqrt(down * down + right * right))
            inverse = one / (size + tiny)
            unit[r, c, 0] = down * inverse
            unit[r, c, 1] = right * inverse
            norm[r, c] = size
            state[r, c] = FREE if size >= least else WEAK
            largest = max(largest, size)
        state[r, columns - 1] = WEAK
    return largest


@njit(cache=True, nogil=True)  # fmt: skip
def _crests(unit: Any, norm: Any, state: Any, columns: int) -> Any:
    """Flat indices of the free corners that no neighbour across the edge exceeds.

    The others become FLANK. There is no branch that the image decides: it would be guessed wrong
    at every edge.
    """
    free = np.empty(len(state) + 1, np.int32)
    n = 0
    for i in range(len(state)):
        free[n] = i
        n += state[i] == FREE
    kept = 0
    for i in free[:n]:
        down, right = unit[i, 0], unit[i, 1]
        step = ((down > SIN_22) - np.int64(down < -SIN_22)) * columns
        step += (right > SIN_22) - np.int64(right < -SIN_22)
        step = abs(step)  # of two as strong the same one stays, whichever side is brighter
        crest = (norm[i] >= norm[i + step]) & (norm[i] > norm[i - step])
        state[i] = FREE if crest else FLANK
        free[kept] = i
        kept += crest
    return free[:kept]


@njit(cache=True, nogil=True)  # fmt: skip
def _strongest_first(norm: Any, corners: Any, largest: Any) -> Any:
    """Counting sort of corners."""
    scale: Any = np.float32(N_BINS - 1) / largest if largest > 0 else np.float32(0)
    place = np.zeros(N_BINS + 1, np.int32)
    for i in corners:
        place[N_BINS - np.int32(norm[i] * scale)] += 1
    for b in range(N_BINS):
        place[b + 1] += place[b]
    order = np.empty(len(corners), np.int32)
    for i in corners:
        b = N_BINS - 1 - np.int32(norm[i] * scale)
        order[place[b]] = i
        place[b] += 1
    return order

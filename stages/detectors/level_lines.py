"""The level-line field of an image: the unit gradient at every corner where four pixels meet."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

SIN_22 = np.float32(math.sin(math.pi / 8))  # to the nearest of 8 neighbours
DIGIT = 11  # bits by which norms are sorted at a time
WEAK, FREE, TAKEN, FLANK = 0, 1, 2, 3
TINY = 1e-30  # a gradient that is none


class Field(NamedTuple):
    """Gradients (H, W); element (r, c) is the corner (r + 1/2, c + 1/2) of the image.

    The last row and column are weak: a neighbour of any corner, found by its flat index, is in the
    array or wraps onto them. A named tuple, since compiled code takes it as it is.
    """

    image: NDArray[np.float32]
    """(H, W): the levels; `gradient_at` takes the gradient from them where it is needed, which is
    faster than to keep it for every corner."""
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
        Flat indices of the crests, the strongest first.
    """
    rows, columns = image.shape
    image = np.ascontiguousarray(image)
    norm = np.empty((rows, columns), np.float32)
    state = np.empty((rows, columns), np.uint8)
    least = np.float32(max(least_norm, TINY))
    _norms(image, norm, state, least)
    crests = _crests(image.reshape(-1), norm.reshape(-1), state.reshape(-1), columns)
    return Field(image, norm, state), _strongest_first(norm.reshape(-1).view(np.uint32), crests)


@njit(cache=True, nogil=True, inline="always")  # fmt: skip
def gradient_at(levels: Any, k: int, columns: int) -> tuple[float, float]:
    """Gradient (down, right) at the corner of flat index k, in levels (H * W,) per pixel."""
    falling = levels[k + columns + 1] - levels[k]
    rising = levels[k + columns] - levels[k + 1]
    return np.float32(0.5) * (falling + rising), np.float32(0.5) * (falling - rising)


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz"}, error_model="numpy")  # fmt: skip
def _norms(image: Any, norm: Any, state: Any, least: Any) -> None:
    """Fill the norms, and mark where they are free or weak."""
    rows, columns = image.shape
    half = np.float32(0.5)
    norm[rows - 1] = 0
    state[rows - 1] = WEAK
    for r in range(rows - 1):
        for c in range(columns - 1):
            # 2 (down^2 + right^2) is the sum of the squared differences along both diagonals.
            falling = image[r + 1, c + 1] - image[r, c]
            rising = image[r + 1, c] - image[r, c + 1]
            size = np.float32(math.sqrt(half * (falling * falling + rising * rising)))
            norm[r, c] = size
            state[r, c] = FREE if size >= least else WEAK
        norm[r, columns - 1] = 0
        state[r, columns - 1] = WEAK


@njit(cache=True, nogil=True)  # fmt: skip
def _crests(levels: Any, norm: Any, state: Any, columns: int) -> Any:
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
        down, right = gradient_at(levels, i, columns)
        least = SIN_22 * norm[i]
        step = ((down > least) - np.int64(down < -least)) * columns
        step += (right > least) - np.int64(right < -least)
        step = abs(step)  # of two as strong the same one stays, whichever side is brighter
        crest = (norm[i] >= norm[i + step]) & (norm[i] > norm[i - step])
        state[i] = FREE if crest else FLANK
        free[kept] = i
        kept += crest
    return free[:kept]


@njit(cache=True, nogil=True)  # fmt: skip
def _strongest_first(bits: Any, corners: Any) -> Any:
    """Radix sort of corners by the bits of their norms, which order as they do."""
    largest = 2**DIGIT - 1
    place = np.empty(largest + 2, np.int32)
    for shift in range(0, 32, DIGIT):
        place[:] = 0
        for i in corners:
            place[largest + 1 - ((bits[i] >> shift) & largest)] += 1
        for b in range(largest + 1):
            place[b + 1] += place[b]
        order = np.empty(len(corners), np.int32)
        for i in corners:
            k = largest - ((bits[i] >> shift) & largest)
            order[place[k]] = i
            place[k] += 1
        corners = order
    return corners

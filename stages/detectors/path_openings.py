"""Path openings: what lies on long thin curves, however they bend."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

Level = TypeVar("Level", np.uint8, np.uint16, np.float32)

ORIENTATIONS = (
    ((-1, 1), (0, 1), (1, 1)),
    ((1, -1), (1, 0), (1, 1)),
    ((0, 1), (1, 1), (1, 0)),
    ((0, 1), (-1, 1), (-1, 0)),
)
"""Steps (row, column) that a path may take: to the right, down, and on both diagonals."""
BAND_BYTES = 16_000_000
"""Working memory of one thread: larger images are opened in bands of rows that overlap."""


def path_opening(
    image: NDArray[Level], *, length: int, gaps: int = 0, threads: int = 1
) -> NDArray[Level]:
    r"""Opening of an image by all paths of `length` pixels in four orientations.

    .. math:: \gamma(x) = \max \{t \le f(x) : x \text{ lies on a path } \pi, |\pi| = L,
              \#\{y \in \pi : f(y) < t\} \le K\}

    A path goes from pixel to pixel by steps within 45 degrees of its orientation, and stays in
    the image. Bright curves shorter than `length` pixels go, also at the border.

    Parameters
    ----------
    image : (H, W) uint8, uint16 or float32
        For dark curves, its negative.
    length : int
        L, pixels of a path, along its orientation; at least 1.
    gaps : int
        K, pixels of a path that may be darker; the result is never above the image.
    threads : int
        At most so many orientations at once.

    Returns
    -------
    (H, W), as the image
        The same for any number of threads.

    Raises
    ------
    ValueError
        A length below 1, or gaps not in [0, length).

    Notes
    -----
    Let F(k) be the best level of a path of k pixels that begins after x: F(k + 1) at x is the
    largest, over the three successors y of x, of min(f(y), F(k) at y). B(k) is the same for paths
    that end before x. The opening is the largest, over k, of min(f, F(k), B(L - 1 - k)). These are
    L sweeps of minima and maxima over whole images, without a branch, which become vector
    instructions: on 8 bits faster than a propagation from level to level, up to lengths of several
    hundred pixels. Where no path fits, the result is the lowest level of the image.

    References
    ----------
    .. [1] H. Heijmans, M. Buckley, H. Talbot, "Path openings and closings", Journal of
           Mathematical Imaging and Vision 22(2), 2005.
    .. [2] H. Talbot, B. Appleton, "Efficient complete and incomplete path openings and closings",
           Image and Vision Computing 25(4), 2007.

    Examples
    --------
    >>> image = np.zeros((5, 9), np.uint8)
    >>> image[2, 1:8], image[2, 4] = 9, 2
    >>> path_opening(image, length=7)[2].tolist()
    [0, 2, 2, 2, 2, 2, 2, 2, 0]
    >>> path_opening(image, length=7, gaps=1)[2].tolist()
    [0, 9, 9, 9, 2, 9, 9, 9, 0]
    """
    if length < 1:
        raise ValueError(f"length must be at least 1, got {length}")
    if not 0 <= gaps < length:
        raise ValueError(f"gaps must be in [0, length={length}), got {gaps}")
    one = partial(
        _opening_along, np.require(image, requirements=["C", "W"]), length=length, gaps=gaps
    )
    if threads == 1:
        opened = [one(steps) for steps in ORIENTATIONS]
    else:
        with ThreadPoolExecutor(min(threads, len(ORIENTATIONS))) as pool:
            opened = list(pool.map(one, ORIENTATIONS))
    return np.maximum.reduce(opened)


def _opening_along(
    image: NDArray[Level], steps: tuple[tuple[int, int], ...], length: int, gaps: int
) -> NDArray[Level]:
    """Opening by paths of one orientation, in bands of rows.

    A path through a row leaves it by at most length - 1 rows, so that a band which overlaps its
    neighbours by as many is opened as the whole image would be.
    """
    height, width = image.shape
    if image.size == 0:
        return image.copy()
    margin = length - 1
    row_bytes = (width + 1) * image.itemsize * length * (gaps + 1)
    rows = max(BAND_BYTES // row_bytes - 2 * margin, 4 * margin, 16)
    offsets = np.array([row * (width + 1) + column for row, column in steps])
    lowest = image.min()
    out = np.empty_like(image)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        above, below = max(top - margin, 0), min(bottom + margin, height)
        opened = _open_band(image[above:below], offsets, length, gaps, lowest)
        out[top:bottom] = opened[top - above : bottom - above]
    return out


@njit(cache=True, nogil=True)
def _open_band(image, offsets, length, gaps, lowest):  # type: ignore[no-untyped-def]
    """Opening (H, W) by paths whose steps are these offsets in rows of W + 1 pixels.

    The pixel between two rows, and a row above and below, are outside: no path goes there.
    """
    height, width = image.shape
    stride = width + 1
    n, guard = height * stride, stride + 1
    padded = np.full((height, stride), lowest, image.dtype)
    padded[:, :width] = image
    level = padded.reshape(n)
    highest = image.max()
    start = np.full((gaps + 1, n + 2 * guard), lowest, image.dtype)
    ahead = np.empty((length, gaps + 1, n), image.dtype)
    behind = np.empty((gaps + 1, n), image.dtype)
    best = np.full(n, lowest, image.dtype)
    ahead[0], behind[:] = highest, highest
    for k in range(1, length):
        _begin(start, level, ahead[k - 1], width, lowest)
        for g in range(gaps + 1):
            _best_of_three(ahead[k, g], start[g], guard + offsets)
    for k in range(length):
        if k > 0:
            _begin(start, level, behind, width, lowest)
        for g in range(gaps + 1):
            if k > 0:
                _best_of_three(behind[g], start[g], guard - offsets)
            _raise_to(best, ahead[length - 1 - k, gaps - g], behind[g])
    for i in range(n):
        best[i] = min(best[i], level[i])
    return best.reshape((height, stride))[:, :width]


@njit(cache=True, nogil=True, inline="never")
def _begin(start, level, after, width, lowest):  # type: ignore[no-untyped-def]
    """Best level of the paths that begin at each pixel, from that of the paths after it."""
    n, guard = len(level), (start.shape[1] - len(level)) // 2
    for g in range(len(start)):
        first, rest = start[g, guard : guard + n], after[g]
        if g == 0:
            for i in range(n):
                first[i] = min(level[i], rest[i])
        else:
            missed = after[g - 1]
            for i in range(n):
                first[i] = max(min(level[i], rest[i]), missed[i])
            first[width :: width + 1] = lowest


@njit(cache=True, nogil=True, inline="never")
def _best_of_three(out, start, offsets):  # type: ignore[no-untyped-def]
    n = len(out)
    one = start[offsets[0] : offsets[0] + n]
    two = start[offsets[1] : offsets[1] + n]
    three = start[offsets[2] : offsets[2] + n]
    for i in range(n):
        out[i] = max(max(one[i], two[i]), three[i])


@njit(cache=True, nogil=True, inline="never")
def _raise_to(best, ahead, behind):  # type: ignore[no-untyped-def]
    for i in range(len(best)):
        best[i] = max(best[i], min(ahead[i], behind[i]))

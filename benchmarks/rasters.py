"""Polygons on pixels, each pixel the exact share of its square that is covered.

Positions are (row, column) in pixels, (0, 0) the centre of the first pixel, whose square reaches
from -1/2 to 1/2. No other anti-aliasing leaves an edge where it is to a thousandth of a pixel.
"""

import math

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float64]


def coverage(polygon: Floats, shape: tuple[int, int]) -> Floats:
    """Share (H, W) of each pixel inside a simple polygon (N, 2), in [0, 1].

    Examples
    --------
    >>> square = np.array([[0.0, 0.25], [0.0, 2.0], [2.0, 2.0], [2.0, 0.25]])
    >>> coverage(square, (3, 3)).tolist()
    [[0.125, 0.5, 0.25], [0.25, 1.0, 0.5], [0.125, 0.5, 0.25]]
    """
    steps = np.zeros((shape[0], shape[1] + 1))
    _accumulate(steps, np.asarray(polygon, np.float64) + 0.5)
    return np.clip(np.abs(np.cumsum(steps[:, :-1], axis=1)), 0, 1)


def painted(image: Floats, polygon: Floats, level: float | Floats) -> Floats:
    """Image (H, W) with a polygon (N, 2) of this grey level, one or (H, W), painted over it."""
    result = image.copy()
    first = np.clip(np.floor(polygon.min(axis=0)).astype(int), 0, image.shape)
    last = np.clip(np.ceil(polygon.max(axis=0)).astype(int) + 1, 0, image.shape)
    window = (slice(first[0], last[0]), slice(first[1], last[1]))
    if image[window].size:
        height, width = image[window].shape
        share = coverage(polygon - first, (height, width))
        over = level[window] if isinstance(level, np.ndarray) else level
        result[window] += share * (over - image[window])
    return result


@njit(cache=True, nogil=True)
def _accumulate(steps: Floats, polygon: Floats) -> None:
    """Add to each row the steps, from left to right, of the area to the right of every edge."""
    height = steps.shape[0]
    for i in range(len(polygon)):
        row0, column0 = polygon[i]
        row1, column1 = polygon[(i + 1) % len(polygon)]
        if row0 == row1:
            continue
        sign = 1.0
        if row0 > row1:
            row0, column0, row1, column1, sign = row1, column1, row0, column0, -1.0
        slope = (column1 - column0) / (row1 - row0)
        bottom = min(row1, height)
        row = int(max(math.floor(row0), 0))
        while row < bottom:
            top, end = max(row0, row), min(bottom, row + 1)
            here, there = column0 + slope * (top - row0), column0 + slope * (end - row0)
            _spread(steps[row], sign * (end - top), min(here, there), max(here, there))
            row += 1


@njit(cache=True, nogil=True)
def _spread(steps: Floats, amount: float, low: float, high: float) -> None:
    """Steps of one row for an edge that crosses columns `low` to `high` over `amount` rows."""
    width = len(steps) - 1
    if low >= width:
        return
    if high <= 0:
        steps[0] += amount
        return
    if low < 0:
        steps[0] += amount * (-low) / (high - low)
    column = int(max(math.floor(low), 0))
    while column < width and column <= high:
        left, right = max(low, column), min(high, column + 1)
        share = amount * (right - left) / (high - low) if high > low else amount
        middle = (left + right) / 2 - column
        steps[column] += share * (1 - middle)
        steps[column + 1] += share * middle
        if high == low:
            return
        column += 1

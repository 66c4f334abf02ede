"""The course of a node through the picture, as its frame tells it: four straight quarters."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES, Frames
from perceptgraph.stores.compiled import njit

COLUMNS = tuple(
    list(ATTRIBUTES).index(name) for name in ("length", "offset_1", "offset_2", "offset_3")
)


def courses(frames: Frames) -> NDArray[np.float64]:
    """Points at the start, the quarters and the end of each node; (N, 5, 2), in pixels.

    A node's direction is that of its chord, and its offsets are distances from it. So each quarter
    of its length leads as far along the chord as its step aside leaves, as if it were straight.
    The third point is the node's position. A node without a length is five times there.
    """
    columns = frames.attributes[:, COLUMNS]
    return _courses(frames.position, frames.direction, columns)


@njit(cache=True, nogil=True)
def _courses(
    position: NDArray[np.float32], direction: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float64]:
    points = np.empty((len(position), 5, 2))
    along, left = np.zeros(5), np.zeros(5)
    for i in range(len(position)):
        quarter = float(columns[i, 0]) / 4
        left[1:4] = columns[i, 1:]
        for k in range(4):
            aside = left[k + 1] - left[k]
            along[k + 1] = along[k] + np.sqrt(max(quarter * quarter - aside * aside, 0.0))
        d_row, d_column = float(direction[i, 0]), float(direction[i, 1])
        for k in range(5):
            u, v = along[k] - along[2], left[k] - left[2]
            points[i, k, 0] = position[i, 0] + u * d_row - v * d_column
            points[i, k, 1] = position[i, 1] + u * d_column + v * d_row
    return points

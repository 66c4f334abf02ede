"""Where junctions may be: crossings of segments, and corners of the gradient field."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.detectors.rays import MIN_TURN, PAD, ground_at
from perceptgraph.stores.compiled import njit

WINDOW = 2
"""Half side of the window of the structure tensor, pixels."""
APART = 2
"""Corners are the largest within this many pixels to each side."""
LEAST = 3.0
"""Least eigenvalue of the structure tensor at a corner, in variances of the ground's gradient:
the ground itself has 1 on average."""


@njit(cache=True, nogil=True)  # fmt: skip
def directions(ends):  # type: ignore[no-untyped-def]
    """Unit direction (N, 2) and length (N,) of segments (N, 2, 2); none is shorter than 1e-6."""
    n = len(ends)
    unit = np.empty((n, 2))
    length = np.empty(n)
    for i in range(n):
        dr = ends[i, 1, 0] - ends[i, 0, 0]
        dc = ends[i, 1, 1] - ends[i, 0, 1]
        length[i] = max(math.hypot(dr, dc), 1e-6)
        unit[i, 0] = dr / length[i]
        unit[i, 1] = dc / length[i]
    return unit, length


@njit(cache=True, nogil=True)  # fmt: skip
def _measured(ends, reach_share, min_reach, max_reach):  # type: ignore[no-untyped-def]
    """Unit direction, length, reach and bounding box of segments (N, 2, 2)."""
    n = len(ends)
    unit, length = directions(ends)
    reach = np.empty(n)
    box = np.empty((n, 4))
    for i in range(n):
        reach[i] = min(max(reach_share * length[i], min_reach), max_reach)
        for k in range(2):
            box[i, k] = min(ends[i, 0, k], ends[i, 1, k]) - reach[i]
            box[i, 2 + k] = max(ends[i, 0, k], ends[i, 1, k]) + reach[i]
    return unit, length, reach, box


@njit(cache=True, nogil=True)  # fmt: skip
def crossings(ends, reach_share, min_reach, max_reach):  # type: ignore[no-untyped-def]
    """Where the lines of two segments meet within reach of both: (M, 4), row, column, i, j.

    Parameters
    ----------
    ends : (N, 2, 2) float64
        Segment, end, (row, column).
    reach_share, min_reach, max_reach : float
        How far a segment reaches beyond its ends: a share of its length, within bounds, pixels.
    """
    unit, length, reach, box = _measured(ends, reach_share, min_reach, max_reach)
    order = np.argsort(box[:, 0])
    out = np.empty((16, 4))
    found = 0
    for p in range(len(ends)):
        i = order[p]
        for q in range(p + 1, len(ends)):
            j = order[q]
            if box[j, 0] > box[i, 2]:
                break
            if box[j, 1] > box[i, 3] or box[i, 1] > box[j, 3]:
                continue
            sine = unit[i, 0] * unit[j, 1] - unit[i, 1] * unit[j, 0]
            if abs(sine) < math.sin(MIN_TURN):
                continue
            dr = ends[j, 0, 0] - ends[i, 0, 0]
            dc = ends[j, 0, 1] - ends[i, 0, 1]
            on_i = (dr * unit[j, 1] - dc * unit[j, 0]) / sine
            on_j = (dr * unit[i, 1] - dc * unit[i, 0]) / sine
            if not -reach[i] <= on_i <= length[i] + reach[i]:
                continue
            if not -reach[j] <= on_j <= length[j] + reach[j]:
                continue
            if found == len(out):
                longer = np.empty((2 * found, 4))
                longer[:found] = out
                out = longer
            out[found, 0] = ends[i, 0, 0] + on_i * unit[i, 0]
            out[found, 1] = ends[i, 0, 1] + on_i * unit[i, 1]
            out[found, 2] = i
            out[found, 3] = j
            found += 1
    return out[:found]


@njit(cache=True, nogil=True, fastmath=True)  # fmt: skip
def _least_eigenvalues(field):  # type: ignore[no-untyped-def]
    """Smaller eigenvalue (H, W) of the structure tensor of the padded field, mean of a window."""
    height = field.shape[0] - 2 * PAD
    width = field.shape[1] - 2 * PAD
    side = 2 * WINDOW + 1
    share = np.float32(1 / side**2)
    half = np.float32(0.5)
    least = np.empty((height, width), np.float32)
    products = np.zeros((side, 3, width + 2 * WINDOW), np.float32)  # of the last rows
    columns = np.empty((3, width + 2 * WINDOW), np.float32)
    for top in range(height + side - 1):
        row = field[PAD - WINDOW + top, PAD - WINDOW : PAD + width + WINDOW]
        latest = products[top % side]
        for j in range(width + 2 * WINDOW):
            r = row[j, 0]
            c = row[j, 1]
            latest[0, j] = r * r
            latest[1, j] = r * c
            latest[2, j] = c * c
        if top < side - 1:
            continue
        for k in range(3):
            for j in range(width + 2 * WINDOW):
                total = np.float32(0)
                for i in range(side):
                    total += products[i, k, j]
                columns[k, j] = total
        out = least[top - side + 1]
        for j in range(width):
            rr = np.float32(0)
            rc = np.float32(0)
            cc = np.float32(0)
            for i in range(side):
                rr += columns[0, j + i]
                rc += columns[1, j + i]
                cc += columns[2, j + i]
            apart = half * (rr - cc)
            out[j] = share * (half * (rr + cc) - np.sqrt(apart * apart + rc * rc))
    return least


def corners(field: NDArray[np.float32], blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels (M, 2) where the gradient has two directions, more than the `ground` has.

    Local maxima of the structure tensor's smaller eigenvalue, the largest first.
    """
    least = _least_eigenvalues(field)
    around = np.ones((2 * APART + 1, 2 * APART + 1), np.uint8)
    places = _above(least, cv2.dilate(least, around), blocks)
    values = least[places[:, 0].astype(np.int64), places[:, 1].astype(np.int64)]
    return np.asarray(places[np.argsort(-values, kind="stable")])


@njit(cache=True, nogil=True)  # fmt: skip
def _above(least, largest, blocks):  # type: ignore[no-untyped-def]
    """Pixels (M, 2) that are the largest around and above LEAST variances of the ground."""
    height, width = least.shape
    out = np.empty((16, 2))
    found = 0
    for i in range(height):
        for j in range(width):
            if least[i, j] < largest[i, j]:
                continue
            if least[i, j] <= LEAST * ground_at(blocks, least.shape, i, j) ** 2:
                continue
            if found == len(out):
                longer = np.empty((2 * found, 2))
                longer[:found] = out
                out = longer
            out[found, 0] = i
            out[found, 1] = j
            found += 1
    return out[:found]

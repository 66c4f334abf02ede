"""Collinear segments that continue each other become one where that is more meaningful."""

import math
from typing import Any

import numpy as np

from perceptgraph.stages.detectors.rectangles import (
    Rectangle,
    alignment_log10_nfa,
    count_inside,
    strength_log10_nfa,
)
from perceptgraph.stores.compiled import njit


@njit(cache=True, nogil=True)  # fmt: skip
def merged(
    field: Any, test: Any, found: Any, max_gap: float, max_offset: float, min_cosine: float
) -> Any:
    """Boxes (M, 6) in which no two can be merged any more.

    Two that run the same way within the angle, follow each other within `max_gap` and lie within
    `max_offset` of each other's line are one if the rectangle over both, gap included, has a lower
    NFA than either.

    Parameters
    ----------
    field, test
        Those in which the boxes were found.
    found : (N, 6) float64
        Of `line_support_boxes`.
    max_gap, max_offset : float
        Corners.
    min_cosine : float
        Of the angle between the two.
    """
    n = len(found)
    boxes = found.copy()
    alive = np.ones(n, np.bool_)
    aligned = np.empty(len(test.cosines), np.int64)
    cell = max(max_gap, 1.0)
    columns = int(field.norm.shape[1] / cell) + 2
    heads = np.full((int(field.norm.shape[0] / cell) + 2) * columns, -1, np.int64)
    following = np.full(n, -1, np.int64)
    for i in range(n):
        _enter(heads, following, columns, cell, boxes, i)
    for first in np.argsort(boxes[:, 5], kind="mergesort"):
        while alive[first]:
            partner = _successor(
                heads,
                following,
                columns,
                cell,
                boxes,
                alive,
                first,
                max_gap,
                max_offset,
                min_cosine,
            )
            if partner < 0:
                break
            both = _over_both(field, test, boxes[first], boxes[partner], aligned)
            if both[5] > min(boxes[first, 5], boxes[partner, 5]):
                break
            alive[partner] = False
            # The start stays where it was, so that `first` stays in its cell.
            boxes[first] = both
    return boxes[alive]


@njit(cache=True, nogil=True)  # fmt: skip
def _enter(heads: Any, following: Any, columns: int, cell: float, boxes: Any, i: int) -> None:
    """Put box i into the list of the cell that holds its start."""
    k = int(max(boxes[i, 0], 0.0) / cell) * columns + int(max(boxes[i, 1], 0.0) / cell)
    following[i] = heads[k]
    heads[k] = i


@njit(cache=True, nogil=True)  # fmt: skip
def _successor(
    heads: Any,
    following: Any,
    columns: int,
    cell: float,
    boxes: Any,
    alive: Any,
    first: int,
    max_gap: float,
    max_offset: float,
    min_cosine: float,
) -> int:
    """The box whose start comes next after the end of box `first`, or -1."""
    best, nearest = -1, np.inf
    row, column = boxes[first, 2], boxes[first, 3]
    along_row, along_column, length = _direction(boxes[first])
    cell_row, cell_column = int(max(row, 0.0) / cell), int(max(column, 0.0) / cell)
    for r in range(max(cell_row - 1, 0), min(cell_row + 2, len(heads) // columns)):
        for c in range(max(cell_column - 1, 0), min(cell_column + 2, columns)):
            other = heads[r * columns + c]
            while other >= 0:
                i = other
                other = following[i]
                if i == first or not alive[i]:
                    continue
                down, right = boxes[i, 0] - row, boxes[i, 1] - column
                gap = down * along_row + right * along_column
                if abs(gap) > max_gap or gap < -0.5 * length or abs(gap) >= nearest:
                    continue
                if abs(-down * along_column + right * along_row) > max_offset:
                    continue
                other_row, other_column, other_length = _direction(boxes[i])
                if along_row * other_row + along_column * other_column < min_cosine:
                    continue
                if gap < -0.5 * other_length:
                    continue
                if abs(-down * other_column + right * other_row) > max_offset:
                    continue
                best, nearest = i, abs(gap)
    return best


@njit(cache=True, nogil=True)  # fmt: skip
def _direction(box: Any) -> tuple[float, float, float]:
    """Unit vector from the first end to the second, and their distance."""
    down, right = box[2] - box[0], box[3] - box[1]
    length = max(math.hypot(down, right), 1e-9)
    return down / length, right / length, length


@njit(cache=True, nogil=True)  # fmt: skip
def _over_both(field: Any, test: Any, one: Any, two: Any, aligned: Any) -> Any:
    """The box from the start of one to the end of two, as wide as the wider."""
    both = one.copy()
    down, right = two[2] - one[0], two[3] - one[1]
    length = max(math.hypot(down, right), 1e-9)
    half = max(one[4], two[4]) / 2
    box = Rectangle(one[0], one[1], down / length, right / length, 0.0, length, -half, half)
    n, total = count_inside(field, box, test.cosines, aligned)
    both[0] = box.row
    both[1] = box.column
    both[2] = box.row + length * box.along_row
    both[3] = box.column + length * box.along_column
    both[4] = 2 * half
    both[5] = max(alignment_log10_nfa(test, n, aligned), strength_log10_nfa(test, box, n, total))
    return both

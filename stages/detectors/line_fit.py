"""Where a segment is to a hundredth of a pixel, and the contrast across it."""

import math
from typing import Any

import numpy as np

from perceptgraph.stages.detectors.level_lines import gradient_at
from perceptgraph.stages.detectors.rectangles import Rectangle
from perceptgraph.stores.compiled import njit

FIT_REACH = 2.0  # pixels to either side of a segment from which its position is refined
FIT_ROUNDS, FIT_PRECISION = 3, 0.02  # pixels that the fit may still move
OVERSHOOT = 1.5  # the window moves with the line, so that a round covers two thirds of the way
RISE_REACH, RISE_STEP = 3.0, 0.75  # pixels to either side over which the levels rise; of samples
RISE_PACE = 2.0  # pixels along the segment from sample to sample


@njit(cache=True, nogil=True)  # fmt: skip
def fitted(field: Any, boxes: Any, min_cosine: float) -> Any:
    """Segments with their position refined and their contrast in a column more.

    Parameters
    ----------
    field : Field
        In which the boxes were found.
    boxes : (N, 6) float64
        Of `line_support_boxes`.
    min_cosine : float
        Of the angle between the gradient of an aligned corner and the normal.

    Returns
    -------
    (N, 7) float64
        The same columns, and the difference of the levels on both sides.
    """
    found = np.empty((len(boxes), boxes.shape[1] + 1))
    for i in range(len(boxes)):
        down, right = boxes[i, 2] - boxes[i, 0], boxes[i, 3] - boxes[i, 1]
        length = max(math.hypot(down, right), 1e-9)
        half = boxes[i, 4] / 2
        box = Rectangle(
            boxes[i, 0], boxes[i, 1], down / length, right / length, 0.0, length, -half, half
        )
        box = _refined(field, box, min_cosine)
        found[i, 0] = box.row
        found[i, 1] = box.column
        found[i, 2] = box.row + length * box.along_row
        found[i, 3] = box.column + length * box.along_column
        found[i, 4:-1] = boxes[i, 4:]
        found[i, -1] = _rise_across(field, box, min_cosine)
    return found


@njit(cache=True, nogil=True)  # fmt: skip
def _rise_across(field: Any, box: Any, min_cosine: float) -> float:
    """Difference of the levels on both sides: the gradients across it summed over its flanks."""
    rows, columns = field.norm.shape
    levels = field.image.reshape(-1)
    n_steps = max(int((box.stop - box.start) / RISE_PACE), 1)
    n_aside = int(RISE_REACH / RISE_STEP)
    total = 0.0
    for i in range(n_steps):
        a = box.start + (i + 0.5) * (box.stop - box.start) / n_steps
        for j in range(-n_aside, n_aside + 1):
            b = j * RISE_STEP
            r = round(box.row + a * box.along_row - b * box.along_column)
            c = round(box.column + a * box.along_column + b * box.along_row)
            if 0 <= r < rows - 1 and 0 <= c < columns - 1:
                down, right = gradient_at(levels, r * columns + c, columns)
                across = right * box.along_row - down * box.along_column
                if across >= min_cosine * field.norm[r, c]:
                    total += across * RISE_STEP
    return total / n_steps


@njit(cache=True, nogil=True)  # fmt: skip
def _refined(field: Any, box: Any, min_cosine: float) -> Any:
    """The rectangle moved and turned onto the line where the gradient across it is centred.

    Least squares of the offset `left` = shift + slope * `along`, weighted by the squared gradient
    of the aligned corners within FIT_REACH.
    """
    for _ in range(FIT_ROUNDS):
        w0 = w1 = w2 = b0 = b1 = 0.0
        rows, columns = field.norm.shape
        levels = field.image.reshape(-1)
        left_row, left_column = -box.along_column, box.along_row
        steep = abs(box.along_row) > abs(box.along_column)
        n_lines, n_across = (rows - 1, columns - 1) if steep else (columns - 1, rows - 1)
        pace = box.along_row if steep else box.along_column
        origin = box.row if steep else box.column
        lines = (origin + box.start * pace, origin + box.stop * pace)
        reach = FIT_REACH / abs(pace)
        for i in range(max(math.ceil(min(lines)), 0), min(math.floor(max(lines)), n_lines - 1) + 1):
            # The line crosses this row (column) here; corners to either side are weighed.
            ratio = (i - origin) / pace
            centre = (
                box.column + ratio * box.along_column if steep else box.row + ratio * box.along_row
            )
            if centre < reach or centre + reach > n_across - 1:
                continue  # cut by the border on one side only, the line would be pulled inwards
            for j in range(math.ceil(centre - reach), math.floor(centre + reach) + 1):
                r, c = (i, j) if steep else (j, i)
                down, right = gradient_at(levels, r * columns + c, columns)
                across = down * left_row + right * left_column
                if across <= 0 or across < min_cosine * field.norm[r, c]:
                    continue
                a = (r - box.row) * box.along_row + (c - box.column) * box.along_column
                b = (r - box.row) * left_row + (c - box.column) * left_column
                # The square leaves the noise of the flanks out; the weights fall to 0 at the
                # reach, since a corner must not enter or leave at full weight.
                w = across * across * (1.0 - (b / FIT_REACH) ** 2)
                if w <= 0:
                    continue
                w0 += w
                w1 += w * a
                w2 += w * a * a
                b0 += w * b
                b1 += w * a * b
        spread = w0 * w2 - w1 * w1
        if spread <= 1e-9 * w0 * w0:
            return box
        shift = OVERSHOOT * (w2 * b0 - w1 * b1) / spread
        slope = OVERSHOOT * (w0 * b1 - w1 * b0) / spread
        if abs(shift) > FIT_REACH or abs(slope) > 0.2:
            return box
        scale = 1.0 / math.sqrt(1.0 + slope * slope)
        box = Rectangle(
            box.row + shift * left_row,
            box.column + shift * left_column,
            scale * (box.along_row + slope * left_row),
            scale * (box.along_column + slope * left_column),
            box.start,
            box.stop,
            box.right,
            box.left,
        )
        if abs(shift) + abs(slope) * (box.stop - box.start) / 2 < FIT_PRECISION:
            break
    return box

"""Line-support regions: chains of crests of the gradient that run the same way, and their box."""

import math
from typing import Any

import numpy as np

from perceptgraph.stages.detectors.level_lines import FREE, TAKEN, gradient_at
from perceptgraph.stages.detectors.rectangles import Rectangle, improved, with_sides
from perceptgraph.stores.compiled import njit

MIN_CHAIN = 8  # crests; the smallest chain that is looked at
MAX_SAG = 3.0  # pixels that a chain may deviate in all from a straight one
FLANK_WIDTH = 1.0  # pixels to either side of a chain that its edge covers too
SHRINK = 0.75  # of a chain's radius, while it is loose
N_COLUMNS = 6  # of the result of `line_support_boxes`


@njit(cache=True, nogil=True)  # fmt: skip
def line_support_boxes(field: Any, order: Any, test: Any, density: float, log10_eps: float) -> Any:
    """Meaningful rectangles of a level-line field.

    Parameters
    ----------
    field, order
        Of `level_line_field`; crests that regions take are marked in `field.state`.
    test : Test
    density : float
        Crests of a region, least share of the rows (or columns, the more) that it runs through.
    log10_eps : float

    Returns
    -------
    (N, 6) float64
        Both ends (row, column, row, column) in corners, the brighter side to the left; width;
        log10(NFA).
    """
    region = np.empty(field.norm.size, np.int32)
    aligned = np.empty(len(test.cosines), np.int64)
    found = np.empty((len(order) + 1, N_COLUMNS))
    n_found = 0
    state = field.state.reshape(-1)
    for seed in order:
        if state[seed] != FREE:
            continue
        size, sum_row, sum_column = _grow(field, seed, test.cosines[0], region)
        if size < MIN_CHAIN:
            continue
        box = _bounding_box(field, region[:size], sum_row, sum_column)
        if _is_loose(size, box, density):
            size, box = _straighter(field, region, size, box, test.cosines[0], density)
            if size < MIN_CHAIN:
                continue
        box = with_sides(box, box.right - FLANK_WIDTH, box.left + FLANK_WIDTH)
        box, log10_nfa = improved(field, box, test, aligned)
        if log10_nfa > log10_eps:
            continue
        found[n_found, 0] = box.row + box.start * box.along_row
        found[n_found, 1] = box.column + box.start * box.along_column
        found[n_found, 2] = box.row + box.stop * box.along_row
        found[n_found, 3] = box.column + box.stop * box.along_column
        found[n_found, 4] = box.left - box.right
        found[n_found, 5] = log10_nfa
        n_found += 1
    return found[:n_found]


@njit(cache=True, nogil=True)  # fmt: skip
def _grow(field: Any, seed: int, min_cosine: float, region: Any) -> tuple[int, float, float]:
    """Region of a seed: its size and the sum of its unit gradients; `region` holds its corners.

    A neighbour joins where its gradient is aligned with the sum of those that joined before, in
    rounds: in which order it is come to does not matter.
    """
    columns = field.norm.shape[1]
    levels, norm = field.image.reshape(-1), field.norm.reshape(-1)
    state = field.state.reshape(-1)
    around = (-1, 1, -columns, columns, -columns - 1, -columns + 1, columns - 1, columns + 1)
    region[0] = seed
    state[seed] = TAKEN
    down, right = gradient_at(levels, seed, columns)
    sum_row, sum_column = down / norm[seed], right / norm[seed]
    squared_cosine = np.float32(min_cosine * min_cosine)
    threshold = squared_cosine  # times the squared length of the sum: no root per corner
    begin, size = 0, 1
    while begin < size:
        end = size
        for i in range(begin, end):
            for step in around:
                k = region[i] + step
                if state[k] != FREE:
                    continue
                down, right = gradient_at(levels, k, columns)
                dot = down * sum_row + right * sum_column
                if dot <= 0 or dot * dot < threshold * norm[k] * norm[k]:
                    continue
                state[k] = TAKEN
                region[size] = k
                size += 1
        for k in region[end:size]:
            down, right = gradient_at(levels, k, columns)
            inverse = np.float32(1) / norm[k]
            sum_row += down * inverse
            sum_column += right * inverse
        threshold = squared_cosine * (sum_row * sum_row + sum_column * sum_column)
        begin = end
    return size, sum_row, sum_column


@njit(cache=True, nogil=True)  # fmt: skip
def _bounding_box(field: Any, region: Any, sum_row: float, sum_column: float) -> Any:
    """Rectangle around a region: its axis is that of least inertia, weighted by the gradient."""
    columns = field.norm.shape[1]
    norm = field.norm.reshape(-1)
    weight = row = column = 0.0
    rr = rc = cc = 0.0
    first_row, first_column = region[0] // columns, region[0] % columns
    for k in region:
        w = norm[k]
        at = k // columns
        r, c = float(at - first_row), float(k - at * columns - first_column)
        weight += w
        row += w * r
        column += w * c
        rr += w * r * r
        rc += w * r * c
        cc += w * c * c
    row, column = row / weight, column / weight
    rr, rc, cc = rr / weight - row * row, rc / weight - row * column, cc / weight - column * column
    theta = 0.5 * math.atan2(2.0 * rc, cc - rr)
    along_row, along_column = math.sin(theta), math.cos(theta)
    # The brighter side is to the left of the direction: the gradient is (-along_column, along_row).
    if -along_column * sum_row + along_row * sum_column < 0:
        along_row, along_column = -along_row, -along_column
    start = stop = right = left = 0.0
    for k in region:
        at = k // columns
        r = float(at - first_row) - row
        c = float(k - at * columns - first_column) - column
        a = r * along_row + c * along_column
        b = -r * along_column + c * along_row
        start, stop = min(start, a), max(stop, a)
        right, left = min(right, b), max(left, b)
    if left - right < 1.0:
        middle = (left + right) / 2
        right, left = middle - 0.5, middle + 0.5
    return Rectangle(
        row + first_row, column + first_column, along_row, along_column, start, stop, right, left
    )


@njit(cache=True, nogil=True)  # fmt: skip
def _is_loose(size: int, box: Any, density: float) -> bool:
    """Whether a chain is bent, or has more gaps than a straight one."""
    length = (box.stop - box.start) * max(abs(box.along_row), abs(box.along_column))
    return box.left - box.right > MAX_SAG or size < density * length


@njit(cache=True, nogil=True)  # fmt: skip
def _straighter(
    field: Any, region: Any, size: int, box: Any, min_cosine: float, density: float
) -> tuple[int, Any]:
    """A chain that is not loose: grown anew with the tolerance of the seed's surround.

    Where the smaller tolerance does not help, the crests farthest from the seed are let go.
    """
    columns = field.norm.shape[1]
    seed = region[0]
    _release(field, region[:size])
    cosine = _local_cosine(field, region[:size], box.left - box.right, min_cosine)
    size, sum_row, sum_column = _grow(field, seed, cosine, region)
    if size < MIN_CHAIN:
        return 0, box
    box = _bounding_box(field, region[:size], sum_row, sum_column)
    radius = 0.0  # squared
    for k in region[:size]:
        radius = max(radius, _squared_distance(k, seed, columns))
    while _is_loose(size, box, density):
        radius *= SHRINK**2
        kept = 0
        for i in range(size):
            k = region[i]
            if _squared_distance(k, seed, columns) <= radius:
                region[kept] = k
                kept += 1
            else:
                field.state.reshape(-1)[k] = FREE
        size = kept
        if size < MIN_CHAIN:
            return 0, box
        box = _bounding_box(field, region[:size], sum_row, sum_column)
    return size, box


@njit(cache=True, nogil=True)  # fmt: skip
def _squared_distance(one: int, two: int, columns: int) -> int:
    """Of two corners, given by their flat indices."""
    row_one, row_two = one // columns, two // columns
    right = one - two - (row_one - row_two) * columns
    return (row_one - row_two) ** 2 + right * right


@njit(cache=True, nogil=True)  # fmt: skip
def _release(field: Any, region: Any) -> None:
    state = field.state.reshape(-1)
    for k in region:
        state[k] = FREE


@njit(cache=True, nogil=True)  # fmt: skip
def _local_cosine(field: Any, region: Any, radius: float, min_cosine: float) -> float:
    """Cosine of twice the spread of the gradients' angles around the seed."""
    columns = field.norm.shape[1]
    levels, norm = field.image.reshape(-1), field.norm.reshape(-1)
    seed = region[0]
    seed_down, seed_right = gradient_at(levels, seed, columns)
    n = 0
    total = squares = 0.0
    for k in region:
        if _squared_distance(k, seed, columns) <= radius * radius:
            down, right = gradient_at(levels, k, columns)
            sine = (seed_down * right - seed_right * down) / (norm[seed] * norm[k])
            total += sine
            squares += sine * sine
            n += 1
    spread = math.sqrt(max(squares / n - (total / n) ** 2, 0.0))
    return max(math.cos(min(2.0 * spread, math.pi / 2)), min_cosine)

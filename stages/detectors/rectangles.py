"""Rectangles on a level-line field: what is inside, and how meaningful that is.

A rectangle is directed, brighter to the left, and given in its own frame: `along` its direction and
`left` of it, from an origin on its axis.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from perceptgraph.stages.detectors.level_lines import WEAK, gradient_at
from perceptgraph.stages.detectors.nfa import log10_binomial_tail, log10_gaussian_tail
from perceptgraph.stores.compiled import njit

N_PRECISIONS = 4
"""Angle tolerances tried: the largest, and three halves of the one before."""
WIDTH_STEP = 0.5  # pixels; a rectangle that is too wide is tried narrower by this ...
MAX_NARROWER = 4  # ... so many times, from both sides and from either
NEARLY = 6.0
ROUNDING = 1e-5  # pixels by which a corner may lie outside: those that gave a rectangle its ends
# and sides are inside, however they were rounded
MAX_LAG = 64  # pixels over which noise is summed; beyond 10 times the blur nothing is correlated


class Rectangle(NamedTuple):
    """A directed rectangle in the plane of corners, (row, column)."""

    row: float
    column: float
    """Origin."""
    along_row: float
    along_column: float
    """Unit direction."""
    start: float
    stop: float
    """Extent along the direction from the origin, pixels."""
    right: float
    left: float
    """Extent across: right is negative or 0, left positive or 0, pixels."""


class Test(NamedTuple):
    """What noise is like, for tests of rectangles of one image at one scale."""

    log10_tests: float
    """log10 of the number of rectangles of the image."""
    cosines: Any
    """(N_PRECISIONS,): least cosine of an aligned corner's angle to the normal."""
    chances: Any
    """(N_PRECISIONS,): probability of that in noise."""
    gradient_std: float
    """Standard deviation of one component of the gradient in noise."""
    along: Any
    """(MAX_LAG + 1,): variance of the sum of n gradients in a row along the line, of 1 each."""
    across: Any
    """(MAX_LAG + 1,): the same across the line."""


def make_test(
    shape: tuple[int, int],
    n_scales: int,
    tolerance: float,
    gradient_std: float,
    total_blur: float,
) -> Test:
    r"""Background model for the rectangles of an image.

    There are :math:`(HW)^{5/2}` rectangles: two ends and a width. Each is tried with
    N_PRECISIONS tolerances, at each of the scales.

    The component of the gradient across a line has, in noise of total blur t, the correlation
    :math:`\exp(-d^2/4t^2)` along the line and :math:`(1 - d^2/2t^2) \exp(-d^2/4t^2)` across it;
    summed over a rectangle the variance is the product of the sums over both lags.

    Parameters
    ----------
    shape : (H, W)
        Of the whole image.
    n_scales : int
        At which rectangles are tried.
    tolerance : float
        Largest angle tolerance, radians.
    gradient_std, total_blur : float
        Of the noise in the field, in levels per pixel and pixels of the field.
    """
    log10_tests = math.log10(n_scales * N_PRECISIONS) + 2.5 * math.log10(shape[0] * shape[1])
    angles = tolerance / 2.0 ** np.arange(N_PRECISIONS)
    along, across = _variances_of_sums(total_blur)
    return Test(log10_tests, np.cos(angles), angles / math.pi, gradient_std, along, across)


@njit(cache=True, nogil=True)  # fmt: skip
def _variances_of_sums(total_blur: float) -> tuple[Any, Any]:
    """Variance (MAX_LAG + 1,) of the sum of so many gradients of variance 1, along and across."""
    along, across = np.zeros(MAX_LAG + 1), np.zeros(MAX_LAG + 1)
    step_along = step_across = 1.0  # by which the variance grows with one sample more
    for n in range(MAX_LAG):
        along[n + 1] = along[n] + step_along
        across[n + 1] = across[n] + step_across
        squared = ((n + 1) / total_blur) ** 2
        decay = math.exp(-squared / 4)
        step_along += 2 * decay
        step_across += 2 * (1 - squared / 2) * decay
    # A thin rectangle askew of the grid never cancels wholly: half of one sample stays.
    across[1:] = np.maximum(across[1:], 0.5)
    return along, across


@njit(cache=True, nogil=True)  # fmt: skip
def count_inside(field: Any, box: Any, cosines: Any, aligned: Any) -> tuple[int, float]:
    """Corners inside and the sum of their gradients across; `aligned` at each precision is set."""
    aligned[:] = 0
    n = 0
    total = 0.0
    rows, columns = field.norm.shape
    levels = field.image.reshape(-1)
    left_row, left_column = -box.along_column, box.along_row
    start, stop = box.start - ROUNDING, box.stop + ROUNDING
    right, left = box.right - ROUNDING, box.left + ROUNDING
    reach_along = max(abs(start), abs(stop)) * abs(box.along_row)
    reach_left = max(abs(right), abs(left)) * abs(left_row)
    first = max(math.ceil(box.row - reach_along - reach_left), 0)
    last = min(math.floor(box.row + reach_along + reach_left), rows - 2)
    for r in range(first, last + 1):
        down = r - box.row
        low, high = -0.5 - box.column, columns - 1.5 - box.column
        low, high = _within(low, high, box.along_column, start, stop, down * box.along_row)
        low, high = _within(low, high, left_column, right, left, down * left_row)
        for c in range(math.ceil(low + box.column), math.floor(high + box.column) + 1):
            k = r * columns + c
            down_slope, right_slope = gradient_at(levels, k, columns)
            across = down_slope * left_row + right_slope * left_column
            n += 1
            total += across
            if field.state[r, c] != WEAK:
                for j in range(len(cosines)):
                    if across < cosines[j] * field.norm[r, c]:
                        break
                    aligned[j] += 1
    return n, total


@njit(cache=True, nogil=True, inline="always")  # fmt: skip
def _within(
    low: float, high: float, slope: float, least: float, most: float, offset: float
) -> tuple[float, float]:
    """The interval of x in [low, high] where least <= slope * x + offset <= most."""
    if abs(slope) < 1e-9:
        return (low, high) if least <= offset <= most else (1.0, 0.0)
    one, two = (least - offset) / slope, (most - offset) / slope
    return max(low, min(one, two)), min(high, max(one, two))


@njit(cache=True, nogil=True)  # fmt: skip
def alignment_log10_nfa(test: Any, n: int, aligned: Any) -> float:
    """log10(NFA) of so many aligned corners among n, at the best precision."""
    best = np.inf
    for j in range(len(aligned)):
        best = min(best, log10_binomial_tail(n, aligned[j], test.chances[j]))
    return best + test.log10_tests


@njit(cache=True, nogil=True)  # fmt: skip
def strength_log10_nfa(test: Any, box: Any, n: int, total: float) -> float:
    r"""log10(NFA) of the sum of the gradients across a rectangle, in correlated noise.

    .. math:: \mathrm{NFA} = N_T P\Bigl(\mathcal N(0, 1) \ge \tfrac{\sum g}{\sqrt{V}}\Bigr)

    V is the variance of that sum in the noise measured: a matched filter for a straight edge. It
    is exact for Gaussian noise of any correlation, so that the bound holds where the one on
    aligned corners, which takes them for independent, does not.
    """
    if n == 0 or total <= 0:
        return test.log10_tests
    length, width = box.stop - box.start, box.left - box.right
    # The frame counts corners by area; `n` are those really inside.
    variance = (
        n
        * _per_sample(test.along, max(length, 1.0))
        * _per_sample(test.across, max(width, 1.0))
        * test.gradient_std**2
    )
    return test.log10_tests + log10_gaussian_tail(total / math.sqrt(variance))


@njit(cache=True, nogil=True)  # fmt: skip
def _per_sample(variance_of_sums: Any, n: float) -> float:
    """Variance of the sum of n samples, over n; n need not be whole."""
    last = len(variance_of_sums) - 1
    if n >= last:
        return variance_of_sums[last] / last
    whole = int(n)
    share = n - whole
    return ((1 - share) * variance_of_sums[whole] + share * variance_of_sums[whole + 1]) / n


@njit(cache=True, nogil=True)  # fmt: skip
def with_sides(box: Any, right: float, left: float) -> Any:
    """The rectangle with other extents across."""
    return Rectangle(
        box.row,
        box.column,
        box.along_row,
        box.along_column,
        box.start,
        box.stop,
        right,
        left,
    )


@njit(cache=True, nogil=True)  # fmt: skip
def _narrower(box: Any, side: int) -> Any:
    """The rectangle less WIDTH_STEP: half from both sides (0), from the right (1), the left (2)."""
    right = WIDTH_STEP / 2 if side == 0 else (WIDTH_STEP if side == 1 else 0.0)
    return with_sides(box, box.right + right, box.left - (WIDTH_STEP - right))


@njit(cache=True, nogil=True)  # fmt: skip
def _may_be_meaningful(test: Any, aligned: Any) -> bool:
    """Whether the aligned corners alone, without any other, would be meaningful."""
    for j in range(len(aligned)):
        if aligned[j] * math.log10(test.chances[j]) + test.log10_tests <= 0:
            return True
    return False


@njit(cache=True, nogil=True)  # fmt: skip
def improved(field: Any, box: Any, test: Any, aligned: Any) -> tuple[Any, float]:
    """The rectangle, made narrower while it is not meaningful, and its log10(NFA)."""
    n, total = count_inside(field, box, test.cosines, aligned)
    best = alignment_log10_nfa(test, n, aligned)
    if best > NEARLY or not _may_be_meaningful(test, aligned):
        return box, best
    for side in range(3):
        if best <= 0:
            break
        tried = box
        for _ in range(MAX_NARROWER):
            tried = _narrower(tried, side)
            if tried.left - tried.right < 1.0:
                break
            n_tried, total_tried = count_inside(field, tried, test.cosines, aligned)
            log10_nfa = alignment_log10_nfa(test, n_tried, aligned)
            if log10_nfa < best:
                best, box, n, total = log10_nfa, tried, n_tried, total_tried
    return box, max(best, strength_log10_nfa(test, box, n, total))

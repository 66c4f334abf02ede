"""Contours: the level lines of a drawing or a digit halfway between its darkest and brightest."""

import math

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import EdgeChains, no_edges
from perceptgraph.stages.detectors.chains import ENDS, best_run
from perceptgraph.stages.detectors.levels import level_at
from perceptgraph.stages.detectors.nfa import LOG10_E, SPACING
from perceptgraph.stages.detectors.noise import measure_noise
from perceptgraph.stores.compiled import njit

SQUARE_BLUR = 0.5
"""Blur of the gradient of a square of four pixels, pixels."""
DRAWN_BLUR = 1.0
"""Blur that is assumed, pixels, where an image is too small to measure it ..."""
MEASURED_SIDE = 64
"""... because its shorter side is below, pixels."""
ROOT = 2 / math.sqrt(math.pi)


def contours(
    image: NDArray[np.float32], *, share: float = 0.5, log10_eps: float = 0.0
) -> EdgeChains:
    r"""Meaningful level lines of an image at one level, to sub-pixel accuracy.

    Lines pass between neighbouring pixels on either side of the level, where linear interpolation
    reaches it; in a square whose diagonals lie on opposite sides, the mean of its four pixels
    decides. A line is kept, whole, if one of its pieces is meaningful: in a Gaussian field with
    the mean gradient norm of this image, the squared norm over its mean, x, exceeds a value on a
    level line with probability

    .. math:: P(x) = \operatorname{erfc}\sqrt{x} + 2 \sqrt{x / \pi} \, e^{-x}
              \le (1 + 2 \sqrt{x / \pi}) \, e^{-x}

    since a level line is the longer, the steeper the field is where it passes.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    share : float
        Of the way from the lowest level of the image to the highest; half of it for drawings.
    log10_eps : float
        Largest log10(NFA) of a line's best piece
        (`perceptgraph.stages.detectors.chains.curves_log10_nfa`).

    Returns
    -------
    EdgeChains
        Most meaningful first, the brighter side to the left of each. A line is closed, and begins
        where the gradient is least, unless it leaves the image. Contrast: mean difference of
        levels a pixel to either side.

    References
    ----------
    .. [1] W. E. Lorensen, H. E. Cline, "Marching cubes: a high resolution 3D surface construction
           algorithm", Computer Graphics 21(4), 1987.

    Examples
    --------
    >>> image = np.zeros((12, 12), np.float32)
    >>> image[4:8, 3:9] = 1
    >>> found = contours(image)
    >>> len(found), found.closed.tolist(), found.points.min(axis=0).tolist()
    (1, [True], [3.5, 2.5])
    """
    if min(image.shape) < 2:
        return no_edges()
    if min(image.shape) < MEASURED_SIDE:
        blur = math.hypot(DRAWN_BLUR, SQUARE_BLUR)
    else:
        blur = measure_noise(image).total_blur(SQUARE_BLUR)
    return EdgeChains(*_contours(np.ascontiguousarray(image), share, SPACING * blur, log10_eps))


@njit(cache=True, nogil=True)
def _contours(image, share, spacing, log10_eps):  # type: ignore[no-untyped-def]
    """Fields of EdgeChains."""
    level, energy, n_crossings = _survey(image, share)
    points = np.empty((n_crossings, 2), np.float32)
    strength = np.empty(n_crossings, np.float32)
    way = np.zeros(n_crossings, np.float32)
    offsets = np.zeros(n_crossings + 1, np.int64)
    closed = np.empty(n_crossings, np.bool_)
    n_lines = _trace(image, level, energy, points, strength, way, offsets, closed)
    n_tests = 0.0
    for k in range(n_lines):
        if closed[k]:
            run = slice(offsets[k], offsets[k + 1])
            _begin_at_weakest(points[run], strength[run], way[run])
        n_ends = (way[offsets[k + 1] - 1] + 1) * ENDS / spacing
        n_tests += n_ends * (n_ends + 1) / 2
    log10_tests = math.log10(max(n_tests, 1.0))
    log10_nfa = np.empty(n_lines, np.float32)
    stack = np.empty(n_crossings, np.int64)
    for k in range(n_lines):
        best = best_run(strength, way, offsets[k], offsets[k + 1] - 1, stack)
        log10_nfa[k] = log10_tests - best / spacing
    order = np.argsort(log10_nfa, kind="mergesort")
    order = order[: np.count_nonzero(log10_nfa <= log10_eps)]
    counts = offsets[order + 1] - offsets[order]
    starts = np.zeros(len(order) + 1, np.int64)
    starts[1:] = np.cumsum(counts)
    gathered = np.empty((starts[-1], 2), np.float32)
    contrast = np.empty(len(order), np.float32)
    for n in range(len(order)):
        line = points[offsets[order[n]] : offsets[order[n] + 1]]
        gathered[starts[n] : starts[n + 1]] = line
        contrast[n] = _contrast(image, line)
    polarity = np.ones(len(order), np.int8)
    return gathered, starts, closed[order], polarity, contrast, log10_nfa[order]


@njit(cache=True, nogil=True)
def _survey(image, share):  # type: ignore[no-untyped-def]
    """The level, the gradient's energy, and how many pairs of neighbours the level parts.

    The energy is the mean squared norm in the Gaussian field with the image's mean norm.
    """
    height, width = image.shape
    low, high = image[0, 0], image[0, 0]
    for r in range(height):
        for c in range(width):
            low = min(low, image[r, c])
            high = max(high, image[r, c])
    level = low + np.float32(share) * (high - low)
    total = 0.0
    n_crossings = 0
    for r in range(height):
        for c in range(width):
            is_bright = image[r, c] >= level
            if c + 1 < width and is_bright != (image[r, c + 1] >= level):
                n_crossings += 1
            if r + 1 < height and is_bright != (image[r + 1, c] >= level):
                n_crossings += 1
            if r + 1 < height and c + 1 < width:
                total += math.sqrt(_square(image, r, c))
    mean = total / ((height - 1) * (width - 1))
    return level, 4 / math.pi * mean * mean, n_crossings


@njit(cache=True, nogil=True)
def _square(image, r, c):  # type: ignore[no-untyped-def]
    """Squared norm of the gradient of a square of four pixels."""
    falling = image[r + 1, c + 1] - image[r, c]
    rising = image[r, c + 1] - image[r + 1, c]
    return (falling * falling + rising * rising) * np.float32(0.5)


@njit(cache=True, nogil=True)
def _trace(image, level, energy, points, strength, way, offsets, closed):  # type: ignore[no-untyped-def]
    """Follow all lines, those that enter the image at its border first; their number.

    A crossing is a pair of neighbouring pixels on either side of the level: pixel (r, c) and the
    one below (axis 0) or to the right (axis 1).
    """
    height, width = image.shape
    is_passed = np.zeros((height, width, 2), np.bool_)
    n, n_lines = 0, 0
    for from_border in (True, False):
        for r0 in range(height):
            for c0 in range(width):
                for axis0 in range(2):
                    r, c, axis = r0, c0, axis0
                    r2, c2 = r + 1 - axis, c + axis
                    if r2 >= height or c2 >= width or is_passed[r, c, axis]:
                        continue
                    if (image[r, c] >= level) == (image[r2, c2] >= level):
                        continue
                    if from_border and _square_at(image, level, r, c, axis, False)[0] >= 0:
                        continue
                    first = n
                    inside = True
                    while inside and not is_passed[r, c, axis]:
                        is_passed[r, c, axis] = True
                        there = image[r + 1 - axis, c + axis]
                        along = (level - image[r, c]) / (there - image[r, c])
                        points[n, 0] = r + along * (1 - axis)
                        points[n, 1] = c + along * axis
                        if n > first:
                            way[n] = way[n - 1] + math.hypot(
                                points[n, 0] - points[n - 1, 0], points[n, 1] - points[n - 1, 1]
                            )
                        top, left = _square_at(image, level, r, c, axis, True)
                        back_top, back_left = _square_at(image, level, r, c, axis, False)
                        inside = top >= 0
                        square = np.float32(0)
                        if inside:
                            square += _square(image, top, left)
                        if back_top >= 0:
                            square += _square(image, back_top, back_left)
                        if inside and back_top >= 0:
                            square /= 2
                        x = square / energy if energy > 0 else 0.0
                        strength[n] = (x - math.log(1 + ROOT * math.sqrt(x))) * LOG10_E
                        if inside:
                            r, c, axis = _leave(image, level, top, left, r, c, axis)
                        n += 1
                    closed[n_lines] = inside
                    n_lines += 1
                    offsets[n_lines] = n
    return n_lines


@njit(cache=True, nogil=True)
def _begin_at_weakest(points, strength, way):  # type: ignore[no-untyped-def]
    """Turn a closed line: where it begins does not depend on where it was met first."""
    weakest = np.argmin(strength)
    points[:] = np.concatenate((points[weakest:], points[:weakest]))
    strength[:] = np.concatenate((strength[weakest:], strength[:weakest]))
    for i in range(1, len(way)):
        down, across = points[i, 0] - points[i - 1, 0], points[i, 1] - points[i - 1, 1]
        way[i] = way[i - 1] + math.hypot(down, across)


@njit(cache=True, nogil=True)
def _square_at(image, level, r, c, axis, is_ahead):  # type: ignore[no-untyped-def]
    """First pixel of the square of four that a line enters, or comes from, at a crossing.

    (-1, -1): outside the image. With the brighter side to its left, a line goes right if the upper
    pixel is brighter, up if the left one is.
    """
    forward = (image[r, c] >= level) == is_ahead
    if axis == 0 and not forward:
        c -= 1
    if axis == 1 and forward:
        r -= 1
    if r < 0 or c < 0 or r >= image.shape[0] - 1 or c >= image.shape[1] - 1:
        return -1, -1
    return r, c


@njit(cache=True, nogil=True)
def _leave(image, level, top, left, r, c, axis):  # type: ignore[no-untyped-def]
    """The crossing (r, c, axis) at which a line leaves a square that it entered at another."""
    first, second = image[top, left] >= level, image[top, left + 1] >= level
    third, fourth = image[top + 1, left] >= level, image[top + 1, left + 1] >= level
    from_top = axis == 1 and r == top
    from_left = axis == 0 and c == left
    from_right = axis == 0 and not from_left
    from_bottom = axis == 1 and not from_top
    if first == fourth and second == third and first != second:
        total = image[top, left] + image[top, left + 1]
        total += image[top + 1, left] + image[top + 1, left + 1]
        cuts_second = (total / 4 >= level) == first  # the lines go around the second and third
        to_top = from_right if cuts_second else from_left
        to_left = from_bottom if cuts_second else from_top
        to_right = from_top if cuts_second else from_bottom
    else:
        to_top = not from_top and first != second
        to_left = not to_top and not from_left and first != third
        to_right = not to_top and not to_left and not from_right and second != fourth
    if to_top:
        return top, left, 1
    if to_left:
        return top, left, 0
    if to_right:
        return top, left + 1, 0
    return top + 1, left, 1


@njit(cache=True, nogil=True)
def _contrast(image, line):  # type: ignore[no-untyped-def]
    """Mean level a pixel to the left of a line minus that to its right, in [0, 1]."""
    total = 0.0
    for n in range(1, len(line)):
        down, across = line[n, 0] - line[n - 1, 0], line[n, 1] - line[n - 1, 1]
        length = math.hypot(down, across)
        if length == 0:
            continue
        r, c = (line[n, 0] + line[n - 1, 0]) / 2, (line[n, 1] + line[n - 1, 1]) / 2
        down, across = down / length, across / length
        total += level_at(image, r - across, c + down) - level_at(image, r + across, c - down)
    return min(max(total / max(len(line) - 1, 1), 0.0), 1.0)

"""The curves of a skeleton: cut where they meet, in order, and moved onto the middle of strokes."""

import numpy as np

from perceptgraph.stages.detectors.levels import level_at
from perceptgraph.stages.detectors.skeleton import (
    COLUMN_STEP,
    N_NEIGHBOURS,
    ROW_STEP,
    pattern_at,
)
from perceptgraph.stores.compiled import njit

HALF = 3  # points on either side from which the direction of a curve is taken
WIDER = 1.3  # widths of the stroke: a wider place is where it meets another
MOST = 1.0  # pixels: no point moves farther; thinning is off by less


@njit(cache=True, nogil=True)
def curves(skeleton, pixels):  # type: ignore[no-untyped-def]
    """Curves of a skeleton, from meeting to meeting or end.

    Parameters
    ----------
    skeleton : (H, W) uint8
        Of `perceptgraph.stages.detectors.skeleton.thin`; emptied.
    pixels : (P, 2) int32

    Returns
    -------
    points : (Q, 2) float32
        (row, column). All curves that meet at a place begin or end at the very same point.
    offsets : (N + 1,) int64
    met : (N, 2) bool
        Whether a curve meets others at its first and at its last point.
    """
    meetings, centre = _meetings(skeleton, pixels)
    n_most = 3 * len(pixels) + 2
    points = np.empty((n_most, 2), np.float32)
    offsets = np.zeros(n_most, np.int64)
    met = np.zeros((n_most, 2), np.bool_)
    n, m = 0, 0
    # From meetings first, then from free ends, and what is left is closed.
    for stage in range(3):
        for i in range(len(pixels)):
            r, c = pixels[i]
            at = meetings[r, c]
            if not skeleton[r, c] and at < 0:
                continue
            if (stage == 0) != (at >= 0):
                continue
            if stage == 1 and N_NEIGHBOURS[pattern_at(skeleton, r, c)] > 1:
                continue
            for k in range(8 if stage == 0 else 1):
                next_r, next_c = r, c
                if stage == 0:
                    next_r, next_c = r + ROW_STEP[k], c + COLUMN_STEP[k]
                    if not skeleton[next_r, next_c]:
                        continue
                    points[n] = centre[at]
                    n += 1
                n, last = _follow(skeleton, meetings, next_r, next_c, at, points, n)
                if last >= 0:
                    points[n] = centre[last]
                    n += 1
                met[m] = at >= 0, last >= 0
                m += 1
                offsets[m] = n
    return points[:n].copy(), offsets[: m + 1].copy(), met[:m].copy()


@njit(cache=True, nogil=True)
def _meetings(skeleton, pixels):  # type: ignore[no-untyped-def]
    """Meeting of each pixel (H, W), -1 for none, and their centres; takes them off the skeleton.

    Pixels of more than two neighbours that touch are one meeting.
    """
    meetings = np.full(skeleton.shape, -1, np.int32)
    centre = np.zeros((len(pixels) + 1, 2), np.float32)
    stack = np.empty((len(pixels) + 1, 2), np.int32)
    n = 0
    for i in range(len(pixels)):
        r, c = pixels[i]
        if N_NEIGHBOURS[pattern_at(skeleton, r, c)] > 2:
            meetings[r, c] = -2
    for i in range(len(pixels)):
        if meetings[pixels[i, 0], pixels[i, 1]] != -2:
            continue
        stack[0] = pixels[i]
        meetings[pixels[i, 0], pixels[i, 1]] = n
        top, size = 1, 0
        while top > 0:
            top -= 1
            r, c = stack[top]
            skeleton[r, c] = 0
            centre[n, 0] += r
            centre[n, 1] += c
            size += 1
            for k in range(8):
                there_r, there_c = r + ROW_STEP[k], c + COLUMN_STEP[k]
                if meetings[there_r, there_c] == -2:
                    meetings[there_r, there_c] = n
                    stack[top, 0] = there_r
                    stack[top, 1] = there_c
                    top += 1
        centre[n] /= size
        n += 1
    return meetings, centre


@njit(cache=True, nogil=True)
def _follow(skeleton, meetings, r, c, start, points, n):  # type: ignore[no-untyped-def]
    """Write the points of a curve from a pixel on, erasing it; returns the meeting it ends at."""
    length = 0
    while True:
        points[n, 0] = r
        points[n, 1] = c
        n += 1
        length += 1
        skeleton[r, c] = 0
        next_r, next_c, last = -1, -1, -1
        for k in range(8):
            there_r, there_c = r + ROW_STEP[k], c + COLUMN_STEP[k]
            if skeleton[there_r, there_c] and next_r < 0:
                next_r, next_c = there_r, there_c
            at = meetings[there_r, there_c]
            if at >= 0 and (at != start or length > 2):
                last = at
        if next_r < 0:
            return n, last
        r, c = next_r, next_c


@njit(cache=True, nogil=True)
def centred(image, level, sign, points, offsets, met, reach):  # type: ignore[no-untyped-def]
    """Points moved across each curve to the middle of the stroke, and its width there.

    The stroke ends where the level, linear in between, crosses half maximum.

    Parameters
    ----------
    image : (H, W) float32
    level : float
        Half maximum.
    sign : int
        1 for bright strokes, -1 for dark ones.
    points, offsets, met
        Of `curves`, in pixels of `image`; where curves meet they do not move.
    reach : float
        Largest half width, pixels.

    Returns
    -------
    points : (Q, 2) float32
    width : (Q,) float32
        Pixels; where it runs into another one, that of the nearest place where it does not.
    """
    width = np.empty(len(points), np.float32)
    moved = points.copy()
    across = np.empty(len(points))
    for k in range(len(offsets) - 1):
        begin, end = offsets[k], offsets[k + 1]
        for i in range(begin, end):
            before, after = points[max(i - HALF, begin)], points[min(i + HALF, end - 1)]
            along_r, along_c = after[0] - before[0], after[1] - before[1]
            norm = np.hypot(along_r, along_c)
            normal_r, normal_c = (-along_c / norm, along_r / norm) if norm > 0 else (0.0, 1.0)
            one = _crossing(image, level, sign, points[i], normal_r, normal_c, reach)
            two = _crossing(image, level, sign, points[i], -normal_r, -normal_c, reach)
            across[i] = one + two
            shift = min(max((one - two) / 2, -MOST), MOST)
            moved[i, 0] += shift * normal_r
            moved[i, 1] += shift * normal_c
        typical = np.median(across[begin:end])
        for i in range(begin, end):
            meets = (i == begin and met[k, 0]) or (i == end - 1 and met[k, 1])
            # Where the stroke runs into another one, it has no sides of its own.
            if meets or across[i] > WIDER * typical:
                moved[i] = points[i]
        width[begin:end] = _own_width(across[begin:end], met[k], typical)
    return moved, width


@njit(cache=True, nogil=True)
def _own_width(across, met, typical):  # type: ignore[no-untyped-def]
    """Widths of a stroke, those next to where it meets others being that of the first beyond."""
    own = across.copy()
    for end in range(2):
        way = 1 if end == 0 else -1
        n = 1 if met[end] else 0
        while 0 < n < len(own) and own[::way][n] > WIDER * typical:
            n += 1
        own[::way][:n] = own[::way][n] if n < len(own) else typical
    return own


@njit(cache=True, nogil=True)
def _crossing(image, level, sign, point, normal_r, normal_c, reach):  # type: ignore[no-untyped-def]
    """Distance from a point along a direction to where the image crosses a level, pixels."""
    height, width = image.shape
    inside, distance, step = 0.0, 0.0, 0.5
    while True:
        r, c = point[0] + distance * normal_r, point[1] + distance * normal_c
        if r < 0 or c < 0 or r > height - 1 or c > width - 1:
            return distance
        here = sign * (level_at(image, r, c) - level)
        if here <= 0:
            if distance == 0:
                return 0.0
            return distance - step + step * inside / (inside - here)
        if distance >= reach:
            return distance
        inside = here
        distance += step

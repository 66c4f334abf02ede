"""The profile across a ridge: its width and how much it stands out."""

import numpy as np

from perceptgraph.stages.detectors.levels import level_at
from perceptgraph.stores.compiled import njit

ENOUGH = 24  # points of a ridge that its profile is taken from
STEP = 4  # points from one place where the width is measured to the next
AROUND = 8  # points on either side of it that its profile is taken from
WIDER = 2.0  # widths of the whole ridge: a wider place is where it meets another


@njit(cache=True, nogil=True)
def widths_and_rises(image, point, offsets, reach, least):  # type: ignore[no-untyped-def]
    """Width and rise of ridges, on the mean profile across each.

    A granulometry by segments across the ridge: its width is the length of the longest segment
    that fits under the profile at half its rise, on either side over the lowest level in reach.

    Parameters
    ----------
    image : (H, W) float32
    point : (P, 6) float32
        Of `perceptgraph.stages.detectors.ridge_chains.ridge_points`, ridge after ridge.
    offsets : (N + 1,) int64
    reach : (N,) float64
        How far to look on either side, pixels.
    least : float
        What has fallen by more and rises again by half of it belongs to another ridge.

    Returns
    -------
    width : (N,) float32
        Pixels.
    rise : (N,) float32
        Level on the ridge above the higher of its two sides, below for dark ones; >= 0.
    """
    n = len(reach)
    width, rise = np.empty(n, np.float32), np.empty(n, np.float32)
    for k in range(n):
        of = point[offsets[k] : offsets[k + 1]]
        profile = _profile(image, of, reach[k])
        centre = len(profile) // 2
        total, lowest = 0.0, np.inf
        for way in (1, -1):
            half, height = _half_width(profile, centre, way, least)
            total += half
            lowest = min(lowest, height)
        width[k] = total
        rise[k] = lowest
    return width, rise


@njit(cache=True, nogil=True)
def widths_along(image, point, offsets, reach, least, whole):  # type: ignore[no-untyped-def]
    """Width of ridges at each of their points.

    That of the mean profile across some points before and after, every few points, and linear in
    between. Where a ridge runs into another one its width is that of the whole.

    Parameters
    ----------
    image, point, offsets, reach, least
        Of `widths_and_rises`.
    whole : (N,) float32
        Widths that it returned.

    Returns
    -------
    width : (P,) float32
        Pixels.
    """
    width = np.empty(len(point), np.float32)
    for k in range(len(reach)):
        of = point[offsets[k] : offsets[k + 1]]
        here = width[offsets[k] : offsets[k + 1]]
        before, at = 0, 0
        while at < len(of):
            near = of[max(at - AROUND, 0) : at + AROUND + 1]
            here[at] = _width(_profile(image, near, reach[k]), least)
            if not 0 < here[at] <= WIDER * whole[k]:
                here[at] = whole[k]
            for i in range(before + 1, at):
                here[i] = here[before] + (here[at] - here[before]) * (i - before) / (at - before)
            before = at
            at = len(of) if at == len(of) - 1 else min(at + STEP, len(of) - 1)
    return width


@njit(cache=True, nogil=True)
def _width(profile, least):  # type: ignore[no-untyped-def]
    centre = len(profile) // 2
    return _half_width(profile, centre, 1, least)[0] + _half_width(profile, centre, -1, least)[0]


@njit(cache=True, nogil=True)
def _profile(image, of, reach):  # type: ignore[no-untyped-def]
    """Mean level across some points of a ridge, every half pixel, dark ones turned over."""
    n = int(2 * reach)
    profile = np.zeros(2 * n + 1)
    way = 0.5
    every = max(len(of) // ENOUGH, 1)
    for i in range(len(of)):
        if i > 0 and of[i, 2] * of[i - 1, 2] + of[i, 3] * of[i - 1, 3] < 0:
            way = -way  # a direction is known up to its sign: the same side all along
        if i % every > 0:
            continue
        for j in range(-n, n + 1):
            r, c = of[i, 0] - way * j * of[i, 3], of[i, 1] + way * j * of[i, 2]
            profile[n + j] += of[i, 5] * level_at(image, r, c)
    return profile / max((len(of) + every - 1) // every, 1)


@njit(cache=True, nogil=True)
def _half_width(profile, centre, way, least):  # type: ignore[no-untyped-def]
    """Distance (pixels) to where the profile has lost half of what it loses, and what it loses."""
    n = len(profile) // 2
    top = profile[centre]
    lowest, at = top, centre
    for j in range(centre + way, centre + way * (n + 1), way):
        if profile[j] < lowest:
            lowest, at = profile[j], j
        elif top - lowest > least and profile[j] - lowest > (top - lowest) / 2:
            break  # the next stroke
    level = (top + lowest) / 2
    place = centre
    while place != at and profile[place] > level:
        place += way
    if place == centre:
        return 0.0, 0.0
    before, after = profile[place - way], profile[place]
    share = (before - level) / (before - after) if before > after else 0.0
    return 0.5 * (abs(place - centre) - 1 + share), top - lowest

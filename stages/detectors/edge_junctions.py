"""Junctions of edges: from a place nearby to where branches meet, and how meaningful they are."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.detectors.meetings import corners
from perceptgraph.stages.detectors.nfa import log10_gaussian_tail
from perceptgraph.stages.detectors.noise import measure_noise
from perceptgraph.stages.detectors.rays import (
    ANGLE,
    MAX_BRANCHES,
    MIN_TURN,
    N_DIRECTIONS,
    N_SAMPLES,
    NEAR,
    RADII,
    RADIUS,
    Z,
    difference_std,
    gradient_field,
    ground,
    ground_at,
    look,
    measure,
    own,
    ray_std,
    steps_around,
    turn,
)
from perceptgraph.stages.detectors.traces import (
    SEARCH,
    clear_of_others,
    is_arc,
    line,
    meet,
    trace,
)
from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float64]

FIRST_SHARE = 0.6
"""Share of the final strength asked of a branch at first: the point is not yet where they meet."""
ROUNDS = 2
"""Of moving a point to where its branches meet."""
MAX_SHIFT = 5.0
"""Farthest that a point moves in all, pixels."""
EDGE_BLUR = 1.0
"""Blur that edges are taken to have before smoothing, pixels: how far they reach sideways."""
KNOWN = 1.5
"""Places this close to a junction found before are not looked at, pixels."""
STEPS = steps_around()


def edge_junctions(image: NDArray[np.float32], places: Floats, sigma: float) -> Floats:
    """Junctions of edges near places (P, 2) and near the corners of the image (H, W).

    Rows (J, 5 + MAX_BRANCHES): row, column, log10 NFA, radius, number of branches, their angles.
    Several rows may be of one junction.
    """
    noise = measure_noise(image)
    gradient_std = difference_std(noise, sigma)
    field = gradient_field(image, sigma)
    # Smoothing can leave rounding errors even where all levels are the same.
    if gradient_std == 0 or not field.any():
        return np.zeros((0, 5 + MAX_BRANCHES))
    blocks = ground(field, gradient_std)
    inside = ((places >= 0) & (places <= np.array(image.shape) - 1)).all(axis=1)
    places = np.concatenate([places[inside], corners(field, blocks)])
    n_tests = max(len(places), 1) * 4 * math.pi * RADII[0] * len(RADII)
    min_z = -NormalDist().inv_cdf(1 / n_tests)
    std = ray_std(noise.total_blur(sigma))
    spread = math.hypot(sigma, EDGE_BLUR)
    return np.asarray(_examine(field, places, STEPS, blocks, std, min_z, spread, image.shape))


@njit(cache=True, nogil=True)  # fmt: skip
def _examine(field, places, steps, blocks, unit_std, min_z, spread, size):  # type: ignore[no-untyped-def]
    """Rows of `edge_junctions`; `std` of a ray by its samples, `min_z` of every branch."""
    across = np.zeros(N_SAMPLES + 1)  # running sums, from 0
    along = np.zeros(N_SAMPLES + 1)
    around = np.empty((N_DIRECTIONS, 4))
    branches = np.empty((MAX_BRANCHES, 4))
    profile = np.empty((RADII[-1] + 1, 2 * SEARCH + 1))
    offset = np.zeros(RADII[-1] + 1)
    weight = np.zeros(RADII[-1] + 1)
    out = np.zeros((len(places), 5 + MAX_BRANCHES))
    found = 0
    for p in range(len(places)):
        row = places[p, 0]
        column = places[p, 1]
        if _is_known(row, column, out[:found]):
            continue
        std = unit_std * ground_at(blocks, size, row, column)
        first_z = FIRST_SHARE * min_z
        n = look(field, row, column, steps, first_z, std, across, along, around, branches)
        if n < 2 or (n == 2 and is_straight(branches[:2, ANGLE])):
            continue
        row, column, n = _settle(
            field, row, column, branches, n, spread, size, profile, offset, weight
        )
        if n < 2 or math.hypot(row - places[p, 0], column - places[p, 1]) > MAX_SHIFT:
            continue
        n = _remeasure(field, row, column, branches, n, std, min_z, across, along)
        n = own(branches, n, std, spread, min_z)
        if n < 2 or (n == 2 and is_straight(branches[:2, ANGLE])):
            continue
        if n == 2 and is_arc(field, row, column, branches, profile, offset, weight):
            continue
        out[found, 0] = row
        out[found, 1] = column
        out[found, 2] = _log10_nfa(branches[:n], size)
        out[found, 3] = branches[:n, RADIUS].min()
        out[found, 4] = n
        out[found, 5 : 5 + n] = branches[:n, ANGLE]
        found += 1
    return out[:found]


@njit(cache=True, nogil=True)  # fmt: skip
def _is_known(row, column, found):  # type: ignore[no-untyped-def]
    """Whether a junction is within KNOWN of a place."""
    for j in range(len(found)):
        if (found[j, 0] - row) ** 2 + (found[j, 1] - column) ** 2 <= KNOWN**2:
            return True
    return False


@njit(cache=True, nogil=True)  # fmt: skip
def _settle(field, row, column, branches, n, spread, size, profile, offset, weight):  # type: ignore[no-untyped-def]
    """Move a point to where its branches meet: row, column, number of branches with a line.

    The branches take the direction of their line. No branches where the point leaves the image.
    """
    levels = np.empty(MAX_BRANCHES)
    precisions = np.empty(MAX_BRANCHES)
    for step in range(ROUNDS):
        kept = 0
        search = SEARCH if step == 0 else 2
        for k in range(n):
            angle = branches[k, ANGLE]
            radius = int(branches[k, RADIUS])
            trace(field, row, column, angle, radius, search, profile, offset, weight)
            first = NEAR if step == 0 else clear_of_others(branches, k, n, spread)
            level, slope, precision = line(offset, weight, first, radius)
            if precision > 0:
                branches[kept] = branches[k]
                branches[kept, ANGLE] = angle + math.atan(slope)
                levels[kept] = level / math.sqrt(1 + slope * slope)
                precisions[kept] = precision
                kept += 1
        n = kept
        if n < 2:
            return row, column, 0
        shift_row, shift_column = meet(branches[:, ANGLE], levels, precisions, n)
        factor = min(1.0, SEARCH / max(math.hypot(shift_row, shift_column), 1e-9))
        row += factor * shift_row
        column += factor * shift_column
        if not (0 <= row <= size[0] - 1 and 0 <= column <= size[1] - 1):
            return row, column, 0
    return row, column, n


@njit(cache=True, nogil=True)  # fmt: skip
def _remeasure(field, row, column, branches, n, std, min_z, across, along):  # type: ignore[no-untyped-def]
    """Measure branches from where they meet; weak ones go, and the weaker of two close ones."""
    again = np.empty(4)
    kept = 0
    for k in range(n):
        measure(field, row, column, branches[k, ANGLE], std, across, along, again)
        if again[Z] < min_z:
            continue
        at = kept
        for m in range(kept):
            if turn(again[ANGLE], branches[m, ANGLE]) < MIN_TURN:
                at = m
        if at == kept or again[Z] > branches[at, Z]:
            branches[at] = again
            kept = max(kept, at + 1)
    return kept


@njit(cache=True, nogil=True)  # fmt: skip
def _log10_nfa(branches, size):  # type: ignore[no-untyped-def]
    """log10 of the number of false alarms of these branches in an image of this size."""
    radius = branches[:, RADIUS].min()
    log10_tests = math.log10(size[0] * size[1])
    for k in range(len(branches)):
        log10_tests += math.log10(2 * math.pi * radius * 2 * len(RADII) / (k + 1))
    return log10_tests + len(branches) * log10_gaussian_tail(branches[:, Z].min())


@njit(cache=True, nogil=True)  # fmt: skip
def is_straight(angles):  # type: ignore[no-untyped-def]
    """Whether two of the directions are one straight line."""
    for i in range(len(angles)):
        for j in range(i):
            if turn(angles[i], angles[j]) > math.pi - MIN_TURN:
                return True
    return False

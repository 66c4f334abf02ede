"""Junctions: where the lines of segments meet, with the branches that leave from there."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import JUNCTION_KINDS, Junctions, LineSegments, no_junctions
from perceptgraph.stores.arrays import offsets_of

Floats = NDArray[np.float64]

L, T, Y, X = (JUNCTION_KINDS.index(kind) for kind in "LTYX")
CHUNK = 256
"""Rows of a table of all pairs that are in memory at once: photographs have 10,000 segments."""
RIDGE = 1e-3
"""Pull towards the first guess in the least squares, as weight of a segment of 1 pixel: keeps the
system solvable where all lines run almost the same way."""


@dataclass(frozen=True, slots=True)
class _Branch:
    angle: float
    weight: float
    extent: float
    log10_nfa: float


def junctions(
    lines: LineSegments,
    *,
    reach_share: float = 0.25,
    min_reach: float = 3.0,
    max_reach: float = 12.0,
    merge: float = 7.0,
    min_branch: float = 8.0,
    min_angle_deg: float = 25.0,
) -> Junctions:
    """Junctions of line segments.

    The lines of two segments that come close meet in a candidate. Candidates closer than `merge`
    are one junction; its position is the point closest to all lines through it (least squares,
    weighted by length), so that the two edges of a stroke give its centre line. Every segment that
    leaves it for at least `min_branch` is a branch; parallel ones are one.

    Parameters
    ----------
    lines : LineSegments
        Of one image.
    reach_share : float
        How far beyond its end a segment may be continued, as share of its length; within
    min_reach, max_reach : float
        these bounds, in pixels.
    merge : float
        Radius within which meeting points are one junction, in pixels: about the widest stroke.
    min_branch : float
        How far a branch must lead away from the junction, in pixels.
    min_angle_deg : float
        Directions closer than this are one branch, and two branches this close to opposite are
        one straight line.

    Returns
    -------
    Junctions
        Most meaningful first. Two branches that turn are an L; three are a T if two of them are
        one straight line, else a Y; four and more are an X. `scale` is the extent of the shortest
        branch; `log10_nfa` that of the weakest branch, each taken at its best segment. The meeting
        itself is not tested.

    References
    ----------
    .. [1] G.-S. Xia, J. Delon, Y. Gousseau, "Accurate junction detection and characterization in
           natural images", International Journal of Computer Vision 106(1), 2014.

    Examples
    --------
    >>> ends = np.array([[[10, 2], [10, 40]], [[12, 43], [50, 43]]], np.float32)
    >>> one = np.ones(2, np.float32)
    >>> found = junctions(LineSegments(ends, one, np.ones(2, np.int8), one, -one))
    >>> found.position.tolist(), np.rad2deg(found.branch_angle).round().tolist()
    ([[10.0, 43.0]], [90.0, 180.0])
    """
    if len(lines) < 2:
        return no_junctions()
    ends = lines.endpoints.astype(np.float64)
    length = np.maximum(np.hypot(*(ends[:, 1] - ends[:, 0]).T), 1e-6)
    unit = (ends[:, 1] - ends[:, 0]) / length[:, None]
    reach = np.clip(reach_share * length, min_reach, max_reach)
    nfa = lines.log10_nfa.astype(np.float64)
    min_angle = math.radians(min_angle_deg)

    points, pair_nfa = meeting_points(ends, unit, reach, nfa, min_angle)
    points = _apart(points, pair_nfa, merge)
    found = []
    for first in range(0, len(points), CHUNK):
        some = points[first : first + CHUNK]
        through = _passes(some, ends, unit, reach, merge)
        some = _closest_to_lines(some, through, ends[:, 0], unit, length)
        through = _passes(some, ends, unit, reach, merge)
        for point, lines_through in zip(some, through, strict=True):
            on = np.flatnonzero(lines_through)
            branches = _branches(point, ends[on], unit[on], nfa[on], min_branch, min_angle)
            kind = kind_of([b.angle for b in branches], min_angle)
            if kind is not None:
                found.append((point, kind, branches))
    return _contract(found, merge)


def meeting_points(
    ends: Floats, unit: Floats, reach: Floats, log10_nfa: Floats, min_angle: float
) -> tuple[Floats, Floats]:
    """Points (M, 2) where two lines meet within reach of both; log10(NFA) of the two (M, 2)."""
    low = ends.min(axis=1) - reach[:, None]
    high = ends.max(axis=1) + reach[:, None]
    pairs = [np.zeros((0, 2), np.int64)]
    for first in range(0, len(ends), CHUNK):
        rows = slice(first, first + CHUNK)
        near = (low[rows, None] <= high[None]).all(axis=2) & (low[None] <= high[rows, None]).all(2)
        a, b = np.nonzero(near)
        a += first
        pairs.append(np.stack([a, b], axis=1)[a < b])
    a, b = np.concatenate(pairs).T
    sine = unit[a, 0] * unit[b, 1] - unit[a, 1] * unit[b, 0]
    turned = np.abs(sine) >= math.sin(min_angle)
    a, b, sine = a[turned], b[turned], sine[turned]
    apart = ends[b, 0] - ends[a, 0]
    along = (apart[:, 0] * unit[b, 1] - apart[:, 1] * unit[b, 0]) / sine
    points = ends[a, 0] + along[:, None] * unit[a]
    close = np.ones(len(points), bool)
    for segment in (a, b):
        close &= _distance(points, ends[segment], unit[segment]) <= reach[segment]
    return points[close], np.stack([log10_nfa[a], log10_nfa[b]], axis=1)[close]


def _distance(points: Floats, ends: Floats, unit: Floats) -> Floats:
    """Distance (...) of points (..., 2) from segments (..., 2, 2) of these unit directions."""
    to_first = ((points - ends[..., 0, :]) * unit).sum(-1)
    to_second = ((points - ends[..., 1, :]) * unit).sum(-1)
    outside = np.maximum(np.maximum(-to_first, to_second), 0)
    return np.hypot(outside, _offset(points, ends, unit))


def _offset(points: Floats, ends: Floats, unit: Floats) -> Floats:
    """Signed distance (...) of points (..., 2) from the lines of segments (..., 2, 2)."""
    difference = points - ends[..., 0, :]
    return difference[..., 0] * unit[..., 1] - difference[..., 1] * unit[..., 0]


def _apart(points: Floats, log10_nfa: Floats, merge: float) -> Floats:
    """Mean of the points within `merge` of the most meaningful, then of the next that is left."""
    left = np.lexsort((log10_nfa.min(axis=1), log10_nfa.max(axis=1)))
    means = []
    while len(left):
        close = np.hypot(*(points[left] - points[left[0]]).T) <= merge
        means.append(points[left[close]].mean(axis=0))
        left = left[~close]
    return np.array(means).reshape(-1, 2)


def _passes(
    points: Floats, ends: Floats, unit: Floats, reach: Floats, merge: float
) -> NDArray[np.bool_]:
    """(M, N): which lines pass each point within `merge`, their segment within its reach."""
    offset = np.abs(_offset(points[:, None], ends[None], unit[None]))
    return (offset <= merge) & (_distance(points[:, None], ends[None], unit[None]) <= reach + merge)


def _closest_to_lines(
    points: Floats, through: NDArray[np.bool_], start: Floats, unit: Floats, length: Floats
) -> Floats:
    """The point (M, 2) closest to the lines that pass each point, weighted by their length."""
    normal = np.stack([unit[:, 1], -unit[:, 0]], axis=1)
    outer = normal[:, :, None] * normal[:, None, :] * length[:, None, None]
    onto = (outer @ start[:, :, None])[:, :, 0]
    matrix = np.tensordot(through.astype(float), outer, axes=1) + RIDGE * np.eye(2)
    vector = through.astype(float) @ onto + RIDGE * points
    return np.asarray(np.linalg.solve(matrix, vector[:, :, None])[:, :, 0], np.float64)


def _branches(
    point: Floats,
    ends: Floats,
    unit: Floats,
    log10_nfa: Floats,
    min_branch: float,
    min_angle: float,
) -> list[_Branch]:
    """Branches that leave `point` along segments (n, 2, 2), by angle; parallel ones joined."""
    extents = np.stack(
        [((point - ends[:, 0]) * unit).sum(1), ((ends[:, 1] - point) * unit).sum(1)], axis=1
    )
    forward = np.arctan2(unit[:, 0], unit[:, 1])
    angles = np.stack([forward + math.pi, forward], axis=1)
    far = extents >= min_branch
    single = sorted(
        (
            _Branch(math.remainder(a, math.tau), e, e, n)
            for a, e, n in zip(
                angles[far].tolist(),
                extents[far].tolist(),
                np.stack([log10_nfa, log10_nfa], axis=1)[far].tolist(),
                strict=True,
            )
        ),
        key=lambda branch: branch.angle,
    )
    return [_joined(group) for group in _directions(single, min_angle)]


def _directions(branches: list[_Branch], min_angle: float) -> list[list[_Branch]]:
    """Branches sorted by angle, in groups with gaps of at least `min_angle` all around."""
    groups: list[list[_Branch]] = []
    for branch in branches:
        if groups and branch.angle - groups[-1][-1].angle < min_angle:
            groups[-1].append(branch)
        else:
            groups.append([branch])
    if len(groups) > 1 and groups[0][0].angle + math.tau - groups[-1][-1].angle < min_angle:
        groups[0] = groups.pop() + groups[0]
    return groups


def _joined(group: list[_Branch]) -> _Branch:
    """One branch: mean direction weighted by extent, the longest extent, the best NFA."""
    row = sum(b.weight * math.sin(b.angle) for b in group)
    column = sum(b.weight * math.cos(b.angle) for b in group)
    return _Branch(
        math.atan2(row, column),
        sum(b.weight for b in group),
        max(b.extent for b in group),
        min(b.log10_nfa for b in group),
    )


def kind_of(angles: list[float], min_angle: float) -> int | None:
    """Index into JUNCTION_KINDS for branches at these angles; None for no junction.

    Examples
    --------
    >>> JUNCTION_KINDS[kind_of([0.0, np.pi, 1.5], 0.4)], kind_of([0.0, np.pi], 0.4)
    ('T', None)
    """
    straight = any(
        abs(math.remainder(a - b, math.tau)) > math.pi - min_angle
        for i, a in enumerate(angles)
        for b in angles[:i]
    )
    if len(angles) == 2:
        return None if straight else L
    if len(angles) == 3:
        return T if straight else Y
    return X if len(angles) > 3 else None


def _contract(found: list[tuple[Floats, int, list[_Branch]]], merge: float) -> Junctions:
    """The junctions, most meaningful first, none within `merge` of a better one."""
    # Of two answers at one place the one that saw more branches has understood it better.
    found = sorted(found, key=lambda one: (-len(one[2]), max(b.log10_nfa for b in one[2])))
    points = np.array([point for point, _, _ in found]).reshape(-1, 2)
    left = np.arange(len(found))
    kept = []
    while len(left):
        kept.append(found[left[0]])
        left = left[np.hypot(*(points[left] - points[left[0]]).T) > merge]
    kept.sort(key=lambda one: max(b.log10_nfa for b in one[2]))
    return Junctions(
        position=np.array([point for point, _, _ in kept], np.float32).reshape(-1, 2),
        branch_angle=np.array([b.angle for _, _, bs in kept for b in bs], np.float32),
        branch_offsets=offsets_of(np.array([len(bs) for _, _, bs in kept], np.int64)),
        kind=np.array([kind for _, kind, _ in kept], np.uint8),
        scale=np.array([min(b.extent for b in bs) for _, _, bs in kept], np.float32),
        log10_nfa=np.array([max(b.log10_nfa for b in bs) for _, _, bs in kept], np.float32),
    )

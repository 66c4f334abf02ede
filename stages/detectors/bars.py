"""Bars: strokes seen as two parallel segments of opposite polarity; and where bars meet."""

import math

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import LineSegments
from perceptgraph.stages.detectors.meetings import crossings, directions
from perceptgraph.stages.detectors.rays import MAX_BRANCHES, MIN_TURN, turn
from perceptgraph.stages.detectors.traces import meet
from perceptgraph.stores.compiled import njit

PARALLEL = math.radians(15.0)
"""Largest angle between the two edges of a bar."""
OVERLAP = 0.5
"""Least share of the shorter edge that lies beside the other."""
ROWS, COLUMNS, LENGTH, ANGLE, REACH, WIDTH, NFA, CONTRAST = range(8)
"""What is known of a bar or segment, by column: unit direction, length, angle, how far
it reaches beyond its ends, width, log10 NFA, contrast."""
SIMILAR = 0.4
"""Least contrast of one edge of a bar, share of the other's; and of what bars meet, share of
theirs: the halo of a sharpened stroke is no stroke."""


def bars(lines: LineSegments, max_width: float) -> tuple[NDArray[np.float64], ...]:
    """Strokes, and the segments that belong to none.

    Returns
    -------
    ends : (K + S, 2, 2) float64
        Centre lines of K bars, then the S other segments.
    width : (K + S,) float64
        Of the bars, pixels; 0 of the others.
    log10_nfa, contrast : (K + S,) float64
        Of the less meaningful and the less contrasted of a bar's two edges; of the segment.
    """
    ends = lines.endpoints.astype(np.float64)
    # the brighter side to the left of every segment: the edges of a bar run against each other
    right = lines.polarity < 0
    ends[right] = ends[right, ::-1]
    known = lines.polarity != 0
    ends, nfa = ends[known], lines.log10_nfa[known].astype(np.float64)
    contrast = lines.contrast[known].astype(np.float64)
    pairs, centre, width, paired = _pairs(ends, contrast, max_width)
    return (
        np.concatenate([centre, ends[~paired]]),
        np.concatenate([width, np.zeros((~paired).sum())]),
        np.concatenate([nfa[pairs].max(axis=1), nfa[~paired]]),
        np.concatenate([contrast[pairs].min(axis=1), contrast[~paired]]),
    )


@njit(cache=True, nogil=True)  # fmt: skip
def _pairs(ends, contrast, max_width):  # type: ignore[no-untyped-def]
    """Pairs (K, 2) of segments that bound a bar, its centre line, its width; which are paired."""
    n = len(ends)
    unit, length = directions(ends)
    paired = np.zeros(n, np.bool_)
    order = np.argsort(-length)
    pairs = np.empty((16, 2), np.int64)
    centre = np.empty((16, 2, 2))
    width = np.empty(16)
    found = 0
    for p in range(n):
        i = order[p]
        ur = unit[i, 0]
        uc = unit[i, 1]
        for q in range(p + 1, n):
            j = order[q]
            if ur * unit[j, 0] + uc * unit[j, 1] > -math.cos(PARALLEL):
                continue
            if min(contrast[i], contrast[j]) < SIMILAR * max(contrast[i], contrast[j]):
                continue
            dr = 0.5 * (ends[j, 0, 0] + ends[j, 1, 0]) - ends[i, 0, 0]
            dc = 0.5 * (ends[j, 0, 1] + ends[j, 1, 1]) - ends[i, 0, 1]
            beside = dr * uc - dc * ur
            if abs(beside) > max_width:
                continue
            a = (ends[j, 1, 0] - ends[i, 0, 0]) * ur + (ends[j, 1, 1] - ends[i, 0, 1]) * uc
            b = (ends[j, 0, 0] - ends[i, 0, 0]) * ur + (ends[j, 0, 1] - ends[i, 0, 1]) * uc
            if min(b, length[i]) - max(a, 0.0) < OVERLAP * length[j]:
                continue
            if found == len(width):
                pairs = np.concatenate((pairs, np.empty_like(pairs)))
                centre = np.concatenate((centre, np.empty_like(centre)))
                width = np.concatenate((width, np.empty_like(width)))
            paired[i] = paired[j] = True
            pairs[found, 0] = i
            pairs[found, 1] = j
            width[found] = abs(beside)
            # along the longer edge, shifted half way to the other, as far as either goes
            for k in range(2):
                at = min(a, 0.0) if k == 0 else max(b, length[i])
                centre[found, k, 0] = ends[i, 0, 0] + at * ur + 0.5 * beside * uc
                centre[found, k, 1] = ends[i, 0, 1] + at * uc - 0.5 * beside * ur
            found += 1
    return pairs[:found], centre[:found], width[:found], paired


def bar_junctions(
    lines: LineSegments,
    *,
    max_width: float,
    reach_share: float,
    min_reach: float,
    max_reach: float,
    min_branch: float,
) -> tuple[NDArray[np.float64], ...]:
    """Where bars meet each other and other segments, with the bars and their widths.

    Returns
    -------
    rows : (J, 5 + MAX_BRANCHES) float64
        Row, column, log10 NFA of the weakest branch, radius, number of branches, their angles.
    gap : (J,) float64
        From there to the beginning of the last branch, pixels; 0 where all go through.
    ends : (K, 2, 2) float64
        Centre lines of the bars.
    width : (K,) float64
    """
    ends, width, nfa, contrast = bars(lines, max_width)
    n_bars = int((width > 0).sum())
    along = ends[:, 1] - ends[:, 0]
    length = np.maximum(np.hypot(*along.T), 1e-6)
    reach = np.clip(reach_share * length, min_reach, max_reach)
    angle = np.arctan2(*along.T)
    unit = along / length[:, None]
    facts = np.column_stack([unit, length, angle, reach, width, nfa, contrast])
    meeting = crossings(ends, reach_share, min_reach, max_reach)
    meeting = meeting[meeting[:, 2:].min(axis=1) < n_bars]
    # the longest first: the result depends neither on the order of the segments nor, since bars
    # that share an edge are as long, on how lengths are rounded
    pairs = meeting[:, 2:].astype(np.int64)
    sure, broad, rare = (np.round(facts[:, k][pairs].sum(axis=1), 3) for k in (LENGTH, WIDTH, NFA))
    places = meeting[np.lexsort((broad, rare, -sure)), :2]
    rows = _joined(places, ends, facts, max_width, min_branch)
    return rows[:, :-1], rows[:, -1], ends[:n_bars], width[:n_bars]


@njit(cache=True, nogil=True)  # fmt: skip
def _joined(places, ends, facts, merge, min_branch):  # type: ignore[no-untyped-def]
    """One row per junction, its gap last: places closer than `merge` are one."""
    n = len(ends)
    out = np.zeros((len(places), 6 + MAX_BRANCHES))
    found = 0
    taken = np.zeros(len(places), np.bool_)
    passing = np.empty(n, np.int64)
    angles = np.empty(n)
    levels = np.empty(n)
    weights = np.empty(n)
    for p in range(len(places)):
        if taken[p]:
            continue
        row = column = 0.0
        count = 0
        for q in range(p, len(places)):
            near = math.hypot(places[q, 0] - places[p, 0], places[q, 1] - places[p, 1]) <= merge
            if near and not taken[q]:
                taken[q] = True
                row += places[q, 0]
                column += places[q, 1]
                count += 1
        row /= count
        column /= count
        through = _passing(row, column, ends, facts, merge, passing)
        for m in range(through):
            k = passing[m]
            before, beyond, levels[m] = _seen(ends, facts, k, row, column)
            angles[m] = facts[k, ANGLE]
            weights[m] = before + beyond
        if through < 2:
            continue
        shift_row, shift_column = meet(angles, levels, weights, through)
        if math.hypot(shift_row, shift_column) <= merge:
            row += shift_row
            column += shift_column
        through = _passing(row, column, ends, facts, merge, passing)
        if _leaving(row, column, ends, facts, passing[:through], min_branch, out[found]):
            found += 1
    return out[:found]


@njit(cache=True, nogil=True)  # fmt: skip
def _passing(row, column, ends, facts, merge, passing):  # type: ignore[no-untyped-def]
    """Write which segments pass a point and are as contrasted as the bars there; their number."""
    n = 0
    contrast = 0.0
    for k in range(len(ends)):
        before, beyond, beside = _seen(ends, facts, k, row, column)
        if abs(beside) <= 0.5 * merge and max(-before, -beyond) <= facts[k, REACH] + 0.5 * merge:
            passing[n] = k
            n += 1
            if facts[k, WIDTH] > 0:
                contrast = max(contrast, facts[k, CONTRAST])
    kept = 0
    for m in range(n):
        if facts[passing[m], CONTRAST] >= SIMILAR * contrast:
            passing[kept] = passing[m]
            kept += 1
    return kept


@njit(cache=True, nogil=True)  # fmt: skip
def _seen(ends, facts, k, row, column):  # type: ignore[no-untyped-def]
    """Segment k from a point: length before and beyond it, offset beside it."""
    to_row = ends[k, 0, 0] - row
    to_column = ends[k, 0, 1] - column
    along = to_row * facts[k, ROWS] + to_column * facts[k, COLUMNS]
    beside = to_row * facts[k, COLUMNS] - to_column * facts[k, ROWS]
    return -along, along + facts[k, LENGTH], beside


@njit(cache=True, nogil=True)  # fmt: skip
def _leaving(row, column, ends, facts, passing, min_branch, out):  # type: ignore[no-untyped-def]
    """Write the junction at a point; False if its branches make none, or none is a bar."""
    angle = np.empty(MAX_BRANCHES)
    extent = np.empty(MAX_BRANCHES)
    nfa = np.empty(MAX_BRANCHES)
    n = 0
    n_bars = 0
    gap = 0.0
    for k in passing:
        before, beyond, _ = _seen(ends, facts, k, row, column)
        for side in range(2):
            far = beyond if side == 0 else before
            if far < min_branch:
                continue
            here = facts[k, ANGLE] + side * math.pi
            at = n
            for m in range(n):
                if turn(here, angle[m]) < MIN_TURN:
                    at = m
            if at == MAX_BRANCHES:
                continue
            n_bars += facts[k, WIDTH] > 0
            gap = max(gap, -before, -beyond)
            if at == n:
                n += 1
                extent[at] = 0.0
                nfa[at] = np.inf
            nfa[at] = min(nfa[at], facts[k, NFA])
            # parallel ones are one branch: it runs as the longest does
            if far > extent[at]:
                angle[at] = here
                extent[at] = far
    straight = n == 2 and turn(angle[0], angle[1]) > math.pi - MIN_TURN
    if n < 2 or straight or n_bars == 0:
        return False
    out[0] = row
    out[1] = column
    out[2] = nfa[:n].max()
    out[3] = extent[:n].min()
    out[4] = n
    out[5 : 5 + n] = angle[:n]
    out[-1] = gap
    return True

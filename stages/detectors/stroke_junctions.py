"""Junctions of strokes: where they meet, and where one turns a corner."""

import math

import numpy as np

from perceptgraph.graphs.primitives import JUNCTION_KINDS, Junctions, Ridges
from perceptgraph.stores.compiled import njit

L, T, Y, X = (JUNCTION_KINDS.index(kind) for kind in "LTYX")
CLOSED = 2.5  # pixels between the first and the last point of a closed stroke, at most
SPAN = 3.0  # pixels beyond one width: so much of a branch gives its direction


def stroke_junctions(
    strokes: Ridges,
    *,
    straight_deg: float = 30.0,
    corner_deg: float = 60.0,
) -> Junctions:
    """Junctions of the strokes of a drawing.

    Strokes that begin or end at the very same point meet near there: where the lines along them
    come closest, by least squares. Each branch has the direction
    of what follows within one width of the stroke and three pixels. Two branches that
    nearly continue each other and a third are a T, three others a Y, four or more an X. A stroke
    that turns within that reach by more than `corner_deg` is an L where it turns most.

    Parameters
    ----------
    strokes : Ridges
        Of `perceptgraph.stages.detectors.strokes.strokes`.
    straight_deg : float
        How far from opposite the two branches are that make a T.
    corner_deg : float
        Least turn of a corner.

    Returns
    -------
    Junctions
        Most meaningful first: as meaningful as the least of their branches. The scale is the
        length on which branches were seen.

    Examples
    --------
    >>> from perceptgraph.stages.detectors.strokes import strokes
    >>> image = np.zeros((28, 28), np.float32)
    >>> image[5:25, 13:15] = 1
    >>> image[5:7, 4:24] = 1
    >>> found = stroke_junctions(strokes(image))
    >>> found.kind.tolist(), found.position.round().tolist()
    ([1], [[6.0, 14.0]])
    """
    position, angles, offsets, kind, scale, log10_nfa = _junctions(
        strokes.points,
        strokes.offsets,
        strokes.width,
        strokes.log10_nfa,
        math.radians(straight_deg),
        math.radians(corner_deg),
    )
    return Junctions(position, angles, offsets, kind, scale, log10_nfa)


@njit(cache=True, nogil=True)
def _junctions(points, offsets, width, log10_nfa, straight, corner):  # type: ignore[no-untyped-def]
    """Arrays of Junctions, sorted."""
    n_most = len(points) + 1
    position = np.empty((n_most, 2), np.float32)
    angle = np.empty(2 * n_most, np.float32)
    first = np.zeros(n_most + 1, np.int64)
    kind = np.empty(n_most, np.uint8)
    scale = np.empty(n_most, np.float32)
    nfa = np.empty(n_most, np.float32)
    meeting = np.zeros(5)
    n, m = 0, 0
    # Ends by place: the ones that are equal follow one another.
    n_strokes = len(log10_nfa)
    typical = np.empty(n_strokes, np.float32)
    for k in range(n_strokes):
        typical[k] = np.median(width[offsets[k] : offsets[k + 1]])
    key = np.empty(2 * n_strokes)
    for k in range(n_strokes):
        key[2 * k] = points[offsets[k], 0] * 1048576.0 + points[offsets[k], 1]
        key[2 * k + 1] = points[offsets[k + 1] - 1, 0] * 1048576.0 + points[offsets[k + 1] - 1, 1]
    order = np.argsort(key, kind="mergesort")
    at = 0
    while at < len(order):
        to = at
        while to < len(order) and key[order[to]] == key[order[at]]:
            to += 1
        if to - at > 2:
            # The skeleton bends where strokes meet: the first half width and a pixel are left out.
            reach, worst = 0.0, -np.inf
            meeting[:] = 0
            for i in range(at, to):
                k, is_last = order[i] // 2, order[i] % 2 == 1
                of = points[offsets[k] : offsets[k + 1]]
                if is_last:
                    of = of[::-1]
                span = typical[k] + SPAN
                angle[m], r, c = _direction(of, 0, 1, span, typical[k] / 2 + 1)
                _add_line(meeting, r - of[0, 0], c - of[0, 1], angle[m])
                m += 1
                reach, worst = max(reach, span), max(worst, log10_nfa[k])
            position[n] = of[0]
            _move(position[n], meeting, reach / 2)
            kind[n] = _kind(angle[first[n] : m], straight)
            scale[n], nfa[n] = reach, worst
            n += 1
            first[n] = m
        at = to
    for k in range(n_strokes):
        span = typical[k] + SPAN
        of, shift = _unrolled(points[offsets[k] : offsets[k + 1]], span)
        turn = _turns(of, span)
        steps = int(span)
        for i in range(max(shift, 1), len(of) - max(shift, 1)):
            if turn[i] < corner or turn[i] < turn[i : i + steps + 1].max():
                continue
            if turn[i] <= turn[max(i - steps, 0) : i].max():
                continue
            angle[m] = _direction(of, i, 1, span, 0.0)[0]
            angle[m + 1] = _direction(of, i, -1, span, 0.0)[0]
            m += 2
            position[n] = of[i]
            kind[n], scale[n], nfa[n] = L, span, log10_nfa[k]
            n += 1
            first[n] = m
    return _sorted(position[:n], angle[:m], first[: n + 1], kind[:n], scale[:n], nfa[:n])


@njit(cache=True, nogil=True)
def _unrolled(of, span):  # type: ignore[no-untyped-def]
    """A closed stroke with so many of its points again at both ends; the number of these."""
    shift = int(2 * span) + 2
    gap_r, gap_c = of[0, 0] - of[-1, 0], of[0, 1] - of[-1, 1]
    if len(of) < 2 * shift or gap_r * gap_r + gap_c * gap_c > CLOSED * CLOSED:
        return of, 0
    return np.concatenate((of[-shift:], of, of[:shift])), shift


@njit(cache=True, nogil=True)
def _direction(of, start, way, span, near):  # type: ignore[no-untyped-def]
    """Angle of the piece of a stroke between two distances from one of its points; its begin.

    A stroke that does not go so far is looked at up to its farthest point: it may come back.
    """
    row, column = of[start, 0], of[start, 1]
    from_r, from_c, to_r, to_c = row, column, row, column
    farthest = 0.0
    i = start + way
    while 0 <= i < len(of) and farthest <= span:
        distance = np.hypot(of[i, 0] - row, of[i, 1] - column)
        if distance > farthest:
            farthest = distance
            to_r, to_c = of[i, 0], of[i, 1]
            if distance <= near:
                from_r, from_c = to_r, to_c
        i += way
    if from_r == to_r and from_c == to_c:
        from_r, from_c = row, column
    angle = np.float32(np.arctan2(to_r - from_r, to_c - from_c))
    return (angle if angle > -np.float32(np.pi) else np.float32(np.pi)), from_r, from_c


@njit(cache=True, nogil=True)
def _add_line(meeting, r, c, angle):  # type: ignore[no-untyped-def]
    """Add the squared distance from a line through (r, c) to the normal equations (5,)."""
    normal_r, normal_c = np.cos(angle), -np.sin(angle)
    offset = normal_r * r + normal_c * c
    meeting[0] += normal_r * normal_r
    meeting[1] += normal_r * normal_c
    meeting[2] += normal_c * normal_c
    meeting[3] += normal_r * offset
    meeting[4] += normal_c * offset


@njit(cache=True, nogil=True)
def _move(position, meeting, most):  # type: ignore[no-untyped-def]
    """Move a place to where the lines come closest, if that is clear and not far."""
    rr, rc, cc, r, c = meeting
    determinant = rr * cc - rc * rc
    if determinant > 0.1 * (rr + cc):
        shift_r, shift_c = (cc * r - rc * c) / determinant, (rr * c - rc * r) / determinant
        if np.hypot(shift_r, shift_c) <= most:
            position[0] += shift_r
            position[1] += shift_c


@njit(cache=True, nogil=True)
def _turns(of, span):  # type: ignore[no-untyped-def]
    """How much a stroke turns at each point (radians), 0 where less than the span is left."""
    turn = np.zeros(len(of))
    for i in range(1, len(of) - 1):
        one, two = of[0] - of[i], of[-1] - of[i]
        if min(one[0] ** 2 + one[1] ** 2, two[0] ** 2 + two[1] ** 2) < span * span:
            continue
        ahead, back = _direction(of, i, 1, span, 0.0)[0], _direction(of, i, -1, span, 0.0)[0]
        between = abs(ahead - back)
        turn[i] = np.pi - min(between, 2 * np.pi - between)
    return turn


@njit(cache=True, nogil=True)
def _kind(angle, straight):  # type: ignore[no-untyped-def]
    if len(angle) > 3:
        return X
    for i in range(3):
        between = abs(angle[i] - angle[(i + 1) % 3])
        if abs(np.pi - between) <= straight:
            return T
    return Y


@njit(cache=True, nogil=True)
def _sorted(position, angle, first, kind, scale, nfa):  # type: ignore[no-untyped-def]
    order = np.argsort(nfa, kind="mergesort")
    angles = np.empty_like(angle)
    offsets = np.zeros(len(order) + 1, np.int64)
    for i in range(len(order)):
        begin, end = first[order[i]], first[order[i] + 1]
        offsets[i + 1] = offsets[i] + end - begin
        angles[offsets[i] : offsets[i + 1]] = angle[begin:end]
    return position[order], angles, offsets, kind[order], scale[order], nfa[order]

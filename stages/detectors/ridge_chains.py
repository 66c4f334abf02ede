"""Ridge points to sub-pixel accuracy, and the chains they make: one path follows each."""

import numpy as np

from perceptgraph.stages.detectors.levels import level_at
from perceptgraph.stores.compiled import njit


@njit(cache=True, nogil=True)
def ridge_points(smooth, std, least, reach, gain):  # type: ignore[no-untyped-def]
    """Points where the stronger principal curvature is large and the slope along it is zero.

    Parameters
    ----------
    smooth : (H, W) float32
        The image after a Gaussian.
    std : float
        Standard deviation of its second derivative along an axis, by the noise.
    least : float
        Smallest strength, in `std`.
    reach : float
        As far as that, across the ridge, the image must be there and fall off on both sides,
        pixels.
    gain : float
        Curvature of a line over its fall in `reach`. Where the fall on one side gives less than
        the curvature itself, that is the strength: an edge that noise has given a slight rise on
        its other side is no ridge.

    Returns
    -------
    index : (H, W) int32
        Ridge point of a pixel, -1 where there is none.
    point : (P, 6) float32
        Row, column, direction of the ridge (row, column), strength, 1 for bright and -1 for dark.
    """
    height, width = smooth.shape
    index = np.full((height, width), -1, np.int32)
    point = np.empty((max(height * width, 1), 6), np.float32)
    n = 0
    floor = np.float32((least * std) ** 2)
    half = np.float32(0.5)
    quarter = np.float32(0.25)
    for r in range(1, height - 1):
        for c in range(1, width - 1):
            here = smooth[r, c]
            up, down = smooth[r - 1, c], smooth[r + 1, c]
            left, right = smooth[r, c - 1], smooth[r, c + 1]
            rr = up + down - here - here
            cc = left + right - here - here
            rc = quarter * (
                smooth[r + 1, c + 1]
                - smooth[r + 1, c - 1]
                - smooth[r - 1, c + 1]
                + smooth[r - 1, c - 1]
            )
            # No principal curvature is larger than the norm of the matrix: most pixels end here.
            if rr * rr + cc * cc + rc * rc + rc * rc < floor:
                continue
            mean = half * (rr + cc)
            spread = half * (rr - cc)
            radius = np.sqrt(spread * spread + rc * rc)
            strong = mean - radius if mean < 0 else mean + radius
            if strong * strong < floor:
                continue
            # The strong direction, from the longer of two ways to write it.
            if (spread >= 0) == (strong > mean):
                across_r, across_c = radius + abs(spread), rc if strong > mean else -rc
            else:
                across_r, across_c = rc if strong > mean else -rc, radius + abs(spread)
            norm = np.sqrt(across_r * across_r + across_c * across_c)
            if norm == 0:
                continue
            across_r, across_c = across_r / norm, across_c / norm
            slope = half * ((down - up) * across_r + (right - left) * across_c)
            step = -slope / strong
            if abs(step * across_r) > half or abs(step * across_c) > half:
                continue
            out_r, out_c = reach * abs(across_r), reach * abs(across_c)
            if min(r, height - 1 - r) < out_r or min(c, width - 1 - c) < out_c:
                continue
            row, column = r + step * across_r, c + step * across_c
            one = level_at(smooth, row + reach * across_r, column + reach * across_c)
            two = level_at(smooth, row - reach * across_r, column - reach * across_c)
            top = level_at(smooth, row, column)
            fall = min(top - one, top - two) if strong < 0 else min(one - top, two - top)
            strength = min(abs(strong), gain * fall) / std
            if strength < least:
                continue
            index[r, c] = n
            point[n, 0] = row
            point[n, 1] = column
            point[n, 2] = -across_c
            point[n, 3] = across_r
            point[n, 4] = strength
            point[n, 5] = -1 if strong > 0 else 1
            n += 1
    return index, point[:n].copy()


@njit(cache=True, nogil=True)
def chains(index, point, least):  # type: ignore[no-untyped-def]
    """Chains of ridge points, each followed both ways to its best successor.

    Parameters
    ----------
    index, point
        Of `ridge_points`.
    least : float
        Smallest strength of points that are followed.

    Returns
    -------
    chain : (Q,) int64
        Ridge points in order, chain after chain; a point is in one chain at most.
    offsets : (N + 1,) int64
        Where each chain begins.
    """
    n_points = len(point)
    used = point[:, 4] < least
    chain = np.empty(n_points, np.int64)
    offsets = np.zeros(n_points + 1, np.int64)
    n, n_chains = 0, 0
    for seed in _strongest_first(point):
        if used[seed]:
            continue
        used[seed] = True
        begin = n
        chain[n] = seed
        n += 1
        for way in (1, -1):
            at, forward = seed, way
            while True:
                at, forward = _successor(index, point, used, at, forward)
                if at < 0:
                    break
                used[at] = True
                chain[n] = at
                n += 1
            if way == 1:
                chain[begin:n] = chain[begin:n][::-1].copy()
        n_chains += 1
        offsets[n_chains] = n
    return chain[:n].copy(), offsets[: n_chains + 1].copy()


@njit(cache=True, nogil=True)
def _strongest_first(point):  # type: ignore[no-untyped-def]
    """Points by falling strength, to a sixteenth of an octave: seeds of chains."""
    n_bins = 512
    first = np.zeros(n_bins + 1, np.int64)
    bins = np.empty(len(point), np.int64)
    for i in range(len(point)):
        bins[i] = n_bins - 1 - octave(point[i, 4])
        first[bins[i] + 1] += 1
    first = np.cumsum(first)
    order = np.empty(len(point), np.int64)
    for i in range(len(point)):
        order[first[bins[i]]] = i
        first[bins[i]] += 1
    return order


@njit(cache=True, nogil=True)
def _successor(index, point, used, at, way):  # type: ignore[no-untyped-def]
    """The next point of a chain, and whether its direction points ahead (1) or back (-1).

    The nearest and straightest of the neighbours ahead; over a gap of a pixel if there is none.
    """
    ahead_r, ahead_c = way * point[at, 2], way * point[at, 3]
    row, column = round(point[at, 0]), round(point[at, 1])
    for reach, least_cosine in ((1, 0.5), (2, 0.85)):
        best, least_cost = -1, np.inf
        for r in range(max(row - reach, 0), min(row + reach + 1, index.shape[0])):
            for c in range(max(column - reach, 0), min(column + reach + 1, index.shape[1])):
                i = index[r, c]
                if i < 0 or used[i] or point[i, 5] != point[at, 5]:
                    continue
                step_r, step_c = point[i, 0] - point[at, 0], point[i, 1] - point[at, 1]
                length = np.sqrt(step_r * step_r + step_c * step_c)
                along = step_r * ahead_r + step_c * ahead_c
                cosine = abs(point[i, 2] * ahead_r + point[i, 3] * ahead_c)
                if along <= 0 or along < (least_cosine - 0.25) * length or cosine < least_cosine:
                    continue
                cost = length + 1.5 * (1 - cosine)
                if cost < least_cost:
                    best, least_cost = i, cost
        if best >= 0:
            same = point[best, 2] * ahead_r + point[best, 3] * ahead_c > 0
            return best, 1 if same else -1
    return -1, 0


@njit(cache=True, nogil=True)
def pieces(  # type: ignore[no-untyped-def]
    point, chain, offsets, noise_tail, image_tail, table_step, unit, log10_tests, log10_eps
):
    r"""Longest pieces of chains that are meaningful, by their length and their weakest point.

    .. math:: \mathrm{NFA} = N_T \, H(u)^{l / d}

    Parameters
    ----------
    point, chain, offsets
        Of `ridge_points` and `chains`.
    noise_tail : (T,) float64
        log10 H of the noise at strengths u = 0, table_step, 2 table_step, ...
    image_tail : (512,) float64
        log10 H of the image itself, at sixteenths of an octave of u.
    unit : float
        d, arc length at which points are independent, pixels.
    log10_tests, log10_eps : float

    Returns
    -------
    ends : (M, 2) int64
        First and last point of each piece, places in `chain`.
    log10_nfa : (M,) float64
        Of the most meaningful part of the piece.
    """
    ends = np.empty((len(chain), 2), np.int64)
    log10_nfa = np.empty(len(chain))
    m = 0
    for k in range(len(offsets) - 1):
        of = chain[offsets[k] : offsets[k + 1]]
        strength = np.array([point[i, 4] for i in of])
        arc = arc_length(point, of)
        left, right = _stretches(strength)
        nfa = np.empty(len(of))
        n_covering = np.zeros(len(of) + 1, np.int64)
        for i in range(len(of)):
            image_at = image_tail[octave(strength[i])]
            noise_at = _tail_at(noise_tail, table_step, strength[i])
            n_independent = (arc[right[i]] - arc[left[i]]) / unit
            nfa[i] = log10_tests + n_independent * max(image_at, noise_at)
            if nfa[i] <= log10_eps:
                n_covering[left[i]] += 1
                n_covering[right[i] + 1] -= 1
        depth = 0
        for i in range(len(of)):
            if depth == 0 and n_covering[i] > 0:
                ends[m, 0] = offsets[k] + i
                log10_nfa[m] = np.inf
                m += 1
            depth += n_covering[i]
            if depth > 0:
                ends[m - 1, 1] = offsets[k] + i
                log10_nfa[m - 1] = min(log10_nfa[m - 1], nfa[i])
    return ends[:m].copy(), log10_nfa[:m].copy()


@njit(cache=True, nogil=True)
def _stretches(strength):  # type: ignore[no-untyped-def]
    """First and last place of the longest stretch around each place in which it is the weakest."""
    n = len(strength)
    left, right, stack = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    top = 0
    for i in range(n):
        while top > 0 and strength[stack[top - 1]] >= strength[i]:
            top -= 1
        left[i] = stack[top - 1] + 1 if top > 0 else 0
        stack[top] = i
        top += 1
    top = 0
    for i in range(n - 1, -1, -1):
        while top > 0 and strength[stack[top - 1]] >= strength[i]:
            top -= 1
        right[i] = stack[top - 1] - 1 if top > 0 else n - 1
        stack[top] = i
        top += 1
    return left, right


@njit(cache=True, nogil=True)
def arc_length(point, of):  # type: ignore[no-untyped-def]
    """Arc length (n,) from the first point of a chain: noise in the points adds none.

    Over steps of four points, interpolated: neighbours zigzag by their own noise.
    """
    n = len(of)
    arc = np.zeros(n)
    at = 0
    while at < n - 1:
        to = min(at + 4, n - 1)
        one, two = of[at], of[to]
        length = np.hypot(point[two, 0] - point[one, 0], point[two, 1] - point[one, 1])
        for i in range(at + 1, to + 1):
            arc[i] = arc[at] + length * (i - at) / (to - at)
        at = to
    return arc


@njit(cache=True, nogil=True)
def octave(strength):  # type: ignore[no-untyped-def]
    """Bin of a strength, sixteenths of an octave."""
    return min(max(int(16 * np.log2(strength)), 0), 511)


@njit(cache=True, nogil=True)
def _tail_at(table, step, strength):  # type: ignore[no-untyped-def]
    """Of a table of log10 H in steps, a parabola beyond its end: the tail is normal there."""
    place = strength / step
    end = len(table) - 1
    if place < end:
        i = int(place)
        return table[i] + (place - i) * (table[i + 1] - table[i])
    return table[end] - step * step * (place * place - end * end) / (2 * np.log(10.0))

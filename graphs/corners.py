"""Corners and other extrema of curvature, at which curves are cut wherever their points begin."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

STEPS = 8  # samples per piece
WINDOW = 4  # samples, half a piece, on either side over which the turn is measured
FEWEST = 24  # samples of a closed curve, so that a window is at most a sixth of it
LEAST_TURN = 0.6  # radians, smoothed: that of a sharp corner of 50 degrees
LEAST_RISE = 0.1  # radians over the least turn within two windows, on both sides
SMOOTHING = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]) / 16.0  # of turns along the curve


@njit(cache=True, nogil=True)
def anchors_of(
    points: NDArray[np.float32],
    offsets: NDArray[np.int64],
    rings: NDArray[np.bool_],
    reach: NDArray[np.float64],
    length: NDArray[np.float64],
    piece_length: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Way along each curve to the places that stand out by their curvature.

    Each curve is sampled evenly, eight times a piece. The turn at a sample is the angle between
    the chords of half a piece before and behind it, smoothed along the curve. A place stands out
    if its turn is the largest within half a piece, is that of a sharp corner of 50 degrees at
    least, and exceeds the least turn within a piece by 6 degrees, on either side. A closed curve
    without such a place, and without a begin of its own, gets the two ends of the longer axis of
    the ellipse that its first Fourier harmonic runs along [1]_.

    Parameters
    ----------
    points, offsets, reach, length : array
        Fields of `perceptgraph.graphs.cutting.Curves`.
    rings : (C,) bool
        Curves that are closed and may begin anywhere.
    piece_length : float
        Pixels.

    Returns
    -------
    at : (A,) float64
        In [0, length of the curve), ascending within each curve.
    starts : (C + 1,) int64
        Where the anchors of each curve begin.

    References
    ----------
    .. [1] F. P. Kuhl, C. R. Giardina, "Elliptic Fourier features of a closed contour", Computer
           Graphics and Image Processing 18, 1982.
    """
    n_most = (STEPS * length / piece_length + FEWEST + 2).sum()
    at = np.empty(int(n_most) // WINDOW + 2 * len(length))
    starts = np.zeros(len(length) + 1, np.int64)
    n = 0
    for c in range(len(length)):
        if length[c] > 0:
            is_ring, begin, end = rings[c], offsets[c], offsets[c + 1]
            steps = max(int(np.rint(STEPS * length[c] / piece_length)), FEWEST if is_ring else 1)
            samples = _sampled(points[begin:end], reach[begin:end], length[c], steps)
            spacing = length[c] / steps
            first = n
            if steps >= 2 * WINDOW:
                turn = _smoothed(_turns(samples, is_ring), is_ring)
                n = _extrema(turn, is_ring, spacing, at, n)
            if n == first and is_ring:
                n = _axis_ends(samples, spacing, at, n)
        starts[c + 1] = n
    return at[:n].copy(), starts


@njit(cache=True, nogil=True)
def _sampled(
    points: NDArray[np.float32], reach: NDArray[np.float64], length: float, steps: int
) -> NDArray[np.float64]:
    """Points (steps + 1, 2) at equal ways along a curve; the last is its end, or its begin."""
    samples = np.empty((steps + 1, 2))
    k = 0
    for s in range(steps + 1):
        way = length * (s / steps)
        while k + 1 < len(points) and reach[k + 1] < way:
            k += 1
        after = (k + 1) % len(points)
        span = (reach[after] if after > 0 else length) - reach[k]
        share = min((way - reach[k]) / span, 1.0) if span > 0 else 0.0
        for axis in range(2):
            samples[s, axis] = points[k, axis] + share * (points[after, axis] - points[k, axis])
    return samples


@njit(cache=True, nogil=True)
def _turns(samples: NDArray[np.float64], is_ring: bool) -> NDArray[np.float64]:
    """Angle between the chords before and behind each sample; 0 close to an end; (steps + 1,)."""
    steps = len(samples) - 1
    turn = np.zeros(steps + 1)
    margin = 0 if is_ring else WINDOW
    for k in range(margin, steps + 1 - margin):
        before = (k - WINDOW) % steps if is_ring else k - WINDOW
        behind = (k + WINDOW) % steps if is_ring else k + WINDOW
        r0, c0 = samples[k, 0] - samples[before, 0], samples[k, 1] - samples[before, 1]
        r1, c1 = samples[behind, 0] - samples[k, 0], samples[behind, 1] - samples[k, 1]
        turn[k] = np.arctan2(c0 * r1 - r0 * c1, r0 * r1 + c0 * c1)
    return turn


@njit(cache=True, nogil=True)
def _smoothed(turn: NDArray[np.float64], is_ring: bool) -> NDArray[np.float64]:
    """Absolute value of the turn averaged over its neighbours; (steps + 1,)."""
    steps = len(turn) - 1
    smooth = np.zeros(steps + 1)
    half = len(SMOOTHING) // 2
    for k in range(steps + 1):
        for m in range(len(SMOOTHING)):
            at = k + m - half
            if is_ring:
                at %= steps
            if 0 <= at <= steps:
                smooth[k] += SMOOTHING[m] * turn[at]
    return np.abs(smooth)


@njit(cache=True, nogil=True)
def _extrema(
    turn: NDArray[np.float64], is_ring: bool, spacing: float, at: NDArray[np.float64], n: int
) -> int:
    """Write the ways to the samples whose turn stands out, from `n` on; returns how far."""
    steps = len(turn) - 1
    margin = 0 if is_ring else WINDOW
    first = n
    for k in range(margin, steps if is_ring else steps + 1 - margin):
        if turn[k] < LEAST_TURN or not _stands_out(turn, is_ring, k):
            continue
        before = turn[(k - 1) % steps if is_ring else k - 1]
        behind = turn[(k + 1) % steps if is_ring else k + 1]
        bend = before - 2 * turn[k] + behind
        shift = 0.5 * (before - behind) / bend if bend < 0 else 0.0
        way = (k + min(max(shift, -0.5), 0.5)) * spacing
        # The first sample of a closed curve may stand out a little before it begins.
        at[n] = way if way >= 0 else way + steps * spacing
        n += 1
    if n > first and at[first] > at[n - 1]:
        last = at[first]
        at[first : n - 1] = at[first + 1 : n].copy()
        at[n - 1] = last
    return n


@njit(cache=True, nogil=True)
def _stands_out(turn: NDArray[np.float64], is_ring: bool, k: int) -> bool:
    """Whether a turn is the largest around and rises on both sides."""
    steps = len(turn) - 1
    for way in (-1, 1):
        least = turn[k]
        for m in range(1, 2 * WINDOW + 1):
            at = k + way * m
            if is_ring:
                at %= steps
            elif at < WINDOW or at > steps - WINDOW:
                least = 0.0
                break
            if m <= WINDOW and (turn[at] > turn[k] or (way > 0 and turn[at] == turn[k])):
                return False
            least = min(least, turn[at])
        if turn[k] - least < LEAST_RISE:
            return False
    return True


@njit(cache=True, nogil=True)
def _axis_ends(
    samples: NDArray[np.float64], spacing: float, at: NDArray[np.float64], n: int
) -> int:
    """Write the ways to the ends of the first harmonic's longer axis, from `n` on."""
    steps = len(samples) - 1
    ahead, back = 0j, 0j
    for k in range(steps):
        turn = np.exp(-2j * np.pi * k / steps)
        place = samples[k, 1] + 1j * samples[k, 0]
        ahead += place * turn
        back += place * np.conj(turn)
    # ahead exp(i t) + back exp(-i t) is longest where its two terms have one angle.
    angle = (np.angle(back) - np.angle(ahead)) / 2
    share = (angle / (2 * np.pi)) % 0.5
    at[n], at[n + 1] = share * steps * spacing, (share + 0.5) * steps * spacing
    return n + 2

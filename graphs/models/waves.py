r"""Places as waves: what a small network can tell apart at once, at every distance.

A place (u, v), in radii of its graph, becomes the cosines and sines of

.. math:: \frac{\pi}{2} (k u + l v), \qquad |k|, |l| \le 2,

one wave of each two that are opposite: the longest are as long as most graphs. Networks that read
coordinates as they are learn fine detail last [1]_.

References
----------
.. [1] M. Tancik et al., "Fourier features let networks learn high frequency functions in low
       dimensional domains", NeurIPS 2020.
"""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.models.all_pairs import Neighbours
from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float32]

N_WAVES = 24
"""Cosines and sines of the twelve waves."""
N_PAIR, N_MIDDLE, N_FRAME = 9 + N_WAVES, 3 + N_WAVES, 3 * (1 + N_WAVES) - 1
"""Numbers of `waves_of_pairs`, of `waves_of_middles` and of `waves_in_frames`."""
WAVE = np.float32(np.pi / 2)
CLOSEST = np.float32(0.02)
"""Radii that nodes are apart at least, for the logarithm of their distance."""


def waves_of_pairs(place: Floats, direction: Floats, pairs: Neighbours) -> Floats:
    r"""How the neighbours of each node lie in its frame: (P, 33).

    u along and v to the left; their hyperbolic arc sines, ten times enlarged (small steps beside
    large ones); the logarithm of the distance; :math:`\cos m \delta, \sin m \delta` of the turn of
    the direction, m = 1, 2; and the waves.

    Parameters
    ----------
    place : (N, 2)
        (row, column), in radii of the graph.
    direction : (N, 2)
        (sin theta, cos theta).
    pairs : Neighbours
        Of the N nodes.
    """
    found = np.empty((len(pairs.target), N_PAIR), np.float32)
    _see_pairs(place, direction, pairs.offsets, pairs.target, found)
    return found


def waves_of_middles(place: Floats, direction: Floats) -> Floats:
    """How the middle of the graph lies in the frame of each node: u, v, distance, waves; (N, 27).

    Parameters
    ----------
    place : (N, 2)
        (row, column) about the middle, in radii of the graph.
    direction : (N, 2)
        (sin theta, cos theta).
    """
    found = np.empty((len(place), N_MIDDLE), np.float32)
    _see_middles(place, direction, found)
    return found


def waves_in_frames(
    place: Floats, direction: Floats, turn: Floats, ptr: NDArray[np.int64]
) -> Floats:
    r"""Where each node lies in each frame of its graph, and how it is directed: (N, K, 74).

    Products of the waves, and 1, with :math:`1, \cos \theta, \sin \theta` of the direction, but
    for 1 itself.

    Parameters
    ----------
    place : (N, 2)
        (row, column) about the middle of the graph, in its radii.
    direction : (N, 2)
        (sin theta, cos theta).
    turn : (G, K)
        Of each frame about the middle, radians, from the +column axis towards +row.
    ptr : (G + 1,)
        Where the nodes of each graph begin.
    """
    found = np.empty((len(place), turn.shape[1], N_FRAME), np.float32)
    _see_in_frames(place, direction, np.sin(turn), np.cos(turn), ptr, found)
    return found


@njit(cache=True, nogil=True)
def _put_waves(u, v, row):  # type: ignore[no-untyped-def]
    two = np.float32(2)
    # Powers and products of e^iau and e^iav: two sines and cosines do for all waves.
    cu, su, cv, sv = np.cos(WAVE * u), np.sin(WAVE * u), np.cos(WAVE * v), np.sin(WAVE * v)
    cu2, su2, cv2, sv2 = cu * cu - su * su, two * cu * su, cv * cv - sv * sv, two * cv * sv
    row[0], row[1], row[2], row[3] = cu, su, cu2, su2
    row[4], row[5], row[6], row[7] = cv, sv, cv2, sv2
    row[8], row[9] = cu * cv - su * sv, su * cv + cu * sv
    row[10], row[11] = cu * cv + su * sv, su * cv - cu * sv
    row[12], row[13] = cu2 * cv - su2 * sv, su2 * cv + cu2 * sv
    row[14], row[15] = cu2 * cv + su2 * sv, su2 * cv - cu2 * sv
    row[16], row[17] = cu * cv2 - su * sv2, su * cv2 + cu * sv2
    row[18], row[19] = cu * cv2 + su * sv2, su * cv2 - cu * sv2
    row[20], row[21] = cu2 * cv2 - su2 * sv2, su2 * cv2 + cu2 * sv2
    row[22], row[23] = cu2 * cv2 + su2 * sv2, su2 * cv2 - cu2 * sv2


@njit(cache=True, nogil=True)
def _see_pairs(place, direction, offsets, target, found):  # type: ignore[no-untyped-def]
    ten, third, two = np.float32(10), np.float32(1 / 3), np.float32(2)
    for i in range(len(place)):
        sine, cosine = direction[i, 0], direction[i, 1]
        for p in range(offsets[i], offsets[i + 1]):
            j = target[p]
            row, column = place[j, 0] - place[i, 0], place[j, 1] - place[i, 1]
            u, v = row * sine + column * cosine, column * sine - row * cosine
            c = direction[j, 0] * sine + direction[j, 1] * cosine
            s = direction[j, 1] * sine - direction[j, 0] * cosine
            found[p, 0], found[p, 1] = u, v
            found[p, 2], found[p, 3] = np.arcsinh(ten * u) * third, np.arcsinh(ten * v) * third
            found[p, 4] = np.log(max(np.sqrt(u * u + v * v), CLOSEST))
            found[p, 5], found[p, 6] = c, s
            found[p, 7], found[p, 8] = c * c - s * s, two * c * s
            _put_waves(u, v, found[p, 9:])


@njit(cache=True, nogil=True)
def _see_middles(place, direction, found):  # type: ignore[no-untyped-def]
    for i in range(len(place)):
        sine, cosine = direction[i, 0], direction[i, 1]
        row, column = -place[i, 0], -place[i, 1]
        u, v = row * sine + column * cosine, column * sine - row * cosine
        found[i, 0], found[i, 1], found[i, 2] = u, v, np.sqrt(u * u + v * v)
        _put_waves(u, v, found[i, 3:])


@njit(cache=True, nogil=True)
def _see_in_frames(place, direction, sines, cosines, ptr, found):  # type: ignore[no-untyped-def]
    waves = np.empty(N_WAVES, np.float32)
    for g in range(len(ptr) - 1):
        for i in range(ptr[g], ptr[g + 1]):
            for k in range(sines.shape[1]):
                s, c = sines[g, k], cosines[g, k]
                down = place[i, 0] * c - place[i, 1] * s
                across = place[i, 0] * s + place[i, 1] * c
                sine = direction[i, 0] * c - direction[i, 1] * s
                cosine = direction[i, 0] * s + direction[i, 1] * c
                _put_waves(across, down, waves)
                found[i, k, 0], found[i, k, 1] = cosine, sine
                for w in range(N_WAVES):
                    found[i, k, 2 + 3 * w] = waves[w]
                    found[i, k, 3 + 3 * w] = waves[w] * cosine
                    found[i, k, 4 + 3 * w] = waves[w] * sine

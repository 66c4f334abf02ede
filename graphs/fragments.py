"""Nodes left out, pieces of curves cut in two and joined: what one detection does beside another.

The two darts of a piece of a stroke (`other_darts`) share every fate.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.course import courses
from perceptgraph.graphs.frames import GONE, NODE_KINDS, Frames
from perceptgraph.graphs.push_forward import (
    LENGTH,
    OFFSET,
    SLOPE,
    TURNING,
    WIDTH,
    WIDTH_SLOPE,
    Floats,
    image_of,
)
from perceptgraph.stores.arrays import offsets_of
from perceptgraph.stores.compiled import njit

DART = NODE_KINDS.index("dart")
WHOLE, FIRST, SECOND = 0, 1, 2


def other_darts(frames: Frames) -> NDArray[np.int64]:
    """The dart (N,) that runs the other way on the same piece; -1 for none.

    It is of the same curve and lies at the very same place. Counted through all images.
    """
    return _other_darts(frames.kind, frames.position, frames.curve, frames.offsets)


def kept(frames: Frames, chosen: NDArray[np.bool_]) -> Frames:
    """The nodes where `chosen` (N,) is true, with what was between them.

    Of a node before one that is left out, what follows is GONE. What lay inside a curve that is
    gone altogether lies inside the curve around that one.
    """
    counts = np.bincount(image_of(frames)[chosen], minlength=len(frames.offsets) - 1)
    offsets = offsets_of(counts)
    first, image = frames.offsets[:-1], image_of(frames)
    number = np.where(chosen, np.cumsum(chosen) - 1 - offsets[:-1][image], -1)
    after = number[first[image] + np.maximum(frames.following, 0)]
    after = np.where(frames.following < 0, frames.following, np.where(after < 0, GONE, after))
    around = _around(frames.curve, frames.around, frames.offsets, chosen)
    return Frames(
        kind=frames.kind[chosen],
        position=frames.position[chosen],
        direction=frames.direction[chosen],
        attributes=frames.attributes[chosen],
        following=after[chosen].astype(np.int32),
        curve=frames.curve[chosen],
        around=around[chosen],
        offsets=offsets,
    )


def halved(frames: Frames, chosen: NDArray[np.bool_]) -> Frames:
    """The nodes with these pieces of curves cut in their middles.

    A piece is taken for a curve whose curvature changes steadily, through the five points of its
    course. Lines, junctions and blobs cannot be chosen: they have no course beyond their frame.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    chosen : (N,) bool
        Arcs and darts of some length; of the two darts of one piece both or none.
    """
    counts = 1 + chosen.astype(np.int64)
    ends = offsets_of(counts)
    node = np.repeat(np.arange(len(frames)), counts)
    half = np.where(chosen[node], FIRST + np.arange(len(node)) - ends[:-1][node], WHOLE)
    offsets = ends[frames.offsets]
    image = image_of(frames)[node]
    after = ends[frames.offsets[image] + np.maximum(frames.following[node], 0)] - offsets[image]
    after = np.where(frames.following[node] < 0, frames.following[node], after)
    after = np.where(half == FIRST, np.arange(len(node)) + 1 - offsets[image], after)
    position, direction = frames.position[node], frames.direction[node]
    attributes = frames.attributes[node]
    _halve(half, courses(frames)[node], position, direction, attributes)
    return Frames(
        kind=frames.kind[node],
        position=position,
        direction=direction,
        attributes=attributes,
        following=after.astype(np.int32),
        curve=frames.curve[node],
        around=frames.around[node],
        offsets=offsets,
    )


def joined_up(frames: Frames, chosen: NDArray[np.bool_], corner: float) -> Frames:
    """The nodes with these pieces and what follows each of them made one.

    Where two such pairs share a piece, the first is made one. A pair stays two where it meets at
    a corner, and where its closed curve would have less than three pieces. Width, contrast, NFA
    and rays become the mean by length; turning and length the sum. Cut in the middle again
    (`halved`), two pieces of the same length are what they were, up to their inner points.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    chosen : (N,) bool
        Nodes to join to what follows them; of two darts the one that comes first decides.
    corner : float
        Largest angle between the tangents where two pieces meet, in radians.
    """
    first = frames.offsets[image_of(frames)]
    after = np.where(frames.following < 0, frames.following, first + frames.following)
    points = courses(frames)
    partner, after = _partners(
        after, other_darts(frames), chosen, _smooth(after, frames.attributes, points, corner)
    )
    position, direction = frames.position.copy(), frames.direction.copy()
    attributes = frames.attributes.copy()
    _join(partner, points, position, direction, attributes)
    left = np.flatnonzero(partner >= 0)
    other = other_darts(frames)[left]
    # The last pieces of two darts that were made one: where the first of them says.
    back = left[other >= 0]
    mate = other_darts(frames)[partner[back]]
    position[np.maximum(back, mate)] = position[np.minimum(back, mate)]
    rest = np.ones(len(frames), np.bool_)
    rest[partner[left]] = False
    whole = replace(
        frames,
        position=position,
        direction=direction,
        attributes=attributes,
        following=np.where(after < 0, after, after - first).astype(np.int32),
    )
    return kept(whole, rest)


@njit(cache=True, nogil=True)
def _other_darts(
    kind: NDArray[np.uint8],
    position: NDArray[np.float32],
    curve: NDArray[np.int32],
    offsets: NDArray[np.int64],
) -> NDArray[np.int64]:
    other = np.full(len(kind), -1)
    for g in range(len(offsets) - 1):
        for i in range(offsets[g], offsets[g + 1]):
            if kind[i] != DART or other[i] >= 0:
                continue
            for j in range(i + 1, offsets[g + 1]):
                if kind[j] == DART and curve[j] == curve[i] and other[j] < 0:
                    row, column = position[i]
                    if position[j, 0] == row and position[j, 1] == column:
                        other[i], other[j] = j, i
                        break
    return other


@njit(cache=True, nogil=True)
def _around(
    curve: NDArray[np.int32],
    around: NDArray[np.int32],
    offsets: NDArray[np.int64],
    chosen: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """`around` without curves none of whose nodes is chosen."""
    there = around.copy()
    for g in range(len(offsets) - 1):
        begin, end = offsets[g], offsets[g + 1]
        n_curves = 0
        for i in range(begin, end):
            n_curves = max(n_curves, curve[i] + 1, around[i] + 1)
        beyond, is_gone = np.full(n_curves, -1), np.zeros(n_curves, np.bool_)
        for i in range(begin, end):
            beyond[curve[i]], is_gone[curve[i]] = around[i], True
        for i in range(begin, end):
            if chosen[i]:
                is_gone[curve[i]] = False
        for i in range(begin, end):
            while there[i] >= 0 and is_gone[there[i]]:
                there[i] = beyond[there[i]]
    return there


@njit(cache=True, nogil=True)
def _turn_to(turning: float, slope: float, share: float) -> float:
    """What the tangent turns by over the first share of a piece of steadily changing curvature."""
    return turning * share + 2 * slope * (share * share - share)


@njit(cache=True, nogil=True)
def _point(points: Floats, values: NDArray[np.float32], share: float, place: Floats) -> None:
    """Point of a piece after this share of its length, into `place` (2,)."""
    k = min(int(4 * share), 3)
    f = 4 * share - k
    turn = _turn_to(values[TURNING], values[SLOPE], (k + 1) / 4)
    turn -= _turn_to(values[TURNING], values[SLOPE], k / 4)
    row, column = points[k + 1, 0] - points[k, 0], points[k + 1, 1] - points[k, 1]
    # A quarter that turns to the right lies to the left of its chord: by an eighth in its middle.
    bulge = f * (1 - f) * turn / 2
    place[0] = points[k, 0] + f * row - bulge * column
    place[1] = points[k, 1] + f * column + bulge * row


@njit(cache=True, nogil=True)
def _settle(
    five: Floats,
    position: NDArray[np.float32],
    direction: NDArray[np.float32],
    values: NDArray[np.float32],
) -> None:
    """Position (2,), direction (2,) and offsets of the piece through five points, in place."""
    row, column = five[4, 0] - five[0, 0], five[4, 1] - five[0, 1]
    chord = np.hypot(row, column)
    if chord > 0:
        direction[0], direction[1] = row / chord, column / chord
    position[0], position[1] = five[2, 0], five[2, 1]
    for k in range(1, 4):
        aside = (five[k, 1] - five[0, 1]) * direction[0] - (five[k, 0] - five[0, 0]) * direction[1]
        values[OFFSET + k - 1] = aside


@njit(cache=True, nogil=True)
def _halve(
    half: NDArray[np.int64],
    points: Floats,
    position: NDArray[np.float32],
    direction: NDArray[np.float32],
    attributes: NDArray[np.float32],
) -> None:
    """Turn copies of nodes into the halves that they stand for, in place."""
    five = np.empty((5, 2))
    for i in range(len(half)):
        if half[i] == WHOLE:
            continue
        values = attributes[i]
        start, sign = (0.0, -1.0) if half[i] == FIRST else (0.5, 1.0)
        for k in range(5):
            _point(points[i], values, start + k / 8, five[k])
        values[LENGTH] /= 2
        values[TURNING] = (values[TURNING] + sign * values[SLOPE]) / 2
        values[SLOPE] /= 4
        values[WIDTH] += sign * values[WIDTH_SLOPE] / 4
        values[WIDTH_SLOPE] /= 2
        _settle(five, position[i], direction[i], values)


@njit(cache=True, nogil=True)
def _smooth(
    after: NDArray[np.int64], attributes: NDArray[np.float32], points: Floats, corner: float
) -> NDArray[np.bool_]:
    """Whether each node meets what follows it without a corner, and both have a length."""
    smooth = np.zeros(len(after), np.bool_)
    for i in range(len(after)):
        if after[i] < 0 or not min(attributes[i, LENGTH], attributes[after[i], LENGTH]) > 0:
            continue
        angle = 0.0
        for j, side in ((i, 1.0), (after[i], -1.0)):
            row, column = points[j, 3, 0] - points[j, 1, 0], points[j, 3, 1] - points[j, 1, 1]
            half = (attributes[j, TURNING] + side * attributes[j, SLOPE]) / 2
            angle += side * np.arctan2(row, column) + half
        smooth[i] = abs((angle + np.pi) % (2 * np.pi) - np.pi) <= corner
    return smooth


@njit(cache=True, nogil=True)
def _partners(
    after: NDArray[np.int64],
    other: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    smooth: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The node that each node takes in, -1 for none; and what follows each node then."""
    partner, after = np.full(len(after), -1), after.copy()
    is_used = np.zeros(len(after), np.bool_)
    for i in range(len(after)):
        j = after[i]
        if j < 0 or not chosen[i] or not smooth[i] or is_used[i] or is_used[j]:
            continue
        # A closed curve keeps three pieces.
        if j == i or after[j] == i or (after[j] >= 0 and after[after[j]] == i):
            continue
        back_j, back_i = other[j], other[i]
        if (back_i >= 0) != (back_j >= 0):
            continue
        if back_i >= 0:
            if back_j < i or after[back_j] != back_i or is_used[back_i] or is_used[back_j]:
                continue
            partner[back_j], after[back_j] = back_i, after[back_i]
            is_used[back_i] = is_used[back_j] = True
        partner[i], after[i] = j, after[j]
        is_used[i] = is_used[j] = True
    return partner, after


@njit(cache=True, nogil=True)
def _join(
    partner: NDArray[np.int64],
    points: Floats,
    position: NDArray[np.float32],
    direction: NDArray[np.float32],
    attributes: NDArray[np.float32],
) -> None:
    """Make each node that takes in another the two of them, in place."""
    five = np.empty((5, 2))
    for i in range(len(partner)):
        if partner[i] < 0:
            continue
        here, there = attributes[i], attributes[partner[i]]
        length = here[LENGTH] + there[LENGTH]
        share = here[LENGTH] / length
        for k in range(5):
            if k / 4 <= share:
                _point(points[i], here, k / 4 / share, five[k])
            else:
                _point(points[partner[i]], there, (k / 4 - share) / (1 - share), five[k])
        _settle(five, position[i], direction[i], here)
        if share >= 0.5:
            first = _turn_to(here[TURNING], here[SLOPE], 0.5 / share)
        else:
            rest = (0.5 - share) / (1 - share)
            first = here[TURNING] + _turn_to(there[TURNING], there[SLOPE], rest)
        turning = here[TURNING] + there[TURNING]
        start = here[WIDTH] - here[WIDTH_SLOPE] / 2
        end = there[WIDTH] + there[WIDTH_SLOPE] / 2
        offsets = here[OFFSET : OFFSET + 3].copy()
        for name in range(len(here)):
            here[name] = share * here[name] + (1 - share) * there[name]
        here[OFFSET : OFFSET + 3] = offsets
        here[LENGTH], here[WIDTH_SLOPE] = length, end - start
        here[TURNING], here[SLOPE] = turning, turning - 2 * first

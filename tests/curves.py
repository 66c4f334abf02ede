"""Pieces of curves drawn point by point, and what their frames must say of them."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from strategies import angles, drawn_primitives, generators

from perceptgraph.graphs.frames import (
    ATTRIBUTES,
    NODE_KINDS,
    Frames,
    joined,
    lone_nodes,
    side_by_side,
)
from perceptgraph.graphs.nodes import frames_of

COLUMN = {name: column for column, name in enumerate(ATTRIBUTES)}


def column(frames: Frames, name: str) -> np.ndarray:
    return frames.attributes[:, COLUMN[name]]


def clothoid(turning: float, slope: float, length: float, n: int = 2001) -> np.ndarray:
    """Points (n, 2) of a curve whose tangent turns by `turning`, in its second half by `slope`
    more than in its first; its middle is at (0, 0) and looks along +column there."""
    s = np.linspace(-0.5, 0.5, n)
    theta = turning * s + 2 * slope * s**2
    step = np.stack([np.sin(theta), np.cos(theta)], axis=1)
    points = np.cumsum((step[1:] + step[:-1]) / 2, axis=0) * length / (n - 1)
    points = np.concatenate([np.zeros((1, 2)), points])
    return points - points[n // 2]


def turned(points: np.ndarray, theta: float) -> np.ndarray:
    """Points turned about (0, 0), from +column towards +row."""
    cos, sin = np.cos(theta), np.sin(theta)
    return points @ np.array([[cos, -sin], [sin, cos]])


def measured(path: np.ndarray, kind: str = "arc", **columns: float) -> Frames:
    """The node that is the whole path, measured on its points."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    reach = np.concatenate([[0], np.cumsum(steps)])
    chord = path[-1] - path[0]
    direction = chord / np.hypot(*chord)
    left = np.array([-direction[1], direction[0]])
    quarters = np.linspace(0, reach[-1], 5)
    five = np.stack([np.interp(quarters, reach, path[:, axis]) for axis in (0, 1)], axis=1)
    theta = np.unwrap(np.arctan2(*np.diff(path, axis=0).T))
    # Tangents of the steps hold at their middles.
    middles = (reach[1:] + reach[:-1]) / 2
    start, end = 0.0, 0.0
    if len(path) > 2:
        start = theta[0] - (theta[1] - theta[0]) * middles[0] / (middles[1] - middles[0])
        end = theta[-1] + (theta[-1] - theta[-2]) * middles[0] / (middles[1] - middles[0])
    half = np.interp(reach[-1] / 2, middles, theta) if len(path) > 2 else 0.0
    first, second = half - start, end - half
    values = {
        "length": reach[-1],
        "turning": first + second,
        "turning_slope": second - first,
        **{f"offset_{k}": (five[k] - five[0]) @ left for k in (1, 2, 3)},
        **columns,
    }
    attributes = np.zeros((1, len(ATTRIBUTES)), np.float32)
    for name, value in values.items():
        attributes[0, COLUMN[name]] = value
    return lone_nodes(
        np.array([NODE_KINDS.index(kind)], np.uint8),
        five[2:3].astype(np.float32),
        direction[None].astype(np.float32),
        attributes,
    )


def chain(path: np.ndarray, n_pieces: int, closed: bool = False, both_ways: bool = False) -> Frames:
    """One curve of arcs, or of darts both ways, that are the same number of steps of the path."""
    cuts = np.linspace(0, len(path) - 1, n_pieces + 1).astype(int)
    kind = "dart" if both_ways else "arc"
    parts = [path[a : b + 1] for a, b in pairwise(cuts)]
    last = 0 if closed else -1
    onward = [*range(1, n_pieces), last]
    if both_ways:
        parts += [part[::-1] for part in parts]
        back = [n_pieces + n_pieces - 1 if closed else -1, *range(n_pieces, 2 * n_pieces - 1)]
        onward += back
    nodes = [measured(part, kind, width=2.0, contrast=0.5, log10_nfa=-3.0) for part in parts]
    position = np.concatenate([node.position for node in nodes])
    position[n_pieces:] = position[: len(position) - n_pieces]
    return replace(
        lone_nodes(
            np.concatenate([node.kind for node in nodes]),
            position,
            np.concatenate([node.direction for node in nodes]),
            np.concatenate([node.attributes for node in nodes]),
        ),
        following=np.array(onward, np.int32),
        curve=np.zeros(len(nodes), np.int32),
    )


def following_pairs(frames: Frames) -> set[tuple[int, int]]:
    image = np.repeat(np.arange(len(frames.offsets) - 1), np.diff(frames.offsets))
    has = np.flatnonzero(frames.following >= 0)
    after = frames.offsets[image[has]] + frames.following[has]
    return set(zip(has.tolist(), after.tolist(), strict=True))


@st.composite
def chains(draw: st.DrawFn) -> Frames:
    """A smooth curve in pieces that turn by a radian at most, anywhere in the picture."""
    n = draw(st.integers(1, 7))
    turning, slope = n * draw(st.floats(-0.6, 0.6)), draw(st.floats(-0.3, 0.3))
    path = turned(clothoid(turning, slope, n * draw(st.floats(2, 12)), n * 60 + 1), draw(angles()))
    path += draw(generators()).uniform(0, 40, 2)
    return chain(path, n, both_ways=draw(st.booleans()))


@st.composite
def pictures(draw: st.DrawFn, max_images: int = 3) -> Frames:
    """Images of curves, lines and junctions."""
    images = [
        joined([*draw(st.lists(chains(), max_size=2)), frames_of(draw(drawn_primitives(3)))])
        for _ in range(draw(st.integers(1, max_images)))
    ]
    return side_by_side(images)

"""Nodes drawn for the tests of relations: of all kinds, on curves, some around others."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames, joined, lone_nodes

COLUMN = {name: column for column, name in enumerate(ATTRIBUTES)}
LENGTHS = [column for name, column in COLUMN.items() if ATTRIBUTES[name][0] == "pixels"]


def straight(kind: str, *ends, **columns) -> Frames:
    """Straight nodes from (row, column) to (row, column), each a curve of its own."""
    a, b = np.array(ends, np.float64).reshape(-1, 2, 2).transpose(1, 0, 2)
    length = np.hypot(*(b - a).T)
    along = (b - a) / np.maximum(length, 1e-12)[:, None]
    along[length == 0] = (0, 1)
    attributes = np.zeros((len(a), len(ATTRIBUTES)), np.float32)
    for name, values in {"length": length, "width": 1, **columns}.items():
        attributes[:, COLUMN[name]] = values
    return lone_nodes(
        np.full(len(a), NODE_KINDS.index(kind), np.uint8),
        ((a + b) / 2).astype(np.float32),
        along.astype(np.float32),
        attributes,
    )


def lines(*ends) -> Frames:
    return straight("line", *ends)


def junction(row: float, column: float, scale: float = 4.0, branches=()) -> Frames:
    """A junction that points along the columns, with branches at these angles to its left."""
    angles = {f"branch_{i}": angle for i, angle in enumerate(branches, 1)}
    at = (row, column)
    return straight("junction", at, at, width=0, scale=scale, degree=len(branches), **angles)


def ring(corners, sign: int = 1, is_closed: bool = True) -> Frames:
    """Arcs around a polygon, in the order of its corners or against it; one missing where open."""
    corners = np.array(corners, np.float64)[::sign]
    nodes = straight("arc", *zip(corners, np.roll(corners, -1, axis=0), strict=True))
    n = len(nodes) if is_closed else len(nodes) - 1
    following = np.arange(1, n + 1, dtype=np.int32)
    following[-1] = 0 if is_closed else -1
    return replace(chosen(nodes, np.arange(n)), following=following, curve=np.zeros(n, np.int32))


def stroke(points, is_closed: bool = False) -> Frames:
    """Darts along a polyline, first those of one sense, then those of the other."""
    points = [*points, points[0]] if is_closed else points
    steps = list(pairwise(np.array(points, np.float64)))
    n = len(steps)
    nodes = straight("dart", *steps, *[(b, a) for a, b in steps])
    end, begin = (0, 2 * n - 1) if is_closed else (-1, -1)
    following = [*range(1, n), end, begin, *range(n, 2 * n - 1)]
    return replace(nodes, following=np.array(following, np.int32), curve=np.zeros(2 * n, np.int32))


def within(nodes: Frames, curve: int, outer: int) -> Frames:
    """The nodes with `outer` as the curve around `curve`."""
    return replace(
        nodes, around=np.where(nodes.curve == curve, outer, nodes.around).astype(np.int32)
    )


def chosen(nodes: Frames, order) -> Frames:
    """One image's nodes in another order, or some of them."""
    order = np.asarray(order, np.int64)
    place = np.full(len(nodes) + 1, -1, np.int32)
    place[order] = np.arange(len(order))
    return Frames(
        nodes.kind[order],
        nodes.position[order],
        nodes.direction[order],
        nodes.attributes[order],
        place[nodes.following[order]],
        nodes.curve[order],
        nodes.around[order],
        np.array([0, len(order)], np.int64),
    )


def moved(nodes: Frames, turn: float = 0.0, shift: float = 0.0, scale: float = 1.0) -> Frames:
    """The nodes of the same picture turned, shifted and enlarged."""
    turning = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    attributes = nodes.attributes.copy()
    attributes[:, LENGTHS] *= scale
    return replace(
        nodes,
        position=(scale * (nodes.position @ turning.T) + shift).astype(np.float32),
        direction=(nodes.direction @ turning.T).astype(np.float32),
        attributes=attributes,
    )


@st.composite
def drawn_nodes(draw: st.DrawFn, max_single: int = 8) -> Frames:
    """Nodes of all kinds in a picture of 64 pixels, or none at all.

    Curves closed and open, strokes of two darts a piece, segments, junctions with branches, and
    blobs; a closed curve may be around any that was drawn after it.
    """
    rng = draw(generators())
    parts = [_ring(rng) for _ in range(draw(st.integers(0, 3)))]
    parts += [stroke(_walk(rng)) for _ in range(draw(st.integers(0, 2)))]
    parts += [_single(rng) for _ in range(draw(st.integers(0, max_single)))]
    nodes = joined(parts)
    closed = [c for c in range(len(parts)) if (nodes.following[nodes.curve == c] >= 0).all()]
    for curve in range(len(parts)):
        nodes = within(nodes, curve, int(rng.choice([-1, *(c for c in closed if c < curve)])))
    return nodes


def _ring(rng: np.random.Generator) -> Frames:
    turn, radius = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 7))), rng.uniform(4, 20)
    corners = rng.uniform(0, 64, 2) + radius * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    return ring(corners, sign=int(rng.choice([-1, 1])), is_closed=bool(rng.random() < 0.8))


def _walk(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 64, 2) + np.cumsum(rng.uniform(-8, 8, (rng.integers(2, 6), 2)), axis=0)


def _single(rng: np.random.Generator) -> Frames:
    """A segment, half of them on axes 45 degrees apart, a junction or a blob."""
    middle = rng.uniform(0, 64, 2)
    theta = rng.choice([np.pi / 4 * rng.integers(0, 8), rng.uniform(-np.pi, np.pi)])
    theta += rng.normal(0, 0.05)
    step = rng.uniform(2, 15) * np.array([np.sin(theta), np.cos(theta)])
    kind = rng.choice(["line", "line", "junction", "blob"])
    if kind == "junction":
        branches = np.sort(rng.uniform(0.1, 6.2, rng.integers(1, 5)))
        return junction(*middle, rng.uniform(3, 12), branches)
    return straight(kind, (middle - step, middle + step), width=3, contrast=rng.uniform(-1, 1))

"""How the nodes and edges of a relation graph are drawn: their shapes, inks, and what comes first.

A graph keeps what is measured along a piece and not its points; the shapes here are made of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.course import courses
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.stages.drawing import COLOURS

Floats = NDArray[np.float64]

KIND_INKS: Mapping[str, tuple[str, str]] = {
    "line": (COLOURS["lines"], "#56b4e9"),
    "arc": (COLOURS["edges"], "#2fcf9f"),
    "junction": (COLOURS["junctions"], "#ff8a3d"),
    "dart": (COLOURS["ridges"], "#e08ac8"),
    "blob": (COLOURS["blobs"], "#ffc145"),
}
"""Kind of node to its colour on light and on dark ground."""

RELATION_INKS: Mapping[str, tuple[str, str, str]] = {
    "next": ("#0f6b6b", "#4fc3c3", ""),
    "across_stroke": ("#b3307a", "#f078b8", ""),
    "hole": ("#a03030", "#f08080", ""),
    "nested": ("#5b6b2f", "#a9bd6a", ""),
    "incidence": ("#a37a00", "#d8b040", ""),
    "collinear": ("#1f5fa8", "#7fb2f0", "7 3"),
    "parallel": ("#0f7c4a", "#58c890", ""),
    "perpendicular": ("#b3307a", "#f078b8", "7 3"),
    "symmetric": ("#8a3fa0", "#cf8ae6", "4 2"),
    "across_gap": ("#6a4fc4", "#a690f5", "5 3"),
    "shared_junction": ("#7a5230", "#c09468", "7 3 2 3"),
    "inside": ("#a05f30", "#dca070", "3 3"),
    "previous": ("#5f9090", "#3f8f8f", "4 2"),
    "near": ("#5c616a", "#8b9099", "2 3"),
    "near_each": ("#6f7fa0", "#8fa0c4", "2 3"),
    "delaunay": ("#a09080", "#b5a595", "2 3"),
    "complete": ("#b0b3b8", "#6d7076", "1 3"),
}
"""Relation to its colour on light and on dark ground, and its dashes: readers who see few colours
have those. What says most of a picture stands first."""

OTHER_INK = ("#555a62", "#a2a7af", "6 3")
"""Of a relation without an ink of its own."""

WHEN_ASKED = ("near", "near_each", "delaunay", "complete", "next", "previous")
"""Relations that are never drawn unasked: they hold of every node whatever it looks like, or the
shapes of the nodes say them already."""

MOST_INK = 15.0
"""Length of all edges drawn unasked, in sides of the image: at one and a half pixels on a page of
900, these cover 2.5 % of it."""

MOST_PAIRS = 1.5
"""Number of all edges drawn unasked, for each node."""

MOST_BEND = 0.1
"""Bulge of the edges of the first and last relation of a graph, share of their length."""


def _through(knots: Floats, places: Floats) -> Floats:
    """Matrix (P, K) that takes values at the knots to the polynomial through them at the places."""
    matrix = np.ones((len(places), len(knots)))
    for k, knot in enumerate(knots):
        for other in knots[knots != knot]:
            matrix[:, k] *= (places - other) / (knot - other)
    return matrix


_THROUGH = _through(np.arange(5.0), np.linspace(0, 4, 9))
_RING = np.stack([np.cos(np.linspace(0, 2 * np.pi, 25)), np.sin(np.linspace(0, 2 * np.pi, 25))], 1)


def ink_of(relation: str) -> tuple[str, str, str]:
    """Colour on light ground, colour on dark ground, and dashes ("" for none) of a relation."""
    return RELATION_INKS.get(relation, OTHER_INK)


def column_of(frames: Frames, name: str) -> Floats:
    """(N,): an attribute of all nodes, by its name."""
    return frames.attributes[:, list(ATTRIBUTES).index(name)].astype(np.float64)


def shapes_of(frames: Frames) -> list[Floats]:
    """Polyline (P, 2) of each node, (row, column) in pixels.

    A line is its two ends. An arc or dart is a smooth curve through its course; darts lie a little
    to their left, so that the two of a piece are seen side by side. A junction is its branches,
    there and back; a blob is an ellipse.
    """
    course = courses(frames)
    smooth = np.einsum("sk,nkc->nsc", _THROUGH, course)
    bent = (column_of(frames, "offset_1") != 0) | (column_of(frames, "offset_2") != 0)
    aside = 0.15 * np.maximum(column_of(frames, "width"), 1)[:, None] * frames.left
    branches, axes = _branches(frames), _axes(frames)
    shapes: list[Floats] = []
    for node, kind in enumerate(frames.kind):
        name = NODE_KINDS[kind]
        if name == "junction":
            shapes.append(_star(frames.position[node], branches[node]))
        elif name == "blob":
            shapes.append(frames.position[node] + _RING @ axes[node])
        else:
            curve = smooth[node] if bent[node] else course[node, [0, -1]]
            shapes.append(curve + aside[node] if name == "dart" else curve)
    return shapes


def _branches(frames: Frames) -> Floats:
    """(N, 4, 2): steps to the tips of a junction's branches; 0 where there is none."""
    turn = np.stack([column_of(frames, f"branch_{k}") for k in range(1, 5)], axis=1)
    reach = np.where(turn != 0, 0.5 * column_of(frames, "scale")[:, None], 0)
    along = (reach * np.cos(turn))[..., None] * frames.direction[:, None]
    return np.asarray(along + (reach * np.sin(turn))[..., None] * frames.left[:, None])


def _star(position: NDArray[np.float32], steps: Floats) -> Floats:
    """Points from the middle to each tip and back."""
    steps = steps[steps.any(axis=1)]
    points = np.repeat(position[None].astype(np.float64), 2 * len(steps) + 1, axis=0)
    points[1::2] += steps
    return points


def _axes(frames: Frames) -> Floats:
    """(N, 2, 2): half axes of a blob, (row, column): along its direction, and across."""
    half = np.stack([column_of(frames, "length"), column_of(frames, "width")], axis=1) / 2
    return np.asarray(half[..., None] * np.stack([frames.direction, frames.left], axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What one relation joins: each unordered pair of nodes once."""

    relation: str
    ends: NDArray[np.int32]
    """(M, 2): nodes; the way of the edge where there is one edge only."""
    one_way: NDArray[np.bool_]
    """(M,): no edge leads back."""

    def __len__(self) -> int:
        return len(self.ends)


def pairs_of(graph: RelationGraph) -> list[Pairs]:
    """Pairs of each relation of a graph, in the graph's order of relations."""
    made = []
    n = max(len(graph.frames), 1)
    for number, name in enumerate(graph.relations):
        chosen = graph.relation == number
        source, target = graph.source[chosen], graph.target[chosen]
        key = np.minimum(source, target).astype(np.int64) * n + np.maximum(source, target)
        _, first, count = np.unique(key, return_index=True, return_counts=True)
        ends = np.stack([source[first], target[first]], axis=1)
        made.append(Pairs(name, ends, count == 1))
    return made


def drawn_unasked(graph: RelationGraph, size: tuple[int, ...]) -> set[str]:
    """Relations whose edges leave an image of this (height, width) visible.

    They are taken in the order of RELATION_INKS, each as long as all of them together stay within
    MOST_INK and MOST_PAIRS; WHEN_ASKED are left out.
    """
    side = float(np.sqrt(size[0] * size[1]))
    most = np.array([MOST_INK * side, MOST_PAIRS * len(graph.frames)])
    needs = {p.relation: np.array([_length(graph.frames, p), len(p)]) for p in pairs_of(graph)}
    order = [*RELATION_INKS, *(name for name in graph.relations if name not in RELATION_INKS)]
    chosen: set[str] = set()
    for name in order:
        if name in needs and name not in WHEN_ASKED and needs[name][1] > 0:
            total = sum((needs[other] for other in chosen), needs[name])
            if (total <= most).all():
                chosen.add(name)
    return chosen


def _length(frames: Frames, pairs: Pairs) -> float:
    way = np.diff(frames.position[pairs.ends], axis=1)[:, 0]
    return float(np.hypot(way[:, 0], way[:, 1]).sum())


def bend_of(relation: int, n_relations: int) -> float:
    """Bulge of a relation's edges, share of their length, so that those of several lie apart."""
    middle = (n_relations - 1) / 2
    return MOST_BEND * (relation - middle) / max(middle, 1)


def node_name(frames: Frames, node: int) -> str:
    """Short name of a node: first letter of its kind, and its number."""
    return f"{NODE_KINDS[frames.kind[node]][0].upper()}{node}"

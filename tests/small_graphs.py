"""Relation graphs whose every node is placed by hand, for the tests of what is drawn of them."""

import numpy as np

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames, lone_nodes
from perceptgraph.graphs.relation_graph import RelationGraph

NAMES = list(ATTRIBUTES)


def node(kind: str, row: float, column: float, theta: float = 0.0, **attributes: float) -> Frames:
    """One node; attributes that are not named are 0."""
    values = np.zeros((1, len(NAMES)), np.float32)
    for name, value in attributes.items():
        values[0, NAMES.index(name)] = value
    return lone_nodes(
        kind=np.array([NODE_KINDS.index(kind)], np.uint8),
        position=np.array([[row, column]], np.float32),
        direction=np.array([[np.sin(theta), np.cos(theta)]], np.float32),
        attributes=values,
    )


def together(*nodes: Frames) -> Frames:
    """These nodes as those of one image."""
    return lone_nodes(
        kind=np.concatenate([np.zeros(0, np.uint8), *(n.kind for n in nodes)]),
        position=np.concatenate([np.zeros((0, 2), np.float32), *(n.position for n in nodes)]),
        direction=np.concatenate([np.zeros((0, 2), np.float32), *(n.direction for n in nodes)]),
        attributes=np.concatenate(
            [np.zeros((0, len(NAMES)), np.float32), *(n.attributes for n in nodes)]
        ),
    )


def joined_by(frames: Frames, label: int = -1, **edges: list[tuple[int, int]]) -> RelationGraph:
    """The graph with these edges (source, target) of each relation; their ranks count up."""
    pairs = [pair for found in edges.values() for pair in found]
    ends = np.array(pairs, np.int32).reshape(-1, 2)
    counts = [len(found) for found in edges.values()]
    return RelationGraph(
        frames=frames,
        relations=tuple(edges),
        source=ends[:, 0].copy(),
        target=ends[:, 1].copy(),
        relation=np.repeat(np.arange(len(edges), dtype=np.uint8), counts),
        rank=np.concatenate(
            [np.zeros(0, np.uint8), *(np.arange(n, dtype=np.uint8) for n in counts)]
        ),
        label=label,
    )


def four_nodes() -> RelationGraph:
    """Two lines, an arc, a junction; `near` joins all one way, `parallel` the lines both ways."""
    frames = together(
        node("line", 10, 20, length=20, width=2, log10_nfa=-30),
        node("line", 30, 20, length=20, width=2, log10_nfa=-10),
        node("arc", 30, 50, length=15, turning=1.5, log10_nfa=-3),
        node("junction", 10, 50, scale=6, degree=2, is_l=1, branch_1=1.5, branch_2=4.5),
    )
    return joined_by(frames, near=[(0, 1), (0, 2), (0, 3)], parallel=[(0, 1), (1, 0)])

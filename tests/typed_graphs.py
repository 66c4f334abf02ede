"""Random nodes and typed edges of one to three images, for the tests of motifs."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames, lone_nodes, side_by_side
from perceptgraph.graphs.typed_motifs import TYPED_MOTIFS

COLUMN = {name: i for i, name in enumerate(ATTRIBUTES)}
RELATIONS = sorted({name for motif in TYPED_MOTIFS.values() for name in motif.relations})


def some_nodes(rng: np.random.Generator, n: int) -> Frames:
    """Nodes of one image: a third of them junctions of any kind, curves of several pieces."""
    theta = rng.uniform(-np.pi, np.pi, n)
    attributes = np.zeros((n, len(ATTRIBUTES)), np.float32)
    is_junction = rng.random(n) < 1 / 3
    for i in np.flatnonzero(is_junction):
        attributes[i, COLUMN[rng.choice(["is_l", "is_t", "is_y", "is_x"])]] = 1
        attributes[i, COLUMN["branch_1"]] = rng.uniform(0.5, 2.5)
    nodes = lone_nodes(
        np.where(is_junction, NODE_KINDS.index("junction"), 0).astype(np.uint8),
        rng.uniform(0, 64, (n, 2)).astype(np.float32),
        np.stack([np.sin(theta), np.cos(theta)], axis=1).astype(np.float32),
        attributes,
    )
    return replace(nodes, curve=rng.integers(0, max(n // 3, 1), n).astype(np.int32))


def some_edges(rng: np.random.Generator, relation: str, first: int, n: int) -> list[list[int]]:
    """Directed edges of a relation between the nodes first to first + n."""
    if relation == "next":
        # A permutation with gaps: each node has at most one successor and one predecessor.
        order = rng.permutation(n)
        after = order.copy()
        cuts = np.unique(np.append(rng.integers(0, n + 1, 3), n))
        for start, stop in zip(np.append(0, cuts[:-1]), cuts, strict=True):
            after[start:stop] = np.roll(order[start:stop], -1)
        pairs = [[i, j] for i, j in zip(order, after, strict=True) if i != j]
        return [[i + first, j + first] for i, j in pairs if rng.random() < 0.9]
    return [
        [i + first, j + first]
        for i in range(n)
        for j in range(n)
        if i != j and rng.random() < 1.5 / n
    ]


@st.composite
def typed_graphs(draw):
    """Nodes and typed edges of one to three images."""
    rng, sizes = draw(generators()), draw(st.lists(st.integers(0, 9), min_size=1, max_size=3))
    frames = side_by_side([some_nodes(rng, n) for n in sizes])
    edges = {}
    for relation in RELATIONS:
        pairs = [
            pair
            for first, n in zip(frames.offsets, sizes, strict=False)
            for pair in some_edges(rng, relation, int(first), n)
        ]
        edges[relation] = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
    return frames, edges

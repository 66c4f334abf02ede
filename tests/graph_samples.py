"""Random relation graphs for the tests of loader, models and training."""

from pathlib import Path
from typing import Any

import numpy as np

from perceptgraph.graphs.frames import ATTRIBUTES, lone_nodes
from perceptgraph.graphs.loader import GraphSchema
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.graphs.store import GRAPH_LAYOUT, graph_attributes, graph_record
from perceptgraph.stores.ragged import stack, write_store
from perceptgraph.stores.status import Status, identity_record

SCHEMA = GraphSchema(("near", "parallel", "facing"), ("a", "b", "c"))
SMALL_H2GCN: dict[str, Any] = {
    "embedding": 8,
    "rounds": 1,
    "dropout": 0.1,
    "left_out": [],
    "hops": [1, 2],
    "separate": True,
    "kept": "all",
}
"""Keywords of a net that learns in a moment."""


def random_graph(
    rng: np.random.Generator, n_nodes: int, n_edges: int, label: int = 0
) -> RelationGraph:
    """A graph with random nodes and edges of all relations; no edges where there are no nodes."""
    n_edges = n_edges if n_nodes else 0
    angle = rng.uniform(-np.pi, np.pi, n_nodes)
    attributes = rng.normal(size=(n_nodes, len(ATTRIBUTES))).astype(np.float32)
    frames = lone_nodes(
        kind=rng.integers(0, 3, n_nodes).astype(np.uint8),
        position=rng.uniform(0, 64, (n_nodes, 2)).astype(np.float32),
        direction=np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32),
        attributes=attributes,
    )
    return RelationGraph(
        frames=frames,
        relations=SCHEMA.relations,
        source=rng.integers(0, max(n_nodes, 1), n_edges).astype(np.int32),
        target=rng.integers(0, max(n_nodes, 1), n_edges).astype(np.int32),
        relation=rng.integers(0, 3, n_edges).astype(np.uint8),
        rank=rng.integers(0, 9, n_edges).astype(np.uint8),
        label=label,
    )


def random_graphs(seed: int, n: int = 12) -> list[RelationGraph]:
    """Graphs of 0 to 9 nodes; the first has none, the second has one and no edge."""
    rng = np.random.default_rng(seed)
    sizes = [0, 1, *rng.integers(2, 10, n - 2)]
    return [random_graph(rng, k, 3 * k if k > 1 else 0, i % 3) for i, k in enumerate(sizes)]


def learnable_graph(rng: np.random.Generator, label: int) -> RelationGraph:
    """A graph whose class is how much the directions of its nodes differ, and nothing else."""
    graph = random_graph(rng, 8, 60, label)
    angle = rng.uniform(-np.pi, np.pi) + rng.uniform(-1, 1, 8) * np.pi / 2 * label
    graph.frames.direction[:] = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return graph


def write_learnable_store(path: Path, n: int = 240, seed: int = 0) -> None:
    """A graph store of three classes: half training, a quarter validation, a quarter test."""
    rng = np.random.default_rng(seed)
    records = []
    for i in range(n):
        graph = learnable_graph(rng, i % 3)
        split = (0, 0, 1, 2)[i // 3 % 4]
        records.append(graph_record(graph, identity_record(f"image-{i}", i % 3, split)))
    empty = random_graph(rng, 0, 0, -1)
    bad = identity_record("bad", 0, 2, Status.CORRUPT, "cut off")
    records.append(graph_record(empty, bad))
    block = stack(GRAPH_LAYOUT, records)
    write_store(
        path,
        block.layout,
        [block.read],
        {**graph_attributes(SCHEMA.relations), "class_names": list(SCHEMA.class_names)},
    )

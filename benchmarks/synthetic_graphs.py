"""Stores of random graphs of any number, written in bounded memory."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.store import GRAPH_LAYOUT, graph_attributes
from perceptgraph.stores.arrays import ranges
from perceptgraph.stores.ragged import write_store

EDGES_PER_NODE = 6
RELATIONS = ("near", "parallel")
PART_GRAPHS = 10_000
COLUMNS = tuple(GRAPH_LAYOUT.columns)


def synthetic_column(
    name: str, part: int, n_graphs: int, mean_nodes: int, seed: int
) -> NDArray[Any]:
    """One column of a part of the store; the same whenever and in whatever order it is asked for.

    Graphs have a third of `mean_nodes` more or fewer nodes, six edges a node, and random values.
    """
    spread = mean_nodes // 3
    nodes = np.random.default_rng([seed, part]).integers(
        mean_nodes - spread, mean_nodes + spread + 1, n_graphs
    )
    edges = nodes * EDGES_PER_NODE
    names = [str(PART_GRAPHS * part + i).encode() for i in range(n_graphs)]
    zeros = np.zeros(n_graphs, np.int64)
    n_nodes, n_edges = int(nodes.sum()), int(edges.sum())
    rng = np.random.default_rng([seed, part, COLUMNS.index(name) if name in COLUMNS else 0])
    match name:
        case "node/count":
            return nodes
        case "edge/count":
            return edges
        case "id/count":
            return np.array([len(text) for text in names])
        case "reason/count":
            return zeros
        case "image/id":
            return np.frombuffer(b"".join(names), np.uint8)
        case "image/label":
            return rng.integers(0, 10, n_graphs, np.int32)
        case "status/ok":
            return np.ones(n_graphs, np.uint8)
        case "status/reason":
            return np.zeros(0, np.uint8)
        case "node/kind":
            return rng.integers(0, 3, n_nodes, np.uint8)
        case "node/position":
            return rng.random((n_nodes, 2), np.float32) * 64
        case "node/direction":
            angle = rng.random(n_nodes, np.float32) * np.float32(2 * np.pi)
            return np.stack([np.sin(angle), np.cos(angle)], axis=1)
        case "node/attributes":
            return rng.random((n_nodes, len(ATTRIBUTES)), np.float32)
        case "node/curve":
            return ranges(zeros, nodes).astype(np.int32)
        case "node/following" | "node/around":
            return np.full(n_nodes, -1, np.int32)
        case "edge/index":
            most = np.repeat(nodes, edges)[:, None]
            return (rng.random((n_edges, 2), np.float32) * most).astype(np.int32) % most
        case "edge/relation":
            return rng.integers(0, len(RELATIONS), n_edges, np.uint8)
        case "edge/rank":
            return rng.integers(0, EDGES_PER_NODE, n_edges, np.uint8)
        case _:  # image/split, status/error_code
            return zeros.astype(np.uint8)


def synthetic_store(path: Path, n_graphs: int, mean_nodes: int = 30, seed: int = 0) -> None:
    """Write a store of random graphs at `path`, one column of one part in memory at a time."""
    parts = [
        partial(
            synthetic_column,
            part=part,
            n_graphs=min(PART_GRAPHS, n_graphs - PART_GRAPHS * part),
            mean_nodes=mean_nodes,
            seed=seed,
        )
        for part in range(-(-n_graphs // PART_GRAPHS))
    ]
    attributes = {**graph_attributes(RELATIONS), "class_names": [str(i) for i in range(10)]}
    write_store(path, GRAPH_LAYOUT, parts, attributes)

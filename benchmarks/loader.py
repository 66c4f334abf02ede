"""Graphs per CPU-second: our loader beside the stock one of torch_geometric, in one run.

Both read the same graphs from memory in shuffled batches of 64, one thread, and give the
same tensors (`tests/graphs/test_loader.py`). CPU time is what other work on the machine disturbs
least; rounds of the two alternate so that what disturbs one disturbs the other.
"""

import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch_geometric.data import Data, InMemoryDataset
from torch_geometric.loader import DataLoader

from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.loader import GraphStore, read_graphs
from perceptgraph.graphs.shards import batches
from perceptgraph.graphs.store import GRAPH_LAYOUT, graph_attributes
from perceptgraph.stores.arrays import ranges
from perceptgraph.stores.ragged import Block, write_store

BATCH, ROUNDS = 64, 3
MEAN_NODES, EDGES_PER_NODE = 30, 6
RELATIONS = ("near", "parallel")
PART_GRAPHS = 10_000


def synthetic_block(n_graphs: int, rng: np.random.Generator) -> Block:
    """Graphs of 20 to 40 nodes and six edges a node, with random values."""
    nodes = rng.integers(MEAN_NODES - 10, MEAN_NODES + 11, n_graphs)
    edges = nodes * EDGES_PER_NODE
    n_nodes, n_edges = int(nodes.sum()), int(edges.sum())
    angle = rng.uniform(-np.pi, np.pi, n_nodes)
    ends = rng.integers(0, np.repeat(nodes, edges)[:, None], (n_edges, 2))
    ids = [str(i).encode() for i in range(n_graphs)]
    zeros = np.zeros(n_graphs, np.int64)
    columns: dict[str, NDArray[Any]] = {
        "image/id": np.frombuffer(b"".join(ids), np.uint8),
        "image/label": rng.integers(0, 10, n_graphs).astype(np.int32),
        "image/split": zeros.astype(np.uint8),
        "status/ok": np.ones(n_graphs, np.uint8),
        "status/error_code": zeros.astype(np.uint8),
        "status/reason": np.zeros(0, np.uint8),
        "node/kind": rng.integers(0, 3, n_nodes).astype(np.uint8),
        "node/position": rng.uniform(0, 64, (n_nodes, 2)).astype(np.float32),
        "node/direction": np.stack([np.sin(angle), np.cos(angle)], 1).astype(np.float32),
        "node/attributes": rng.random((n_nodes, len(ATTRIBUTES)), np.float32),
        "node/following": np.full(n_nodes, -1, np.int32),
        "node/curve": ranges(zeros, nodes).astype(np.int32),
        "node/around": np.full(n_nodes, -1, np.int32),
        "edge/index": ends.astype(np.int32),
        "edge/relation": rng.integers(0, len(RELATIONS), n_edges).astype(np.uint8),
        "edge/rank": rng.integers(0, 6, n_edges).astype(np.uint8),
    }
    counts = {"id": np.array([len(i) for i in ids]), "reason": zeros, "node": nodes, "edge": edges}
    return Block(GRAPH_LAYOUT, n_graphs, counts, columns)


def synthetic_store(path: Path, n_graphs: int, seed: int = 0) -> None:
    """Write a store of random graphs at `path`."""
    rng = np.random.default_rng(seed)
    parts = [
        synthetic_block(min(PART_GRAPHS, n_graphs - i), rng)
        for i in range(0, n_graphs, PART_GRAPHS)
    ]

    attributes = {**graph_attributes(RELATIONS), "class_names": [str(i) for i in range(10)]}
    write_store(path, GRAPH_LAYOUT, [part.read for part in parts], attributes)


class StockGraphs(InMemoryDataset):  # type: ignore[misc]
    """The same graphs as torch_geometric keeps them."""

    def __init__(self, store: GraphStore) -> None:
        super().__init__()
        self.data, self.slices = self.collate([data_of(store, i) for i in range(len(store))])


def data_of(store: GraphStore, index: int) -> Data:
    """One graph as torch_geometric's Data, under the names of GraphBatch."""
    batch = store.batch(np.array([index]))
    return Data(
        kind=batch.kind,
        position=batch.position,
        direction=batch.direction,
        attributes=batch.attributes,
        edge_index=batch.edge_index,
        relation=batch.relation,
        rank=batch.rank,
        label=batch.label,
        num_nodes=len(batch.kind),
    )


def _ours(store: GraphStore, seed: int) -> Iterator[Any]:
    n_batches = -(-len(store) // BATCH)
    for indices in islice(batches(store.shard, BATCH, seed), n_batches):
        yield store.batch(indices)


def _cpu_seconds(loader: Iterator[Any]) -> float:
    start = time.process_time()
    for _ in loader:
        pass
    return time.process_time() - start


def measure(n_graphs: int) -> dict[str, float]:
    """Graphs per CPU-second of both loaders, the best of three alternating rounds, their ratio."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        synthetic_store(Path(folder) / "graphs.zarr", n_graphs)
        store = read_graphs(Path(folder) / "graphs.zarr")
    stock = StockGraphs(store)
    seconds: dict[str, list[float]] = {"ours": [], "pyg": []}
    for seed in range(ROUNDS):
        seconds["ours"].append(_cpu_seconds(_ours(store, seed)))
        torch.manual_seed(seed)
        loader = DataLoader(stock, batch_size=BATCH, shuffle=True)
        seconds["pyg"].append(_cpu_seconds(iter(loader)))
    rates = {name: n_graphs / min(times) for name, times in seconds.items()}
    return {
        "loader/graphs_per_s/ours": rates["ours"],
        "loader/graphs_per_s/pyg": rates["pyg"],
        "loader/ratio/pyg": rates["ours"] / rates["pyg"],
        "loader/nodes_per_graph": float(np.diff(store.node_offsets).mean()),
    }

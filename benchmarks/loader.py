"""Graphs per CPU-second: our loader beside the stock one of torch_geometric, in one run.

Both read the same graphs from memory in shuffled batches of 64, one thread, and give the
same tensors (`tests/graphs/test_loader.py`). CPU time is what other work on the machine disturbs
least; rounds of the two alternate so that what disturbs one disturbs the other.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data, InMemoryDataset
from torch_geometric.loader import DataLoader

from perceptgraph.benchmarks.synthetic_graphs import synthetic_store
from perceptgraph.graphs.encoding import relative_pose
from perceptgraph.graphs.loader import GraphBatch, GraphStore, read_graphs
from perceptgraph.graphs.shards import batches

BATCH, ROUNDS = 64, 3


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


def _ours(store: GraphStore, seed: int) -> Iterator[GraphBatch]:
    n_batches = -(-len(store) // BATCH)
    for indices in islice(batches(store.shard, BATCH, seed), n_batches):
        yield store.batch(indices)


def _stock(graphs: StockGraphs, seed: int) -> Iterator[Any]:
    torch.manual_seed(seed)
    return iter(DataLoader(graphs, batch_size=BATCH, shuffle=True))


def with_poses(loader: Iterator[Any]) -> Iterator[Tensor]:
    """The relative poses of all edges of each batch."""
    for batch in loader:
        yield relative_pose(batch.position, batch.direction, batch.edge_index)


def _cpu_seconds(loader: Iterator[Any]) -> float:
    start = time.process_time()
    for _ in loader:
        pass
    return time.process_time() - start


def measure(n_graphs: int) -> dict[str, float]:
    """Graphs per CPU-second of both loaders, the best of three alternating rounds, their ratio.

    Ours makes the relative pose of every edge; `without_poses` does not, nor does the stock one,
    which gives the less favourable ratio.
    """
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        synthetic_store(Path(folder) / "graphs.zarr", n_graphs)
        store = read_graphs(Path(folder) / "graphs.zarr")
    stock = StockGraphs(store)
    loaders: dict[str, Callable[[int], Iterator[Any]]] = {
        "ours": lambda seed: with_poses(_ours(store, seed)),
        "without_poses": lambda seed: _ours(store, seed),
        "pyg": lambda seed: _stock(stock, seed),
        "pyg_with_poses": lambda seed: with_poses(_stock(stock, seed)),
    }
    next(loaders["ours"](0))  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in loaders}
    for seed in range(ROUNDS):
        for name, loader in loaders.items():
            seconds[name].append(_cpu_seconds(loader(seed)))
    best = {name: min(times) for name, times in seconds.items()}
    return {
        **{f"loader/graphs_per_s/{name}": n_graphs / time for name, time in best.items()},
        "loader/ratio/pyg": best["pyg"] / best["ours"],
        "loader/ratio/pyg_with_poses": best["pyg_with_poses"] / best["ours"],
        "loader/pose_us_per_graph": 1e6 * (best["ours"] - best["without_poses"]) / n_graphs,
        "loader/nodes_per_graph": float(np.diff(store.node_offsets).mean()),
        "loader/edges_per_graph": float(np.diff(store.edges.offsets).mean()),
    }

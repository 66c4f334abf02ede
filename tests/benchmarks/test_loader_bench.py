from pathlib import Path

import numpy as np
import torch
from graph_samples import SCHEMA, random_graphs
from torch_geometric.loader import DataLoader

from perceptgraph.benchmarks.loader import StockGraphs, measure
from perceptgraph.benchmarks.synthetic_graphs import synthetic_store
from perceptgraph.graphs.loader import graphs_in_memory, read_graphs


def test_bench_gives_positive_figures_under_flat_names() -> None:
    found = measure(500)

    rates = {f"loader/graphs_per_s/{n}" for n in ("ours", "without_poses", "pyg", "pyg_with_poses")}
    assert rates <= set(found)
    assert all(found[name] > 0 for name in rates)
    assert 28 < found["loader/nodes_per_graph"] < 32  # 20 to 40, so 30 with an error of 0.3
    ratio = found["loader/graphs_per_s/ours"] / found["loader/graphs_per_s/pyg"]
    np.testing.assert_allclose(found["loader/ratio/pyg"], ratio)


def test_synthetic_graphs_are_legal_and_do_not_depend_on_the_store_they_are_in(
    tmp_path: Path,
) -> None:
    for n in (50, 60):
        synthetic_store(tmp_path / str(n), n)

    small, large = (read_graphs(tmp_path / str(n)) for n in (50, 60))

    assert small.image_id == large.image_id[:50]
    ends = small.batch(np.arange(50))
    assert (ends.batch[ends.edge_index[0]] == ends.batch[ends.edge_index[1]]).all()
    np.testing.assert_array_equal(np.diff(small.edges.offsets), 6 * np.diff(small.node_offsets))


def test_both_loaders_of_the_bench_give_the_same_batches() -> None:
    store = graphs_in_memory(random_graphs(0), SCHEMA)
    stock = DataLoader(StockGraphs(store), batch_size=5)

    for i, theirs in enumerate(stock):
        ours = store.batch(np.arange(5 * i, min(5 * i + 5, len(store))))

        for name in ("kind", "attributes", "edge_index", "rank", "batch", "ptr"):
            assert torch.equal(getattr(ours, name), theirs[name]), name

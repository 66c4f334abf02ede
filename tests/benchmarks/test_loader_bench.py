import numpy as np
import torch
from graph_samples import SCHEMA, random_graphs
from torch_geometric.loader import DataLoader

from perceptgraph.benchmarks.loader import StockGraphs, measure
from perceptgraph.graphs.loader import graphs_in_memory


def test_bench_gives_positive_figures_under_flat_names() -> None:
    found = measure(500)

    assert set(found) == {
        "loader/graphs_per_s/ours",
        "loader/graphs_per_s/pyg",
        "loader/ratio/pyg",
        "loader/nodes_per_graph",
    }
    assert all(value > 0 for value in found.values())
    assert 28 < found["loader/nodes_per_graph"] < 32  # 20 to 40, so 30 with an error of 0.3
    ratio = found["loader/graphs_per_s/ours"] / found["loader/graphs_per_s/pyg"]
    np.testing.assert_allclose(found["loader/ratio/pyg"], ratio)


def test_both_loaders_of_the_bench_give_the_same_batches() -> None:
    store = graphs_in_memory(random_graphs(0), SCHEMA)
    stock = DataLoader(StockGraphs(store), batch_size=5)

    for i, theirs in enumerate(stock):
        ours = store.batch(np.arange(5 * i, min(5 * i + 5, len(store))))

        for name in ("kind", "attributes", "edge_index", "rank", "batch", "ptr"):
            assert torch.equal(getattr(ours, name), theirs[name]), name

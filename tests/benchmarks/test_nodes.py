"""Node classification: the search chooses on validation nodes, and learns what the papers learn."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from perceptgraph.benchmarks.nodes import (
    GRIDS,
    Budget,
    Score,
    figures_of,
    fit_one,
    prepared,
    search,
    settings_of,
)
from perceptgraph.datasets.node_graphs import NodeGraph
from perceptgraph.graphs.models.node_nets import NODE_NETS

QUICK = Budget(epochs=40, patience=20)


def two_sided(n: int = 80, seed: int = 0) -> NodeGraph:
    """Every edge joins the two classes; the features of a third of the nodes say the class."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    ends = np.stack([2 * rng.integers(0, n // 2, 4 * n), 2 * rng.integers(0, n // 2, 4 * n) + 1])
    x = rng.random((n, 8)).astype(np.float32)
    says = rng.random(n) < 1 / 3
    x[says, label[says]] += 4
    order = rng.permutation(n)
    splits = {}
    parts = np.split(order, [n // 2, 3 * n // 4])
    for part, chosen in zip(("train", "val", "test"), parts, strict=True):
        splits[part] = np.stack([np.isin(np.arange(n), chosen)] * 2)
    return NodeGraph("two-sided", csr_array(x), ends, label.astype(np.int64), splits)


def test_the_grid_is_the_one_of_the_paper() -> None:
    assert len(settings_of("h2gcn1")) + len(settings_of("h2gcn2")) == 16
    assert set(GRIDS) == set(NODE_NETS)


def test_h2gcn_reads_classes_off_neighbours_of_the_other_class() -> None:
    graph = two_sided()

    scores = {model: search(graph, model, QUICK).mean for model in ("mlp", "h2gcn1")}

    assert scores["h2gcn1"] > scores["mlp"] + 5


def test_a_search_is_a_function_of_the_seed() -> None:
    graph = two_sided(200)

    first, again, other = (search(graph, "mlp", Budget(10, 10), seed) for seed in (0, 0, 1))

    assert first == again
    assert first.test != other.test or first.setting != other.setting


def test_test_nodes_are_not_read_before_the_weights_are_chosen() -> None:
    graph = two_sided()
    data, label = prepared(graph), torch.from_numpy(graph.label)
    masks = {part: torch.from_numpy(mask[0]) for part, mask in graph.splits.items()}
    spoiled = torch.where(masks["test"], 1 - label, label)
    found = []
    for truth in (label, spoiled):
        torch.manual_seed(0)
        net = NODE_NETS["mlp"][0](data, hidden=8, dropout=0.0)
        found.append(fit_one(net, data, truth, masks, 1e-5, QUICK))

    (val, test), (val_spoiled, test_spoiled) = found
    assert val == val_spoiled
    assert test == pytest.approx(100 - test_spoiled)


def test_sparse_and_dense_features_give_the_same_logits() -> None:
    graph = two_sided()
    rare = csr_array(np.where(graph.features.toarray() > 4, graph.features.toarray(), 0))
    sparse = prepared(NodeGraph("s", rare, graph.edges, graph.label, graph.splits))
    assert sparse.x.is_sparse
    for model, (make, named) in NODE_NETS.items():
        keywords = {"relu": True} if "relu" in GRIDS[model] else {}
        torch.manual_seed(0)
        net = make(sparse, hidden=8, dropout=0.0, **named, **keywords).eval()

        dense = type(sparse)(
            sparse.x.to_dense(), sparse.one_hop, sparse.hop_1, sparse.hop_2, sparse.n_classes
        )

        torch.testing.assert_close(net(sparse), net(dense))


def test_features_sum_to_one_in_each_row_and_an_empty_row_stays_empty() -> None:
    graph = two_sided(12)
    x = graph.features.toarray()
    x[3] = 0
    data = prepared(NodeGraph("s", csr_array(x), graph.edges, graph.label, graph.splits))

    total = data.x.to_dense().sum(1) if data.x.is_sparse else data.x.sum(1)

    np.testing.assert_allclose(np.delete(total.numpy(), 3), 1, rtol=1e-6)
    assert total[3] == 0


def test_standard_deviation_is_over_the_splits() -> None:
    assert Score({}, (80.0, 82.0)).sd == pytest.approx(2**0.5)
    assert Score({}, (80.0,)).sd == 0


def test_published_figures_stand_beside_ours() -> None:
    figures = figures_of("actor", "h2gcn1", Score({}, (35.0,)))

    assert figures == {
        "actor/h2gcn1/mean": 35.0,
        "actor/h2gcn1/sd": 0.0,
        "actor/h2gcn1/published": 35.86,
    }
    assert "mine/h2gcn1/published" not in figures_of("mine", "h2gcn1", Score({}, (35.0,)))

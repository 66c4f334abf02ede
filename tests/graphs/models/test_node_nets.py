"""Classifiers of nodes against dense matrices, written from the papers' equations."""

import numpy as np
import pytest
import torch
from torch import Tensor

from perceptgraph.graphs.models.node_nets import (
    DENSE_ABOVE,
    MLP,
    NodeData,
    NodeGCN,
    NodeH2GCN,
    node_data,
)


def a_graph(n: int = 12, n_edges: int = 14, seed: int = 0) -> tuple[NodeData, Tensor]:
    """A graph with an isolated node, and its dense adjacency."""
    rng = np.random.default_rng(seed)
    edges = rng.integers(0, n - 1, (2, n_edges))
    a = torch.zeros(n, n)
    a[edges[0], edges[1]] = 1
    a = torch.maximum(a, a.T).fill_diagonal_(0)
    x = torch.from_numpy(rng.random((n, 5)).astype(np.float32))
    return node_data(x, edges, 3), a


def scaled(a: Tensor) -> Tensor:
    degree = a.sum(1)
    scale = torch.where(degree > 0, degree.clamp(min=1).rsqrt(), 0.0)
    return scale[:, None] * a * scale


def test_gcn_is_the_equation() -> None:
    data, a = a_graph()
    net = NodeGCN(data, hidden=4, dropout=0.5).eval()
    s = scaled(a + torch.eye(len(a)))
    first = (s @ data.x @ net.embed.weight.T + net.first.bias).relu()

    expected = s @ first @ net.second.lin.weight.T + net.second.bias

    torch.testing.assert_close(net(data), expected)


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize(("n", "n_edges"), [(12, 14), (60, 40)])
def test_h2gcn_is_the_equation(rounds: int, relu: bool, n: int, n_edges: int) -> None:
    data, a = a_graph(n, n_edges)
    net = NodeH2GCN(data, hidden=4, dropout=0.5, rounds=rounds, relu=relu).eval()
    two = ((a @ a > 0) & (a == 0)).float().fill_diagonal_(0)
    kept = [data.x @ net.embed.weight.T]
    if relu:
        kept[0] = kept[0].relu()
    for _ in range(rounds):
        kept.append(torch.cat([scaled(a) @ kept[-1], scaled(two) @ kept[-1]], 1))

    expected = torch.cat(kept, 1) @ net.classify.weight.T

    torch.testing.assert_close(net(data), expected)
    assert net.classify.in_features == (2 ** (rounds + 1) - 1) * 4


def test_crowded_neighbourhoods_are_dense_and_thin_ones_sparse() -> None:
    crowded, thin = a_graph(12, 40)[0], a_graph(60, 40)[0]

    assert crowded.one_hop.shape[1] > DENSE_ABOVE * 12**2
    assert not crowded.hop_1.is_sparse
    assert thin.hop_1.is_sparse


def test_mlp_sees_no_edge() -> None:
    data, _ = a_graph()
    net = MLP(data, hidden=4, dropout=0.5).eval()
    lonely = node_data(data.x, np.zeros((2, 0), np.int64), 3)

    torch.testing.assert_close(net(data), net(lonely))


def test_a_graph_without_edges_has_finite_gradients() -> None:
    lonely = node_data(torch.rand(4, 5), np.zeros((2, 0), np.int64), 3)
    for net in (
        NodeGCN(lonely, hidden=4, dropout=0.0),
        NodeH2GCN(lonely, hidden=4, dropout=0.0, rounds=2, relu=True),
    ):
        net(lonely).sum().backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())

"""Chebyshev layers against dense matrices, and where they are GCN."""

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA
from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from perceptgraph.graphs.models.chebyshev import ChebyshevNet
from perceptgraph.graphs.two_hop import adjacency_pairs


def first_layer(order: int, n_in: int, n_out: int) -> nn.Module:
    net = ChebyshevNet(SCHEMA, hidden=n_out, rounds=1, order=order, dropout=0.0)
    net.convolutions[0].lins = nn.ModuleList(
        nn.Linear(n_in, n_out, bias=False) for _ in range(order + 1)
    )
    return net.convolutions[0]


def spread(pairs: Tensor, n: int) -> Tensor:
    """D^(-1/2) A D^(-1/2), dense."""
    a = torch.zeros(n, n)
    a[pairs[0], pairs[1]] = 1
    degree = a.sum(1)
    scale = torch.where(degree > 0, degree.clamp(min=1).rsqrt(), 0.0)
    return scale[:, None] * a * scale


@pytest.mark.parametrize("order", [1, 2, 4])
def test_layer_is_the_equation(order: int) -> None:
    torch.manual_seed(0)
    n = 9  # of which node 8 is alone
    edges = np.random.default_rng(0).integers(0, n - 1, (2, 12))
    pairs = torch.from_numpy(adjacency_pairs(edges, n))
    layer, x = first_layer(order, 3, 2), torch.randn(n, 3)
    values, vectors = torch.linalg.eigh(-spread(pairs, n))

    expected = torch.zeros(n, 2)
    for k, term in enumerate(layer.lins):
        polynomial = torch.cos(k * torch.acos(values.clamp(-1, 1)))
        expected += vectors @ (polynomial[:, None] * (vectors.T @ x)) @ term.weight.T

    found = layer(x, pairs, lambda_max=torch.tensor(2.0))

    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_order_1_with_opposite_weights_is_gcn_before_it_is_renormalised() -> None:
    torch.manual_seed(0)
    n = 8
    edges = np.random.default_rng(1).integers(0, n, (2, 14))
    pairs = torch.from_numpy(adjacency_pairs(edges, n))
    layer, x = first_layer(1, 3, 2), torch.randn(n, 3)
    weight = torch.randn(2, 3)
    with torch.no_grad():
        layer.lins[0].weight.copy_(weight)
        layer.lins[1].weight.copy_(-weight)

    found = layer(x, pairs, lambda_max=torch.tensor(2.0))

    torch.testing.assert_close(found, (torch.eye(n) + spread(pairs, n)) @ x @ weight.T)


@pytest.mark.parametrize("degree", [2, 4])
def test_on_a_regular_graph_order_1_is_the_layer_of_gcn(degree: int) -> None:
    """There A + I has degree d + 1 everywhere: GCN weighs the node 1 and each neighbour 1."""
    torch.manual_seed(0)
    n = 10
    around = np.arange(n)
    steps = [np.stack([around, (around + k) % n]) for k in range(1, degree // 2 + 1)]
    pairs = torch.from_numpy(adjacency_pairs(np.concatenate(steps, axis=1), n))
    layer, gcn, x = first_layer(1, 3, 2), GCNConv(3, 2), torch.randn(n, 3)
    with torch.no_grad():
        layer.lins[0].weight.copy_(gcn.lin.weight / (degree + 1))
        layer.lins[1].weight.copy_(-gcn.lin.weight * degree / (degree + 1))

    torch.testing.assert_close(layer(x, pairs, lambda_max=torch.tensor(2.0)), gcn(x, pairs))


def test_an_order_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="order: expected at least 1, got 0"):
        ChebyshevNet(SCHEMA, hidden=4, rounds=1, order=0, dropout=0.0)

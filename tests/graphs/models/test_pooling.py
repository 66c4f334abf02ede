"""Pooling of nodes: the compiled one is the equation, forth and back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from perceptgraph.graphs.models.pooling import pooled


def inputs(seed: int, n_nodes: int, n_graphs: int) -> tuple[Tensor, Tensor, int, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    nodes = torch.randn(n_nodes, 3, generator=rng, dtype=torch.float64).requires_grad_()
    batch = torch.randint(n_graphs, (n_nodes,), generator=rng)
    return nodes, batch, n_graphs, 1 + torch.rand(n_nodes, generator=rng, dtype=torch.float64)


def by_graph(nodes: Tensor, batch: Tensor, n_graphs: int, weight: Tensor) -> tuple[Tensor, Tensor]:
    """One graph after the other."""
    means, mosts = [], []
    for graph in range(n_graphs):
        own, share = nodes[batch == graph], weight[batch == graph]
        nothing = nodes.new_zeros(nodes.shape[1])
        means.append(share @ own / share.sum() if len(own) else nothing)
        mosts.append(own.max(0).values if len(own) else nothing)
    return torch.stack(means), torch.stack(mosts)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**31), n_nodes=st.integers(0, 20), n_graphs=st.integers(1, 5))
def test_mean_and_maximum_are_those_of_each_graph(seed, n_nodes, n_graphs) -> None:
    given_ = inputs(seed, n_nodes, n_graphs)

    for found, wanted in zip(pooled(*given_), by_graph(*given_), strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_are_those_of_the_equation(seed: int) -> None:
    given_ = inputs(seed, 12, 3)
    weights = torch.randn(2, 3, 3, dtype=torch.float64)

    def derivative(function) -> Tensor:
        mean, most = function(*given_)
        return torch.autograd.grad((weights[0] * mean + weights[1] * most).sum(), given_[0])[0]

    torch.testing.assert_close(derivative(pooled), derivative(by_graph))


def test_of_equal_nodes_the_first_has_the_maximum() -> None:
    nodes = torch.ones(4, 2, requires_grad=True)
    batch = torch.tensor([0, 0, 1, 1])

    pooled(nodes, batch, 2, torch.ones(4))[1].sum().backward()

    torch.testing.assert_close(nodes.grad[:, 0], torch.tensor([1.0, 0.0, 1.0, 0.0]))

"""Messages along edges: the compiled ones are the equation, forth and back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from perceptgraph.graphs.models.messages import gathered


def inputs(
    seed: int, n_nodes: int, n_edges: int, dtype: torch.dtype = torch.float64
) -> list[Tensor]:
    rng = torch.Generator().manual_seed(seed)
    shapes = [(n_nodes, 3), (n_nodes, 3), (n_edges, 3), (4, 3)]
    floats = [torch.randn(s, generator=rng, dtype=dtype).requires_grad_() for s in shapes]
    kind = torch.randint(4, (n_edges,), generator=rng)
    return [*floats, kind, torch.randint(n_nodes, (2, n_edges), generator=rng)]


def by_node(here: Tensor, there: Tensor, said: Tensor, slot: Tensor, kind: Tensor, edges: Tensor):
    """The equation, one node after the other."""
    means, mosts = [], []
    for node in range(len(here)):
        own = torch.nonzero(edges[0] == node).flatten()
        messages = (here[node] + there[edges[1, own]] + said[own] + slot[kind[own]]).relu()
        nothing = here.new_zeros(here.shape[1])
        means.append(messages.mean(0) if len(own) else nothing)
        mosts.append(messages.max(0).values if len(own) else nothing)
    return torch.stack(means), torch.stack(mosts)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**31), n_nodes=st.integers(1, 6), n_edges=st.integers(0, 20))
def test_mean_and_maximum_are_those_of_the_equation(seed, n_nodes, n_edges) -> None:
    given_ = inputs(seed, n_nodes, n_edges)

    for found, wanted in zip(gathered(*given_), by_node(*given_), strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_are_those_of_the_equation(seed: int) -> None:
    given_ = inputs(seed, 5, 14)
    weights = torch.randn(2, 5, 3, dtype=torch.float64)

    def derivatives(function) -> tuple[Tensor, ...]:
        mean, most = function(*given_)
        return torch.autograd.grad((weights[0] * mean + weights[1] * most).sum(), given_[:4])

    for found, wanted in zip(derivatives(gathered), derivatives(by_node), strict=True):
        torch.testing.assert_close(found, wanted)


def test_single_precision_stays_single() -> None:
    mean, most = gathered(*inputs(0, 4, 9, torch.float32))

    assert mean.dtype == most.dtype == torch.float32

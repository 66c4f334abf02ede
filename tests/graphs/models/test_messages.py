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
    shapes = [(n_nodes, 3), (n_nodes, 3), (4, 3), (3, 2)]
    floats = [torch.randn(s, generator=rng, dtype=dtype).requires_grad_() for s in shapes]
    said = torch.randn(n_edges, 2, generator=rng, dtype=dtype)
    kind = torch.randint(4, (n_edges,), generator=rng)
    return [*floats, said, kind, torch.randint(n_nodes, (2, n_edges), generator=rng)]


def by_node(
    here: Tensor,
    there: Tensor,
    slot: Tensor,
    weight: Tensor,
    said: Tensor,
    kind: Tensor,
    edges: Tensor,
) -> tuple[Tensor, Tensor]:
    """The equation, one node after the other."""
    means, mosts = [], []
    for node in range(len(here)):
        own = torch.nonzero(edges[0] == node).flatten()
        messages = (
            here[node] + there[edges[1, own]] + slot[kind[own]] + said[own] @ weight.T
        ).relu()
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


def test_of_equal_messages_the_first_has_the_maximum() -> None:
    here, there, slot, weight, said, kind, edges = inputs(0, 2, 3)
    edges[0], edges[1] = 0, 1
    for one in (said, kind):
        one[:] = one[0]

    most = gathered(here + 9, there, slot, weight, said, kind, edges)[1]
    most.sum().backward()

    assert (most[0] > 0).all()
    torch.testing.assert_close(here.grad, torch.tensor([[1.0], [0.0]]).double().expand(2, 3))


def test_what_edges_say_has_derivatives_too() -> None:
    given_ = inputs(0, 4, 9)
    said = given_[4].requires_grad_()

    (mean, most), (wanted_mean, wanted_most) = gathered(*given_), by_node(*given_)

    found, wanted = (mean + 2 * most).sum(), (wanted_mean + 2 * wanted_most).sum()
    torch.testing.assert_close(*(torch.autograd.grad(x, said)[0] for x in (found, wanted)))


def test_single_precision_stays_single() -> None:
    mean, most = gathered(*inputs(0, 4, 9, torch.float32))

    assert mean.dtype == most.dtype == torch.float32

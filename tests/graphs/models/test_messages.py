"""A round of messages: the compiled one is the equation, forth and back."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from perceptgraph.graphs.models.messages import Round

D, KINDS, P = 5, 4, 2


EVERY_HEARD = [["mean", "max"], ["mean"], ["sum"], ["max"], ["max", "sum"]]


def inputs(
    seed: int,
    n_nodes: int,
    n_edges: int,
    dtype: torch.dtype = torch.float64,
    heard: Sequence[str] = ("mean", "max"),
    n_pose: int = P,
) -> tuple[Round, list[Tensor]]:
    """A round, and its arguments."""
    torch.manual_seed(seed)
    one = Round(D, KINDS, n_pose, heard).to(dtype)
    for parameter in one.parameters():
        torch.nn.init.normal_(parameter)
    nodes = torch.randn(n_nodes, D, dtype=dtype).requires_grad_()
    edges, kind = torch.randint(n_nodes, (2, n_edges)), torch.randint(KINDS, (n_edges,))
    return one, [nodes, edges, kind, torch.randn(n_edges, n_pose, dtype=dtype)]


def by_node(one: Round, nodes: Tensor, edges: Tensor, kind: Tensor, said: Tensor) -> Tensor:
    """The equation, one node after the other."""
    found = []
    for node, embedding in enumerate(nodes):
        own = torch.nonzero(edges[0] == node).flatten()
        message = one.here(embedding) + one.there(nodes[edges[1, own]])
        message = (message + one.pose(said[own]) + one.kind.weight[kind[own]]).relu()
        heard = [
            {"mean": message.mean, "sum": message.sum, "max": message.amax}[name](0)
            if len(own)
            else embedding.new_zeros(D)
            for name in ("mean", "sum", "max")
            if name in one.heard
        ]
        update = one.update(torch.cat([embedding, *heard])).relu()
        found.append(functional.layer_norm(embedding + update, (D,), eps=one.norm.eps))
    return torch.stack(found) * one.norm.weight + one.norm.bias


@pytest.mark.parametrize("heard", EVERY_HEARD, ids=str)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**31), n_nodes=st.integers(1, 6), n_edges=st.integers(0, 20))
def test_embeddings_are_those_of_the_equation(
    heard: list[str], seed: int, n_nodes: int, n_edges: int
) -> None:
    one, given_ = inputs(seed, n_nodes, n_edges, heard=heard)

    for found in (one(*given_), one.by_tensors(*given_)):
        torch.testing.assert_close(found, by_node(one, *given_))


@pytest.mark.parametrize("heard", EVERY_HEARD, ids=str)
@pytest.mark.parametrize("n_pose", [0, P])
@pytest.mark.parametrize("seed", range(2))
def test_derivatives_are_those_of_the_equation(seed: int, n_pose: int, heard: list[str]) -> None:
    one, given_ = inputs(seed, 5, 14, heard=heard, n_pose=n_pose)
    weights = torch.randn(5, D, dtype=torch.float64)

    def derivatives(found: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad((weights * found).sum(), [given_[0], *one.parameters()])

    wanted = derivatives(by_node(one, *given_))
    for form in (one, one.by_tensors):
        for derivative, known in zip(derivatives(form(*given_)), wanted, strict=True):
            torch.testing.assert_close(derivative, known)


@pytest.mark.parametrize("heard", [[], ["mean", "sum"], ["mean", "least"]], ids=str)
def test_what_cannot_be_heard_together_is_an_error(heard: list[str]) -> None:
    with pytest.raises(ValueError, match="expected mean or sum"):
        Round(D, KINDS, P, heard)


def test_of_equal_messages_the_first_has_the_maximum() -> None:
    one, (nodes, _, _, _) = inputs(0, 2, 0)
    once = torch.tensor([[0], [1]])

    def derivatives(n_edges: int) -> tuple[Tensor, ...]:
        kind, said = torch.zeros(n_edges, dtype=torch.int64), nodes.new_zeros(n_edges, P)
        found = one(nodes, once.expand(2, n_edges), kind, said)
        return torch.autograd.grad(found.square().sum(), [nodes, *one.parameters()])

    for derivative, known in zip(derivatives(3), derivatives(1), strict=True):
        torch.testing.assert_close(derivative, known)


def test_what_edges_say_has_derivatives_too() -> None:
    one, given_ = inputs(0, 4, 9)
    said = given_[3].requires_grad_()

    found, wanted = (
        torch.autograd.grad(form.square().sum(), said)[0]
        for form in (one(*given_), by_node(one, *given_))
    )

    torch.testing.assert_close(found, wanted)


def test_single_precision_stays_single() -> None:
    one, given_ = inputs(0, 4, 9, torch.float32)

    found = one(*given_)
    found.sum().backward()

    assert found.dtype == given_[0].grad.dtype == torch.float32

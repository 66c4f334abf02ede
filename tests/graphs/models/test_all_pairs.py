"""Messages between all nodes: the compiled ones are the equation, forth and back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from perceptgraph.graphs.models.all_pairs import Neighbours, heard, neighbours


def case(seed: int, sizes: list[int], limit: int = 63) -> tuple[np.ndarray, np.ndarray, Neighbours]:
    rng = np.random.default_rng(seed)
    ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    place = rng.normal(size=(ptr[-1], 2)).astype(np.float32)
    return place, ptr, neighbours(place, ptr, limit)


def inputs(seed: int, pairs: Neighbours, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    rng = torch.Generator().manual_seed(seed)
    n, p = len(pairs.offsets) - 1, len(pairs.target)
    shapes = [(n, 3), (n, 3), (p, 3)]
    return [torch.randn(s, generator=rng, dtype=dtype).requires_grad_() for s in shapes]


def by_node(here: Tensor, there: Tensor, said: Tensor, pairs: Neighbours) -> tuple[Tensor, Tensor]:
    """The equation, one node after the other."""
    means, mosts = [torch.zeros(0, 3).to(here)], [torch.zeros(0, 3).to(here)]
    for node in range(len(here)):
        run = slice(pairs.offsets[node], pairs.offsets[node + 1])
        messages = (here[node] + there[pairs.target[run].tolist()] + said[run]).relu()
        nothing = here.new_zeros(1, 3)
        means.append(messages.mean(0, keepdim=True) if len(messages) else nothing)
        mosts.append(messages.amax(0, keepdim=True) if len(messages) else nothing)
    return torch.cat(means), torch.cat(mosts)


SIZES = st.lists(st.integers(0, 6), max_size=4)


@given(sizes=SIZES, limit=st.integers(1, 7))
def test_neighbours_are_the_nearest_others_of_the_graph(sizes: list[int], limit: int) -> None:
    place, _, pairs = case(0, sizes, limit)

    graph = np.repeat(np.arange(len(sizes)), sizes)
    for node in range(len(place)):
        found = pairs.target[pairs.offsets[node] : pairs.offsets[node + 1]].tolist()
        others = np.flatnonzero((graph == graph[node]) & (np.arange(len(place)) != node))
        away = np.hypot(*(place[others] - place[node]).T)
        assert set(found) == set(others[np.argsort(away)][:limit].tolist())
        assert len(found) == min(limit, len(others))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**31), sizes=SIZES)
def test_mean_and_maximum_are_those_of_the_equation(seed: int, sizes: list[int]) -> None:
    pairs = case(seed, sizes)[2]
    given_ = inputs(seed, pairs)

    for found, wanted in zip(heard(*given_, pairs), by_node(*given_, pairs), strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("limit", [2, 63])
def test_derivatives_are_those_of_the_equation(limit: int) -> None:
    pairs = case(0, [4, 0, 1, 5], limit)[2]
    given_ = inputs(1, pairs)
    weights = torch.randn(2, 10, 3, dtype=torch.float64)

    def derivatives(function) -> tuple[Tensor, ...]:
        mean, most = function(*given_, pairs)
        return torch.autograd.grad((weights[0] * mean + weights[1] * most).sum(), given_)

    for found, wanted in zip(derivatives(heard), derivatives(by_node), strict=True):
        torch.testing.assert_close(found, wanted)


def test_single_precision_stays_single() -> None:
    pairs = case(0, [3])[2]

    mean, most = heard(*inputs(0, pairs, torch.float32), pairs)

    assert mean.dtype == most.dtype == torch.float32

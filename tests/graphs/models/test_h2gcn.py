"""H2GCN and GCN against dense matrices, written from the papers' equations."""

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from perceptgraph.graphs.loader import GraphBatch, graphs_in_memory
from perceptgraph.graphs.models.gcn import GCN
from perceptgraph.graphs.models.h2gcn import H2GCN
from perceptgraph.graphs.two_hop import adjacency_pairs, two_hop_pairs

PATH = [(0, 1), (1, 2), (2, 3)]
CYCLE = [(0, 1), (1, 2), (2, 3), (3, 0)]
STAR = [(0, 1), (0, 2), (0, 3)]
TRIANGLE = [(0, 1), (1, 2), (2, 0)]
COMPLETE = list(combinations(range(4), 2))


def batch_of(seed: int) -> GraphBatch:
    store = graphs_in_memory(random_graphs(seed), SCHEMA).with_hops()
    return store.batch(np.arange(len(store)))


def h2gcn(embedding: int = 5, rounds: int = 2, **designs: Any) -> H2GCN:
    torch.manual_seed(0)
    return H2GCN(SCHEMA, embedding=embedding, rounds=rounds, dropout=0.5, **designs).eval()


def dense_adjacency(batch: GraphBatch) -> Tensor:
    """A (N, N): 1 where an edge of any type joins two different nodes, either way."""
    n = len(batch.kind)
    a = torch.zeros(n, n, dtype=torch.float64)
    a[batch.edge_index[0], batch.edge_index[1]] = 1
    a = torch.maximum(a, a.T)
    return a.fill_diagonal_(0)


def normalised(a: Tensor) -> Tensor:
    """D^(-1/2) A D^(-1/2), where 0^(-1/2) is 0."""
    degree = a.sum(1)
    scale = torch.where(degree > 0, degree.clamp(min=1).rsqrt(), 0.0)
    return scale[:, None] * a * scale


def strict_two_hop(a: Tensor) -> Tensor:
    """1 where (A^2 > 0) and A = 0, off the diagonal."""
    return ((a @ a > 0) & (a == 0)).double().fill_diagonal_(0)


def dense_readout(nodes: Tensor, ptr: Tensor) -> Tensor:
    rows = []
    for start, stop in pairwise(ptr):
        own = nodes[start:stop]
        zeros = nodes.new_zeros(nodes.shape[1])
        mean, most = (own.mean(0), own.max(0).values) if len(own) else (zeros, zeros)
        rows.append(torch.cat([mean, most, nodes.new_tensor([np.log1p(len(own))])]))
    return torch.stack(rows)


def dense_embeddings(x: Tensor, w: Tensor, a: Tensor, rounds: int) -> Tensor:
    s1, s2 = normalised(a), normalised(strict_two_hop(a))
    kept = [(x @ w).relu()]
    for _ in range(rounds):
        kept.append(torch.cat([s1 @ kept[-1], s2 @ kept[-1]], dim=1))
    return torch.cat(kept, dim=1)


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_h2gcn_is_the_dense_equations(rounds: int, seed: int) -> None:
    batch, net = batch_of(seed), h2gcn(rounds=rounds)

    with torch.no_grad():
        logits = net.logits(batch)
        x = net.read(batch).double()
        w = net.embed.weight.double().T
        nodes = dense_embeddings(x, w, dense_adjacency(batch), rounds)
        expected = dense_readout(nodes, batch.ptr) @ net.classify.weight.double().T

    torch.testing.assert_close(logits.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "designs", [{"hops": [1]}, {"hops": [2]}, {"separate": False}, {"kept": "last"}], ids=str
)
def test_h2gcn_without_one_of_its_designs_is_the_dense_equations(designs: dict[str, Any]) -> None:
    batch, net = batch_of(3), h2gcn(**designs)
    a = dense_adjacency(batch)
    loops = torch.eye(len(a)) * (not designs.get("separate", True))
    hops = [normalised(w + loops) for w in (a, strict_two_hop(a))]

    with torch.no_grad():
        rounds = [net.embed(net.read(batch)).relu().double()]
        for _ in range(2):
            heard = [hops[hop - 1] @ rounds[-1] for hop in designs.get("hops", [1, 2])]
            rounds.append(torch.cat(heard, dim=1))
        kept = rounds[-1:] if designs.get("kept") == "last" else rounds
        nodes = dense_readout(torch.cat(kept, dim=1), batch.ptr)
        expected = nodes @ net.classify.weight.double().T
        found = net.logits(batch)

    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5)


def test_designs_of_h2gcn_cost_what_they_are() -> None:
    batch, p = batch_of(1), 5
    near, far = (pairs.shape[1] for pairs in (batch.one_hop, batch.two_hop))
    both = h2gcn().macs(batch)
    n_classes, n_graphs, n_nodes = len(SCHEMA.class_names), len(batch), len(batch.kind)

    one = h2gcn(hops=[1])
    together = h2gcn(separate=False)
    last = h2gcn(kept="last")

    assert one.classify.in_features == 2 * 3 * p + 1
    assert both - one.macs(batch) == near * p + far * 3 * p + n_graphs * 2 * 4 * p * n_classes
    assert together.macs(batch) - both == 2 * n_nodes * 3 * p
    assert last.classify.in_features == 2 * 4 * p + 1
    assert both - last.macs(batch) == n_graphs * 2 * 3 * p * n_classes


@pytest.mark.parametrize(
    ("designs", "named"),
    [({"hops": []}, "hops"), ({"hops": [3]}, "hops"), ({"kept": "first"}, "kept")],
    ids=str,
)
def test_unknown_designs_are_named(designs: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        h2gcn(**designs)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), rounds=st.integers(1, 3))
def test_gcn_is_the_dense_equations(seed: int, rounds: int) -> None:
    torch.manual_seed(0)
    batch = batch_of(seed)
    net = GCN(SCHEMA, hidden=5, rounds=rounds, dropout=0.5).eval()

    with torch.no_grad():
        logits = net.logits(batch)
        a = dense_adjacency(batch)
        s = normalised(a + torch.eye(len(a), dtype=a.dtype))
        h = net.read(batch).double()
        for layer in net.convolutions:
            h = (s @ h @ layer.lin.weight.double().T + layer.bias.double()).relu()
        expected = dense_readout(h, batch.ptr) @ net.classify.weight.double().T
        expected += net.classify.bias.double()

    torch.testing.assert_close(logits.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
@pytest.mark.parametrize("embedding", [1, 4])
def test_embeddings_of_all_rounds_are_kept(rounds: int, embedding: int) -> None:
    batch, net = batch_of(0), h2gcn(embedding, rounds)

    nodes = net.embeddings(net.read(batch), batch.one_hop, batch.two_hop)

    assert nodes.shape == (len(batch.kind), (2 ** (rounds + 1) - 1) * embedding)


def one_round(edges: list[tuple[int, int]], x: list[float]) -> tuple[list[float], list[float]]:
    """What one round hands on over N1 and over N2 where each node has one number, kept as it is."""
    net = h2gcn(embedding=1, rounds=1)
    width = net.embed.in_features
    with torch.no_grad():
        net.embed.weight.copy_(torch.eye(1, width))
    n = len(x)
    index = np.array(edges, np.int64).reshape(-1, 2).T
    one = adjacency_pairs(index, n)
    two = two_hop_pairs(one, n)
    values = torch.zeros(n, width)
    values[:, 0] = torch.tensor(x)
    with torch.no_grad():
        kept = net.embeddings(values, torch.from_numpy(one), torch.from_numpy(two))
    assert kept[:, 0].tolist() == x  # the node itself stays apart
    return kept[:, 1].tolist(), kept[:, 2].tolist()


@pytest.mark.parametrize(
    ("edges", "near", "far"),
    [
        pytest.param(
            PATH,
            [2 / 2**0.5, 1 / 2**0.5 + 3 / 2, 2 / 2 + 4 / 2**0.5, 3 / 2**0.5],
            [3, 4, 1, 2],
            id="path",
        ),
        pytest.param(CYCLE, [3, 2, 3, 2], [3, 4, 1, 2], id="cycle of four"),
        pytest.param(
            STAR, [9 / 3**0.5, *[1 / 3**0.5] * 3], [0, 7 / 2, 6 / 2, 5 / 2], id="star of three"
        ),
        pytest.param(TRIANGLE, [2.5, 2, 1.5, 0], [0, 0, 0, 0], id="triangle beside a lone node"),
        pytest.param(COMPLETE, [3, 8 / 3, 7 / 3, 2], [0, 0, 0, 0], id="complete"),
        pytest.param([], [0, 0, 0, 0], [0, 0, 0, 0], id="no edge"),
        pytest.param([(0, 1), (2, 3)], [2, 1, 4, 3], [0, 0, 0, 0], id="two pairs"),
        pytest.param(
            [(0, 0), (0, 1), (1, 0)], [2, 1, 0, 0], [0, 0, 0, 0], id="loop and repetition"
        ),
    ],
)
def test_neighbours_at_exactly_two_hops_stay_apart(
    edges: list[tuple[int, int]], near: list[float], far: list[float]
) -> None:
    found_near, found_far = one_round(edges, [1.0, 2.0, 3.0, 4.0])

    np.testing.assert_allclose(found_near, near, rtol=1e-5)
    np.testing.assert_allclose(found_far, far, rtol=1e-5)

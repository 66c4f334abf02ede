"""Fusions of motifs against dense matrices, written from their formulas."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional
from typed_graphs import typed_graphs

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.loader import GraphBatch, GraphSchema, graphs_in_memory
from perceptgraph.graphs.models.motif_fusion import FUSIONS
from perceptgraph.graphs.models.motif_gcn import MotifGCN
from perceptgraph.graphs.models.motif_net import adjacencies
from perceptgraph.graphs.models.typed_motif_gcn import TypedMotifGCN
from perceptgraph.graphs.motif_pairs import motif_names
from perceptgraph.graphs.relation_graph import RelationGraph

INNER, OUTER = 5, 4
UNTYPED = len(motif_names("untyped", ()))


def batch_of(seed: int, n: int = 8) -> GraphBatch:
    store = graphs_in_memory(random_graphs(seed, n), SCHEMA).with_motifs("untyped")
    return store.batch(np.arange(n))


def dense(batch: GraphBatch, n_channels: int) -> Tensor:
    """Counts (M + 1, N, N) of shared instances."""
    n_nodes = len(batch.kind)
    matrix = torch.zeros(n_channels, n_nodes, n_nodes)
    matrix[batch.motif.long(), batch.motif_index[0], batch.motif_index[1]] = batch.motif_count
    return matrix


def over_mean(matrix: Tensor, batch: GraphBatch, counted: Tensor) -> Tensor:
    """Each graph's part of an adjacency (N, N) divided by its mean over the pairs `counted`."""
    scaled = torch.zeros_like(matrix)
    for first, last in batch.ptr.unfold(0, 2, 1).tolist():
        part, pairs = matrix[first:last, first:last], counted[first:last, first:last]
        if part[pairs].sum() > 0:
            scaled[first:last, first:last] = part / part[pairs].mean()
    return scaled


def s(matrix: Tensor) -> Tensor:
    """D^(-1/2) (W + I) D^(-1/2)."""
    whole = matrix + torch.eye(len(matrix))
    scale = whole.sum(1).rsqrt()
    return scale[:, None] * whole * scale


def by_formula(name: str, layer: torch.nn.Module, x: Tensor, batch: GraphBatch) -> Tensor:
    matrices = dense(batch, UNTYPED)
    edges = matrices[0] > 0
    held = torch.stack([over_mean(w, batch, w > 0) for w in matrices])
    if name == "reweight":
        on_edges = torch.stack([over_mean(w * edges, batch, edges) for w in matrices])
        mixed = torch.einsum("m,mij->ij", layer.mixture.softmax(0), on_edges)
        return s(mixed) @ x @ layer.weight.weight.T + layer.bias
    if name == "union":
        mixed = held[0] + torch.einsum("m,mij->ij", layer.mixture.softmax(0), held[1:])
        return s(mixed) @ x @ layer.weight.weight.T + layer.bias
    if name == "channels":
        pairs = zip(held, layer.weight, strict=True)
        return layer.compress(torch.cat([(s(w) @ x @ theta).relu() for w, theta in pairs], dim=1))
    share = layer.score(x).softmax(1)
    each = [share[:, [m]] * (s(w) @ x @ layer.weight.weight.T) for m, w in enumerate(held)]
    return torch.stack(each).sum(0) + layer.bias


def unlike(layer: torch.nn.Module) -> torch.nn.Module:
    """The layer with other weights than it begins with."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(torch.randn_like(parameter) / 2)
    return layer


@pytest.mark.parametrize("name", FUSIONS)
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_fusion_is_the_formula(name: str, seed: int) -> None:
    torch.manual_seed(seed)
    layer = unlike(FUSIONS[name](INNER, OUTER, UNTYPED - 1))
    batch = batch_of(seed)
    x = torch.randn(len(batch.kind), INNER)

    found = layer(x, adjacencies(batch, UNTYPED, layer.ON_EDGES))

    torch.testing.assert_close(found, by_formula(name, layer, x, batch), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", FUSIONS)
def test_gradients_are_those_of_the_formula(name: str) -> None:
    torch.manual_seed(0)
    layer = unlike(FUSIONS[name](INNER, OUTER, UNTYPED - 1))
    batch = batch_of(0)
    x, to = torch.randn(len(batch.kind), INNER), torch.randn(len(batch.kind), OUTER)
    gradients = []
    for made in (
        lambda x: layer(x, adjacencies(batch, UNTYPED, layer.ON_EDGES)),
        lambda x: by_formula(name, layer, x, batch),
    ):
        layer.zero_grad()
        given = x.clone().requires_grad_()
        (made(given) * to).sum().backward()
        gradients.append([given.grad, *(p.grad for p in layer.parameters())])

    for here, there in zip(*gradients, strict=True):
        torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", FUSIONS)
def test_every_weight_of_a_fusion_learns(name: str) -> None:
    torch.manual_seed(0)
    batch = batch_of(0)
    net = MotifGCN(SCHEMA, hidden=6, rounds=2, dropout=0.0, fusion=name)

    functional.cross_entropy(net.logits(batch), batch.label).backward()

    for parameter, values in net.named_parameters():
        assert values.grad.any(), parameter


@pytest.mark.parametrize("name", ["reweight", "union"])
def test_without_motifs_a_mixture_is_the_graph_convolution(name: str) -> None:
    torch.manual_seed(0)
    layer, batch = FUSIONS[name](INNER, OUTER, 0), batch_of(1)
    edges = batch.motif == 0
    columns = ("motif", "motif_count", "motif_joined")
    alone = replace(
        batch,
        motif_index=batch.motif_index[:, edges],
        **{column: getattr(batch, column)[edges] for column in columns},
    )
    x = torch.randn(len(batch.kind), INNER)

    found = layer(x, adjacencies(alone, 1, layer.ON_EDGES))

    expected = s(dense(batch, UNTYPED)[0]) @ x @ layer.weight.weight.T
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "each_node"),
    [
        ("reweight", OUTER * (INNER + 3 + 1)),
        ("union", OUTER * (INNER + 3 + 1)),
        ("channels", 3 * OUTER * (INNER + OUTER + 1)),
        ("attention", INNER * OUTER + 3 * (INNER + 2 * OUTER)),
    ],
)
def test_multiply_adds_are_counted_per_entry_and_node(name: str, each_node: int) -> None:
    layer = FUSIONS[name](INNER, OUTER, 2)  # with the edges three channels

    assert layer.macs(10, 40) == 10 * each_node + 40 * OUTER


@settings(max_examples=20)
@given(graph=typed_graphs(), seed=st.integers(0, 2**32))
def test_typed_net_reads_all_motifs_that_the_relations_allow(graph, seed: int) -> None:
    frames, edges = graph
    schema = GraphSchema(tuple(edges), ("a", "b"))
    columns = (getattr(frames, name) for name in Frames.__slots__[:-1])
    image = Frames(*columns, offsets=np.array([0, len(frames)], np.int64))
    index = np.concatenate(list(edges.values()), axis=1).astype(np.int32)
    relation = np.repeat(np.arange(len(edges)), [e.shape[1] for e in edges.values()])
    rank = np.zeros(len(relation), np.uint8)
    whole = RelationGraph(
        image, schema.relations, index[0], index[1], relation.astype(np.uint8), rank, 0
    )
    batch = graphs_in_memory([whole], schema).with_motifs("typed").batch(np.array([0]))
    torch.manual_seed(seed)
    net = TypedMotifGCN(schema, hidden=6, rounds=1, dropout=0.0, fusion="channels").eval()

    logits = net.logits(batch)

    assert net.n_channels == len(motif_names("typed", edges)) == 12
    assert logits.shape == (1, 2)
    assert logits.isfinite().all()


def test_an_unknown_fusion_is_named() -> None:
    with pytest.raises(ValueError, match=r"fusion: expected one of reweight, .*, got 'sum'"):
        MotifGCN(SCHEMA, hidden=6, rounds=1, dropout=0.0, fusion="sum")

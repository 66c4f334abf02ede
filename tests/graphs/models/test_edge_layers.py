"""GIN, GINE and GATv2 against their equations, one node after the other."""

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph
from torch import Tensor
from torch.nn import functional

from perceptgraph.graphs.loader import GraphBatch, graphs_in_memory
from perceptgraph.graphs.models.gatv2 import GATv2
from perceptgraph.graphs.models.gin import GIN
from perceptgraph.graphs.models.gine import GINE
from perceptgraph.graphs.models.graph_net import GraphNet, readout
from perceptgraph.graphs.models.poses import SLOTS, n_slots, seen, slots


def a_batch() -> GraphBatch:
    """Two graphs, of which the first has a node without edges."""
    rng = np.random.default_rng(0)
    graphs = [random_graph(rng, 5, 9), random_graph(rng, 4, 10)]
    graphs[0].source[:] %= 4
    graphs[0].target[:] %= 4
    return graphs_in_memory(graphs, SCHEMA).with_hops().batch(np.arange(2))


def classified(net: GraphNet, kept: list[Tensor], batch: GraphBatch) -> Tensor:
    return net.classify(readout(torch.cat(kept, dim=1), batch.batch, len(batch)))


def test_slot_of_an_edge_is_its_relation_and_its_rank() -> None:
    batch = a_batch()

    found = slots(batch)

    assert n_slots(SCHEMA) == 3 * SLOTS
    for kind, relation, rank in zip(found, batch.relation, batch.rank, strict=True):
        assert kind == 4 * int(relation) + min(int(rank), 3)


def test_gin_is_the_equation() -> None:
    batch = a_batch()
    torch.manual_seed(0)
    net = GIN(SCHEMA, hidden=4, rounds=2, dropout=0.5).eval()
    with torch.no_grad():
        for convolution in net.convolutions:
            convolution.eps.fill_(0.3)
    kept = [net.embed(net.read(batch))]
    for convolution in net.convolutions:
        h = kept[-1]
        sums = [
            1.3 * h[v] + h[batch.one_hop[1, batch.one_hop[0] == v]].sum(0) for v in range(len(h))
        ]
        kept.append(convolution.nn(torch.stack(sums)))

    torch.testing.assert_close(net.logits(batch), classified(net, kept, batch))


def test_gine_is_the_equation() -> None:
    batch = a_batch()
    torch.manual_seed(0)
    net = GINE(SCHEMA, hidden=4, rounds=2, dropout=0.5).eval()
    e = seen(batch) @ net.edges.pose.weight.T + net.edges.slot.weight[slots(batch)]
    source, target = batch.edge_index
    kept = [net.embed(net.read(batch))]
    for convolution in net.convolutions:
        h = kept[-1]
        sums = []
        for v in range(len(h)):
            own = source == v
            sums.append((1 + convolution.eps) * h[v] + (h[target[own]] + e[own]).relu().sum(0))
        kept.append(convolution.nn(torch.stack(sums)))

    torch.testing.assert_close(net.logits(batch), classified(net, kept, batch))


def test_gatv2_is_the_equation() -> None:
    batch = a_batch()
    torch.manual_seed(0)
    net = GATv2(SCHEMA, hidden=6, rounds=2, heads=2, dropout=0.5).eval()
    e = net.edges(batch)
    source, target = batch.edge_index
    kept = [net.embed(net.read(batch))]
    for layer in net.convolutions:
        h, nodes = kept[-1], []
        for v in range(len(h)):
            own = source == v
            there = layer.lin_l(h[target[own]])
            score = layer.lin_r(h[v]) + there + layer.lin_edge(e[own])
            value = functional.leaky_relu(score, 0.2).view(-1, 2, 3) * layer.att
            alpha = value.sum(2).softmax(0)
            mixed = (alpha[:, :, None] * there.view(-1, 2, 3)).sum(0).flatten()
            nodes.append(layer.res(h[v]) + mixed + layer.bias)
        kept.append(torch.stack(nodes).relu())

    torch.testing.assert_close(net.logits(batch), classified(net, kept, batch))


def test_gin_tells_apart_what_a_mean_cannot() -> None:
    """Two and three equal neighbours: their mean is one, their sum is not."""
    torch.manual_seed(0)
    net = GIN(SCHEMA, hidden=8, rounds=1, dropout=0.0)
    (layer,), x = net.convolutions, torch.ones(7, 8)
    two, three = torch.tensor([[1, 2], [0, 0]]), torch.tensor([[4, 5, 6], [3, 3, 3]])

    found = layer(x, torch.cat([two, three], dim=1))

    assert (found[0] - found[3]).abs().max() > 1e-3


def test_heads_that_do_not_share_the_width_are_named() -> None:
    with pytest.raises(ValueError, match="hidden: expected a multiple of 4 heads, got 6"):
        GATv2(SCHEMA, hidden=6, rounds=1, heads=4, dropout=0.0)

"""Laws that every graph model keeps; a new one is tested by being in the table."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph, random_graphs
from torch.nn import functional

from perceptgraph.graphs.loader import GraphSchema, graphs_in_memory
from perceptgraph.graphs.models import MODELS
from perceptgraph.graphs.models.graph_net import GraphNet
from perceptgraph.graphs.models.saved import classifier_of
from perceptgraph.graphs.relation_graph import RelationGraph

KEYWORDS = {
    "set": {"hidden": 8, "dropout": 0.0},
    "segment_set": {"hidden": 8, "dropout": 0.0},
    "gcn": {"hidden": 8, "rounds": 2, "dropout": 0.0},
    "h2gcn": {"embedding": 6, "rounds": 2, "dropout": 0.0},
}
KINDS, ATTRIBUTES, CLASSES = 5, 11, 3
PROFILE = (1 + 2) + (1 + 1) + 1  # of SCHEMA: a count and the measures of each relation
WIDTH = KINDS + ATTRIBUTES + PROFILE
BAG = 8 * 8 + 8 + (2 * 8 + 1) * 8 + 8 + 8 * CLASSES + CLASSES
N_PARAMETERS = {
    "set": (KINDS + ATTRIBUTES) * 8 + 8 + BAG,
    "segment_set": (KINDS + 4) * 8 + 8 + BAG,
    "gcn": WIDTH * 8 + 8 + 8 * 8 + 8 + (2 * 8 + 1) * CLASSES + CLASSES,
    "h2gcn": WIDTH * 6 + (2 * (2**3 - 1) * 6 + 1) * CLASSES,
}


def built(name: str, graphs: list[RelationGraph], schema: GraphSchema = SCHEMA) -> GraphNet:
    torch.manual_seed(0)
    net = classifier_of(name, MODELS)(schema, **KEYWORDS[name])
    assert isinstance(net, GraphNet)
    store = net.supplied(graphs_in_memory(graphs, schema))
    net.prepare([store.batch(np.arange(len(store)))])
    return net.eval()


def logits(
    net: GraphNet, graphs: list[RelationGraph], schema: GraphSchema = SCHEMA
) -> torch.Tensor:
    store = net.supplied(graphs_in_memory(graphs, schema))
    with torch.inference_mode():
        return net.logits(store.batch(np.arange(len(store))))


def renumbered(graph: RelationGraph, order: np.ndarray) -> RelationGraph:
    """The same graph, its nodes listed in another order, its edges backwards."""
    place = np.argsort(order).astype(np.int32)
    f = graph.frames
    frames = replace(
        f,
        kind=f.kind[order],
        position=f.position[order],
        direction=f.direction[order],
        attributes=f.attributes[order],
    )
    return replace(
        graph,
        frames=frames,
        source=place[graph.source][::-1].copy(),
        target=place[graph.target][::-1].copy(),
        relation=graph.relation[::-1].copy(),
        attributes=graph.attributes[::-1].copy(),
    )


@pytest.mark.parametrize("name", MODELS)
def test_logits_do_not_see_the_order_of_nodes_and_edges(name: str) -> None:
    graphs = random_graphs(0)
    rng = np.random.default_rng(1)
    net = built(name, graphs)

    there = [renumbered(g, rng.permutation(len(g.frames))) for g in graphs]

    torch.testing.assert_close(logits(net, graphs), logits(net, there), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_logits_do_not_see_the_other_graphs_of_the_batch(name: str) -> None:
    graphs = random_graphs(2)
    net = built(name, graphs)

    alone = torch.cat([logits(net, [graph]) for graph in graphs])

    torch.testing.assert_close(logits(net, graphs), alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_logits_do_not_see_where_the_picture_lies_or_how_it_is_turned(name: str) -> None:
    graphs = random_graphs(3)
    net = built(name, graphs)

    moved = [
        replace(g, frames=replace(g.frames, position=g.frames.position + np.float32(9)))
        for g in graphs
    ]
    turned = [replace(g, frames=replace(g.frames, direction=-g.frames.direction)) for g in graphs]

    assert torch.equal(logits(net, graphs), logits(net, moved))
    assert torch.equal(logits(net, graphs), logits(net, turned))


@pytest.mark.parametrize("name", MODELS)
def test_degenerate_graphs_have_finite_logits_and_gradients(name: str) -> None:
    rng = np.random.default_rng(4)
    degenerate = [random_graph(rng, 0, 0), random_graph(rng, 1, 0), random_graph(rng, 6, 0)]
    unknown = random_graph(rng, 3, 5)
    unknown.frames.attributes[:, 3] = np.nan
    unknown.frames.attributes[0, 0] = np.inf
    graphs = [*degenerate, unknown]
    net = built(name, graphs)
    store = net.supplied(graphs_in_memory(graphs, SCHEMA))
    batch = store.batch(np.arange(4))

    found = net.logits(batch)
    functional.cross_entropy(found, batch.label).backward()

    assert found.shape == (4, CLASSES)
    assert found.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_graphs_without_any_node_or_edge_train_too(name: str) -> None:
    graphs = [random_graph(np.random.default_rng(0), 0, 0)] * 3

    assert logits(built(name, graphs), graphs).isfinite().all()


@pytest.mark.parametrize("name", MODELS)
def test_the_number_of_parameters_is_the_formula(name: str) -> None:
    net = built(name, random_graphs(0))

    assert sum(p.numel() for p in net.parameters()) == N_PARAMETERS[name]


@pytest.mark.parametrize("name", MODELS)
def test_multiply_adds_of_a_batch_are_the_sum_over_its_graphs(name: str) -> None:
    graphs = random_graphs(5)
    net = built(name, graphs)
    store = net.supplied(graphs_in_memory(graphs, SCHEMA))

    alone = [net.macs(store.batch(np.array([i]))) for i in range(len(graphs))]

    assert net.macs(store.batch(np.arange(len(graphs)))) == sum(alone) > 0


@pytest.mark.parametrize("name", ["set", "segment_set"])
def test_bags_do_not_see_relations(name: str) -> None:
    graphs = random_graphs(6)
    net = built(name, graphs)

    cut = [
        replace(
            g,
            source=g.source[:0],
            target=g.target[:0],
            relation=g.relation[:0],
            attributes=g.attributes[:0],
        )
        for g in graphs
    ]

    assert torch.equal(logits(net, graphs), logits(net, cut))


def test_segment_set_sees_segments_only() -> None:
    graphs = random_graphs(7)
    net = built("segment_set", graphs)
    before = logits(net, graphs)

    for graph in graphs:
        graph.frames.attributes[graph.frames.kind != 0] += 5
        graph.frames.attributes[:, 4:] = 7

    assert torch.equal(before, logits(net, graphs))

"""Fisher vectors of pictures: what they see and what not, and that they tell classes apart."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, lone_nodes
from perceptgraph.graphs.loader import GraphStore, graphs_in_memory
from perceptgraph.graphs.models.fisher import Fisher
from perceptgraph.graphs.relation_graph import RelationGraph

ARC = NODE_KINDS.index("arc")
CONTRAST = list(ATTRIBUTES).index("contrast")
KEYWORDS: dict[str, Any] = {
    "kinds": ["arc"],
    "nodes": 50,
    "radii": [8.0, 16.0],
    "rings": 2,
    "sectors": 8,
    "harmonics": 2,
    "components": 6,
    "gaussians": 4,
    "strips": 2,
    "costs": [1.0, 3.0],
    "dealt": False,
}


def picture(position: NDArray[Any], theta: NDArray[Any], label: int, seed: int) -> RelationGraph:
    rng = np.random.default_rng(seed)
    n = len(position)
    attributes = np.zeros((n, len(ATTRIBUTES)), np.float32)
    attributes[:, CONTRAST] = rng.uniform(0.1, 1, n)
    attributes[:, list(ATTRIBUTES).index("length")] = rng.choice([2, 4], n)
    direction = np.stack([np.sin(theta), np.cos(theta)], axis=1)
    nothing = np.zeros(0, np.int32)
    return RelationGraph(
        frames=lone_nodes(
            np.full(n, ARC, np.uint8),
            position.astype(np.float32),
            direction.astype(np.float32),
            attributes,
        ),
        relations=SCHEMA.relations,
        source=nothing,
        target=nothing,
        relation=np.zeros(0, np.uint8),
        rank=np.zeros(0, np.uint8),
        label=label,
    )


def related_picture(label: int, seed: int) -> RelationGraph:
    """Pairs of nodes that are parallel, square or opposite to each other; else all is alike."""
    rng = np.random.default_rng(seed)
    middle, theta = rng.uniform(0, 200, (30, 2)), rng.uniform(-np.pi, np.pi, 30)
    left = np.stack([-np.cos(theta), np.sin(theta)], axis=1)
    position = np.concatenate([middle, middle + 3 * left])
    return picture(position, np.concatenate([theta, theta + label * np.pi / 2]), label, seed)


def store(n: int = 12) -> GraphStore:
    return graphs_in_memory([related_picture(i % 3, i) for i in range(n)], SCHEMA)


def solved(samples: GraphStore, train: NDArray[np.int64], **changed: Any) -> Fisher:
    net = Fisher(SCHEMA, **KEYWORDS | changed)
    net.solve(samples, train, np.random.default_rng(0), None)
    return net.eval()


@pytest.mark.parametrize(("radii", "least", "most"), [([8.0, 16.0], 0.9, 1.0), ([], 0.0, 0.6)])
def test_classes_that_differ_in_relations_alone_are_told_by_contexts_alone(
    radii: list[float], least: float, most: float
) -> None:
    samples = store(90)

    net = solved(samples, np.arange(60), radii=radii)
    found = net.logits(samples.batch(np.arange(60, 90))).argmax(1)

    assert least <= (found == torch.from_numpy(samples.label[60:])).float().mean() <= most


def test_a_mirrored_picture_has_the_same_vector() -> None:
    samples = store()
    net = solved(samples, np.arange(12))
    graph = related_picture(1, 5)
    # The brighter side stays to the left: so a node looks the other way along its edge.
    there = replace(
        graph,
        frames=replace(
            graph.frames,
            position=graph.frames.position * np.array([1, -1], np.float32)
            + np.array([0, 200], np.float32),
            direction=graph.frames.direction * np.array([-1, 1], np.float32),
        ),
    )

    one, other = net.vectors(graphs_in_memory([graph, there], SCHEMA).batch(np.arange(2)))

    torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


def test_vectors_have_unit_length_and_strips_as_much_as_the_whole() -> None:
    samples = store()
    net = solved(samples, np.arange(12))

    found = net.vectors(samples.batch(np.arange(12)))

    torch.testing.assert_close(found.norm(dim=1), torch.ones(12))
    whole = found.view(12, 3, -1)[:, 0].norm(dim=1)
    torch.testing.assert_close(whole, torch.full((12,), 0.5**0.5))


def test_nodes_of_other_kinds_are_not_seen() -> None:
    samples = store()
    net = solved(samples, np.arange(12))
    graph, more = related_picture(0, 1), related_picture(2, 2)
    more.frames.kind[:] = NODE_KINDS.index("line")
    names = ("kind", "position", "direction", "attributes", "following", "curve", "around")
    both = {n: np.concatenate([getattr(g.frames, n) for g in (graph, more)]) for n in names}
    mixed = replace(graph, frames=replace(graph.frames, **both, offsets=np.array([0, 120])))

    one, other = net.vectors(graphs_in_memory([graph, mixed], SCHEMA).batch(np.arange(2)))

    torch.testing.assert_close(one, other)


def test_described_nodes_are_as_many_as_asked_for_from_faint_to_strong() -> None:
    samples = store(3)
    net = Fisher(SCHEMA, **KEYWORDS | {"nodes": 7})
    batch = samples.batch(np.arange(3))

    own, around, _ = net._described(batch, 1, 7)

    assert own.shape == (7, 8)
    assert around.shape == (7, 2, 2 * 8 * 5)
    contrast = own[:, 6].exp() - 1e-3
    assert (contrast.diff() > 0).all()
    lowest = batch.attributes[60:120, CONTRAST].min()
    torch.testing.assert_close(contrast[0], lowest, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"kinds": ["arcs"]}, "kinds: expected"),
        ({"radii": [0.0]}, "positive radii"),
        ({"costs": []}, "radii and costs"),
        ({"components": 81}, "at most 80"),
        ({"sectors": 7}, "sectors: expected an even number"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Fisher(SCHEMA, **KEYWORDS | wrong)


def test_training_without_any_node_is_legal() -> None:
    blank = [picture(np.zeros((0, 2)), np.zeros(0), i % 2, i) for i in range(4)]
    samples = graphs_in_memory(blank, SCHEMA)

    net = solved(samples, np.arange(4))

    assert net.logits(samples.batch(np.arange(4))).isfinite().all()


def test_solving_counts_vectors_products_components_and_gaussians() -> None:
    samples = store()
    batch = samples.batch(np.arange(12))

    net = solved(samples, np.arange(12))

    n, width = 12 * 2 * 50, 8 + 2 * 6  # descriptors, of nodes as they are and mirrored
    products = 12 * 12 * 3 * 2 * 4 * width
    components, gaussians = n * 2 * (2 * 8 * 5) ** 2, n * 4 * width * (8 + 1 + 2 + 4 * 20)
    assert net.solving_macs == net.macs(batch) + products + components + gaussians


def test_contexts_that_are_dealt_are_the_same_ones_at_other_nodes() -> None:
    samples = store(1)
    batch = samples.batch(np.arange(1))

    own, around, _ = Fisher(SCHEMA, **KEYWORDS)._described(batch, 0, 20)
    there, moved, _ = Fisher(SCHEMA, **KEYWORDS | {"dealt": True})._described(batch, 0, 20)

    assert torch.equal(own, there)
    assert not torch.equal(around, moved)
    torch.testing.assert_close(around.sum(0), moved.sum(0))

"""Laws of every classifier; a new one is tested by being in its table."""

import inspect
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph, random_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.graphs.encoding import SCALE_FREE
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphSchema, GraphStore, graphs_in_memory
from perceptgraph.graphs.models import MODELS
from perceptgraph.graphs.models.classifier import Classifier, ClosedForm, Network, Samples
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.poses import N_POSE, SLOTS
from perceptgraph.graphs.models.saved import (
    About,
    classifier_of,
    load_model,
    n_parameters,
    save_model,
)
from perceptgraph.graphs.models.segment_set import MEASURES
from perceptgraph.graphs.models.waves import N_FRAME, N_MIDDLE, N_PAIR
from perceptgraph.graphs.motif_pairs import motif_names
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.stages.baselines import BASELINES
from perceptgraph.stages.baselines.pixels import pixels_in_memory
from perceptgraph.stages.report_control import CONTROLS, SEES_INSTEAD

EVERY = {**MODELS, **BASELINES}
NETWORKS = [name for name in EVERY if issubclass(classifier_of(name, EVERY), Network)]
KEYWORDS = {
    "hidden": 8,
    "embedding": 6,
    "rounds": 2,
    "dropout": 0.3,
    "side": 20,
    "view": "raw",
    "pose": "free",
    "left_out": [],
}
"""Of all models; each takes those that it knows."""
KEYWORDS |= {"measures": ["length", "turning"], "kinds": ["line"], "scales": [0.5], "waves": 4}
KEYWORDS |= {"harmonics": 1, "gamma": 2.0, "ridge": 0.1, "copies": 0, "references": 20}
KEYWORDS |= {"edges": ["relation", "pose"], "aggregate": ["mean", "max"], "kept": "all"}
KEYWORDS |= {"read_out": ["mean", "max"], "weighted": True, "hops": [1, 2], "separate": True}
RELATIVE_POSE = ("hidden", "rounds", "dropout", "pose", "waves", "harmonics", "left_out")
RELATIVE_POSE += ("edges", "aggregate", "kept", "read_out", "weighted")
KERNEL = ("kinds", "measures", "scales", "waves", "harmonics", "gamma", "ridge", "copies")
KEYWORDS |= {
    "kernel": {name: KEYWORDS[name] for name in (*KERNEL, "references")},
    "net": {name: KEYWORDS[name] for name in RELATIVE_POSE} | {"kinds": [*NODE_KINDS]},
}
KEYWORDS |= {"sharpness": 5.0, "taught": 0.5, "even": 10.0, "examples": 40, "sigmas": [0, 1.0]}
KEYWORDS |= {"steps": 3, "batch_size": 8, "learning_rate": 0.01, "weight_decay": 0.01}
KEYWORDS |= {"splines": 5, "order": 3, "heads": 2}
KEYWORDS |= {"fusion": "channels"}
KEYWORDS |= {"frames": 5, "angle_weight": 0.5}
KEYWORDS |= {"orientations": 3, "wavelengths": [4.0, 6.0], "noise": 0.5}
KEYWORDS |= {"directions": 8, "cell": 4, "nodes": 10, "fitted": True}
KEYWORDS |= {"width": 4, "blocks": 1}
KEYWORDS |= {"radii": [9.0, 100.0], "rings": 2, "sectors": 4, "components": 3}
KEYWORDS |= {"gaussians": 3, "strips": 2, "costs": [1.0], "dealt": False}
KEYWORDS |= {"pieces": 20, "coarse": 0.6, "fine": 0.3, "tolerance": 0.3, "direction": 0.5}
KEYWORDS |= {"context": 1.0, "outlier": 0.01, "elastic": 0.1, "reach": 1.0, "bending": 0.1}
WITHOUT_EDGES = (*CONTROLS, *SEES_INSTEAD)
SEE_POSE = ("kernel", "distilled", "hybrid", "fisher", "matching")
NOTHING_DRAWN = ("pixel_kernel", "fisher", "matching")

K, C = len(NODE_KINDS), len(SCHEMA.class_names)
PROFILE = len(SCHEMA.relations) * (1 + len(SCALE_FREE))  # a count, and a mean pose
H, P, KEPT = KEYWORDS["hidden"], KEYWORDS["embedding"], 7  # 2^(2 + 1) - 1 blocks of P
SET_INPUT, SEGMENT_INPUT = K + len(ATTRIBUTES), K + len(MEASURES)
NET_INPUT = SET_INPUT + PROFILE
SPLINES, ORDER = KEYWORDS["splines"], KEYWORDS["order"]
CHANNELS = {
    name: len(motif_names(motifs, SCHEMA.relations))
    for name, motifs in {"motif_gcn": "untyped", "typed_motif_gcn": "typed"}.items()
}
EDGE_INPUT = (N_POSE + len(SCHEMA.relations) * SLOTS) * H

W = 2 * KEYWORDS["waves"] * (2 * KEYWORDS["harmonics"] + 1)
CONTEXT, DESCRIPTOR, GAUSSIANS = 2 * 4 * 3, 8 + 2 * 3, KEYWORDS["gaussians"]
FISHER = (1 + KEYWORDS["strips"]) * 2 * GAUSSIANS * DESCRIPTOR
REFERENCES = 12
"""Graphs that a model with a closed form is solved with."""
IS_LINE, LENGTH = NODE_KINDS.index("line"), list(ATTRIBUTES).index("length")
LINES = [
    int(np.sum((g.frames.kind == IS_LINE) & (g.frames.attributes[:, LENGTH] > 0)))
    for g in random_graphs(0, REFERENCES)
]
"""Of any length, of each of them."""

PARAMETERS = {
    "set": (SET_INPUT + 1) * H + (H + 1) * H + (2 * H + 2) * H + (H + 1) * C,
    "segment_set": (SEGMENT_INPUT + 1) * H + (H + 1) * H + (2 * H + 2) * H + (H + 1) * C,
    "gcn": (NET_INPUT + 1) * H + (H + 1) * H + (2 * H + 2) * C,
    "h2gcn": NET_INPUT * P + (2 * KEPT * P + 1) * C,
    "spectral": SPLINES * (NET_INPUT + H) * H + 2 * H + (2 * H + 2) * C,
    "chebyshev": (ORDER + 1) * (NET_INPUT + H) * H + 2 * H + (2 * H + 2) * C,
    "gin": (NET_INPUT + 1) * H + 2 * (2 * H * H + 4 * H + 1) + (2 * 3 * H + 2) * C,
    "gine": (SET_INPUT + 1) * H + EDGE_INPUT + 2 * (2 * H * H + 4 * H + 1) + (2 * 3 * H + 2) * C,
    "gatv2": (SET_INPUT + 1) * H + EDGE_INPUT + 2 * (4 * H * H + 4 * H) + (2 * 3 * H + 2) * C,
    "relative_pose": (
        (SET_INPUT + 1) * H
        + 2 * (5 * H * H + 4 * H + N_POSE * H + len(SCHEMA.relations) * SLOTS * H)
        + (2 * 3 * H + 2) * C
    ),
    "invariant": (
        (SET_INPUT + N_MIDDLE + 1) * H
        + 2 * (5 * H * H + 4 * H + N_PAIR * H)
        + (3 * H + 1) * H  # what part of the graph a node is, and the context of the graph
        + (2 * 3 * H + 2) * H
        + H * H
        + (H + 1) * 4
        + N_FRAME * H
        + (H + 1) * H
        + (4 * H + 1) * C
        + (2 * 3 * H + 1) * C
    ),
    "kernel": REFERENCES * (2 * W + C),
    "matching": REFERENCES * max(LINES) * 5,
    "distilled": (2 * W + 1) * H + (H + 1) * C,
    "pixel_kernel": REFERENCES * (2 * 20**2 + C),
    "fisher": (
        2 * CONTEXT * (1 + 3) + 2 * DESCRIPTOR + GAUSSIANS * (1 + 2 * DESCRIPTOR) + FISHER * C
    ),
    "v1_cnn": (30 + 1) * 16 + (9 * 16 + 1) * 32 + (9 * 32 + 1) * 32 + (32 * 4**2 + 1) * C,
    **{
        name: m * (NET_INPUT + m - 1 + H) * H + 2 * (m * H + 1) * H + (2 * H + 2) * C
        for name, m in CHANNELS.items()
    },
    "soft_primitives": (
        6 + 2 + 2 * (10 + 2) + 5 + 90 * H + 2 * (5 * H * H + 11 * H) + (6 * H + 2) * C
    ),
    "resnet": 1194 * 4**2 + 99 * 4 + (8 * 4 + 1) * C,  # 14 n^2 + 6 n of stages of n = 8, 16, 32
    "lenet": 26 * 6 + (25 * 6 + 1) * 16 + (16 * 2**2 + 1) * 120 + 121 * 84 + 85 * C,
}
PARAMETERS["hybrid"] = PARAMETERS["kernel"] + PARAMETERS["relative_pose"]


class Count(NamedTuple):
    """What a batch holds."""

    graphs: int
    nodes: int
    lines: int
    line_pairs: int
    """Ordered pairs of lines of the same graph."""
    edges: int
    near: int
    far: int
    squares: int
    """Sum of the squared numbers of nodes of the graphs."""
    cubes: int
    shared: int
    """Pairs of nodes that share a motif, once for each motif."""


MACS = {
    "set": lambda n: n.nodes * (SET_INPUT + H) * H + n.graphs * (2 * H + 1 + C) * H,
    "segment_set": lambda n: n.lines * (SEGMENT_INPUT + H) * H + n.graphs * (2 * H + 1 + C) * H,
    "gcn": lambda n: (
        n.nodes * (NET_INPUT + H) * H + 2 * (n.near + n.nodes) * H + n.graphs * (2 * H + 1) * C
    ),
    "h2gcn": lambda n: (
        n.nodes * NET_INPUT * P + (n.near + n.far) * (P + 2 * P) + n.graphs * (2 * KEPT * P + 1) * C
    ),
    "spectral": lambda n: (
        5 * n.cubes
        + n.squares * (NET_INPUT + 3 * H)
        + n.nodes * SPLINES * (NET_INPUT + H) * (1 + H)
        + n.graphs * (2 * H + 1) * C
    ),
    "chebyshev": lambda n: (
        n.nodes * (ORDER + 1) * (NET_INPUT + H) * H
        + ORDER * (n.near + n.nodes) * (NET_INPUT + H)
        + n.graphs * (2 * H + 1) * C
    ),
    "gin": lambda n: (
        n.nodes * NET_INPUT * H
        + 2 * ((n.near + n.nodes) * H + n.nodes * 2 * H * H)
        + n.graphs * (2 * 3 * H + 1) * C
    ),
    "gine": lambda n: (
        (n.nodes * SET_INPUT + n.edges * N_POSE) * H
        + 2 * ((n.edges + n.nodes) * H + n.nodes * 2 * H * H)
        + n.graphs * (2 * 3 * H + 1) * C
    ),
    "gatv2": lambda n: (
        (n.nodes * SET_INPUT + n.edges * N_POSE) * H
        + 2 * (n.nodes * 3 * H * H + n.edges * (H + 2) * H)
        + n.graphs * (2 * 3 * H + 1) * C
    ),
    "relative_pose": lambda n: (
        n.nodes * (SET_INPUT + 3) * H
        + 2 * (n.nodes * 5 * H * H + n.edges * (N_POSE + 1) * H)
        + n.graphs * (2 * 3 * H + 1) * C
    ),
    "invariant": lambda n: (
        n.lines * ((SET_INPUT + N_MIDDLE + 3 * H + 4) * H + 3 * H + 8)
        + 2 * (n.lines * 5 * H * H + n.line_pairs * (N_PAIR + 1) * H)
        + KEYWORDS["frames"] * (n.lines * (N_FRAME + H + 2) * H + n.graphs * 4 * H * C)
        + n.graphs * ((2 * 3 * H + 1 + H) * H + (2 * 3 * H + 1) * C)
    ),
    "kernel": lambda n: (
        n.lines * (2 * KEYWORDS["waves"] + 2 * W) + n.graphs * REFERENCES * (2 * W + C)
    ),
    "matching": lambda n: (
        sum(m * m * 5 * 12 * 5 for m in LINES) * (n.graphs // 12)
        + sum(
            i * j * (300 + 8 + 2 * 6 * 2) + 2 * sum(k**3 // 3 + 6 * k * k for k in (i, j))
            for i, j in product(LINES, LINES)
        )
        * (n.graphs // 12)
    ),
    "distilled": lambda n: n.lines * 2 * (KEYWORDS["waves"] + W) + n.graphs * (2 * W + C) * H,
    "hybrid": lambda n: MACS["kernel"](n) + MACS["relative_pose"](n),
    "pixel_kernel": lambda n: n.graphs * (20**2 * 22 + REFERENCES * (2 * 20**2 + C)),
    "fisher": lambda n: (
        n.line_pairs * 2 * 3
        + 2 * n.lines * (2 * CONTEXT * 3 + 4 * GAUSSIANS * DESCRIPTOR)
        + n.graphs * FISHER * C
    ),
    "v1_cnn": lambda n: (
        n.graphs
        * (10**2 * (2 * 6 * 21**2 + 30 * 16 + 9 * 16 * 32) + 5**2 * 9 * 32 * 32 + 32 * 4**2 * C)
    ),
    **{
        name: lambda n, m=m: (
            n.nodes * m * H * (NET_INPUT + m - 1 + H + 2 * (H + 1))
            + 2 * n.shared * H
            + n.graphs * (2 * H + 1) * C
        )
        for name, m in CHANNELS.items()
    },
    "soft_primitives": lambda n: (
        n.graphs
        * (
            20**2 * 8 * (3 * 7**2 + 9**2)
            + 2 * (10 * 5 * H * H + 10**2 * 9 * H)
            + 10 * ((89 + 3) * H + 16 + 80)
            + (6 * H + 1) * C
        )
    ),
    "resnet": lambda n: n.graphs * (900 * 4 + 8800 * 4**2 + 8 * 4 * C),
    "lenet": lambda n: (
        n.graphs * (16**2 * 25 * 6 + 4**2 * 25 * 6 * 16 + 64 * 120 + 120 * 84 + 84 * C)
    ),
}


def keywords_of(name: str) -> dict[str, Any]:
    parameters = inspect.signature(classifier_of(name, EVERY)).parameters.values()
    known = KEYWORDS | (KEYWORDS["net"] if name == "relative_pose" else {})
    return {p.name: known[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}


def samples_of(name: str, graphs: list[RelationGraph]) -> Samples:
    """The graphs for a model of graphs; for one of pixels as many pictures, of many sizes."""
    cls = classifier_of(name, EVERY)
    if issubclass(cls, GraphModel):
        return cls.supplied(graphs_in_memory(graphs, SCHEMA))
    rng = np.random.default_rng(len(graphs))
    pictures = [rng.random((12 + i, 40 - i), np.float32) for i in range(len(graphs))]
    store = pixels_in_memory(pictures, KEYWORDS["side"], KEYWORDS["view"])
    label = np.array([graph.label for graph in graphs])
    return replace(store, label=label, facts={"class_names": list(SCHEMA.class_names)})


def network_of(name: str, facts: Mapping[str, Any], seed: int = 0) -> Classifier:
    torch.manual_seed(seed)
    cls = classifier_of(name, EVERY)
    return cls(cls.schema(facts), **keywords_of(name)).eval()


def case(name: str, seed: int = 0, n: int = 12) -> tuple[Classifier, Samples]:
    """A network that knows its input's statistics, and random samples."""
    samples = samples_of(name, random_graphs(seed, n))
    net = network_of(name, samples.facts)
    if isinstance(net, ClosedForm):
        net.solve(samples, np.arange(min(n, REFERENCES)), np.random.default_rng(0), None)
    else:
        assert isinstance(net, Network)
        net.prepare([samples.batch(np.arange(n))])
    return net, samples


def logits(net: Classifier, samples: Samples, indices: NDArray[np.int64]) -> Tensor:
    with torch.no_grad():
        return net.logits(samples.batch(indices))


def logits_of(net: Classifier, graphs: list[RelationGraph]) -> Tensor:
    assert isinstance(net, GraphModel)
    samples = net.supplied(graphs_in_memory(graphs, SCHEMA))
    return logits(net, samples, np.arange(len(graphs)))


def renumbered(graph: RelationGraph, rng: np.random.Generator) -> RelationGraph:
    """The same graph with its nodes and its edges in another order."""
    order, edges = rng.permutation(len(graph.frames)), rng.permutation(len(graph.source))
    place = np.argsort(order).astype(np.int32)
    frames = graph.frames
    return replace(
        graph,
        frames=replace(
            frames,
            kind=frames.kind[order],
            position=frames.position[order],
            direction=frames.direction[order],
            attributes=frames.attributes[order],
        ),
        source=place[graph.source][edges],
        target=place[graph.target][edges],
        relation=graph.relation[edges],
        rank=graph.rank[edges],
    )


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_order_of_nodes_and_edges_does_not_matter(name: str, seed: int) -> None:
    graphs, rng = random_graphs(seed), np.random.default_rng(seed)
    net, _ = case(name)

    here = logits_of(net, graphs)
    there = logits_of(net, [renumbered(graph, rng) for graph in graphs])

    torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "name", [name for name in MODELS if "left_out" in keywords_of(name)], ids=str
)
def test_an_attribute_that_is_left_out_does_not_matter(name: str) -> None:
    graphs = random_graphs(0)
    left_out = ("inward", "turning", "branch_2")
    columns = [list(ATTRIBUTES).index(attribute) for attribute in left_out]
    changed = [deepcopy(graph) for graph in graphs]
    for graph in changed:
        graph.frames.attributes[:, columns] += 3
    torch.manual_seed(0)
    net = classifier_of(name, MODELS)(SCHEMA, **keywords_of(name) | {"left_out": left_out}).eval()

    torch.testing.assert_close(logits_of(net, changed), logits_of(net, graphs))

    with pytest.raises(ValueError, match="left_out: expected names among"):
        classifier_of(name, MODELS)(SCHEMA, **keywords_of(name) | {"left_out": ("inwards",)})


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_logits_do_not_depend_on_the_rest_of_the_batch(
    name: str, seed: int, data: st.DataObject
) -> None:
    net, samples = case(name, seed)
    order = np.array(data.draw(st.permutations(range(12))))

    alone = torch.cat([logits(net, samples, np.array([i])) for i in order])
    together = logits(net, samples, order)

    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_graphs_without_edges_or_nodes_have_finite_logits(name: str) -> None:
    rng = np.random.default_rng(0)
    net, _ = case(name)
    graphs = [random_graph(rng, n, 0) for n in (0, 1, 5)]

    for chosen in (graphs, graphs[:1], [graphs[0], graphs[0]]):
        found = logits_of(net, chosen)

        assert found.shape == (len(chosen), C)
        assert found.isfinite().all()


@pytest.mark.parametrize("name", MODELS)
def test_lone_node_among_others_is_legal(name: str) -> None:
    rng = np.random.default_rng(0)
    net, _ = case(name)
    graph = random_graph(rng, 6, 20)
    last_alone = replace(graph, source=graph.source % 5, target=graph.target % 5)

    assert logits_of(net, [last_alone]).isfinite().all()


@pytest.mark.parametrize("name", MODELS)
def test_attributes_that_are_missing_or_absurd_give_finite_logits(name: str) -> None:
    net, _ = case(name)
    graph = random_graph(np.random.default_rng(0), 4, 10)
    graph.frames.attributes[0] = np.nan
    graph.frames.attributes[1] = np.inf
    graph.frames.attributes[2] = 1e30

    assert logits_of(net, [graph]).isfinite().all()


@pytest.mark.parametrize("name", MODELS)
def test_data_without_relations_is_legal(name: str) -> None:
    nothing = GraphSchema((), SCHEMA.class_names)
    graph = random_graph(np.random.default_rng(0), 4, 0)
    bare = replace(graph, relations=())
    net = network_of(name, nothing.facts())
    assert isinstance(net, GraphModel)

    samples = net.supplied(graphs_in_memory([bare], nothing))

    assert logits(net, samples, np.array([0])).isfinite().all()


@pytest.mark.parametrize("name", MODELS)
def test_pose_of_the_picture_is_not_seen(name: str) -> None:
    net, _ = case(name)
    graphs = random_graphs(1)
    quarter = np.array([[0, 1], [-1, 0]], np.float32)
    elsewhere = [
        replace(
            graph,
            frames=replace(
                graph.frames,
                position=graph.frames.position @ quarter + np.float32(40),
                direction=graph.frames.direction @ quarter,
            ),
        )
        for graph in graphs
    ]

    here, there = logits_of(net, graphs), logits_of(net, elsewhere)

    if name in SEE_POSE:
        assert (there - here).abs().max() > 1e-3
    else:
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_only_models_of_relations_see_edges(name: str) -> None:
    rng = np.random.default_rng(0)
    net, _ = case(name)
    graph = random_graph(rng, 8, 30)
    rewired = replace(
        graph,
        target=rng.permutation(graph.target),
    )

    same = torch.equal(logits_of(net, [graph]), logits_of(net, [rewired]))

    assert same == (name in WITHOUT_EDGES)


def test_segment_set_sees_measures_of_lines_alone() -> None:
    net, _ = case("segment_set")
    graph = random_graph(np.random.default_rng(0), 9, 0)
    line = graph.frames.kind == NODE_KINDS.index("line")
    measured = np.isin(list(ATTRIBUTES), MEASURES)
    kept = np.where(line[:, None] & measured, graph.frames.attributes, np.float32(7))
    other = replace(graph, frames=replace(graph.frames, attributes=kept))

    assert 0 < line.sum() < 9
    assert torch.equal(logits_of(net, [graph]), logits_of(net, [other]))


@pytest.mark.parametrize("name", MODELS)
def test_what_is_made_on_the_way_is_made_on_the_device_of_the_batch(name: str) -> None:
    """The processor stands for a device that is not the default one."""
    net, samples = case(name)
    batch = samples.batch(np.arange(12))
    expected = logits(net, samples, np.arange(12))

    with torch.no_grad(), torch.device("meta"):
        found = net.logits(batch)

    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "name", [name for name in EVERY if issubclass(classifier_of(name, EVERY), ClosedForm)]
)
@pytest.mark.parametrize("train", [[0], [1], [5], [2, 5, 8]], ids=str)
def test_one_image_or_one_class_is_enough_to_solve(name: str, train: list[int]) -> None:
    """The first graph has no nodes; the last three are of one class of three."""
    samples = samples_of(name, random_graphs(0))
    net = network_of(name, samples.facts)
    assert isinstance(net, ClosedForm)

    net.solve(samples, np.array(train), np.random.default_rng(0), None)

    found = logits(net.eval(), samples, np.arange(12))
    assert found.shape == (12, C)
    assert found.isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_learns(name: str) -> None:
    net, samples = case(name, n=30)
    assert isinstance(net, Network)
    batch = samples.batch(np.arange(30))

    net.loss(batch).backward()  # type: ignore[no-untyped-call]

    for parameter, values in net.named_parameters():
        assert values.grad is not None, parameter
        assert values.grad.isfinite().all(), parameter
        assert values.grad.any(), parameter


@pytest.mark.parametrize("name", EVERY)
def test_number_of_parameters_is_that_of_the_formula(name: str) -> None:
    net, _ = case(name)

    assert n_parameters(net) == PARAMETERS[name]


def count_of(samples: Samples, n: int) -> Count:
    if not isinstance(samples, GraphStore):
        return Count(n, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    batch = samples.batch(np.arange(n))
    line = batch.batch[batch.kind == NODE_KINDS.index("line")]
    pairs = int((torch.bincount(line, minlength=n) ** 2).sum()) - len(line)
    edges, near, far = (ends.shape[1] for ends in (batch.edge_index, batch.one_hop, batch.two_hop))
    sizes = batch.ptr.diff()
    squares, cubes = (int((sizes**power).sum()) for power in (2, 3))
    shared = batch.motif_index.shape[1]
    nodes = len(batch.kind)
    return Count(n, nodes, len(line), pairs, edges, near, far, squares, cubes, shared)


@pytest.mark.parametrize("name", EVERY)
def test_multiply_adds_are_those_of_the_formula(name: str) -> None:
    net, samples = case(name)

    assert net.macs(samples.batch(np.arange(12))) == MACS[name](count_of(samples, 12))


@pytest.mark.parametrize("name", EVERY)
def test_twice_the_samples_cost_twice_the_multiply_adds(name: str) -> None:
    net, samples = case(name)

    once = net.macs(samples.batch(np.arange(12)))
    twice = net.macs(samples.batch(np.tile(np.arange(12), 2)))

    assert 0 < 2 * once == twice


@pytest.mark.parametrize("name", EVERY)
def test_saved_network_gives_the_same_logits(name: str, tmp_path: Path) -> None:
    net, samples = case(name)
    about = About(name, keywords_of(name), samples.facts, n_parameters(net), 10)

    save_model(tmp_path, net, about)
    again, told = load_model(tmp_path, EVERY)

    assert told == about
    assert torch.equal(logits(net, samples, np.arange(12)), logits(again, samples, np.arange(12)))


@pytest.mark.parametrize("name", EVERY)
def test_network_is_a_function_of_the_seed(name: str) -> None:
    facts = samples_of(name, random_graphs(0)).facts

    first, again, other = (network_of(name, facts, seed) for seed in (3, 3, 4))

    def weights(net: Classifier) -> Tensor:
        return torch.cat([values.flatten() for values in net.state_dict().values()])

    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other)) or name in NOTHING_DRAWN

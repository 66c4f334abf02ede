"""Typed motifs, against networkx and plain loops on random nodes and edges of several images."""

from collections import Counter

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from strategies import drawn_primitives, generators
from typed_graphs import COLUMN, typed_graphs

from perceptgraph.graphs.frames import Frames, side_by_side
from perceptgraph.graphs.primitives import LineSegments, primitives
from perceptgraph.graphs.relation_graph import relate
from perceptgraph.graphs.typed_motifs import (
    ANTIPARALLEL_DEG,
    FEWEST_IN_CHAIN,
    TYPED_MOTIFS,
    edges_by_relation,
    graph_counts,
    node_counts,
    typed_motifs,
)


def sets_of(instances) -> list[frozenset[int]]:
    return [
        frozenset(instances.node[start:stop].tolist())
        for start, stop in zip(instances.offsets[:-1], instances.offsets[1:], strict=True)
    ]


def expected(frames: Frames, edges) -> dict[str, list[frozenset[int]]]:
    """All motifs by their definitions."""
    lists = {name: list(zip(*pairs.tolist(), strict=True)) for name, pairs in edges.items()}
    branch = frames.attributes[:, COLUMN["branch_1"]]

    def junctions(kind, chosen):
        return [
            frozenset({i, *(t for s, t in lists["incidence"] if s == i)})
            for i in np.flatnonzero(chosen & (frames.attributes[:, COLUMN[kind]] > 0)).tolist()
        ]

    def pairs_of(relation, chosen=lambda i, j: True):
        return list({frozenset(pair) for pair in lists[relation] if chosen(*pair)})

    def against(i, j):
        return frames.direction[i] @ frames.direction[j] <= -np.cos(np.deg2rad(ANTIPARALLEL_DEG))

    looped = {i for cycle in nx.simple_cycles(nx.DiGraph(lists["next"])) for i in cycle}
    image = np.searchsorted(frames.offsets, np.arange(len(frames)), side="right")
    curves = {(image[i], frames.curve[i]) for i in looped}
    chains = nx.connected_components(nx.Graph(lists["collinear"]))
    return {
        "L": junctions("is_l", True),
        "T": junctions("is_t", True),
        "X": junctions("is_x", True),
        "Y": junctions("is_y", branch <= np.pi / 2),
        "arrow": junctions("is_y", branch > np.pi / 2),
        "parallel_pair": pairs_of("parallel"),
        "ribbon": pairs_of("across_stroke", against),
        "dark_ribbon": pairs_of("across_gap", against),
        "closed_loop": [
            frozenset(i for i in looped if (image[i], frames.curve[i]) == curve) for curve in curves
        ],
        "collinear_chain": [frozenset(c) for c in chains if len(c) >= FEWEST_IN_CHAIN],
        "symmetric_pair": pairs_of("symmetric"),
    }


@given(graph=typed_graphs())
def test_motifs_are_those_of_their_definitions(graph) -> None:
    frames, edges = graph

    found = typed_motifs(frames, edges)

    wanted = expected(frames, edges)
    assert list(found) == list(TYPED_MOTIFS)
    for name, instances in found.items():
        assert Counter(sets_of(instances)) == Counter(wanted[name]), name


@given(graph=typed_graphs())
def test_counts_are_those_of_the_instances(graph) -> None:
    frames, edges = graph

    found = typed_motifs(frames, edges)

    nodes, images = node_counts(found, len(frames)), graph_counts(found, frames.offsets)
    for column, instances in enumerate(found.values()):
        sets = sets_of(instances)
        assert nodes[:, column].tolist() == [sum(i in s for s in sets) for i in range(len(frames))]
        for start, stop, count in zip(
            frames.offsets[:-1], frames.offsets[1:], images[:, column], strict=True
        ):
            assert count == sum(start <= min(s) < stop for s in sets)
            assert all(max(s) < stop for s in sets if start <= min(s) < stop)


@given(graph=typed_graphs(), rng=generators())
def test_order_of_edges_does_not_matter(graph, rng) -> None:
    frames, edges = graph
    mixed = {name: pairs[:, rng.permutation(pairs.shape[1])] for name, pairs in edges.items()}

    here, there = typed_motifs(frames, edges), typed_motifs(frames, mixed)

    for name in here:
        np.testing.assert_array_equal(here[name].node, there[name].node)
        np.testing.assert_array_equal(here[name].offsets, there[name].offsets)


def test_a_motif_whose_relation_was_not_looked_for_is_left_out() -> None:
    nothing = np.zeros((2, 0), np.int64)

    found = typed_motifs(side_by_side([]), {"parallel": nothing, "near": nothing})

    assert list(found) == ["parallel_pair"]
    assert graph_counts(found, np.array([0, 0])).tolist() == [[0]]


@given(drawn=drawn_primitives())
def test_motifs_of_a_picture_hold_the_edges_of_its_relations(drawn) -> None:
    graph = relate(drawn)
    edges = edges_by_relation(graph)

    found = typed_motifs(graph.frames, edges)

    assert 2 * len(found["parallel_pair"]) == edges["parallel"].shape[1]
    kinds = drawn.junctions.kind
    assert [len(found[k]) for k in "LTX"] == [(kinds == i).sum() for i in (0, 1, 3)]
    assert len(found["Y"]) + len(found["arrow"]) == (kinds == 2).sum()


def strokes(*ends) -> LineSegments:
    n = len(ends)
    return LineSegments(
        endpoints=np.array(ends, np.float32).reshape(n, 2, 2),
        width=np.ones(n, np.float32),
        polarity=np.ones(n, np.int8),
        contrast=np.ones(n, np.float32),
        log10_nfa=np.full(n, -9, np.float32),
    )


@pytest.mark.parametrize(
    ("ends", "motif", "count"),
    [
        pytest.param([[0, 0, 0, 9], [4, 0, 4, 9]], "parallel_pair", 1, id="two bars"),
        pytest.param([[0, 0, 0, 9], [12, 1, 20, 5]], "parallel_pair", 0, id="no bars"),
        pytest.param(
            [[0, 0, 0, 9], [0, 12, 0, 21], [0, 24, 0, 33]], "collinear_chain", 1, id="dashes"
        ),
        pytest.param([[0, 0, 0, 9], [0, 12, 0, 21]], "collinear_chain", 0, id="two dashes"),
    ],
)
def test_drawn_strokes_make_the_motif_that_one_sees(ends, motif, count) -> None:
    graph = relate(primitives(lines=strokes(*ends)))

    found = typed_motifs(graph.frames, edges_by_relation(graph))

    assert len(found[motif]) == count

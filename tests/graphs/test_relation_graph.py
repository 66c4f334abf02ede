from dataclasses import fields

import numpy as np
import pytest
from drawn_nodes import drawn_nodes
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import drawn_primitives

from perceptgraph.graphs.frames import Frames, joined, side_by_side
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import primitives
from perceptgraph.graphs.relation_graph import (
    SPARSE_RELATIONS,
    RelationGraph,
    graphs_of,
    relate,
    related,
    related_all,
)
from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.stores.arrays import ContractError


@given(found=drawn_primitives())
def test_graph_holds_the_edges_of_each_relation_in_order(found) -> None:
    frames = frames_of(found)

    graph = relate(found, label=3)

    assert graph.label == 3
    assert graph.relations == tuple(SPARSE_RELATIONS)
    assert (np.diff(graph.relation.astype(int)) >= 0).all()
    for number, name in enumerate(graph.relations):
        edges, of_it = RELATIONS[name](frames), graph.relation == number
        np.testing.assert_array_equal(graph.source[of_it], edges.source)
        np.testing.assert_array_equal(graph.target[of_it], edges.target)
        np.testing.assert_array_equal(graph.rank[of_it], edges.rank)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(images=st.lists(drawn_nodes(), max_size=4))
def test_images_related_together_have_the_graphs_that_they_have_alone(images) -> None:
    together = side_by_side(images)
    labels = list(range(len(images)))

    edges = related_all(together, SPARSE_RELATIONS)
    graphs = graphs_of(together, edges, tuple(SPARSE_RELATIONS), labels)

    assert len(graphs) == len(images)
    for graph, frames, label in zip(graphs, images, labels, strict=True):
        alone = related(frames, SPARSE_RELATIONS, label)
        assert graph.label == alone.label
        for name in ("source", "target", "relation", "rank"):
            np.testing.assert_array_equal(getattr(graph, name), getattr(alone, name))
        for field in fields(Frames):
            np.testing.assert_array_equal(
                getattr(graph.frames, field.name), getattr(frames, field.name)
            )


def test_images_without_relations_have_no_edges() -> None:
    edges = related_all(side_by_side([joined([]), joined([])]), {})

    assert edges.offsets.tolist() == [0, 0, 0]


def test_relations_and_their_keywords_can_be_chosen() -> None:
    graph = relate(primitives(), relations={"collinear": {"k": 1}, "near": {"k": 2}})

    assert graph.relations == ("collinear", "near")


def test_no_relation_gives_nodes_without_edges() -> None:
    graph = relate(primitives(), relations={})

    assert len(graph.source) == 0


def test_an_edge_to_a_node_that_is_not_there_is_refused() -> None:
    one, zero = np.ones(1, np.int32), np.zeros(1, np.uint8)
    frames: Frames = joined([])

    with pytest.raises(ContractError, match="expected nodes"):
        RelationGraph(frames, ("near",), one, one, zero, zero)

import numpy as np
import pytest
from hypothesis import given
from strategies import drawn_primitives

from perceptgraph.graphs.frames import Frames, joined
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import primitives
from perceptgraph.graphs.relation_graph import RelationGraph, relate
from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.stores.arrays import ContractError


@given(found=drawn_primitives())
def test_graph_holds_the_edges_of_each_relation_in_order(found) -> None:
    frames = frames_of(found)

    graph = relate(found, label=3)

    assert graph.label == 3
    assert graph.relations == tuple(RELATIONS)
    assert (np.diff(graph.relation.astype(int)) >= 0).all()
    for number, name in enumerate(graph.relations):
        edges, of_it = RELATIONS[name](frames), graph.relation == number
        np.testing.assert_array_equal(graph.source[of_it], edges.source)
        np.testing.assert_array_equal(graph.target[of_it], edges.target)
        np.testing.assert_array_equal(graph.rank[of_it], edges.rank)


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

"""Graphs made at once are those made one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import drawn_primitives

from perceptgraph.graphs.loader import GraphSchema, graphs_in_memory
from perceptgraph.graphs.nodes import frames_of_images
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.relation_graph import graphs_of, related_all
from perceptgraph.graphs.unstored import unstored

ASKED = {"near": {"k": 3}, "incidence": {"reach": 1.0}}
SCHEMA = GraphSchema(tuple(ASKED), ("a", "b"))


@settings(max_examples=20, deadline=None)
@given(found=st.lists(drawn_primitives(), min_size=1, max_size=4))
def test_a_batch_is_that_of_the_graphs_one_by_one(found: list[Primitives]) -> None:
    frames = frames_of_images(found, kinds=("lines", "junctions"), piece_length=12.0)
    edges = related_all(frames, ASKED)
    everyone = np.arange(len(found))[::-1].copy()

    ours = unstored(frames, edges, SCHEMA).batch(everyone)

    alone = graphs_of(frames, edges, tuple(ASKED), [-1] * len(found))
    theirs = graphs_in_memory(alone, SCHEMA).batch(everyone)
    for name in ("kind", "position", "attributes", "edge_index", "relation", "rank", "ptr"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)

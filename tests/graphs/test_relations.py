from itertools import pairwise

import numpy as np
import pytest
from drawn_nodes import chosen, drawn_nodes, junction, lines, moved, straight, stroke
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import angles

from perceptgraph.graphs.frames import joined, side_by_side
from perceptgraph.graphs.relations import RELATIONS

every_relation = pytest.mark.parametrize("name", RELATIONS)
# The same examples each time: a pair within rounding of a threshold comes once in many runs.
same_examples = settings(derandomize=True, max_examples=40, deadline=None)
ONE_WAY = {"near_each", "next", "previous", "across_stroke", "across_gap"}
IN_PIXELS = {"across_stroke", "across_gap"}


def edges(name, nodes) -> list[tuple[int, int, int]]:
    """Source, target and rank of all edges."""
    found = RELATIONS[name](nodes)
    return list(zip(found.source.tolist(), found.target.tolist(), found.rank.tolist(), strict=True))


@every_relation
@same_examples
@given(nodes=drawn_nodes(), turn=angles(), shift=st.floats(-50, 50), scale=st.floats(0.25, 4))
def test_relation_does_not_see_the_pose_of_the_picture(name, nodes, turn, shift, scale) -> None:
    here = edges(name, nodes)
    there = edges(name, moved(nodes, turn, shift, 1 if name in IN_PIXELS else scale))

    assert here == there


@every_relation
@same_examples
@given(nodes=drawn_nodes(), rng=st.randoms(use_true_random=False))
def test_order_of_the_nodes_does_not_matter(name, nodes, rng) -> None:
    order = np.array(rng.sample(range(len(nodes)), len(nodes)), np.int64)

    here, there = edges(name, nodes), edges(name, chosen(nodes, order))

    assert here == sorted((order[i], order[j], rank) for i, j, rank in there)


@every_relation
@same_examples
@given(images=st.lists(drawn_nodes(), max_size=4))
def test_each_image_of_several_has_the_relations_that_it_has_alone(name, images) -> None:
    together = side_by_side(images)

    found = edges(name, together)

    assert found == [
        (start + i, start + j, rank)
        for nodes, (start, _) in zip(images, pairwise(together.offsets), strict=False)
        for i, j, rank in edges(name, nodes)
    ]


@every_relation
@same_examples
@given(nodes=drawn_nodes())
def test_edges_are_in_order_and_join_different_nodes_once(name, nodes) -> None:
    found = edges(name, nodes)

    pairs = [(i, j) for i, j, _ in found]
    assert pairs == sorted(set(pairs))
    assert all(i != j for i, j in pairs)
    if name not in ONE_WAY:
        assert {(j, i) for i, j in pairs} == set(pairs)


@every_relation
@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param(joined([]), id="no node"),
        pytest.param(side_by_side([joined([]), joined([])]), id="two images without nodes"),
        pytest.param(lines([(1, 1), (5, 5)]), id="one line"),
        pytest.param(junction(3, 3), id="one junction"),
    ],
)
def test_less_than_two_nodes_have_no_relation(name, nodes) -> None:
    assert edges(name, nodes) == []


@every_relation
@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param(lines([(1, 1), (5, 5)], [(1, 1), (5, 5)]), id="two that coincide"),
        pytest.param(lines([(1, 1), (1, 1)], [(1, 1), (1, 1)]), id="two points that coincide"),
        pytest.param(joined([lines([(1, 1), (1, 1)]), junction(1, 1, 0)]), id="nothing has size"),
        pytest.param(stroke([(0, 0), (0, 5)]), id="two darts of a piece"),
        pytest.param(straight("blob", *4 * [((2, 2), (2, 2))]), id="four points that coincide"),
    ],
)
def test_nodes_in_one_place_are_no_error(name, nodes) -> None:
    assert {(i, j) for i, j, _ in edges(name, nodes)} <= {
        (i, j) for i in range(len(nodes)) for j in range(len(nodes))
    }

"""Shapes, pairs and first looks of a relation graph."""

import numpy as np
import pytest
from hypothesis import given
from small_graphs import four_nodes, joined_by, node, together
from strategies import angles, frames

from perceptgraph.graphs.frames import NODE_KINDS, Frames
from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.pipelines.inspect_drawing import (
    MOST_BEND,
    RELATION_INKS,
    WHEN_ASKED,
    bend_of,
    drawn_unasked,
    node_name,
    pairs_of,
    shapes_of,
)


def arc_of_circle(length: float, turning: float, theta: float) -> Frames:
    """A piece of a circle that turns to the left by `turning`; its chord has direction theta."""
    radius = length / turning
    sag = radius * (1 - np.cos(turning / 2))
    quarter = radius * (np.cos(turning / 4) - np.cos(turning / 2))
    offsets = {"offset_1": -quarter, "offset_2": -sag, "offset_3": -quarter}
    return node("arc", 40, 40, theta, length=length, turning=turning, **offsets)


def test_a_line_ends_half_its_length_from_the_middle() -> None:
    (shape,) = shapes_of(node("line", 10, 20, length=20))

    np.testing.assert_allclose(shape, [[10, 10], [10, 30]], atol=1e-5)


@given(theta=angles())
def test_an_arc_of_a_circle_is_drawn_on_it(theta: float) -> None:
    length, turning = 30.0, 1.2
    arc = arc_of_circle(length, turning, theta)

    (shape,) = shapes_of(arc)

    radius = length / turning
    centre = arc.position[0] + radius * arc.left[0]
    np.testing.assert_allclose(np.hypot(*(shape - centre).T), radius, atol=0.02 * length)
    np.testing.assert_allclose(shape[len(shape) // 2], arc.position[0], atol=1e-4)


def test_the_two_darts_of_a_piece_lie_on_their_left_sides() -> None:
    there = node("dart", 10, 20, 0.0, length=8, width=4)
    back = node("dart", 10, 20, np.pi, length=8, width=4)

    shapes = shapes_of(together(there, back))

    assert (shapes[0][:, 0] < 10).all()
    assert (shapes[1][:, 0] > 10).all()


def test_a_junction_is_drawn_as_its_branches() -> None:
    junction = node("junction", 5, 5, 0.0, scale=4, branch_1=np.pi / 2, branch_2=np.pi)

    (shape,) = shapes_of(junction)

    np.testing.assert_allclose(shape, [[5, 5], [3, 5], [5, 5], [5, 3], [5, 5]], atol=1e-5)


def test_a_blob_is_an_ellipse_along_its_direction() -> None:
    (shape,) = shapes_of(node("blob", 0, 0, np.pi / 2, length=10, width=4))

    np.testing.assert_allclose((shape[:, 0] / 5) ** 2 + (shape[:, 1] / 2) ** 2, 1, atol=1e-5)


@given(some=frames())
def test_every_node_has_a_shape_close_to_its_position(some: Frames) -> None:
    shapes = shapes_of(some)

    assert len(shapes) == len(some)
    reach = some.attributes[:, :2].sum(axis=1) + some.attributes[:, 4] + 1
    for shape, position, far in zip(shapes, some.position, reach, strict=True):
        assert np.isfinite(shape).all()
        assert (np.hypot(*(shape - position).T) <= far).all()


def test_pairs_name_two_nodes_once_and_say_whether_an_edge_leads_back() -> None:
    near, parallel = pairs_of(four_nodes())

    assert near.ends.tolist() == [[0, 1], [0, 2], [0, 3]]
    assert near.one_way.all()
    assert parallel.ends.tolist() == [[0, 1]]
    assert not parallel.one_way.any()


def test_a_relation_that_hides_the_image_waits_until_asked_for() -> None:
    few = joined_by(four_nodes().frames, near=[(0, 1)], parallel=[(0, 1)], collinear=[(2, 3)])
    rng = np.random.default_rng(0)
    lines = together(*(node("line", r, c, length=5) for r, c in rng.uniform(0, 64, (40, 2))))
    pairs = [(i, j) for i in range(40) for j in range(40) if i != j]
    many = joined_by(lines, parallel=pairs, collinear=[(0, 1)])

    assert drawn_unasked(few, (64, 64)) == {"parallel", "collinear"}
    assert drawn_unasked(many, (64, 64)) == {"collinear"}
    assert drawn_unasked(joined_by(together()), (64, 64)) == set()


def test_every_relation_has_an_ink_of_its_own() -> None:
    assert set(RELATIONS) <= set(RELATION_INKS)
    assert set(WHEN_ASKED) <= set(RELATION_INKS)
    assert len(set(RELATION_INKS.values())) == len(RELATION_INKS)


@pytest.mark.parametrize("n", [1, 2, 17])
def test_relations_bend_apart_and_never_far(n: int) -> None:
    bends = [bend_of(r, n) for r in range(n)]

    assert len(set(bends)) == n
    assert max(map(abs, bends)) <= MOST_BEND


def test_names_of_nodes_begin_with_their_kind() -> None:
    frames = four_nodes().frames

    assert [node_name(frames, i) for i in range(4)] == ["L0", "L1", "A2", "J3"]
    assert len({kind[0] for kind in NODE_KINDS}) == len(NODE_KINDS)

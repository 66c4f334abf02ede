import numpy as np
from drawn_nodes import chosen, drawn_nodes, lines, ring, stroke
from hypothesis import given, settings

from perceptgraph.graphs.curve_relations import (
    across_gap,
    across_stroke,
    next_on_curve,
    previous_on_curve,
)
from perceptgraph.graphs.frames import side_by_side
from perceptgraph.graphs.rays import rays

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]


def pairs(edges) -> set[tuple[int, int]]:
    return {tuple(pair) for pair in edges.pairs.tolist()}


@settings(deadline=None)
@given(nodes=drawn_nodes())
def test_next_is_what_follows_and_previous_is_next_turned_round(nodes) -> None:
    followed = {(i, int(j)) for i, j in enumerate(nodes.following) if j >= 0}

    assert pairs(next_on_curve(nodes)) == followed
    assert pairs(previous_on_curve(nodes)) == {(j, i) for i, j in followed}


def test_a_closed_curve_comes_round_and_an_open_one_ends() -> None:
    closed, opened = ring(SQUARE), ring(SQUARE, is_closed=False)

    found = next_on_curve(side_by_side([closed, opened]))

    assert found.pairs.tolist() == [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6]]


def test_the_darts_of_the_other_sense_go_the_other_way() -> None:
    found = next_on_curve(stroke([(0, 0), (0, 5), (0, 10)]))

    assert found.pairs.tolist() == [[0, 1], [3, 2]]


def test_a_closed_curve_of_one_piece_is_not_next_to_itself() -> None:
    one = chosen(ring(SQUARE), [0])
    one.following[:] = 0

    assert len(next_on_curve(one)) == len(previous_on_curve(one)) == 0


@settings(deadline=None)
@given(nodes=drawn_nodes())
def test_across_is_what_the_rays_meet(nodes) -> None:
    met = rays(nodes, 20)

    for found, hit in (
        (across_stroke(nodes, reach=20), met.inward_hit),
        (across_gap(nodes, reach=20), met.outward_hit),
    ):
        assert pairs(found) == {(i, int(j)) for i, j in enumerate(hit) if j >= 0}


def test_the_sides_of_a_bright_bar_see_each_other_across_it() -> None:
    # Walked to the right, what is up in the picture lies to the left.
    bar = lines([(9, 0), (9, 20)], [(5, 20), (5, 0)])
    ground = lines([(5, 0), (5, 20)], [(9, 20), (9, 0)])

    assert pairs(across_stroke(bar)) == pairs(across_gap(ground)) == {(0, 1), (1, 0)}
    assert len(across_gap(bar)) == len(across_stroke(ground)) == 0
    assert len(across_stroke(bar, reach=3)) == 0


def test_left_of_a_frame_is_up_when_it_points_right() -> None:
    assert np.allclose(lines([(9, 0), (9, 20)]).left, [(-1, 0)])

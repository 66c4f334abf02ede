import numpy as np
import pytest
from drawn_nodes import drawn_nodes, lines, stroke
from hypothesis import given

from perceptgraph.graphs.approach import closeness, gap, may_be_closer, pieces_of, seen_from, turn


@given(nodes=drawn_nodes())
def test_gap_is_the_closest_distance_of_points_on_the_two_pieces(nodes) -> None:
    p = pieces_of(nodes)
    middle, along = np.stack([p.row, p.column], axis=1), np.stack([p.sin, p.cos], axis=1)
    points = middle + np.linspace(-1, 1, 51)[:, None, None] * (p.half[:, None] * along)
    for i in range(len(nodes)):
        for j in range(i):
            apart = np.hypot(*np.moveaxis(points[:, None, i] - points[None, :, j], -1, 0)).min()

            found = gap(p, i, j)

            assert found <= apart + 1e-6
            assert apart <= found + 0.04 * max(p.half[i], p.half[j]) + 1e-6
            assert found == pytest.approx(gap(p, j, i), abs=1e-6)


def test_left_is_the_side_that_the_frame_calls_left() -> None:
    nodes = lines([(5, 0), (5, 8)], [(1, 2), (1, 10)])
    step = nodes.position[1] - nodes.position[0]

    along, left = seen_from(pieces_of(nodes), 0, 1)

    assert along == pytest.approx(step @ nodes.direction[0])
    assert left == pytest.approx(step @ nodes.left[0])
    assert left == 4


def test_a_turn_to_the_left_is_positive() -> None:
    up_the_picture = lines([(0, 0), (0, 8)], [(8, 4), (0, 4)])

    cosine, sine = turn(pieces_of(up_the_picture), 0, 1)

    assert cosine == pytest.approx(0)
    assert sine == pytest.approx(1)


@given(nodes=drawn_nodes())
def test_a_pair_that_is_not_measured_would_not_have_been_closer(nodes) -> None:
    p, every = pieces_of(nodes), range(len(nodes))

    assert all(may_be_closer(p, i, j, closeness(p, i, j)) for i in every for j in every)
    assert all(may_be_closer(p, i, j, closeness(p, j, i)) for i in every for j in every)


def test_the_frame_decides_between_what_is_equally_far() -> None:
    here, ahead, left, behind, right = (0, 0), (0, 9), (-9, 0), (0, -9), (9, 0)
    p = pieces_of(lines(*[[(r, c - 1), (r, c + 1)] for r, c in (here, left, right)]))
    beside = pieces_of(lines(*[[(r, c - 1), (r, c + 1)] for r, c in (here, ahead, behind)]))

    assert closeness(p, 0, 1) < closeness(p, 0, 2)
    assert closeness(beside, 0, 1) < closeness(beside, 0, 2)


def test_of_two_darts_in_one_place_the_one_that_runs_along_is_closer() -> None:
    p = pieces_of(stroke([(0, 0), (0, 5), (1, 10)]))

    assert closeness(p, 0, 1) < closeness(p, 0, 3)
    assert closeness(p, 2, 3) < closeness(p, 2, 1)

import numpy as np
from drawn_nodes import drawn_nodes, lines, straight, stroke
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from perceptgraph.graphs.approach import closeness, pieces_of
from perceptgraph.graphs.frames import NODE_KINDS, joined, side_by_side
from perceptgraph.graphs.neighbours import complete, delaunay, near, near_each


def pairs(edges) -> set[tuple[int, int]]:
    return {tuple(pair) for pair in edges.pairs.tolist()}


def ranking(nodes) -> dict[int, list[int]]:
    """All other nodes of each node, the closest first."""
    p, every = pieces_of(nodes), range(len(nodes))
    value = {(i, j): closeness(p, i, j) for i in every for j in every if i != j}
    return {i: sorted((j for j in every if j != i), key=lambda j: (value[i, j], j)) for i in every}


@given(nodes=drawn_nodes(), k=st.integers(1, 4))
@settings(deadline=None)
def test_near_takes_the_k_closest_nodes_of_each_in_both_directions(nodes, k) -> None:
    order = ranking(nodes)
    wanted = {(i, j) for i in order for j in order[i][:k]}
    wanted |= {(j, i) for i, j in wanted}

    found = near(nodes, k=k)

    assert pairs(found) == wanted
    for (i, j), rank in zip(found.pairs.tolist(), found.rank.tolist(), strict=True):
        assert rank == [other for other in order[i] if (i, other) in wanted].index(j)


@given(nodes=drawn_nodes(), k=st.integers(1, 3))
@settings(deadline=None)
def test_near_each_takes_the_k_closest_of_every_kind(nodes, k) -> None:
    order = ranking(nodes)

    found = pairs(near_each(nodes, k=k))

    assert found == {
        (i, j)
        for i in order
        for kind in range(len(NODE_KINDS))
        for j in [other for other in order[i] if nodes.kind[other] == kind][:k]
    }


def test_the_gap_counts_and_not_the_distance_of_the_middles() -> None:
    nodes = lines([(0, 0), (0, 40)], [(2, 0), (2, 40)], [(9, 20), (9, 21)])

    assert near_each(nodes, k=1).pairs.tolist() == [[0, 1], [1, 0], [2, 1]]


def test_the_darts_of_a_piece_are_closest_to_each_other() -> None:
    found = near(stroke([(0, 0), (0, 5), (0, 10)]), k=1)

    assert found.pairs.tolist() == [[0, 2], [1, 3], [2, 0], [3, 1]]


def test_complete_joins_all_nodes_of_images_that_are_small_enough() -> None:
    small, large = lines(*3 * [[(0, 0), (1, 1)]]), lines(*4 * [[(0, 0), (1, 1)]])

    found = complete(side_by_side([small, large, small]), limit=3)

    three = {(i, j) for i in range(3) for j in range(3) if i != j}
    assert pairs(found) == three | {(7 + i, 7 + j) for i, j in three}


@given(nodes=drawn_nodes())
@settings(deadline=None)
def test_delaunay_joins_the_places_that_scipy_does(nodes) -> None:
    places, place = np.unique(nodes.position, axis=0, return_inverse=True)
    found = {(place[i], place[j]) for i, j in pairs(delaunay(nodes))}

    if len(places) >= 4:
        wanted = {
            (s[a], s[b]) for s in Delaunay(places).simplices for a in range(3) for b in range(3)
        }
        assert {(a, b) for a, b in found if a != b} == {(a, b) for a, b in wanted if a != b}
    alike = {(i, j) for i in range(len(place)) for j in range(len(place)) if place[i] == place[j]}
    assert {(i, j) for i, j in alike if i != j} <= pairs(delaunay(nodes))


def test_delaunay_joins_points_on_a_line_in_their_order() -> None:
    points = [(3 * t, 5 * t) for t in (2, 0, 1, 5)]

    found = delaunay(straight("blob", *[(at, at) for at in points]))

    assert {(i, j) for i, j in pairs(found) if i < j} == {(1, 2), (0, 2), (0, 3)}


def test_delaunay_joins_two_points() -> None:
    assert pairs(delaunay(lines([(0, 0), (0, 2)], [(5, 5), (7, 7)]))) == {(0, 1), (1, 0)}


def test_both_darts_of_a_piece_have_the_same_neighbours() -> None:
    triangle = joined([stroke([(0, 0), (0, 4)]), lines([(9, 0), (9, 1)], [(5, 9), (5, 11)])])

    found = pairs(delaunay(triangle))

    assert {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)} <= found

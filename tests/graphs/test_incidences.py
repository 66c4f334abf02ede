import numpy as np
import pytest
from drawn_nodes import drawn_nodes, junction, lines
from hypothesis import given, settings

from perceptgraph.graphs.approach import gap, pieces_of, seen_from
from perceptgraph.graphs.frames import NODE_KINDS, joined
from perceptgraph.graphs.incidences import BRANCHES, incidence, shared_junction

LINES = [NODE_KINDS.index(kind) for kind in ("line", "arc", "dart")]


def pairs(edges) -> set[tuple[int, int]]:
    return {tuple(pair) for pair in edges.pairs.tolist()}


def met(nodes, reach=1.0) -> set[tuple[int, int]]:
    """Junctions and the lines within reach of their scales."""
    p = pieces_of(nodes)
    return {
        (i, j)
        for i in np.flatnonzero(nodes.kind == NODE_KINDS.index("junction")).tolist()
        for j in np.flatnonzero(np.isin(nodes.kind, LINES)).tolist()
        if gap(p, i, j) <= reach * p.size[i]
    }


@settings(deadline=None)
@given(nodes=drawn_nodes())
def test_incidence_is_all_lines_within_reach_of_a_junction(nodes) -> None:
    there = met(nodes, 1.5)

    assert pairs(incidence(nodes, reach=1.5)) == there | {(j, i) for i, j in there}


@settings(deadline=None)
@given(nodes=drawn_nodes())
def test_the_rank_of_an_incidence_is_that_of_the_closest_branch(nodes) -> None:
    edges, p = incidence(nodes), pieces_of(nodes)
    rank = dict(zip(map(tuple, edges.pairs.tolist()), edges.rank.tolist(), strict=True))
    for i, j in met(nodes):
        along, left = seen_from(p, i, j)
        branches = nodes.attributes[i, BRANCHES]
        agreement = np.cos(branches[branches > 0] - np.arctan2(left, along))

        assert rank[i, j] == rank[j, i]
        assert agreement[rank[i, j]] == pytest.approx(agreement.max())


@settings(deadline=None)
@given(nodes=drawn_nodes())
def test_lines_of_a_common_junction_are_joined(nodes) -> None:
    there = met(nodes)

    assert pairs(shared_junction(nodes)) == {
        (a, b) for i, a in there for j, b in there if i == j and a != b
    }


def test_a_junction_holds_the_lines_that_end_or_pass_there() -> None:
    nodes = joined(
        [lines([(0, 0), (0, 19)], [(-20, 20), (20, 20)], [(30, 30), (40, 40)]), junction(0, 20)]
    )

    assert pairs(incidence(nodes)) == {(0, 3), (3, 0), (1, 3), (3, 1)}
    assert pairs(shared_junction(nodes)) == {(0, 1), (1, 0)}


def test_branches_are_counted_to_the_left_of_the_junctions_frame() -> None:
    quarter = np.pi / 2
    right, up, left = [(0, 2), (0, 9)], [(-9, 0), (-2, 0)], [(0, -9), (0, -2)]
    star = joined(
        [junction(0, 0, branches=(quarter, 2 * quarter, 4 * quarter)), lines(up, left, right)]
    )

    edges = incidence(star)

    assert edges.pairs[:3].tolist() == [[0, 1], [0, 2], [0, 3]]
    assert edges.rank[:3].tolist() == [0, 1, 2]


def test_two_lines_that_share_two_junctions_have_one_edge_each_way() -> None:
    nodes = joined([lines([(0, 0), (0, 9)], [(1, 0), (1, 9)]), junction(0, 0), junction(0.5, 9)])

    assert shared_junction(nodes).pairs.tolist() == [[0, 1], [1, 0]]


def test_a_junction_without_known_branches_has_rank_0() -> None:
    edges = incidence(joined([lines([(0, 0), (0, 9)]), junction(0, 0)]))

    assert edges.rank.tolist() == [0, 0]

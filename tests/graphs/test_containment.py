from dataclasses import replace

import numpy as np
import pytest
from drawn_nodes import drawn_nodes, junction, ring, straight, stroke, within
from hypothesis import given, settings

from perceptgraph.graphs.approach import closeness, pieces_of
from perceptgraph.graphs.containment import hole, inside, nested
from perceptgraph.graphs.fragments import kept
from perceptgraph.graphs.frames import NODE_KINDS, joined

BLOB = NODE_KINDS.index("blob")
TRIANGLE = [(0, 0), (2, 1), (1, 3)]


def box(size: float, sign: int = 1, is_closed: bool = True):
    """Sides of a square around (0, 0); with sign 1 what is inside is to their left."""
    corners = [(-size, -size), (size, -size), (size, size), (-size, size)]
    return ring(corners, sign, is_closed)


def polarity(nodes, curve: int) -> int:
    """1 where a closed curve is brighter inside, -1 where it is darker, 0 where it is open."""
    of_it = nodes.curve == curve
    if (nodes.kind[of_it] == BLOB).all():
        return int(np.sign(nodes.attributes[of_it, 3].sum()))
    if (nodes.following[of_it] < 0).any():
        return 0
    at, number = nodes.position[of_it].astype(float), np.flatnonzero(of_it).tolist()
    order = [0]
    while len(order) < len(number):
        order.append(number.index(nodes.following[number[order[-1]]]))
    row, column = at[order].T
    # Shoelace formula of the middles, rows upward: positive where the curve goes counter-clockwise.
    return int(np.sign((column * np.roll(-row, -1) - np.roll(column, -1) * -row).sum()))


@pytest.mark.parametrize(("relation", "product"), [(hole, -1), (nested, 1), (inside, 0)])
@settings(deadline=None)
@given(nodes=drawn_nodes())
def test_each_inner_node_has_the_closest_node_of_the_curve_around_it(
    relation, product, nodes
) -> None:
    p, wanted = pieces_of(nodes), set()
    for i, outer in enumerate(nodes.around.tolist()):
        if outer >= 0 and polarity(nodes, int(nodes.curve[i])) * polarity(nodes, outer) == product:
            ring_nodes = np.flatnonzero(nodes.curve == outer).tolist()
            closest = min(ring_nodes, key=lambda j: closeness(p, i, j))
            wanted |= {(i, closest, 0), (closest, i, 1)}

    found = relation(nodes)

    triples = zip(
        *(column.tolist() for column in (found.source, found.target, found.rank)), strict=True
    )
    assert set(triples) == wanted


@pytest.mark.parametrize(
    ("inner", "relation"),
    [
        pytest.param(box(2, -1), hole, id="dark inside of a bright ring"),
        pytest.param(box(2), nested, id="the same edge on a further level"),
        pytest.param(box(2, is_closed=False), inside, id="open curve"),
        pytest.param(stroke(TRIANGLE, is_closed=True), inside, id="closed stroke"),
        pytest.param(junction(0, 0), inside, id="junction"),
        pytest.param(straight("line", [(0, 0), (0, 1)]), inside, id="segment"),
        pytest.param(straight("blob", [(0, 0), (0, 1)], contrast=-0.5), hole, id="dark blob"),
        pytest.param(straight("blob", [(0, 0), (0, 1)], contrast=0.5), nested, id="bright blob"),
    ],
)
def test_what_is_inside_a_bright_box_is_told_apart(inner, relation) -> None:
    nodes = within(joined([box(9), inner]), curve=1, outer=0)

    assert {r.__name__: len(r(nodes)) for r in (hole, nested, inside)} == {
        r.__name__: 2 * len(inner) if r is relation else 0 for r in (hole, nested, inside)
    }


def test_left_is_inside_a_box_of_sign_1() -> None:
    nodes = box(5)

    assert ((nodes.left * nodes.position).sum(axis=1) < 0).all()
    assert polarity(nodes, 0) == 1


def test_rank_0_leads_to_the_outer_curve_and_rank_1_back() -> None:
    nodes = within(joined([box(9), junction(0, 8)]), curve=1, outer=0)

    found = inside(nodes)

    assert found.pairs.tolist() == [[2, 4], [4, 2]]
    assert found.rank.tolist() == [1, 0]
    assert nodes.position[2].tolist() == [0, 9]


def test_a_curve_whose_nodes_are_gone_holds_nothing() -> None:
    lonely = replace(junction(0, 0), around=np.array([5], np.int32))

    assert not any(len(relation(lonely)) for relation in (hole, nested, inside))


@pytest.mark.parametrize("lost", range(8))
def test_a_hole_stays_a_hole_where_one_of_its_pieces_is_left_out(lost: int) -> None:
    nodes = within(joined([box(9), box(2, -1)]), curve=1, outer=0)
    there = kept(nodes, np.arange(8) != lost)

    assert len(hole(there)) == 2 * (there.curve == 1).sum()
    assert not len(inside(there))

import numpy as np
import pytest
from hypothesis import given
from strategies import edge_lists

from perceptgraph.graphs.two_hop import adjacency_pairs, two_hop_pairs

TRIANGLE = [(0, 1), (1, 2), (2, 0)]
PATH = [(0, 1), (1, 2), (2, 3)]
CYCLE = [(0, 1), (1, 2), (2, 3), (3, 0)]
STAR = [(0, 1), (0, 2), (0, 3)]


def neighbourhoods(edges, n_nodes):
    """N1 and N2 as sets of ordered pairs."""
    index = np.array(edges, np.int64).reshape(-1, 2).T
    one = adjacency_pairs(index, n_nodes)
    two = two_hop_pairs(one, n_nodes)
    return set(zip(*one.tolist(), strict=True)), set(zip(*two.tolist(), strict=True))


def both(*pairs):
    return {pair for i, j in pairs for pair in ((i, j), (j, i))}


@pytest.mark.parametrize(
    ("edges", "n_nodes", "two"),
    [
        pytest.param(TRIANGLE, 3, both(), id="in a triangle nobody is two hops away"),
        pytest.param(PATH, 4, both((0, 2), (1, 3)), id="a path"),
        pytest.param(CYCLE, 4, both((0, 2), (1, 3)), id="opposite corners, two ways, once"),
        pytest.param(STAR, 4, both((1, 2), (1, 3), (2, 3)), id="leaves of a star"),
        pytest.param([], 1, both(), id="one isolated node"),
        pytest.param([], 0, both(), id="no node"),
        pytest.param([(0, 2)], 4, both(), id="isolated nodes between and after"),
        pytest.param([(1, 1), (1, 2)], 3, both(), id="a self-loop leads nowhere"),
    ],
)
def test_two_hops_are_exactly_two(edges, n_nodes, two) -> None:
    assert neighbourhoods(edges, n_nodes)[1] == two


def test_neighbours_of_any_number_of_edges_are_one_pair_each_way() -> None:
    one, _ = neighbourhoods([(0, 1), (0, 1), (1, 0), (2, 2), (2, 1)], 3)

    assert one == both((0, 1), (1, 2))


@given(graph=edge_lists())
def test_neighbourhoods_equal_those_of_dense_matrices(graph) -> None:
    index, n = graph
    adjacent = np.zeros((n, n), int)
    adjacent[index[0], index[1]] = adjacent[index[1], index[0]] = 1
    np.fill_diagonal(adjacent, 0)
    strict = (adjacent @ adjacent > 0) & (adjacent == 0) & ~np.eye(n, dtype=bool)

    one = adjacency_pairs(index, n)
    two = two_hop_pairs(one, n)

    np.testing.assert_array_equal(one, np.nonzero(adjacent))
    np.testing.assert_array_equal(two, np.nonzero(strict))


@given(first=edge_lists(), second=edge_lists())
def test_graphs_of_a_batch_do_not_meet(first, second) -> None:
    (left, n_left), (right, n_right) = first, second
    n = n_left + n_right

    one = adjacency_pairs(np.concatenate([left, right + n_left], axis=1), n)
    two = two_hop_pairs(one, n)

    alone = [two_hop_pairs(adjacency_pairs(e, k), k) for e, k in (first, second)]
    np.testing.assert_array_equal(two, np.concatenate([alone[0], alone[1] + n_left], axis=1))

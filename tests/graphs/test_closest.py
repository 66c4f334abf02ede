import numpy as np
import pytest
from drawn_nodes import drawn_nodes
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptgraph.graphs.approach import pieces_of
from perceptgraph.graphs.closest import both_ways, nobody, offer, one_way

OFFERS = st.lists(st.tuples(st.integers(0, 3), st.integers(4, 9), st.integers(0, 5)), unique=True)


def test_nobody_to_look_for_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be positive"):
        nobody(3, 0)


@given(offers=OFFERS, k=st.integers(1, 4))
def test_the_k_closest_are_kept_and_the_first_of_equals(offers, k) -> None:
    closest = nobody(4, k)
    closeness = {(i, j): float(value) for i, j, value in offers}

    for (i, j), value in closeness.items():
        offer(*closest, i, j, value)

    for i in range(4):
        best = sorted((value, j) for (a, j), value in closeness.items() if a == i)[:k]
        found = list(zip(*(column[i].tolist() for column in closest), strict=True))
        assert found == best + [(np.inf, -1)] * (k - len(best))


@settings(deadline=None)
@given(nodes=drawn_nodes(), rng=st.randoms(use_true_random=False))
def test_both_ways_is_one_way_and_back(nodes, rng) -> None:
    n = len(nodes)
    closest = nobody(n, 3)
    for i in range(n):
        for j in rng.sample(range(n), min(n, 3)):
            if i != j:
                offer(*closest, i, j, rng.random())

    there = {tuple(pair) for pair in one_way(closest, n).pairs.tolist()}

    both = {tuple(pair) for pair in both_ways(closest, pieces_of(nodes)).pairs.tolist()}
    assert both == there | {(j, i) for i, j in there}


def test_a_node_may_have_several_rows() -> None:
    closest = nobody(8, 1)
    for row, partner in enumerate((1, 2, 0, 3, 3, 3, 2, 2)):
        offer(*closest, row, partner, float(partner))

    found = one_way(closest, 4)

    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 0], [1, 3], [2, 3], [3, 2]]
    assert found.rank.tolist() == [0, 1, 0, 1, 0, 0]

import numpy as np
import pytest
from hypothesis import given
from strategies import frames

from perceptgraph.graphs import approach
from perceptgraph.graphs.approach import Pieces, nearest
from perceptgraph.graphs.relations import RELATIONS


@pytest.mark.parametrize("name", RELATIONS)
def test_nodes_taken_some_at_a_time_have_the_same_relations(name) -> None:
    @given(nodes=frames())
    def check(nodes) -> None:
        at_once = RELATIONS[name](nodes)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(approach, "ROWS", 3)
            some_at_a_time = RELATIONS[name](nodes)

        np.testing.assert_array_equal(at_once.pairs, some_at_a_time.pairs)
        np.testing.assert_array_equal(at_once.attributes, some_at_a_time.attributes)

    check()


@given(nodes=frames())
def test_gap_and_angle_are_the_same_from_both_sides(nodes) -> None:
    pieces = Pieces(nodes)
    i, j = np.nonzero(~np.eye(len(nodes), dtype=bool))

    np.testing.assert_allclose(pieces.gap(i, j), pieces.gap(j, i), atol=1e-6)
    np.testing.assert_array_equal(pieces.angle(i, j), pieces.angle(j, i))
    assert (pieces.angle(i, j) <= np.pi / 2).all()


def test_nearest_takes_the_smallest_of_each_and_the_first_of_equals() -> None:
    i, j = np.array([1, 0, 0, 0, 1]), np.array([4, 3, 2, 1, 0])
    closeness = np.array([5.0, 1.0, 1.0, 2.0, 0.0])

    source, target = nearest(i, j, closeness, k=1)

    assert source.tolist() == [0, 1]
    assert target.tolist() == [2, 0]

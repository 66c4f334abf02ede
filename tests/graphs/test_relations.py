import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import angles, frames

from perceptgraph.graphs.approach import Pieces
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames, joined, lone_nodes
from perceptgraph.graphs.relations import MEASURES, RELATIONS, Edges, measures_of, near
from perceptgraph.stores.arrays import ContractError

LENGTHS = [list(ATTRIBUTES).index(name) for name in ("length", "width", "scale")]
every_relation = pytest.mark.parametrize("name", RELATIONS)
# The same examples each time: a pair within rounding of a threshold comes once in many runs.
same_examples = settings(derandomize=True, max_examples=60)


def moved(nodes: Frames, turn: float = 0.0, shift: float = 0.0, scale: float = 1.0) -> Frames:
    """The nodes of the same picture turned, shifted and enlarged."""
    turning = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    attributes = nodes.attributes.copy()
    attributes[:, LENGTHS] *= scale
    return lone_nodes(
        nodes.kind,
        (scale * (nodes.position @ turning.T) + shift).astype(np.float32),
        (nodes.direction @ turning.T).astype(np.float32),
        attributes,
    )


def lines(*ends) -> Frames:
    """Line nodes from (row, column) to (row, column), brighter to the left."""
    a, b = np.array(ends, np.float64).reshape(-1, 2, 2).transpose(1, 0, 2)
    length = np.hypot(*(b - a).T)
    attributes = np.zeros((len(a), len(ATTRIBUTES)), np.float32)
    attributes[:, 0], attributes[:, 1] = length, 1
    along = (b - a) / np.maximum(length, 1e-12)[:, None]
    along[length == 0] = (0, 1)
    kind = np.zeros(len(a), np.uint8)
    return lone_nodes(kind, ((a + b) / 2).astype(np.float32), along.astype(np.float32), attributes)


def junction(row: float, column: float, scale: float = 4.0) -> Frames:
    attributes = np.zeros((1, len(ATTRIBUTES)), np.float32)
    attributes[0, list(ATTRIBUTES).index("scale")] = scale
    kind = np.array([NODE_KINDS.index("junction")], np.uint8)
    at, along = np.array([[row, column]], np.float32), np.array([[0, 1]], np.float32)
    return lone_nodes(kind, at, along, attributes)


def pairs(name: str, nodes: Frames) -> set[tuple[int, int]]:
    """Pairs in order of their numbers; each stands for both directions."""
    found = RELATIONS[name](nodes).pairs
    return {(int(i), int(j)) for i, j in found if i < j}


def measure(name: str, nodes: Frames, what: str) -> np.ndarray:
    edges = RELATIONS[name](nodes)
    return edges.attributes[:, edges.measures.index(what)]


@every_relation
@same_examples
@given(nodes=frames(), turn=angles(), shift=st.floats(-50, 50), scale=st.floats(0.25, 4))
def test_relation_does_not_see_the_pose_of_the_picture(name, nodes, turn, shift, scale) -> None:
    here = RELATIONS[name](nodes)
    there = RELATIONS[name](moved(nodes, turn, shift, scale))

    np.testing.assert_array_equal(here.pairs, there.pairs)
    np.testing.assert_allclose(here.attributes, there.attributes, atol=2e-3)


@every_relation
@same_examples
@given(nodes=frames(), rng=st.randoms(use_true_random=False))
def test_order_of_the_nodes_does_not_matter(name, nodes, rng) -> None:
    order = np.array(rng.sample(range(len(nodes)), len(nodes)), np.int64)
    shuffled = lone_nodes(
        nodes.kind[order], nodes.position[order], nodes.direction[order], nodes.attributes[order]
    )

    here, there = RELATIONS[name](nodes), RELATIONS[name](shuffled)

    back = order[there.pairs] if len(there) else there.pairs
    place = np.lexsort((back[:, 1], back[:, 0]))
    np.testing.assert_array_equal(here.pairs, back[place])
    np.testing.assert_allclose(here.attributes, there.attributes[place], atol=1e-5)


@every_relation
@same_examples
@given(nodes=frames())
def test_relation_is_symmetric_sorted_and_joins_different_nodes(name, nodes) -> None:
    edges = RELATIONS[name](nodes)

    found = [tuple(pair) for pair in edges.pairs.tolist()]
    assert found == sorted(set(found))
    assert {(j, i) for i, j in found} == set(found)
    assert all(i != j for i, j in found)
    assert np.isfinite(edges.attributes).all()
    assert edges.measures == measures_of(name)


@every_relation
@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param(joined([]), id="no node"),
        pytest.param(lines([(1, 1), (5, 5)]), id="one line"),
        pytest.param(junction(3, 3), id="one junction"),
        pytest.param(lines([(1, 1), (5, 5)], [(1, 1), (5, 5)]), id="two that coincide"),
        pytest.param(lines([(1, 1), (1, 1)], [(1, 1), (1, 1)]), id="two points that coincide"),
        pytest.param(joined([lines([(1, 1), (1, 1)]), junction(1, 1, 0)]), id="nothing has size"),
    ],
)
def test_degenerate_nodes_give_finite_measures(name, nodes) -> None:
    edges = RELATIONS[name](nodes)

    assert np.isfinite(edges.attributes).all()


SQUARE = lines([(0, 1), (0, 9)], [(1, 10), (9, 10)], [(10, 9), (10, 1)], [(9, 0), (1, 0)])


def test_opposite_sides_of_a_square_are_parallel() -> None:
    assert pairs("parallel", SQUARE) == {(0, 2), (1, 3)}
    np.testing.assert_allclose(measure("parallel", SQUARE, "overlap"), 1, atol=1e-6)
    np.testing.assert_allclose(measure("parallel", SQUARE, "agreement"), -1, atol=1e-6)


def test_neighbouring_sides_of_a_square_are_perpendicular() -> None:
    assert pairs("perpendicular", SQUARE) == {(0, 1), (1, 2), (2, 3), (0, 3)}
    np.testing.assert_allclose(measure("perpendicular", SQUARE, "gap"), np.log1p(2**0.5 / 8))


def test_a_line_goes_on_behind_a_gap_but_not_beside_it() -> None:
    nodes = lines([(0, 0), (0, 8)], [(0.2, 10), (0.2, 20)], [(4, 0), (4, 8)], [(0, 30), (8, 30)])

    assert pairs("collinear", nodes) == {(0, 1)}


def test_bars_beyond_each_other_are_not_parallel_neighbours() -> None:
    assert pairs("parallel", lines([(0, 0), (0, 8)], [(2, 9), (2, 17)])) == set()


def test_a_junction_holds_the_lines_that_end_or_pass_there() -> None:
    nodes = joined(
        [lines([(0, 0), (0, 19)], [(-20, 20), (20, 20)], [(30, 30), (40, 40)]), junction(0, 20)]
    )

    assert pairs("incidence", nodes) == {(0, 3), (1, 3)}
    assert pairs("shared_junction", nodes) == {(0, 1)}
    end = dict(
        zip(
            map(tuple, RELATIONS["incidence"](nodes).pairs.tolist()),
            measure("incidence", nodes, "end"),
            strict=True,
        )
    )
    assert end[3, 0] == end[0, 3] == pytest.approx(1)
    assert end[3, 1] == end[1, 3] == pytest.approx(0)


@pytest.mark.parametrize("degrees", [30, 90, 135, 180])
def test_opening_is_the_cosine_between_two_branches(degrees) -> None:
    t = np.deg2rad(degrees)
    there = (20 * np.sin(t), 20 * np.cos(t))
    nodes = joined([lines([(0, 0), (0, 20)], [there, (0, 0)]), junction(0, 0)])

    np.testing.assert_allclose(measure("shared_junction", nodes, "opening"), np.cos(t), atol=1e-6)


def test_two_lines_that_share_two_junctions_have_one_edge_each_way() -> None:
    nodes = joined([lines([(0, 0), (0, 9)], [(1, 0), (1, 9)]), junction(0, 0), junction(0.5, 9)])

    assert RELATIONS["shared_junction"](nodes).pairs.tolist() == [[0, 1], [1, 0]]
    np.testing.assert_allclose(measure("shared_junction", nodes, "offset"), 0.5 / 4)


@given(nodes=frames(), k=st.integers(1, 4))
def test_near_takes_the_k_closest_nodes_of_each(nodes, k) -> None:
    pieces, n = Pieces(nodes), len(nodes)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    closeness = np.full((n, n), np.inf)
    closeness[i, j] = pieces.closeness(i, j, pieces.gap(i, j))
    wanted = {
        (a, b) for a in range(n) for b in np.argsort(closeness[a], kind="stable")[:k] if a != b
    }

    found = near(nodes, k=k)

    assert set(map(tuple, found.pairs.tolist())) == wanted | {(b, a) for a, b in wanted}


@given(nodes=frames(max_size=6))
def test_gap_is_the_closest_distance_of_points_on_the_two_pieces(nodes) -> None:
    pieces = Pieces(nodes)
    i, j = np.nonzero(~np.eye(len(nodes), dtype=bool))
    steps = np.linspace(-1, 1, 101)[:, None, None]
    points = pieces.position + steps * (pieces.half[:, None] * pieces.direction)

    gap = pieces.gap(i, j)

    apart = np.hypot(*np.moveaxis(points[:, None, i] - points[None, :, j], -1, 0)).min(axis=(0, 1))
    step = 0.02 * np.maximum(pieces.half[i], pieces.half[j])
    assert (gap <= apart + 1e-6).all()
    assert (apart <= gap + step).all()


def test_left_is_the_side_that_the_frame_calls_left() -> None:
    nodes = lines([(5, 0), (5, 8)], [(1, 0), (1, 8)])

    edges = near(nodes)

    left = edges.attributes[:, edges.measures.index("left")]
    step = nodes.position[1] - nodes.position[0]
    assert np.sign(left[0]) == np.sign(step @ nodes.left[0]) == 1


def test_an_unknown_measure_is_refused() -> None:
    none = np.zeros(0, np.int32)

    with pytest.raises(ContractError, match="names of MEASURES"):
        Edges(none, none, np.zeros((0, 1), np.float32), ("weight",), np.zeros(0, np.uint8))


def test_every_measure_is_taken_by_a_relation() -> None:
    assert {m for name in RELATIONS for m in measures_of(name)} == set(MEASURES)

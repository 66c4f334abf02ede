import numpy as np
import pytest
from drawn_nodes import drawn_nodes, lines, ring, straight, stroke
from hypothesis import given, settings

from perceptgraph.graphs.approach import closeness, gap, pieces_of
from perceptgraph.graphs.frames import joined
from perceptgraph.graphs.grouping import collinear, parallel, perpendicular, symmetric

RELATIONS = {
    "parallel": (parallel, 2.0, 4),
    "perpendicular": (perpendicular, 0.5, 4),
    "collinear": (collinear, 1.0, 2),
    "symmetric": (symmetric, 3.0, 4),
}
TOLERANCE = np.deg2rad(10)


def pairs(edges) -> set[tuple[int, int]]:
    """Pairs in order of their numbers; each stands for both directions."""
    return {(i, j) for i, j in edges.pairs.tolist() if i < j}


def axis_angle(a: complex, b: complex) -> float:
    """Between two axes, in [0, pi/2]."""
    turn = np.angle(b / a) % np.pi
    return min(turn, np.pi - turn)


def holds(name: str, nodes, i: int, j: int) -> bool:
    """The definition of the relation, in the complex plane: columns are real, rows imaginary."""
    middle = nodes.position.astype(float) @ [1j, 1]
    along = nodes.direction.astype(float) @ [1j, 1]
    half = nodes.attributes[:, 0].astype(float) / 2
    a, b, way = along[i], along[j], middle[j] - middle[i]
    overlaps = []
    for here, there in ((i, j), (j, i)):
        ends = middle[there] + np.array([-1, 1]) * half[there] * along[there]
        view = ((ends - middle[here]) / along[here]).real
        overlaps.append(min(view.max(), half[here]) - max(view.min(), -half[here]))
    overlap = min(overlaps) / (2 * min(half[i], half[j]))
    if name == "parallel":
        return axis_angle(a, b) <= TOLERANCE and overlap >= 0.2
    if name == "perpendicular":
        return axis_angle(a, b) >= np.pi / 2 - TOLERANCE
    if name == "collinear":
        return max(axis_angle(a, way), axis_angle(b, way)) <= TOLERANCE and overlap < 0.2
    mirrored = -np.conj(a / way) * way
    follows = nodes.following[i] == j or nodes.following[j] == i
    alike = min(half[i], half[j]) >= 0.8 * max(half[i], half[j])
    return alike and not follows and axis_angle(mirrored, b) <= TOLERANCE


@pytest.mark.parametrize("name", RELATIONS)
@settings(derandomize=True, deadline=None)
@given(nodes=drawn_nodes())
def test_relation_holds_for_the_k_closest_pairs_of_its_definition(name, nodes) -> None:
    relation, reach, k = RELATIONS[name]
    p, n = pieces_of(nodes), len(nodes)
    held: dict[int, list[tuple[float, int]]] = {i: [] for i in range(n)}
    for i in range(n):
        for j in range(i + 1, n):
            alike = nodes.kind[i] == nodes.kind[j] and nodes.kind[i] in (0, 1, 3)
            if not alike or (nodes.position[i] == nodes.position[j]).all():
                continue
            if gap(p, i, j) <= reach * (p.half[i] + p.half[j]) and holds(name, nodes, i, j):
                held[i].append((closeness(p, i, j), j))
                held[j].append((closeness(p, j, i), i))

    found = relation(nodes)

    wanted = {tuple(sorted((i, j))) for i in range(n) for _, j in sorted(held[i])[:k]}
    assert pairs(found) == wanted


SQUARE = lines([(0, 1), (0, 9)], [(1, 10), (9, 10)], [(10, 9), (10, 1)], [(9, 0), (1, 0)])


def test_opposite_sides_of_a_square_are_parallel() -> None:
    assert pairs(parallel(SQUARE)) == {(0, 2), (1, 3)}


def test_neighbouring_sides_of_a_square_are_perpendicular() -> None:
    assert pairs(perpendicular(SQUARE)) == {(0, 1), (1, 2), (2, 3), (0, 3)}


def test_all_sides_of_a_square_are_mirror_images() -> None:
    assert pairs(symmetric(SQUARE)) == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


def test_the_legs_of_an_a_are_mirror_images_and_those_of_a_slanted_one_are_not() -> None:
    upright = lines([(20, 0), (0, 8)], [(0, 12), (20, 20)])
    slanted = lines([(20, 0), (0, 8)], [(0, 12), (20, 12)])

    assert pairs(symmetric(upright)) == {(0, 1)}
    assert pairs(symmetric(slanted)) == set()


def test_mirror_images_have_the_same_length() -> None:
    assert pairs(symmetric(lines([(0, 0), (0, 10)], [(5, 2), (5, 8)]))) == set()
    assert pairs(symmetric(lines([(0, 0), (0, 10)], [(5, 2), (5, 8)]), min_ratio=0.5)) == {(0, 1)}


def test_a_line_goes_on_behind_a_gap_but_not_beside_it() -> None:
    nodes = lines([(0, 0), (0, 8)], [(0.2, 10), (0.2, 20)], [(4, 0), (4, 8)], [(0, 30), (8, 30)])

    assert pairs(collinear(nodes)) == {(0, 1)}


def test_two_sides_of_a_thin_bar_do_not_continue_each_other() -> None:
    assert pairs(collinear(lines([(0, 0), (0, 20)], [(1, 28), (1, 8)]))) == set()
    assert pairs(collinear(lines([(0, 0), (0, 20)], [(1, 28), (1, 8)]), max_overlap=1)) == {(0, 1)}


def test_bars_beyond_each_other_are_not_parallel_neighbours() -> None:
    assert pairs(parallel(lines([(0, 0), (0, 8)], [(2, 9), (2, 17)]))) == set()


@pytest.mark.parametrize("relation", [parallel, perpendicular, collinear, symmetric])
def test_only_nodes_of_one_kind_are_grouped(relation) -> None:
    ends = [(0, 0), (0, 8)], [(2, 0), (2, 8)], [(0, 10), (0, 18)], [(1, 9), (9, 9)]
    one_kind = relation(straight("arc", *ends))
    two_kinds = relation(joined([straight("arc", *ends), straight("dart", *ends)]))

    assert len(one_kind) > 0
    assert pairs(two_kinds) == pairs(one_kind) | {(i + 4, j + 4) for i, j in pairs(one_kind)}


def test_the_two_darts_of_a_piece_are_not_grouped() -> None:
    one_piece = stroke([(0, 0), (0, 8)])

    assert not any(len(group(one_piece)) for group in (parallel, collinear, symmetric))


def test_pieces_that_follow_one_another_are_no_mirror_images() -> None:
    hexagon = ring([(np.sin(t), np.cos(t)) for t in np.arange(6) * np.pi / 3])

    following = {tuple(sorted((i, (i + 1) % 6))) for i in range(6)}
    every = {(i, j) for i in range(6) for j in range(i + 1, 6)}
    assert pairs(symmetric(hexagon, k=6)) == every - following


@pytest.mark.parametrize(
    ("relation", "wrong"),
    [
        (parallel, {"tolerance_deg": 91}),
        (perpendicular, {"tolerance_deg": -1}),
        (collinear, {"k": 0}),
        (symmetric, {"min_ratio": 1.5}),
    ],
)
def test_values_that_cannot_be_meant_are_refused(relation, wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        relation(SQUARE, **wrong)

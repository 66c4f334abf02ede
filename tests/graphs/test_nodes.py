import numpy as np
import pytest
from hypothesis import given
from strategies import drawn_primitives

from perceptgraph.graphs.family_nodes import NODES_OF
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import (
    Blobs,
    EdgeChains,
    Junctions,
    LineSegments,
    Primitives,
    Ridges,
    primitives,
)


def f4(*values) -> np.ndarray:
    return np.array(values, np.float32)


def line(*ends, polarity: int = 1) -> LineSegments:
    one = f4(1)
    return LineSegments(f4(*ends), one, np.array([polarity], np.int8), one, one)


def chain(points, closed: bool = False, polarity: int = 1) -> EdgeChains:
    one = f4(0.5)
    return EdgeChains(
        np.array(points, np.float32).reshape(-1, 2),
        np.array([0, len(points)], np.int64),
        np.array([closed]),
        np.array([polarity], np.int8),
        one,
        f4(np.nan),
    )


def junction(*branches: float, kind: int = 0) -> Junctions:
    n = np.array([0, len(branches)], np.int64)
    return Junctions(f4((3, 4)), f4(*branches), n, np.array([kind], np.uint8), f4(5), f4(-2))


def column(frames, name: str) -> np.ndarray:
    return frames.attributes[:, list(ATTRIBUTES).index(name)]


def circle(radius: float, n: int, turns: float = 1.0) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi * turns, n, endpoint=turns < 1)
    return np.stack([radius * np.sin(t), radius * np.cos(t)], axis=1)


@pytest.mark.parametrize(("polarity", "along"), [(1, (0, 1)), (0, (0, 1)), (-1, (0, -1))])
def test_line_has_its_brighter_side_on_the_left(polarity, along) -> None:
    frames = frames_of(primitives(lines=line(((2, 1), (2, 9)), polarity=polarity)))

    np.testing.assert_array_equal(frames.direction, [along])
    np.testing.assert_array_equal(frames.position, [(2, 5)])
    np.testing.assert_array_equal(column(frames, "length"), [8])
    # Left of a way to the right is up: the row gets smaller.
    np.testing.assert_array_equal(frames.left, [(-along[1], along[0])])


@given(found=drawn_primitives())
def test_every_node_has_a_unit_direction_and_finite_attributes(found) -> None:
    frames = frames_of(found)

    assert len(frames) == len(found.lines) + len(found.junctions)
    np.testing.assert_allclose(np.hypot(*frames.direction.T), 1, atol=1e-6)
    assert np.isfinite(frames.attributes).all()


def test_junction_points_along_its_widest_gap() -> None:
    frames = frames_of(primitives(junctions=junction(np.pi / 2, 0, kind=2)))

    np.testing.assert_allclose(frames.direction, [(-(0.5**0.5), -(0.5**0.5))], atol=1e-6)
    branches = [column(frames, f"branch_{k}")[0] for k in (1, 2, 3, 4)]
    np.testing.assert_allclose(branches, np.array([3, 5, 0, 0]) * np.pi / 4, atol=1e-5)
    assert column(frames, "degree") == 2
    assert column(frames, "is_y") == 1
    assert column(frames, "is_l") == column(frames, "length") == 0
    assert column(frames, "scale") == 5


def test_gaps_of_junctions_are_not_mixed() -> None:
    three = Junctions(
        f4((0, 0), (1, 1), (2, 2)),
        f4(3, 0, -3, 1),
        np.array([0, 3, 3, 4], np.int64),
        np.zeros(3, np.uint8),
        f4(1, 1, 1),
        f4(0, 0, 0),
    )

    frames = frames_of(primitives(junctions=three))

    branches = np.stack([column(frames, f"branch_{k}") for k in (1, 2, 3)], axis=1)
    turns = [(1.5, 2 * np.pi - 4.5, 2 * np.pi - 1.5), (0, 0, 0), (np.pi, 0, 0)]
    np.testing.assert_allclose(branches, turns, atol=1e-5)
    theta = np.arctan2(*frames.direction.T)
    np.testing.assert_allclose(np.abs(theta), [1.5, 0, np.pi - 1], atol=1e-5)


def test_chain_is_cut_into_arcs_of_equal_length() -> None:
    frames = frames_of(
        primitives(edges=chain([(0, 0), (0, 9), (0, 30)])), kinds=["edges"], piece_length=10
    )

    np.testing.assert_allclose(frames.position, [(0, 5), (0, 15), (0, 25)])
    np.testing.assert_allclose(frames.direction, [(0, 1)] * 3)
    np.testing.assert_allclose(column(frames, "length"), 10)
    np.testing.assert_array_equal(column(frames, "turning"), 0)
    np.testing.assert_array_equal(column(frames, "log10_nfa"), 0)


@pytest.mark.parametrize("polarity", [1, -1])
def test_arcs_of_a_circle_turn_once_altogether(polarity) -> None:
    found = primitives(edges=chain(circle(20, 400), closed=True, polarity=polarity))

    frames = frames_of(found, kinds=["edges"], piece_length=12)

    assert len(frames) == round(2 * np.pi * 20 / 12)
    np.testing.assert_allclose(column(frames, "turning").sum(), polarity * 2 * np.pi, rtol=1e-3)
    np.testing.assert_allclose(np.hypot(*frames.position.T), 20, atol=0.01)
    # theta runs towards +row, so this circle keeps its middle on its right.
    outward = (frames.left * frames.position).sum(axis=1) * polarity
    assert (outward > 19.9).all()


def test_a_short_closed_chain_gives_three_arcs_or_more() -> None:
    frames = frames_of(primitives(edges=chain(circle(1, 16), closed=True)), kinds=["edges"])

    assert len(frames) >= 3
    np.testing.assert_allclose(np.hypot(*frames.direction.T), 1, atol=1e-6)


def test_chains_are_cut_each_on_its_own() -> None:
    both = EdgeChains(
        f4((0, 0), (0, 10), (50, 0), (60, 0), (5, 5)),
        np.array([0, 2, 2, 4, 5], np.int64),
        np.zeros(4, np.bool_),
        np.ones(4, np.int8),
        f4(0.1, 0.2, 0.3, 0.4),
        f4(0, 0, 0, 0),
    )

    frames = frames_of(primitives(edges=both), kinds=["edges"], piece_length=5)

    np.testing.assert_allclose(
        frames.position, [(0, 2.5), (0, 7.5), (52.5, 0), (57.5, 0), (5, 5)], atol=1e-5
    )
    np.testing.assert_allclose(column(frames, "contrast"), [0.1, 0.1, 0.3, 0.3, 0.4])


def test_ridge_gives_darts_in_both_directions() -> None:
    ridge = Ridges(
        circle(10, 100, turns=0.5).astype(np.float32),
        np.array([0, 100], np.int64),
        np.full(100, 3, np.float32),
        np.array([True]),
        f4(-4),
    )

    frames = frames_of(primitives(ridges=ridge), kinds=["ridges"], piece_length=10)

    assert len(frames) == 6
    assert set(frames.kind) == {NODE_KINDS.index("dart")}
    np.testing.assert_array_equal(frames.direction[:3], -frames.direction[3:])
    np.testing.assert_allclose(column(frames, "turning")[:3].sum(), np.pi, rtol=1e-2)
    np.testing.assert_array_equal(column(frames, "turning")[:3], -column(frames, "turning")[3:])
    assert (column(frames, "width") == 3).all()


def test_blob_lies_along_its_longer_axis() -> None:
    blob = Blobs(
        f4((7, 8)),
        f4((9, 0, 4)),
        f4(-0.5),
        np.zeros((0, 2), np.float32),
        np.zeros(2, np.int64),
        f4(-1),
    )

    frames = frames_of(primitives(blobs=blob), kinds=["blobs"])

    np.testing.assert_allclose(np.abs(frames.direction), [(1, 0)], atol=1e-6)
    assert column(frames, "length") == 12
    assert column(frames, "width") == 8


@pytest.mark.parametrize("family", NODES_OF)
def test_no_primitive_gives_no_node(family) -> None:
    assert len(frames_of(primitives(), kinds=[family])) == 0


def test_a_chain_of_one_point_and_a_line_of_no_length_have_a_direction() -> None:
    found = primitives(edges=chain([(2, 2)]), lines=line(((1, 1), (1, 1))))

    frames = frames_of(found, kinds=["lines", "edges"])

    np.testing.assert_array_equal(frames.direction, [(0, 1), (0, 1)])


def every_family() -> Primitives:
    """A circle in another, a stroke in between, a blob in the middle, a line, a junction."""
    big, small = circle(20, 60) + 30, circle(6, 30) + 30
    return primitives(
        lines=line(((2, 1), (2, 9))),
        edges=EdgeChains(
            np.concatenate([big, small]).astype(np.float32),
            np.array([0, len(big), len(big) + len(small)], np.int64),
            np.array([True, True]),
            np.array([1, -1], np.int8),
            f4(0.5, 0.5),
            f4(-3, -2),
        ),
        junctions=junction(0.5, 2, 4),
        ridges=Ridges(
            (circle(12, 40, turns=0.7) + 30).astype(np.float32),
            np.array([0, 40], np.int64),
            np.linspace(2, 3, 40).astype(np.float32),
            np.array([True]),
            f4(-4),
        ),
        blobs=Blobs(
            f4((30, 30)),
            f4((4, 0, 4)),
            f4(0.2),
            circle(3, 15).astype(np.float32) + 30,
            np.array([0, 15], np.int64),
            f4(-1),
        ),
    )


KINDS = ("edges", "ridges", "blobs", "junctions", "lines")


def test_curves_are_counted_from_family_to_family_and_know_what_is_around_them() -> None:
    frames = frames_of(every_family(), kinds=KINDS, piece_length=5)

    arcs, darts, blob, lone = (frames.kind == k for k in (1, 3, 4, 0))
    assert set(frames.curve[arcs]) == {0, 1}
    assert set(frames.curve[darts]) == {2}
    assert frames.curve[blob] == [3]
    assert frames.curve[-2:].tolist() == [4, 5]
    # The stroke and the small circle lie in the big one, the blob in the small one.
    np.testing.assert_array_equal(frames.around[frames.curve == 0], -1)
    np.testing.assert_array_equal(frames.around[frames.curve == 1], 0)
    np.testing.assert_array_equal(frames.around[darts], 0)
    np.testing.assert_array_equal(frames.around[blob], 1)
    np.testing.assert_array_equal(frames.around[lone], -1)


def test_arcs_follow_each_other_along_their_frames() -> None:
    frames = frames_of(every_family(), kinds=KINDS, piece_length=5)

    follows = np.flatnonzero(frames.following >= 0)
    after = frames.following[follows]
    assert (frames.kind[follows] == frames.kind[after]).all()
    np.testing.assert_array_equal(frames.curve[follows], frames.curve[after])
    step = frames.position[after] - frames.position[follows]
    assert ((step * frames.direction[follows]).sum(axis=1) > 0).all()
    assert (frames.following[frames.kind == 1] >= 0).all()
    n_darts = (frames.kind == 3).sum() // 2
    assert (frames.following[frames.kind == 3] == -1).sum() == 2
    assert n_darts > 1


def test_rays_of_nested_circles_are_as_long_as_they_are_apart() -> None:
    found = every_family()

    frames = frames_of(found, kinds=["edges"], piece_length=5)

    # These circles keep their middle on the right, against the polarity of the small one.
    big = frames.curve == 0
    np.testing.assert_allclose(column(frames, "outward")[big], 14, atol=0.2)
    np.testing.assert_allclose(column(frames, "inward")[big], 48)
    np.testing.assert_allclose(column(frames, "outward")[~big], 14, atol=0.2)
    np.testing.assert_allclose(column(frames, "inward")[~big], 12, atol=0.2)


def test_a_ridge_that_ends_where_it_began_is_closed() -> None:
    ring, loop = circle(12, 60), circle(8, 40) + 40
    points = np.concatenate([ring, loop, loop[:1], circle(9, 60, 0.9)])
    found = Ridges(
        points.astype(np.float32),
        np.array([0, 60, 101, 161], np.int64),
        np.full(161, 2, np.float32),
        np.ones(3, np.bool_),
        f4(0, 0, 0),
    )

    frames = frames_of(primitives(ridges=found), kinds=["ridges"], piece_length=6)

    is_last = np.array([(frames.following[frames.curve == c] < 0).sum() for c in range(3)])
    np.testing.assert_array_equal(is_last, [0, 0, 2])


def test_unknown_family_cut_and_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="'curves'"):
        frames_of(primitives(), kinds=["curves"])
    with pytest.raises(ValueError, match="'evenly'"):
        frames_of(primitives(), cut="evenly")
    with pytest.raises(ValueError, match="need generators"):
        frames_of(primitives(), kinds=["edges"], cut="phase")
    with pytest.raises(ValueError, match="piece_length must be positive"):
        frames_of(primitives(), piece_length=0)
    with pytest.raises(ValueError, match="ray_reach must be 0 or more"):
        frames_of(primitives(), ray_reach=-1)


def test_without_reach_no_ray_is_cast_and_all_else_stays() -> None:
    square = LineSegments(
        endpoints=np.array([[[5, 5], [5, 25]], [[25, 25], [25, 5]]], np.float32),
        width=np.ones(2, np.float32),
        polarity=np.ones(2, np.int8),
        contrast=np.ones(2, np.float32),
        log10_nfa=np.full(2, -3, np.float32),
    )
    rays = [list(ATTRIBUTES).index(name) for name in ("inward", "outward")]

    with_rays, without = (frames_of(primitives(lines=square), ray_reach=r) for r in (30.0, 0.0))

    assert with_rays.attributes[:, rays].all()
    assert not without.attributes[:, rays].any()
    rest = np.delete(np.arange(len(ATTRIBUTES)), rays)
    np.testing.assert_array_equal(with_rays.attributes[:, rest], without.attributes[:, rest])

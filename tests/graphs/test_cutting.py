import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import angles, generators

from perceptgraph.graphs.cutting import CUTS, LOOP, OPEN, RING, Curves, curves_of
from perceptgraph.graphs.pieces import pieces_of


def curve(points: np.ndarray, closing: int) -> Curves:
    offsets = np.array([0, len(points)], np.int64)
    return curves_of(points.astype(np.float32), offsets, np.array([closing], np.uint8))


def polyline(*corners, spacing: float = 0.5) -> np.ndarray:
    """Points about `spacing` apart on the straight ways between these."""
    ways = []
    for a, b in zip(np.array(corners[:-1], float), np.array(corners[1:], float), strict=True):
        n = int(np.ceil(np.hypot(*(b - a)) / spacing))
        ways.append(a + (b - a) * np.arange(n)[:, None] / n)
    return np.concatenate([*ways, [corners[-1]]])


def ring(rng: np.random.Generator, n: int = 300) -> np.ndarray:
    """A smooth closed curve around (0, 0), 20 pixels from it on average."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    radius = 20 + sum(rng.normal(0, 4 / k) * np.cos(k * t + rng.uniform(0, 6)) for k in (1, 2, 3))
    return radius[:, None] * np.stack([np.sin(t), np.cos(t)], axis=1)


def turned(points: np.ndarray, turn: float) -> np.ndarray:
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return points @ matrix.T


def cut(curves: Curves, how: str = "canonical", piece: float = 6.0, phase: float = 0.0):
    return CUTS[how](curves, piece, np.full(len(curves.length), phase))


def places(curves: Curves, cuts) -> np.ndarray:
    """(K, 2): where a single curve is cut."""
    way = np.mod(cuts.at, curves.length[0]) if curves.closing[0] else cuts.at
    points, reach = curves.points.astype(float), curves.reach
    if curves.closing[0]:
        points, reach = np.concatenate([points, points[:1]]), np.append(reach, curves.length)
    return np.stack([np.interp(way, reach, points[:, axis]) for axis in (0, 1)], axis=1)


def same_places(a: np.ndarray, b: np.ndarray, within: float) -> bool:
    apart = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    return bool(apart.min(axis=0).max() <= within and apart.min(axis=1).max() <= within)


@pytest.mark.parametrize("how", CUTS)
@given(rng=generators(), closing=st.sampled_from([OPEN, RING, LOOP]), phase=st.floats(-0.5, 0.499))
def test_cuts_ascend_and_cover_the_curve_once(how, rng, closing, phase) -> None:
    points = ring(rng)[: int(rng.integers(1, 300))]
    if closing == LOOP:
        points = np.concatenate([points, points[:1]])
    curves = curve(points, closing)

    cuts = cut(curves, how, phase=phase)

    assert (np.diff(cuts.at) >= 0).all()
    np.testing.assert_allclose(cuts.at[-1] - cuts.at[0], curves.length[0], rtol=1e-6, atol=1e-6)
    if closing != RING:
        assert cuts.at[0] == 0
    if closing != OPEN and curves.length[0] > 0:
        assert len(cuts.at) >= 4


@given(rng=generators(), phase=st.floats(-0.5, 0.499))
def test_a_phase_moves_equal_cuts_along_the_curve(rng, phase) -> None:
    for closing in (OPEN, RING):
        curves = curve(ring(rng), closing)

        equal, phased = cut(curves, "equal"), cut(curves, "phase", phase=phase)

        piece = curves.length[0] / (len(equal.at) - 1)
        moved = slice(None) if closing == RING else slice(1, -1)
        np.testing.assert_allclose(np.diff(equal.at), piece, rtol=1e-9)
        np.testing.assert_allclose((phased.at - equal.at)[moved], phase * piece, atol=1e-9)


def test_a_random_phase_needs_generators() -> None:
    with pytest.raises(ValueError, match="need generators"):
        CUTS["phase"](curve(polyline((0, 0), (0, 9)), OPEN), 4.0, None)


def test_canonical_cuts_of_most_rings_see_neither_their_begin_nor_the_pose_of_the_picture() -> None:
    rng = np.random.default_rng(0)
    agree = []
    for _ in range(200):
        points, turn = ring(rng), rng.uniform(-np.pi, np.pi)
        here = curve(points, RING)
        there = curve(turned(np.roll(points, int(rng.integers(300)), axis=0), turn), RING)
        expected = turned(places(here, cut(here)), turn)
        agree.append(same_places(expected, places(there, cut(there)), 0.3))

    # An extremum that only just stands out may not do so when its curve is sampled elsewhere.
    assert np.mean(agree) >= 0.95


@given(rng=generators())
def test_canonical_cuts_do_not_see_the_order_of_points(rng) -> None:
    points = ring(rng)[:200]
    here, there = curve(points, OPEN), curve(points[::-1], OPEN)

    a, b = places(here, cut(here)), places(there, cut(there))

    assert same_places(a, b, 0.05)


@given(turn=angles(), begin=st.integers(0, 70))
def test_a_polygon_is_cut_at_its_corners(turn, begin) -> None:
    corners = np.array([(0, 0), (0, 24), (17, 20), (20, 2)], float)
    outline = polyline(*corners, corners[0])[:-1]
    points = turned(np.roll(outline, begin, axis=0), turn)

    curves = curve(points, RING)
    at = places(curves, cut(curves))

    apart = np.hypot(*(turned(corners, turn)[:, None] - at[None]).transpose(2, 0, 1)).min(axis=1)
    assert apart.max() < 0.3


@given(turn=angles())
def test_an_angle_is_cut_where_it_turns_and_evenly_on_its_sides(turn) -> None:
    curves = curve(turned(polyline((0, 0), (0, 13), (11, 13)), turn), OPEN)

    at = cut(curves).at

    np.testing.assert_allclose(at, [0, 6.5, 13, 18.5, 24], atol=0.3)


@pytest.mark.parametrize("radius", [8, 20, 60])
def test_an_arc_of_a_circle_is_cut_evenly(radius) -> None:
    t = np.linspace(0, 2.5, 200)

    cuts = cut(curve(radius * np.stack([np.sin(t), np.cos(t)], axis=1), OPEN))

    np.testing.assert_allclose(np.diff(cuts.at), cuts.at[-1] / (len(cuts.at) - 1), rtol=1e-6)


def test_a_ring_without_corners_is_cut_at_the_ends_of_its_longer_axis() -> None:
    t = np.linspace(0, 2 * np.pi, 400, endpoint=False) + 0.3
    curves = curve(np.stack([30 * np.sin(t), 26 * np.cos(t)], axis=1), RING)

    at = places(curves, cut(curves, piece=10.0))

    assert same_places(at[[0, (len(at) - 1) // 2]], np.array([(30.0, 0), (-30, 0)]), 0.2)


def test_a_loop_is_cut_where_it_begins() -> None:
    t = np.linspace(0, 2 * np.pi, 100)
    curves = curve(12 * np.stack([np.sin(t), np.cos(t)], axis=1), LOOP)

    for how in CUTS:
        assert cut(curves, how).at[0] == 0


def test_a_curve_without_points_has_no_cut_and_one_point_makes_one_piece() -> None:
    curves = curves_of(
        np.array([(3, 4), (5, 5)], np.float32),
        np.array([0, 0, 1, 2], np.int64),
        np.array([RING, RING, OPEN], np.uint8),
    )
    for how in CUTS:
        cuts = cut(curves, how)
        pieces = pieces_of(curves, cuts, np.zeros(2, np.float32), np.ones(3, np.int8))

        np.testing.assert_array_equal(cuts.offsets, [0, 0, 2, 4])
        np.testing.assert_array_equal(pieces.position, [(3, 4), (5, 5)])
        np.testing.assert_array_equal(pieces.direction, [(0, 1)] * 2)
        np.testing.assert_array_equal(pieces.following, [-1, -1])

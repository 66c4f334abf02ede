import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import angles, generators

from perceptgraph.graphs.cutting import CUTS, OPEN, RING, curves_of
from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.pieces import Pieces, pieces_of


def column(pieces: Pieces, name: str) -> np.ndarray:
    return pieces.attributes[:, list(ATTRIBUTES).index(name)]


def cut_evenly(points, closing: int, n: int, width=None, sense: int = 1) -> Pieces:
    """Pieces of one curve of about 1 / n of its length each."""
    points = np.asarray(points, np.float32)
    offsets = np.array([0, len(points)], np.int64)
    curves = curves_of(points, offsets, np.array([closing], np.uint8))
    width = np.zeros(len(points)) if width is None else width
    cuts = CUTS["equal"](curves, float(curves.length[0]) / n, None)
    return pieces_of(curves, cuts, np.asarray(width, np.float32), np.array([sense], np.int8))


def along(curvature, length: float, n: int = 2000) -> np.ndarray:
    """Points of the curve with this curvature at each way along it; theta begins at 0."""
    way = np.linspace(0, length, n)
    step = length / (n - 1)
    theta = np.cumsum(curvature(way)) * step
    return np.stack([np.cumsum(np.sin(theta)), np.cumsum(np.cos(theta))], axis=1) * step


@given(radius=st.floats(5, 50), opening=st.floats(0.1, 3.0), sense=st.sampled_from([-1, 1]))
def test_an_arc_of_a_circle_has_its_angle_and_sagitta(radius, opening, sense) -> None:
    t = np.linspace(0, opening, 2000)
    points = radius * np.stack([np.sin(t), np.cos(t)], axis=1)

    arc = cut_evenly(points, OPEN, 1, sense=sense)

    # Seen along growing theta a circle's middle is on the right, so the curve is left of its chord.
    sagitta = radius * (1 - np.cos(opening / 2))
    quarter = radius * (np.cos(opening / 4) - np.cos(opening / 2))
    for name, value in (
        ("length", radius * opening),
        ("turning", sense * opening),
        ("turning_slope", 0),
        ("offset_1", sense * quarter),
        ("offset_2", sense * sagitta),
        ("offset_3", sense * quarter),
    ):
        np.testing.assert_allclose(column(arc, name), value, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(arc.position, [points[1000]], atol=radius * 1e-3 + 1e-3)


def test_a_curve_whose_curvature_grows_evenly_turns_more_in_its_second_half() -> None:
    rate = 0.002

    arc = cut_evenly(along(lambda way: rate * way, 20.0), OPEN, 1)

    np.testing.assert_allclose(column(arc, "turning"), rate * 20**2 / 2, rtol=1e-2)
    halves = rate * 10**2 / 2, rate * (20**2 - 10**2) / 2
    np.testing.assert_allclose(column(arc, "turning_slope"), halves[1] - halves[0], rtol=1e-2)


@given(rng=generators(), n=st.integers(1, 8), closing=st.sampled_from([OPEN, RING]))
def test_pieces_against_the_order_of_points_are_the_same_seen_backwards(rng, n, closing) -> None:
    points, width = np.cumsum(rng.normal(0, 1, (60, 2)), axis=0), rng.uniform(1, 3, 60)

    there = cut_evenly(points, closing, n, width)
    back = cut_evenly(points, closing, n, width, sense=-1)

    np.testing.assert_array_equal(back.position, there.position)
    for name in ("length", "width", "turning_slope"):
        np.testing.assert_allclose(column(back, name), column(there, name), atol=1e-5)
    for name, seen in (
        ("width_slope", "width_slope"),
        ("offset_1", "offset_3"),
        ("offset_2", "offset_2"),
        ("offset_3", "offset_1"),
    ):
        np.testing.assert_allclose(column(back, name), -column(there, seen), atol=1e-5)
    np.testing.assert_allclose(back.direction, -there.direction, atol=1e-5)
    for piece, follower in enumerate(there.following):
        assert follower == -1 or back.following[follower] == piece


@given(rng=generators(), n=st.integers(1, 8))
def test_pieces_of_an_open_curve_follow_each_other_and_add_up(rng, n) -> None:
    points = np.cumsum(rng.uniform(0, 1, (40, 2)), axis=0)

    pieces = cut_evenly(points, OPEN, n)

    assert pieces.following.tolist() == [*range(1, n), -1]
    assert pieces.curve.tolist() == [0] * n
    total = np.hypot(*np.diff(points.astype(np.float32), axis=0).T).sum()
    np.testing.assert_allclose(column(pieces, "length").sum(), total, rtol=1e-5)


@pytest.mark.parametrize("sense", [-1, 1])
def test_pieces_of_a_ring_follow_each_other_in_a_circle(sense) -> None:
    t = np.linspace(0, 2 * np.pi, 100, endpoint=False)

    pieces = cut_evenly(np.stack([np.sin(t), np.cos(t)], axis=1), RING, 5, sense=sense)

    assert pieces.following.tolist() == [(k + sense) % 5 for k in range(5)]
    # Each begins where the one before has ended: the middles are ahead of each other.
    step = pieces.position[pieces.following] - pieces.position
    assert ((step * pieces.direction).sum(axis=1) > 0).all()


@given(width=st.floats(1, 4), slope=st.floats(-0.1, 0.1))
def test_a_stroke_that_widens_evenly_has_that_slope(width, slope) -> None:
    way = np.linspace(0, 20, 41)
    points = np.stack([np.zeros(41), way], axis=1)

    pieces = cut_evenly(points, OPEN, 2, width + slope * way)

    np.testing.assert_allclose(
        column(pieces, "width"), width + slope * np.array([5, 15]), atol=1e-4
    )
    np.testing.assert_allclose(column(pieces, "width_slope"), 10 * slope, atol=1e-4)


@given(rng=generators(), turn=angles(), scale=st.floats(0.5, 3))
def test_measures_do_not_see_the_pose_and_lengths_grow_with_the_scale(rng, turn, scale) -> None:
    bends = rng.uniform(-0.1, 0.1, 4)
    points = along(lambda way: np.interp(way, np.linspace(0, 60, 4), bends), 60.0, 120)
    width = rng.uniform(1, 3, 120)
    matrix = scale * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    here = cut_evenly(points, OPEN, 4, width)
    there = cut_evenly(points @ matrix.T, OPEN, 4, scale * width)

    for name, (unit, _) in ATTRIBUTES.items():
        grown = column(here, name) * (scale if unit == "pixels" else 1)
        np.testing.assert_allclose(column(there, name), grown, atol=1e-3)

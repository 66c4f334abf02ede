import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import angles, generators

from perceptgraph.graphs.course import courses
from perceptgraph.graphs.frames import (
    ATTRIBUTES,
    NODE_KINDS,
    Frames,
    joined,
    lone_nodes,
    side_by_side,
)
from perceptgraph.graphs.rays import SEES, rays

REACH = 20.0


def nodes(kinds, position, theta, length, offsets=(0, 0, 0)) -> Frames:
    n = len(kinds)
    attributes = np.zeros((n, len(ATTRIBUTES)), np.float32)
    attributes[:, list(ATTRIBUTES).index("length")] = length
    first = list(ATTRIBUTES).index("offset_1")
    attributes[:, first : first + 3] = offsets
    theta = np.broadcast_to(np.asarray(theta, float), n)
    return lone_nodes(
        np.array([NODE_KINDS.index(kind) for kind in kinds], np.uint8),
        np.array(position, np.float32).reshape(n, 2),
        np.stack([np.sin(theta), np.cos(theta)], axis=1).astype(np.float32),
        attributes,
    )


@st.composite
def scattered(draw: st.DrawFn, max_size: int = 10) -> Frames:
    rng = draw(generators())
    n = draw(st.integers(0, max_size))
    length = rng.uniform(1, 15, n)
    return nodes(
        rng.choice(NODE_KINDS, n),
        rng.uniform(0, 30, (n, 2)),
        rng.uniform(-np.pi, np.pi, n),
        length,
        rng.uniform(-0.2, 0.2, (n, 3)) * length[:, None],
    )


def turned(frames: Frames, turn: float) -> Frames:
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return lone_nodes(
        frames.kind,
        (frames.position @ matrix.T).astype(np.float32),
        (frames.direction @ matrix.T).astype(np.float32),
        frames.attributes,
    )


def first_met(frames: Frames, i: int, way: np.ndarray) -> tuple[float, int]:
    """Smallest positive t at which position + t way lies on a piece, by solving 2 x 2 systems."""
    found = [(REACH, -1)]
    points = courses(frames)
    for j in range(len(frames)):
        if j == i or SEES[frames.kind[j]] != SEES[frames.kind[i]] or SEES[frames.kind[i]] == 0:
            continue
        for a, b in zip(points[j, :-1], points[j, 1:], strict=True):
            t, share = np.linalg.solve(np.stack([way, a - b], axis=1), a - frames.position[i])
            if 0.5 <= t <= REACH and 0 <= share <= 1:
                found.append((t, j))
    return min(found)


@given(frames=scattered())
def test_rays_end_where_solving_for_every_crossing_says(frames) -> None:
    cast = rays(frames, REACH)

    for i in range(len(frames)):
        if SEES[frames.kind[i]] == 0:
            assert cast.inward[i] == cast.outward[i] == 0
            assert cast.inward_hit[i] == cast.outward_hit[i] == -1
            continue
        for way, length, hit in (
            (frames.left[i], cast.inward[i], cast.inward_hit[i]),
            (-frames.left[i], cast.outward[i], cast.outward_hit[i]),
        ):
            expected, node = first_met(frames, i, way.astype(float))
            np.testing.assert_allclose(length, expected, atol=2e-3)
            assert hit == node


@given(frames=scattered(), turn=angles())
def test_rays_do_not_see_the_pose_of_the_picture(frames, turn) -> None:
    here, there = rays(frames, REACH), rays(turned(frames, turn), REACH)

    np.testing.assert_array_equal(here.inward_hit, there.inward_hit)
    np.testing.assert_array_equal(here.outward_hit, there.outward_hit)
    np.testing.assert_allclose(here.inward, there.inward, atol=1e-3)
    np.testing.assert_allclose(here.outward, there.outward, atol=1e-3)


@given(images=st.lists(scattered(max_size=5), max_size=4))
def test_images_side_by_side_do_not_meet(images) -> None:
    cast = rays(side_by_side(images), REACH)

    one_by_one = [rays(frames, REACH) for frames in images]
    starts = np.cumsum([0, *(len(frames) for frames in images)])
    for start, frames, alone in zip(starts, images, one_by_one, strict=False):
        rows = slice(start, start + len(frames))
        np.testing.assert_array_equal(cast.inward[rows], alone.inward)
        np.testing.assert_array_equal(cast.outward[rows], alone.outward)
        moved = np.where(alone.inward_hit < 0, -1, alone.inward_hit + start)
        np.testing.assert_array_equal(cast.inward_hit[rows], moved)


def test_a_bright_bar_is_as_wide_inside_as_its_two_contours_are_apart() -> None:
    # The way to the right keeps up on its left, so the lower contour of a bright bar runs right.
    bar = nodes(["arc", "line"], [(10, 0), (4, 0)], [0, np.pi], 8)

    cast = rays(bar, REACH)

    np.testing.assert_allclose(cast.inward, 6)
    np.testing.assert_allclose(cast.outward, REACH)
    np.testing.assert_array_equal(cast.inward_hit, [1, 0])
    np.testing.assert_array_equal(cast.outward_hit, [-1, -1])


def test_a_bent_piece_is_met_where_it_bends_to() -> None:
    two = nodes(["arc", "arc"], [(10, 0), (4, 0)], [0, np.pi], 8, [(0, 0, 0), (1.5, 2, 1.5)])

    # The position of the bent piece is its middle, which lies on the ray; its ends do not.
    points = courses(two)

    np.testing.assert_allclose(points[1, 2], (4, 0), atol=1e-6)
    np.testing.assert_allclose(points[1, [0, 4], 0], 2, atol=1e-6)
    np.testing.assert_allclose(np.hypot(*np.diff(points, axis=1).T), 2, atol=1e-6)
    np.testing.assert_allclose(rays(two, REACH).inward[0], 6, atol=1e-6)


def test_strokes_meet_the_dart_that_faces_them_and_no_contour() -> None:
    darts = nodes(["dart"] * 4 + ["line"], [(0, 0)] * 2 + [(9, 0)] * 3, [0, np.pi, 0, np.pi, 0], 6)

    cast = rays(darts, REACH)

    np.testing.assert_array_equal(cast.inward_hit, [-1, 2, 1, -1, -1])
    np.testing.assert_array_equal(cast.outward_hit, [3, -1, -1, 0, -1])
    np.testing.assert_allclose(cast.outward, [9, REACH, REACH, 9, REACH])


def test_what_lies_beyond_the_reach_is_not_met() -> None:
    bar = nodes(["line", "line"], [(6, 0), (0, 0)], [0, np.pi], 4)

    assert rays(bar, 6.01).inward_hit.tolist() == [1, 0]
    assert rays(bar, 5.99).inward_hit.tolist() == [-1, -1]


@pytest.mark.parametrize("frames", [joined([]), side_by_side([]), nodes(["arc"], [(0, 0)], 0, 0)])
def test_no_node_and_one_node_are_legal(frames) -> None:
    cast = rays(frames, REACH)

    np.testing.assert_array_equal(cast.inward, [REACH] * len(frames))
    np.testing.assert_array_equal(cast.inward_hit, [-1] * len(frames))


def test_reach_must_be_positive() -> None:
    with pytest.raises(ValueError, match="reach must be positive"):
        rays(joined([]), 0)

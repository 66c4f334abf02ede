import numpy as np
import pytest
from curves import clothoid, column, measured, turned
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
from perceptgraph.graphs.image_maps import affine_map
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import Junctions, primitives
from perceptgraph.graphs.push_forward import pushed_forward

MEASURED = ("length", "turning", "turning_slope", "offset_1", "offset_2", "offset_3")
MIRROR = np.diag([1.0, -1.0])


def rotation(theta: float) -> np.ndarray:
    """(row, column) turned from +column towards +row."""
    return np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])


def one_map(linear, shift=(0.0, 0.0)):
    return affine_map(np.array(linear, float)[None], np.array(shift, float)[None])


def junction(*branches: float) -> Junctions:
    n = len(branches)
    return Junctions(
        np.array([[3, 4]], np.float32),
        np.array(branches, np.float32),
        np.array([0, n], np.int64),
        np.zeros(1, np.uint8),
        np.array([5], np.float32),
        np.array([-2], np.float32),
    )


def junction_node(*branches: float) -> Frames:
    return frames_of(primitives(junctions=junction(*branches)))


def blob_node(length: float, width: float, theta: float) -> Frames:
    attributes = np.zeros((1, len(ATTRIBUTES)), np.float32)
    attributes[0, :2] = length, width
    return lone_nodes(
        np.array([NODE_KINDS.index("blob")], np.uint8),
        np.array([[3, 4]], np.float32),
        np.array([[np.sin(theta), np.cos(theta)]], np.float32),
        attributes,
    )


@st.composite
def paths(draw: st.DrawFn) -> np.ndarray:
    """Curves that turn by up to a quarter, anywhere in the picture."""
    turning, slope = draw(st.floats(-1.5, 1.5)), draw(st.floats(-0.5, 0.5))
    path = turned(clothoid(turning, slope, draw(st.floats(2, 12))), draw(angles()))
    return path + draw(generators()).uniform(0, 40, 2)


@st.composite
def linear_maps(draw: st.DrawFn, strain: float = 0.2) -> np.ndarray:
    stretch = np.eye(2) + draw(generators()).uniform(-strain, strain, (2, 2))
    return rotation(draw(angles())) @ stretch


def assert_same(here: Frames, there: Frames, atol: float = 2e-5) -> None:
    np.testing.assert_array_equal(here.kind, there.kind)
    np.testing.assert_allclose(here.position, there.position, atol=10 * atol)
    np.testing.assert_allclose(here.direction, there.direction, atol=atol)
    np.testing.assert_allclose(here.attributes, there.attributes, atol=10 * atol)
    np.testing.assert_array_equal(here.following, there.following)


@given(path=paths(), theta=angles(), size=st.floats(0.3, 3))
def test_a_similar_picture_gives_similar_frames(path, theta, size) -> None:
    linear, shift = size * rotation(theta), np.array([7.0, -3.0])

    pushed = pushed_forward(measured(path, width=2, inward=5), one_map(linear, shift))

    assert_same(pushed, measured(path @ linear.T + shift, width=2 * size, inward=5 * size), 1e-4)


@given(path=paths())
def test_a_mirror_turns_curves_round_so_that_the_brighter_side_stays_left(path) -> None:
    frames = measured(path, width_slope=1, inward=5, outward=3)

    pushed = pushed_forward(frames, one_map(MIRROR))

    # The middle of the ray to the left goes where the mirror takes it.
    aside = frames.position + 5 * frames.left
    np.testing.assert_allclose(pushed.position + 5 * pushed.left, aside @ MIRROR, atol=1e-4)
    again = measured(path[::-1] @ MIRROR, width_slope=-1, inward=5, outward=3)
    assert_same(pushed, again, 1e-4)


@given(path=paths(), linear=linear_maps())
def test_an_affine_map_of_a_piece_is_close_to_the_piece_of_the_mapped_curve(path, linear) -> None:
    frames = measured(path)

    pushed, again = pushed_forward(frames, one_map(linear)), measured(path @ linear.T)

    np.testing.assert_allclose(pushed.direction, again.direction, atol=1e-4)
    np.testing.assert_allclose(column(pushed, "length"), column(again, "length"), rtol=0.02)
    np.testing.assert_allclose(column(pushed, "turning"), column(again, "turning"), atol=0.03)
    # The quarters of the way along the mapped curve are not quite the mapped quarters.
    slopes = column(pushed, "turning_slope"), column(again, "turning_slope")
    np.testing.assert_allclose(*slopes, atol=0.2)
    atol = 0.03 * float(column(again, "length")[0])
    for k in (1, 2, 3):
        name = f"offset_{k}"
        np.testing.assert_allclose(column(pushed, name), column(again, name), atol=atol)


@given(path=paths(), rng=generators())
def test_the_ends_of_a_piece_go_where_the_map_takes_them(path, rng) -> None:
    def bend(points: np.ndarray) -> np.ndarray:
        return points + np.sin(points[..., ::-1] / 9 + phase) * (1.0, -1.5)

    def bent(points: np.ndarray, _: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = np.cos(points[..., ::-1] / 9 + phase) * (1.0, -1.5) / 9
        jacobian = np.zeros((*points.shape, 2))
        jacobian[..., 0, 0] = jacobian[..., 1, 1] = 1
        jacobian[..., 0, 1], jacobian[..., 1, 0] = slope[..., 0], slope[..., 1]
        return bend(points), jacobian

    phase = rng.uniform(0, 6, 2)
    frames = measured(path)

    pushed = pushed_forward(frames, bent)

    ends = bend(courses(frames)[0, [0, 4]])
    length = float(column(frames, "length")[0])
    np.testing.assert_allclose(courses(pushed)[0, [0, 4]], ends, atol=0.05 * length)
    again = measured(bend(path))
    np.testing.assert_allclose(pushed.direction, again.direction, atol=0.03)
    np.testing.assert_allclose(column(pushed, "turning"), column(again, "turning"), atol=0.06)
    np.testing.assert_allclose(column(pushed, "length"), column(again, "length"), rtol=0.03)


@given(path=paths(), linear=linear_maps(), step=st.floats(0.01, 0.1))
def test_the_jacobian_turns_a_short_line_as_the_difference_of_its_mapped_ends(
    path, linear, step
) -> None:
    frames = measured(path[:: len(path) - 1], "line", width=3)

    pushed = pushed_forward(frames, one_map(linear))

    there = step * frames.direction[0] @ linear.T
    np.testing.assert_allclose(pushed.direction[0], there / np.hypot(*there), atol=1e-5)
    stretch = np.hypot(*there) / step
    np.testing.assert_allclose(
        column(pushed, "length"), stretch * column(frames, "length"), rtol=1e-5
    )
    # Area is what the determinant says.
    area = np.linalg.det(linear) * column(frames, "length") * 3
    np.testing.assert_allclose(column(pushed, "length") * column(pushed, "width"), area, rtol=1e-4)
    for name in MEASURED[1:]:
        np.testing.assert_array_equal(column(pushed, name), column(frames, name))


@given(
    branches=st.lists(st.floats(-3, 3), min_size=1, max_size=4, unique_by=lambda b: round(b, 1)),
    linear=linear_maps(),
    is_mirrored=st.booleans(),
)
def test_branches_of_a_junction_are_those_of_the_mapped_picture(
    branches, linear, is_mirrored
) -> None:
    linear = MIRROR @ linear if is_mirrored else linear
    ways = np.stack([np.sin(branches), np.cos(branches)], axis=1) @ linear.T

    pushed = pushed_forward(junction_node(*branches), one_map(linear))

    again = junction_node(*np.arctan2(*ways.T))
    gaps = np.sort(
        np.diff(np.sort(np.arctan2(*ways.T)), append=np.arctan2(*ways.T).min() + 2 * np.pi)
    )
    if len(gaps) == 1 or gaps[-1] > gaps[-2] + 0.01:
        np.testing.assert_allclose(pushed.direction, again.direction, atol=1e-4)
        for k in range(1, 5):
            branch = f"branch_{k}"
            np.testing.assert_allclose(column(pushed, branch), column(again, branch), atol=1e-3)
    scale = 5 * np.sqrt(abs(np.linalg.det(linear)))
    np.testing.assert_allclose(column(pushed, "scale"), scale, rtol=1e-5)


@given(linear=linear_maps())
def test_five_branches_keep_their_gap(linear) -> None:
    node = junction_node(-2.9, -2.4, 0.4, 1.1, 2.0)

    pushed = pushed_forward(node, one_map(linear))

    def ways(frames: Frames) -> np.ndarray:
        turn = [column(frames, f"branch_{k}")[0] for k in (1, 2, 3, 4)]
        return np.outer(np.cos(turn), frames.direction) + np.outer(np.sin(turn), frames.left)

    there = ways(node) @ linear.T
    there /= np.hypot(*there.T)[:, None]
    np.testing.assert_allclose(ways(pushed), there, atol=1e-4)


@given(theta=angles(), turn=angles(), degree=st.sampled_from([2, 4]))
def test_a_junction_with_equal_gaps_goes_on_looking_along_its_own(theta, turn, degree) -> None:
    branches = np.mod(theta + 2 * np.pi / degree * np.arange(degree) + np.pi, 2 * np.pi) - np.pi
    node = junction_node(*branches)

    pushed = pushed_forward(node, one_map(rotation(turn)))

    np.testing.assert_allclose(pushed.direction, node.direction @ rotation(turn).T, atol=1e-5)
    np.testing.assert_allclose(pushed.attributes, node.attributes, atol=1e-4)


def test_a_junction_without_branches_looks_along_the_mapped_direction() -> None:
    pushed = pushed_forward(junction_node(), one_map([[0.0, 2.0], [-2.0, 0.0]]))

    np.testing.assert_allclose(pushed.direction, [(1, 0)], atol=1e-6)
    assert column(pushed, "scale") == 10


@given(width=st.floats(1, 8), theta=angles(), linear=linear_maps())
def test_a_blob_has_the_moments_of_the_mapped_blob(width, theta, linear) -> None:
    blob = blob_node(9, width, theta)

    def moments(frames: Frames) -> np.ndarray:
        axes = np.stack([frames.direction[0], frames.left[0]], axis=1).astype(float)
        return axes @ np.diag(frames.attributes[0, :2].astype(float) ** 2) @ axes.T

    pushed = pushed_forward(blob, one_map(linear))

    np.testing.assert_allclose(moments(pushed), linear @ moments(blob) @ linear.T, atol=2e-3)
    assert column(pushed, "length") >= column(pushed, "width")
    assert (linear @ blob.direction[0]) @ pushed.direction[0] >= 0


def test_a_round_blob_turns_with_the_picture() -> None:
    pushed = pushed_forward(blob_node(6, 6, 0.4), one_map(rotation(1.0)))

    np.testing.assert_allclose(np.arctan2(*pushed.direction.T), 1.4, atol=1e-5)


def test_each_image_has_its_own_map() -> None:
    images = [
        measured(clothoid(0.5, 0, 5)),
        junction_node(1, 2),
        joined([]),
        measured(clothoid(1, 0, 4)),
    ]
    linear = np.stack([np.eye(2), 2 * np.eye(2), np.eye(2), MIRROR])
    shift = np.arange(8.0).reshape(4, 2)

    pushed = pushed_forward(side_by_side(images), affine_map(linear, shift))

    alone = [
        pushed_forward(frames, one_map(a, b))
        for frames, a, b in zip(images, linear, shift, strict=True)
    ]
    assert_same(pushed, side_by_side(alone), 0)
    np.testing.assert_array_equal(pushed.offsets, [0, 1, 2, 2, 3])


def test_a_mirror_turns_round_which_piece_follows() -> None:
    pieces = joined([measured(np.add(clothoid(0.2, 0, 5), (0, k))) for k in range(4)])
    following = np.array([1, 2, -1, 3], np.int32)
    frames = Frames(
        pieces.kind,
        pieces.position,
        pieces.direction,
        pieces.attributes,
        following,
        pieces.curve,
        pieces.around,
        pieces.offsets,
    )
    both = side_by_side([frames, frames])

    pushed = pushed_forward(both, affine_map(np.stack([np.eye(2), MIRROR]), np.zeros((2, 2))))

    np.testing.assert_array_equal(pushed.following, [1, 2, -1, 3, -1, 0, 1, 3])


@pytest.mark.parametrize("kind", ["line", "arc", "dart"])
def test_a_piece_without_length_keeps_a_direction(kind) -> None:
    path = np.array([[0.0, 0.0], [0.0, 1.0]])
    node = measured(path, kind, length=0.0)

    pushed = pushed_forward(node, one_map(rotation(0.5)))

    np.testing.assert_allclose(np.arctan2(*pushed.direction.T), 0.5, atol=1e-6)
    assert column(pushed, "length") == 0


def test_no_node_stays_no_node() -> None:
    assert len(pushed_forward(joined([]), one_map(np.eye(2)))) == 0

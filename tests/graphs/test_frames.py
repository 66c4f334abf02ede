import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import drawn_primitives

from perceptgraph.graphs.frames import ATTRIBUTES, Frames, joined, lone_nodes, side_by_side
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.stores.arrays import ContractError


def some(n: int) -> Frames:
    direction = np.tile(np.float32([0, 1]), (n, 1))
    columns = np.zeros((n, len(ATTRIBUTES)), np.float32)
    return lone_nodes(np.zeros(n, np.uint8), np.zeros((n, 2), np.float32), direction, columns)


def test_left_of_a_way_to_the_right_is_up() -> None:
    np.testing.assert_array_equal(some(1).left, [(-1, 0)])


def test_families_joined_are_one_image_and_their_curves_stay_apart() -> None:
    frames = joined([some(2), some(0), some(3)])

    assert frames.offsets.tolist() == [0, 5]
    assert frames.curve.tolist() == [0, 1, 2, 3, 4]
    assert frames.following.tolist() == [-1] * 5


@given(images=st.lists(drawn_primitives(5), min_size=1, max_size=4))
def test_images_side_by_side_keep_their_own_counts(images) -> None:
    each = [frames_of(image) for image in images]

    frames = side_by_side(each)

    for g, one in enumerate(each):
        rows = slice(frames.offsets[g], frames.offsets[g + 1])
        np.testing.assert_array_equal(frames.curve[rows], one.curve)
        np.testing.assert_array_equal(frames.attributes[rows], one.attributes)


def test_arrays_of_another_shape_or_type_are_refused() -> None:
    with pytest.raises(ContractError, match="position: expected shape"):
        lone_nodes(
            np.zeros(2, np.uint8),
            np.zeros((1, 2), np.float32),
            np.zeros((2, 2), np.float32),
            np.zeros((2, len(ATTRIBUTES)), np.float32),
        )

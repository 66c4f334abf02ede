"""What a pixel model sees: upright, in the middle, of one height; or black and white."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.stages.baselines.views import (
    HEIGHT,
    VIEWS,
    WIDTH,
    binary,
    check_view,
    deskewed,
    thresholded,
)


def moments(picture: np.ndarray) -> tuple[float, float, float, float, float]:
    """Centre (row, column), deviations of rows and columns, and their correlation."""
    mass, place = picture.astype(np.float64), np.arange(len(picture))
    total = mass.sum()
    row, column = mass.sum(1) @ place / total, mass.sum(0) @ place / total
    high = np.sqrt(mass.sum(1) @ (place - row) ** 2 / total)
    wide = np.sqrt(mass.sum(0) @ (place - column) ** 2 / total)
    return row, column, high, wide, (place - row) @ mass @ (place - column) / total / high / wide


def drawn_ring(slant: float, row: float, column: float, height: float, width: float) -> np.ndarray:
    """A smooth bright ring on dark, slanted about its middle at (row, column), 40 x 40 pixels."""
    rows, columns = np.meshgrid(np.arange(40.0), np.arange(40.0), indexing="ij")
    up, across = (rows - row) / height, (columns - column - slant * (rows - row)) / width
    return np.exp(-(((np.hypot(up, across) - 1) / 0.25) ** 2)).astype(np.float32)


@given(
    slant=st.floats(-0.4, 0.4),
    row=st.floats(18, 21),
    column=st.floats(18, 21),
    height=st.floats(7, 10),
    width=st.floats(5, 8),
)
def test_deskewed_picture_is_upright_in_the_middle_and_of_one_size(
    slant: float, row: float, column: float, height: float, width: float
) -> None:
    picture = drawn_ring(slant, row, column, height, width)

    centre_row, centre_column, high, wide, correlation = moments(deskewed(picture))

    assert centre_row == pytest.approx(19.5, abs=0.1)
    assert centre_column == pytest.approx(19.5, abs=0.1)
    assert high == pytest.approx(HEIGHT * 40, rel=0.03)
    assert wide == pytest.approx(WIDTH * 40, rel=0.03)
    assert correlation == pytest.approx(0, abs=0.03)


def test_thin_stroke_stays_thin() -> None:
    stroke = np.zeros((40, 40), np.float32)
    stroke[10:30, 19:21] = 1

    wide = moments(deskewed(stroke))[3]

    assert wide < WIDTH * 40 / 2


@given(value=st.floats(0, 1, width=32))
def test_picture_without_contrast_stays(value: float) -> None:
    blank = np.full((16, 16), value, np.float32)

    np.testing.assert_array_equal(deskewed(blank), blank)
    np.testing.assert_array_equal(thresholded(blank), 0)


@pytest.mark.parametrize("name", VIEWS)
def test_view_keeps_shape_type_and_range(name: str) -> None:
    picture = np.random.default_rng(0).random((20, 20), np.float32)

    seen = VIEWS[name](picture)

    assert seen.shape == picture.shape
    assert seen.dtype == np.float32
    assert 0 <= seen.min() <= seen.max() <= 1


def test_thresholded_picture_does_not_see_brightness_and_contrast() -> None:
    picture = np.random.default_rng(0).random((20, 20), np.float32)

    np.testing.assert_array_equal(thresholded(picture), thresholded(0.2 + 0.5 * picture))
    assert set(np.unique(thresholded(picture))) == {0, 1}


@given(dark=st.floats(0, 0.5, width=32), bright=st.floats(0.5, 1, exclude_min=True, width=32))
def test_one_pixel_moves_no_other_of_a_binary_picture(dark: float, bright: float) -> None:
    picture = np.random.default_rng(0).random((20, 20), np.float32)
    other = picture.copy()
    other[0, :2] = dark, bright

    np.testing.assert_array_equal(binary(other)[1:], binary(picture)[1:])
    assert binary(other)[0, :2].tolist() == [0, 1]


def test_unknown_view_is_named() -> None:
    with pytest.raises(
        ValueError, match="expected one of raw, deskewed, thresholded, binary, got 'blue'"
    ):
        check_view("blue")

"""What a pixel model sees: upright, in the middle, of one height; or black and white."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.stages.baselines.views import SPREAD, VIEWS, check_view, deskewed, thresholded


def drawn_bar(slant: float, row: float, column: float, height: float) -> np.ndarray:
    """A bright bar on dark, slanted about its middle at (row, column), 40 x 40 pixels."""
    picture = np.zeros((40, 40), np.float32)
    ends = np.array(
        [[column - slant * height, row - height], [column + slant * height, row + height]]
    )
    cv2.line(picture, *(tuple(round(v * 16) for v in end) for end in ends), 1.0, 3, cv2.LINE_AA, 4)
    return picture


def moments(picture: np.ndarray) -> tuple[float, float, float, float]:
    """Centre (row, column), spread along the rows, and covariance of row and column."""
    mass, place = picture.astype(np.float64), np.arange(len(picture))
    total = mass.sum()
    row, column = mass.sum(1) @ place / total, mass.sum(0) @ place / total
    spread = np.sqrt(mass.sum(1) @ (place - row) ** 2 / total)
    return row, column, spread, (place - row) @ mass @ (place - column) / total


@given(
    slant=st.floats(-0.4, 0.4),
    row=st.floats(16, 24),
    column=st.floats(16, 24),
    height=st.floats(8, 12),
)
def test_deskewed_picture_is_upright_in_the_middle_and_of_one_height(
    slant: float, row: float, column: float, height: float
) -> None:
    picture = drawn_bar(slant, row, column, height)

    found = moments(deskewed(picture))

    assert found[0] == pytest.approx(19.5, abs=0.2)
    assert found[1] == pytest.approx(19.5, abs=0.2)
    assert found[2] == pytest.approx(SPREAD * 40, rel=0.05)
    assert found[3] == pytest.approx(0, abs=0.8)


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


def test_unknown_view_is_named() -> None:
    with pytest.raises(ValueError, match="expected one of raw, deskewed, thresholded, got 'blue'"):
        check_view("blue")

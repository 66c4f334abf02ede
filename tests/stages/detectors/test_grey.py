"""Grey levels of every kind of image."""

import numpy as np
import pytest

from perceptgraph.stages.detectors.grey import grey


@pytest.mark.parametrize(
    ("image", "level"),
    [
        (np.full((2, 3), 255, np.uint8), 1.0),
        (np.full((2, 3, 1), 65535, np.uint16), 1.0),
        (np.full((2, 3, 3), 0.25, np.float64), 0.25),
        (np.full((2, 3, 4), 51, np.uint8), 0.2),
        (np.full((2, 3), True), 1.0),
    ],
)
def test_levels_are_shares_of_full_scale(image: np.ndarray, level: float) -> None:
    found = grey(image)

    assert (found.shape, found.dtype) == ((2, 3), np.float32)
    np.testing.assert_allclose(found, level, rtol=1e-6)


def test_green_is_brighter_than_red_than_blue() -> None:
    red, green, blue = (grey(np.eye(3)[None, None, i])[0, 0] for i in range(3))

    assert green > red > blue


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((2, 2, 2), np.uint8), "expected an image"),
        (np.zeros(4, np.uint8), "expected an image"),
        (np.zeros((0, 4), np.uint8), "at least one pixel"),
        (np.zeros((2, 2), np.int64), "int64"),
        (np.full((2, 2), np.nan, np.float32), "4 of 4 values are NaN"),
        (np.full((2, 2), 7.0), r"in \[0, 1\]"),
    ],
)
def test_what_is_no_image_is_refused(image: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        grey(image)

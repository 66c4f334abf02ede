"""Contours pass between the same pixels when levels are cut off, and see less of the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.stages.detectors.clipped_contours import clipped_contours
from perceptgraph.stages.detectors.contours import contours

ALL = 1000.0  # no line is too likely by chance


def picture(seed: int) -> np.ndarray:
    """Levels that no rounding takes across the middle."""
    rng = np.random.default_rng(seed)
    levels = rng.choice([0.0, 0.1, 0.3, 0.42, 0.58, 0.8, 1.0], (9, 8))
    levels[0, :2] = 0, 1
    return levels.astype(np.float32)


def crossed(points: np.ndarray) -> set[tuple[int, int, int, int]]:
    """The two pixels that each point of a line lies between."""
    low, high = np.floor(points).astype(int), np.ceil(points).astype(int)
    return {tuple(row) for row in np.column_stack([low, high]).tolist()}


@given(seed=st.integers(0, 999), window=st.floats(0.2, 1.0))
def test_lines_pass_between_the_same_pixels(seed: int, window: float) -> None:
    image = picture(seed)

    found = clipped_contours(image, window=window, log10_eps=ALL)

    wanted = contours(image, log10_eps=ALL)
    assert crossed(found.points) == crossed(wanted.points)


@given(seed=st.integers(0, 999))
def test_what_is_cut_off_before_and_after_changes_nothing(seed: int) -> None:
    image = picture(seed)
    other = np.where(image == 0.1, np.float32(0.3), np.where(image == 0.8, np.float32(1), image))

    one, two = (clipped_contours(x, window=0.3, log10_eps=ALL) for x in (image, other))

    np.testing.assert_array_equal(one.points, two.points)
    np.testing.assert_array_equal(one.log10_nfa, two.log10_nfa)


def test_the_whole_window_keeps_every_level() -> None:
    image = picture(3)

    found, wanted = clipped_contours(image, window=1.0), contours(image)

    np.testing.assert_allclose(found.points, wanted.points, atol=1e-5)


@pytest.mark.parametrize("window", [0.0, 1.5, float("nan")])
def test_a_window_that_keeps_nothing_or_too_much_is_refused(window: float) -> None:
    with pytest.raises(ValueError, match="window"):
        clipped_contours(picture(0), window=window)

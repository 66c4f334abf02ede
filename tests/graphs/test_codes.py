import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perceptgraph.graphs.codes import coded, coded_angle

VALUES = arrays(np.float32, st.integers(1, 30), elements=st.floats(-50, 50, width=32))


@given(values=VALUES, bits=st.integers(1, 5))
def test_a_code_is_made_of_means_of_equally_full_bins(values: np.ndarray, bits: int) -> None:
    found = coded(values, values, bits)

    assert len(np.unique(found)) <= 2**bits
    assert (np.diff(found[np.argsort(values, kind="stable")]) >= 0).all()
    for value in np.unique(found):
        np.testing.assert_allclose(values[found == value].mean(dtype=float), value, atol=1e-4)


def test_bins_are_equally_full() -> None:
    values = np.random.default_rng(0).exponential(size=1024).astype(np.float32)

    _, counts = np.unique(coded(values, values, 4), return_counts=True)

    np.testing.assert_array_equal(counts, 64)


@given(values=VALUES)
def test_more_bits_never_lose_more(values: np.ndarray) -> None:
    errors = [np.square(coded(values, values, bits) - values).sum() for bits in (1, 6)]

    assert errors[1] <= errors[0] + 1e-3


def test_what_was_not_known_takes_a_value_of_the_code() -> None:
    known = np.array([0, 1, 5, 7, np.nan], np.float32)

    found = coded(np.array([-3, 4, 20, np.nan], np.float32), known, 1)

    np.testing.assert_array_equal(found, np.array([0.5, 0.5, 6, np.nan], np.float32))


@given(angle=st.floats(-np.pi, np.pi), bits=st.integers(1, 8))
def test_directions_turn_by_half_a_step_at_most(angle: float, bits: int) -> None:
    direction = np.array([[np.sin(angle), np.cos(angle)]], np.float32)

    found = coded_angle(direction, bits)

    turn = np.arccos(np.clip((found * direction).sum(), -1, 1))
    assert turn <= np.pi / 2**bits + 1e-3


@pytest.mark.parametrize("bits", [0, 17, 1.5])
def test_bits_that_cannot_be_are_named(bits: float) -> None:
    with pytest.raises(ValueError, match="whole number from 1 to 16"):
        coded(np.zeros(1, np.float32), np.zeros(1, np.float32), bits)

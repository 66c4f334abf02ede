"""Checks at the door say what was expected and what was found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.stores.arrays import (
    ContractError,
    check_array,
    check_offsets,
    distinct,
    offsets_of,
    ranges,
)


def test_wrong_shape_or_type_names_both() -> None:
    with pytest.raises(ContractError, match=r"x: expected shape \(any, 2\) of float32, got \(3,\)"):
        check_array("x", np.zeros(3, np.float32), (None, 2), np.float32)
    with pytest.raises(ContractError, match=r"got .* of float64"):
        check_array("x", np.zeros((3, 2)), (None, 2), np.float32)


@pytest.mark.parametrize("offsets", [[0, 2, 1], [1, 2, 3], [0, 1, 2]])
def test_offsets_that_do_not_cut_the_values_are_refused(offsets: list[int]) -> None:
    with pytest.raises(ContractError, match="from 0 to 3"):
        check_offsets("x", np.array(offsets), 2, 3)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6)), max_size=8))
def test_ranges_are_the_runs_one_after_the_other(runs: list[tuple[int, int]]) -> None:
    starts = np.array([a for a, _ in runs], np.int64)
    counts = np.array([n for _, n in runs], np.int64)

    want = [i for a, n in runs for i in range(a, a + n)]
    assert ranges(starts, counts).tolist() == want
    assert offsets_of(counts)[-1] == len(want)


@given(st.lists(st.integers(-3, 3)))
def test_distinct_values_are_those_of_a_set(values: list[int]) -> None:
    assert distinct(np.array(values, np.int64)).tolist() == sorted(set(values))

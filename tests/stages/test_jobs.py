"""Which images cells take: no key of a cell knows of it, so it stays as it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.stages.jobs import spread


@pytest.mark.parametrize(
    ("n", "wanted", "found"),
    [
        (10, 4, [0, 3, 6, 9]),
        (9, 4, [0, 2, 5, 8]),
        (7, 1, [0]),
        (3, 5, [0, 1, 2]),
        (3, None, [0, 1, 2]),
    ],
)
def test_images_that_are_scored_are_these(n: int, wanted: int | None, found: list[int]) -> None:
    assert spread(np.arange(n), wanted).tolist() == found


@given(n=st.integers(1, 300), wanted=st.integers(1, 300))
def test_images_that_are_scored_differ_and_are_so_many(n: int, wanted: int) -> None:
    found = spread(np.arange(n), wanted)

    assert len(np.unique(found)) == len(found) == min(n, wanted)

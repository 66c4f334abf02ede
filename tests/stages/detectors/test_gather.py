"""Picking primitives by index and putting them one after the other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.graphs.primitives import Blobs, Junctions, Ridges, no_edges
from perceptgraph.stages.detectors.gather import chosen, concatenated


def some_blobs(counts: list[int]) -> Blobs:
    n = len(counts)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    one = np.arange(n, dtype=np.float32)
    points = np.arange(2 * offsets[-1], dtype=np.float32).reshape(-1, 2)
    return Blobs(
        np.zeros((n, 2), np.float32), np.ones((n, 3), np.float32), one, points, offsets, one
    )


@given(counts=st.lists(st.integers(0, 5), max_size=8), seed=st.integers(0, 99))
def test_chosen_blobs_keep_their_outlines(counts: list[int], seed: int) -> None:
    blobs = some_blobs(counts)
    index = np.random.default_rng(seed).permutation(len(counts))[: len(counts) // 2 + 1]

    found = chosen(blobs, index)

    assert found.contrast.tolist() == index.tolist()
    for k, i in enumerate(index):
        here = found.points[found.offsets[k] : found.offsets[k + 1]]
        there = blobs.points[blobs.offsets[i] : blobs.offsets[i + 1]]
        np.testing.assert_array_equal(here, there)


@given(counts=st.lists(st.integers(0, 5), max_size=8), cut=st.integers(0, 8))
def test_parts_put_together_are_the_whole(counts: list[int], cut: int) -> None:
    blobs = some_blobs(counts)
    index = np.arange(len(counts))

    found = concatenated([chosen(blobs, index[:cut]), chosen(blobs, index[cut:])])

    np.testing.assert_array_equal(found.points, blobs.points)
    np.testing.assert_array_equal(found.offsets, blobs.offsets)
    np.testing.assert_array_equal(found.contrast, blobs.contrast)


def test_branches_of_junctions_go_with_them() -> None:
    one = np.zeros(2, np.float32)
    junctions = Junctions(
        np.zeros((2, 2), np.float32),
        np.float32([0, 1, 2, 3, 4]),
        np.array([0, 2, 5]),
        np.zeros(2, np.uint8),
        one,
        one,
    )

    assert chosen(junctions, np.array([1])).branch_angle.tolist() == [2, 3, 4]


def test_widths_of_ridges_go_with_their_points() -> None:
    ridges = Ridges(
        np.zeros((5, 2), np.float32),
        np.array([0, 2, 5]),
        np.float32([0, 1, 2, 3, 4]),
        np.array([True, False]),
        np.zeros(2, np.float32),
    )

    again = concatenated([chosen(ridges, np.array([1])), chosen(ridges, np.array([0]))])

    assert again.width.tolist() == [2, 3, 4, 0, 1]
    assert again.mean_width.tolist() == [3, 0.5]


def test_nothing_and_nothing_is_nothing() -> None:
    assert len(concatenated([no_edges(), no_edges()])) == 0

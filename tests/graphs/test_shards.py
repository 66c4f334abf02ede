"""Shards and their order: every sample once an epoch, few shards at a time."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptgraph.graphs import shards
from perceptgraph.graphs.shards import MIXED, batches, mixed_order, shards_of

many_shards = st.lists(st.integers(0, 20), min_size=1, max_size=60).map(
    lambda names: np.sort(np.array(names, np.int64))
)


@given(shard=many_shards, seed=st.integers(0, 2**62))
def test_every_sample_comes_once(shard: NDArray[np.int64], seed: int) -> None:
    order = mixed_order(shard, np.random.default_rng(seed))

    assert sorted(order.tolist()) == list(range(len(shard)))


@given(shard=many_shards, seed=st.integers(0, 2**62))
def test_shards_come_a_few_at_a_time(shard: NDArray[np.int64], seed: int) -> None:
    visited = shard[mixed_order(shard, np.random.default_rng(seed))]

    names = list(dict.fromkeys(visited.tolist()))
    left = 0
    for start in range(0, len(names), MIXED):
        group = set(names[start : start + MIXED])
        n_samples = int(np.isin(shard, list(group)).sum())
        assert set(visited[left : left + n_samples].tolist()) == group
        left += n_samples


def test_groups_of_shards_and_samples_within_them_are_shuffled() -> None:
    shard = np.repeat(np.arange(3 * MIXED), 10)

    first, again, other = (mixed_order(shard, np.random.default_rng(seed)) for seed in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    group = first[: 10 * MIXED]
    assert (np.diff(group) < 0).any()
    assert set(shard[group].tolist()) != set(range(MIXED))


@pytest.mark.parametrize("n_shards", [1, MIXED])
def test_few_shards_are_one_shuffle(n_shards: int) -> None:
    order = mixed_order(np.arange(100) * n_shards // 100, np.random.default_rng(5))

    np.testing.assert_array_equal(order, np.random.default_rng(5).permutation(100))


@given(n_bytes=st.lists(st.integers(0, 50), max_size=40))
def test_shards_are_runs_of_bounded_size(n_bytes: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_BYTES", 100)
        found = shards_of(np.array(n_bytes, np.int64))

    assert (np.diff(found) >= 0).all()
    for name in set(found.tolist()):
        inside = np.flatnonzero(found == name)
        assert sum(n_bytes[i] for i in inside[:-1]) < 100


@given(
    n=st.integers(1, 40), size=st.integers(1, 50), seed=st.integers(0, 2**62), k=st.integers(0, 3)
)
def test_every_graph_comes_once_an_epoch(n: int, size: int, seed: int, k: int) -> None:
    per_epoch = -(-n // size)

    epoch = list(
        islice(batches(np.zeros(n, np.int64), size, seed), k * per_epoch, (k + 1) * per_epoch)
    )

    assert sorted(np.concatenate(epoch).tolist()) == list(range(n))
    assert all(len(batch) == size for batch in epoch[:-1])


@given(
    n=st.integers(1, 40), size=st.integers(1, 50), seed=st.integers(0, 2**62), k=st.integers(0, 60)
)
def test_order_from_a_step_on_is_that_of_the_uninterrupted_run(
    n: int, size: int, seed: int, k: int
) -> None:
    whole = list(islice(batches(np.zeros(n, np.int64), size, seed), k, k + 5))

    resumed = list(islice(batches(np.zeros(n, np.int64), size, seed, start=k), 5))

    for a, b in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


def test_order_is_a_function_of_the_seed_alone() -> None:
    np.random.seed(5)  # noqa: NPY002
    first = next(batches(np.zeros(100, np.int64), 100, 7))
    np.random.seed(6)  # noqa: NPY002
    again = next(batches(np.zeros(100, np.int64), 100, 7))

    np.testing.assert_array_equal(first, again)
    assert (first != next(batches(np.zeros(100, np.int64), 100, 8))).any()
    assert (first != next(islice(batches(np.zeros(100, np.int64), 100, 7), 1, 2))).any()

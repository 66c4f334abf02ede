"""Shards of a graph store, and the order in which a fit visits its samples.

A shard is a run of consecutive samples that is read whole. Where a store has many, its shards are
shuffled, and then the samples of a few shards at a time, so that few of them are in memory. The
order follows from the seed and the store: not from the memory of the machine.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import offsets_of

SHARD_BYTES = 32 * 2**20
MIXED = 8
"""Shards whose samples are mixed with one another."""


def shards_of(n_bytes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shard (G,) of each sample, in order, by the bytes (G,) that they take.

    A shard holds the samples that begin in SHARD_BYTES of the store.

    Examples
    --------
    >>> shards_of(np.array([20, 20, 20, 20]) * 2**20).tolist()
    [0, 0, 1, 1]
    """
    return offsets_of(n_bytes)[:-1] // SHARD_BYTES


def mixed_order(shard: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A random order (N,) of N samples of these shards (N,).

    Shards come in random groups of MIXED, one group after the other, and the samples of a group in
    random order. One group gives every order with the same probability.
    """
    order = rng.permutation(len(shard))
    place = np.cumsum(np.bincount(shard) > 0) - 1
    n_shards = int(place[-1]) + 1 if len(place) else 0
    if n_shards <= MIXED:
        return order
    group = rng.permutation(n_shards)[place[shard]] // MIXED
    return order[np.argsort(group[order], kind="stable")]


def batches(
    shard: NDArray[np.int64], size: int, seed: int, start: int = 0
) -> Iterator[NDArray[np.int64]]:
    """Batches of the indices of samples, epoch after epoch without end, from step `start` on.

    The order is a function of the seed, the epoch and the shards (N,) of the samples alone, so a
    run that starts again at a step sees what an uninterrupted one sees.
    """
    n = len(shard)
    per_epoch = -(-n // size)
    step = start
    while True:
        epoch, within = divmod(step, per_epoch)
        order = mixed_order(shard, np.random.default_rng([seed, epoch]))
        for i in range(within, per_epoch):
            yield order[i * size : (i + 1) * size]
        step = (epoch + 1) * per_epoch

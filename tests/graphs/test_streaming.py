"""A streamed store gives what the same store in memory gives."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from graph_samples import write_learnable_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perceptgraph.graphs import shards, streaming
from perceptgraph.graphs.loader import GraphBatch, GraphStore, read_graphs
from perceptgraph.graphs.models.fitting import Recipe, fit
from perceptgraph.graphs.models.h2gcn import H2GCN
from perceptgraph.graphs.shards import MIXED, batches
from perceptgraph.graphs.streaming import GraphStream, concatenated, open_samples

N = 240


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store of 241 graphs in some twenty shards."""
    found = tmp_path_factory.mktemp("store") / "graphs.zarr"
    write_learnable_store(found, n=N)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_BYTES", 16 * 1024)
        yield found


def assert_same(here: GraphBatch, there: GraphBatch) -> None:
    for name in GraphBatch.__slots__:
        a, b = getattr(here, name), getattr(there, name)
        assert a.dtype == b.dtype, name
        assert torch.equal(a, b), name


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.integers(0, N), max_size=40))
def test_streamed_batch_is_that_of_memory(path: Path, chosen: list[int]) -> None:
    stream = open_samples(path, ram_bytes=0)
    indices = np.array(chosen, np.int64)

    assert isinstance(stream, GraphStream)
    assert_same(stream.batch(indices), read_graphs(path).batch(indices))
    found = read_graphs(path).with_hops().with_motifs("typed").batch(indices)
    assert_same(stream.with_hops().with_motifs("typed").batch(indices), found)


def test_streamed_store_says_of_its_graphs_what_memory_says(path: Path) -> None:
    stream, memory = open_samples(path, ram_bytes=0), open_samples(path)

    assert isinstance(memory, GraphStore)
    assert len(stream) == len(memory) == N + 1
    for name in ("label", "split", "ok", "shard"):
        np.testing.assert_array_equal(getattr(stream, name), getattr(memory, name))
    assert stream.image_id == memory.image_id
    assert stream.schema.facts() == memory.schema.facts()
    assert stream.facts == memory.facts
    assert len(np.unique(stream.shard)) > 2 * MIXED


def test_an_epoch_reads_each_shard_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = GraphStream(streaming.open_graphs(path))
    read: list[tuple[int, int]] = []
    monkeypatch.setattr(
        GraphStream,
        "_read",
        lambda self, *span, _read=GraphStream._read: read.append(span) or _read(self, *span),
    )

    for indices in islice(batches(stream.shard, 7, seed=0), -(-len(stream) // 7)):
        stream.batch(indices)
        assert len(stream._loaded) <= MIXED

    assert len(read) == len(set(read)) == len(np.unique(stream.shard))


def test_fit_on_a_stream_is_the_fit_in_memory(path: Path) -> None:
    recipe = Recipe(16, 30, 10, 100, 1e-2, 1e-4)
    weights, curves = [], []

    for ram_bytes in (0, 2**30):
        samples = H2GCN.supplied(open_samples(path, ram_bytes))
        torch.manual_seed(0)
        net = H2GCN(samples.schema, embedding=6, rounds=1, dropout=0.1)
        train, val = (np.flatnonzero(samples.split == i) for i in (0, 1))
        curves.append(fit(net, samples, train, val, np.random.default_rng(0), recipe))
        weights.append(torch.cat([p.detach().flatten() for p in net.parameters()]))

    assert curves[0] == curves[1]
    assert torch.equal(*weights)


def test_frames_of_graphs_are_their_nodes_one_image_after_the_other(path: Path) -> None:
    store = read_graphs(path)
    chosen = np.array([5, N, 2])

    frames = store.taken(chosen).frames
    batch = store.batch(chosen)

    assert frames.offsets.tolist() == batch.ptr.tolist() == [0, 8, 8, 16]
    np.testing.assert_array_equal(frames.position, batch.position.numpy())
    np.testing.assert_array_equal(frames.curve, [*range(8), *range(8)])


def test_stores_one_after_the_other_give_their_graphs(path: Path) -> None:
    store = read_graphs(path).with_hops().with_motifs("untyped")
    some = [np.array([3, 1]), np.zeros(0, np.int64), np.array([9])]

    joined = concatenated([store.taken(indices) for indices in some])

    assert_same(joined.batch(np.arange(3)), store.batch(np.array([3, 1, 9])))
    assert joined.image_id == ("image-3", "image-1", "image-9")

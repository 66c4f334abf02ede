"""Augmented batches are batches of the augmented graphs."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from curves import chain, clothoid
from drawn_nodes import drawn_nodes, junction
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptgraph.graphs.augment import AUGMENTATIONS, CHANGES_RELATIONS, augmented
from perceptgraph.graphs.augmented import augmented_batch, augmented_graphs
from perceptgraph.graphs.frames import Frames, joined, side_by_side
from perceptgraph.graphs.loader import GraphBatch, GraphSchema, GraphStore, graphs_in_memory
from perceptgraph.graphs.models.fitting import Checkpoint, Evaluation, Recipe, fit
from perceptgraph.graphs.models.h2gcn import H2GCN
from perceptgraph.graphs.relation_graph import related
from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.graphs.store import GRAPH_LAYOUT, graph_record, open_graphs
from perceptgraph.graphs.streaming import GraphStream
from perceptgraph.stores.ragged import stack, write_store
from perceptgraph.stores.status import identity_record

ASKED = {name: {} for name in RELATIONS if name != "complete"}
KEEPS = {name: {} for name in AUGMENTATIONS if name not in CHANGES_RELATIONS}
CHANGES = {"affine": {}, "drop": {"share": 0.3}, "split": {"share": 0.3}, "mirror": {}}

few = settings(max_examples=25, deadline=None)


def store_of(images: list[Frames]) -> GraphStore:
    graphs = [related(frames, ASKED, i % 2) for i, frames in enumerate(images)]
    found = graphs_in_memory(graphs, GraphSchema(tuple(ASKED), ("a", "b")))
    found.facts["relate"] = {"relations": ASKED}
    return found


def stream_of(images: list[Frames], path: Path) -> GraphStream:
    """The graphs of `store_of` on disk."""
    records = [
        graph_record(related(frames, ASKED, i % 2), identity_record(str(i), i % 2, 2))
        for i, frames in enumerate(images)
    ]
    block = stack(GRAPH_LAYOUT, records)
    facts = GraphSchema(tuple(ASKED), ("a", "b")).facts()
    write_store(path, block.layout, [block.read], {**facts, "relate": {"relations": ASKED}})
    return GraphStream(open_graphs(path))


def drawn(rng: np.random.Generator) -> Frames:
    """A contour, a stroke and a corner somewhere."""
    wave = clothoid(rng.uniform(-2, 2), 0.2, 30, 181)
    return joined(
        [
            chain(wave + rng.uniform(20, 40, 2), 4),
            chain(wave[::-1] + rng.uniform(20, 40, 2), 3, both_ways=True),
            junction(*rng.uniform(20, 40, 2), branches=(1.0, 4.0)),
        ]
    )


def assert_same(here: GraphBatch, there: GraphBatch) -> None:
    for name in GraphBatch.__slots__:
        a, b = getattr(here, name), getattr(there, name)
        assert a.dtype == b.dtype, name
        assert torch.equal(a, b), name


def supplied(store: GraphStore) -> GraphStore:
    return store.with_hops().with_motifs("typed")


def as_it_is(store: GraphStore) -> GraphStore:
    return store


@few
@given(images=st.lists(drawn_nodes(), min_size=1, max_size=4), seed=st.integers(0, 2**32))
def test_relations_stay_where_nodes_stay(images, seed) -> None:
    store = supplied(store_of(images))
    indices = np.arange(len(images))[::-1].copy()

    batch = augmented_batch(store, KEEPS, as_it_is, indices, np.random.default_rng(seed))

    before = store.batch(indices)
    frames = augmented(store.taken(indices).frames, np.random.default_rng(seed), KEEPS)
    new = ("position", "direction", "attributes")
    for name in (column for column in GraphBatch.__slots__ if column not in new):
        assert torch.equal(getattr(batch, name), getattr(before, name)), name
    for name in new:
        np.testing.assert_array_equal(getattr(batch, name).numpy(), getattr(frames, name))


@few
@given(images=st.lists(drawn_nodes(), min_size=1, max_size=4), seed=st.integers(0, 2**32))
def test_relations_are_those_of_the_new_nodes_where_these_change(images, seed) -> None:
    store, indices = store_of(images), np.arange(len(images))

    batch = augmented_batch(store, CHANGES, supplied, indices, np.random.default_rng(seed))

    frames = augmented(side_by_side(images), np.random.default_rng(seed), CHANGES)
    alone = []
    for label, (start, stop) in enumerate(zip(frames.offsets, frames.offsets[1:], strict=False)):
        columns = (getattr(frames, name)[start:stop] for name in Frames.__slots__[:-1])
        image = Frames(*columns, offsets=np.array([0, stop - start], np.int64))
        alone.append(related(image, ASKED, label % 2))
    again = supplied(graphs_in_memory(alone, GraphSchema(tuple(ASKED), ("a", "b"))))
    assert_same(batch, again.batch(indices))


def test_a_store_on_disk_gives_the_augmented_batches_of_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = [drawn(rng) for _ in range(6)]
    memory = store_of(images)
    stream = stream_of(images, tmp_path / "graphs.zarr")
    chosen = np.array([4, 1, 1, 5], np.int64)

    for recipe in (KEEPS, CHANGES):
        here, there = (
            augmented_batch(graphs, recipe, as_it_is, chosen, np.random.default_rng(1))
            for graphs in (memory, stream)
        )
        assert_same(here, there)


def test_a_fit_of_augmented_graphs_that_starts_again_ends_like_one_that_did_not(
    tmp_path: Path,
) -> None:
    class Killed(Exception):
        pass

    def die(row: Evaluation) -> None:
        if row.step == 8:
            raise Killed

    rng = np.random.default_rng(0)
    store = store_of([drawn(rng) for _ in range(16)]).with_hops()
    drawn_batch = partial(augmented_batch, store, CHANGES, GraphStore.with_hops)
    recipe = Recipe(4, 16, 4, 9, 0.01, 0.0)

    def fitted(name: str, on_evaluation=lambda row: None) -> list[torch.Tensor]:
        torch.manual_seed(0)
        net = H2GCN(store.schema, embedding=4, rounds=1, dropout=0.1)
        kept = Checkpoint(tmp_path / name, "key")
        every = np.arange(16)
        rng = np.random.default_rng(5)
        fit(net, store, every, every, rng, recipe, None, kept, on_evaluation, drawn_batch)
        return [weight.detach() for weight in net.parameters()]

    whole = fitted("a.pt")
    with pytest.raises(Killed):
        fitted("b.pt", die)
    resumed = fitted("b.pt")

    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


def test_no_graph_gives_an_empty_batch() -> None:
    store = store_of([drawn(np.random.default_rng(0))])

    for recipe in (KEEPS, CHANGES):
        none = augmented_graphs(
            store.taken(np.zeros(0, np.int64)), np.random.default_rng(0), recipe, ASKED
        )
        assert len(none) == len(none.kind) == len(none.relation) == 0

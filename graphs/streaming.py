"""Graphs of a store that is larger than memory: its shards are read when a batch needs them."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.loader import (
    EDGE_FIELDS,
    GRAPH_FIELDS,
    MOTIF_FIELDS,
    NODE_FIELDS,
    GraphBatch,
    GraphSchema,
    GraphStore,
    Pairs,
    read_graphs,
    store_of,
)
from perceptgraph.graphs.shards import MIXED, shards_of
from perceptgraph.graphs.store import FORMAT, VERSION, graph_bytes, open_graphs
from perceptgraph.stores.arrays import offsets_of
from perceptgraph.stores.ragged import Layout, RaggedStore
from perceptgraph.stores.status import IDENTITY_COLUMNS, texts_of

Supplied = tuple[Callable[[GraphStore], GraphStore], ...]
"""What is found of the graphs of each shard, one thing after the other."""

RAM_BYTES = 4 * 2**30
"""Of a store, not compressed; a larger one is streamed."""


class GraphStream:
    """The graphs of a store on disk. It gives the batches of a `GraphStore` of the same graphs.

    At most MIXED shards are in memory: the ones used last. Batches in the order of
    `shards.batches` read each shard once an epoch, and so do batches of neighbours.
    """

    def __init__(self, store: RaggedStore, supplied: Supplied = ()) -> None:
        self._store = store
        self._supplied = supplied
        self._loaded: OrderedDict[int, GraphStore] = OrderedDict()
        self.facts: dict[str, Any] = store.attributes
        self.schema = GraphSchema.of(store.attributes)
        self.label = store.column("image/label").astype(np.int64)
        self.split = store.column("image/split")
        self.ok = store.column("status/ok").astype(bool)
        self.shard: NDArray[np.int64] = shards_of(
            graph_bytes(store.offsets("node"), store.offsets("edge"))
        )

    def __len__(self) -> int:
        return len(self.label)

    @cached_property
    def image_id(self) -> tuple[str, ...]:
        """Names of the images."""
        identity = Layout(FORMAT, VERSION, IDENTITY_COLUMNS)
        return texts_of(RaggedStore(self._store.path, identity).block(), "image/id")

    def with_hops(self) -> "GraphStream":
        """The same graphs with one-hop and two-hop pairs, found whenever a shard is read."""
        return GraphStream(self._store, (*self._supplied, GraphStore.with_hops))

    def with_motifs(self, motifs: str) -> "GraphStream":
        """The same graphs with the adjacencies of a set of motifs, found like the hops."""
        found = partial(GraphStore.with_motifs, motifs=motifs)
        return GraphStream(self._store, (*self._supplied, found))

    def batch(self, indices: NDArray[np.int64]) -> GraphBatch:
        """These graphs, in this order, as one batch."""
        graphs, order = self._gathered(indices)
        return graphs.batch(order)

    def taken(self, indices: NDArray[np.int64]) -> GraphStore:
        """These graphs, in this order, in memory."""
        graphs, order = self._gathered(indices)
        return graphs.taken(order)

    def _gathered(self, indices: NDArray[np.int64]) -> tuple[GraphStore, NDArray[np.int64]]:
        """These graphs in memory, shard by shard, and their order."""
        shard = self.shard[indices]
        # Those in memory first: what is read then may take their place.
        needed = sorted(np.unique(shard).tolist(), key=lambda name: name not in self._loaded)
        pieces, places = [], []
        for name in needed:
            place = np.flatnonzero(shard == name)
            first = int(np.searchsorted(self.shard, name))
            pieces.append(self._load(name).taken(indices[place] - first))
            places.append(place)
        if not pieces:
            return self._read(0, 0), indices
        return concatenated(pieces), np.argsort(np.concatenate(places))

    def _load(self, name: int) -> GraphStore:
        """The graphs of a shard, from memory if they are among the ones used last."""
        if name not in self._loaded:
            while len(self._loaded) >= MIXED:
                self._loaded.popitem(last=False)
            self._loaded[name] = self._read(*np.searchsorted(self.shard, [name, name + 1]).tolist())
        self._loaded.move_to_end(name)
        return self._loaded[name]

    def _read(self, start: int, stop: int) -> GraphStore:
        graphs = store_of(self._store.block(start, stop), self.facts)
        for supplied in self._supplied:
            graphs = supplied(graphs)
        return graphs


def concatenated(stores: Sequence[GraphStore]) -> GraphStore:
    """The graphs of one store or more, one store after the other, with the facts of the first."""

    def joined(name: str) -> Any:
        return np.concatenate([getattr(store, name) for store in stores])

    def pairs(name: str) -> Any:
        every = [getattr(store, name) for store in stores]
        counts = np.concatenate([np.diff(one.offsets) for one in every])
        return Pairs(offsets_of(counts), np.concatenate([one.index for one in every], axis=1))

    if len(stores) == 1:
        return stores[0]
    counts = np.concatenate([np.diff(store.node_offsets) for store in stores])
    return replace(
        stores[0],
        node_offsets=offsets_of(counts),
        image_id=tuple(name for store in stores for name in store.image_id),
        **{name: pairs(name) for name in ("edges", "one_hop", "two_hop", "motif_pairs")},
        **{
            name: joined(name)
            for name in (*NODE_FIELDS, *EDGE_FIELDS, *MOTIF_FIELDS, *GRAPH_FIELDS)
        },
    )


def open_samples(path: Path, ram_bytes: int = RAM_BYTES) -> GraphStore | GraphStream:
    """The graph store at `path`: in memory, or streamed where it takes more than `ram_bytes`.

    Both give the same batches, in the same order.
    """
    store = open_graphs(path)
    if graph_bytes(store.offsets("node"), store.offsets("edge")).sum() > ram_bytes:
        return GraphStream(store)
    return read_graphs(path)

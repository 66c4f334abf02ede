"""Batches of relation graphs, gathered from flat arrays in memory.

No object per graph is ever made: a batch is one gather per column, which is what makes it fast.
A batch equals `torch_geometric.data.Batch.from_data_list` of its graphs, tensor for tensor.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.motif_pairs import motif_pairs, no_motifs
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.graphs.shards import shards_of
from perceptgraph.graphs.store import (
    GRAPH_LAYOUT,
    graph_attributes,
    graph_bytes,
    graph_record,
    open_graphs,
    relation_names,
)
from perceptgraph.graphs.two_hop import adjacency_pairs, two_hop_pairs
from perceptgraph.stores.arrays import offsets_of, ranges
from perceptgraph.stores.ragged import Block, stack
from perceptgraph.stores.status import identity_record, texts_of

HOP_NODES = 50_000  # nodes whose hops are found at once: bounds the memory of the sparse product


@dataclass(frozen=True, slots=True, eq=False)
class GraphSchema:
    """What a model must know of the graphs that it reads."""

    relations: tuple[str, ...]
    """Names of the relations, in the order of the type numbers."""
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> "GraphSchema":
        """The schema in the attributes of a graph store or of a saved model."""
        return cls(relation_names(attributes), tuple(attributes["class_names"]))

    def facts(self) -> dict[str, Any]:
        """The schema as JSON values, which `of` reads."""
        return {**graph_attributes(self.relations), "class_names": list(self.class_names)}


@dataclass(frozen=True, slots=True, eq=False)
class GraphBatch:
    """G graphs as one graph with G unconnected parts, in tensors."""

    kind: Tensor
    """(N,) uint8: index into NODE_KINDS."""
    position: Tensor
    """(N, 2): (row, column), in pixels."""
    direction: Tensor
    """(N, 2): (sin theta, cos theta)."""
    attributes: Tensor
    """(N, F): the columns of `frames.ATTRIBUTES`."""
    edge_index: Tensor
    """(2, E) int64: source and target, counted through the batch."""
    relation: Tensor
    """(E,) uint8: type number of the relation."""
    rank: Tensor
    """(E,) uint8: slot of the edge among those of its source and relation."""
    batch: Tensor
    """(N,) int64: graph of each node."""
    ptr: Tensor
    """(G + 1,) int64: where the nodes of each graph begin."""
    label: Tensor
    """(G,) int64: -1 for none."""
    one_hop: Tensor
    """(2, P) int64: unique undirected neighbours, both ways; empty unless the store has hops."""
    two_hop: Tensor
    """(2, Q) int64: pairs at distance exactly two, both ways; empty unless the store has hops."""
    motif_index: Tensor
    """(2, R) int64: pairs that share a motif, once for each; empty unless the store has motifs."""
    motif: Tensor
    """(R,) uint8: the motif, by its place in `motif_pairs.motif_names`."""
    motif_count: Tensor
    """(R,): instances of it that contain both nodes."""
    motif_joined: Tensor
    """(R,) bool: an edge joins the two."""

    def __len__(self) -> int:
        return len(self.label)

    def to(self, device: torch.device) -> "GraphBatch":
        """The batch on another device."""
        return GraphBatch(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of nodes of each graph, flat."""

    offsets: NDArray[np.int64]
    """(G + 1,)."""
    index: NDArray[np.int32]
    """(2, P): node numbers within the graph."""

    def taken(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], "Pairs"]:
        """Rows (P',) of these graphs' pairs, and the pairs."""
        rows, counts = self._rows(indices)
        return rows, Pairs(offsets_of(counts), self.index.take(rows, axis=1))

    def gather(
        self, indices: NDArray[np.int64], first: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows (P',) of these graphs' pairs, and the pairs (2, P') counted through the batch."""
        rows, counts = self._rows(indices)
        return rows, np.add(self.index.take(rows, axis=1), np.repeat(first, counts), dtype=np.int64)

    def _rows(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows (P',) of these graphs' pairs, and how many each has."""
        if not self.index.shape[1]:  # stores without hops are many, and their batches quicker so
            return np.zeros(0, np.int64), np.zeros(len(indices), np.int64)
        starts = self.offsets[indices]
        counts = self.offsets[indices + 1] - starts
        return ranges(starts, counts), counts


def no_pairs(n_graphs: int) -> Pairs:
    """No pairs, in each of `n_graphs` graphs."""
    return Pairs(np.zeros(n_graphs + 1, np.int64), np.zeros((2, 0), np.int32))


NODE_FIELDS = ("kind", "position", "direction", "attributes", "following", "curve", "around")
EDGE_FIELDS = ("relation", "rank")
MOTIF_FIELDS = ("motif", "motif_count", "motif_joined")
GRAPH_FIELDS = ("label", "split", "ok")


@dataclass(frozen=True, slots=True, eq=False)
class GraphStore:
    """All graphs of a store in memory."""

    schema: GraphSchema
    node_offsets: NDArray[np.int64]
    kind: NDArray[np.uint8]
    position: NDArray[np.float32]
    direction: NDArray[np.float32]
    attributes: NDArray[np.float32]
    following: NDArray[np.int32]
    curve: NDArray[np.int32]
    around: NDArray[np.int32]
    edges: Pairs
    relation: NDArray[np.uint8]
    rank: NDArray[np.uint8]
    label: NDArray[np.int64]
    """(G,): -1 for none."""
    split: NDArray[np.uint8]
    """(G,): 0 train, 1 validation, 2 test."""
    ok: NDArray[np.bool_]
    """(G,): False where the image could not be used; such a graph is empty."""
    image_id: tuple[str, ...]
    one_hop: Pairs
    two_hop: Pairs
    motif_pairs: Pairs
    motif: NDArray[np.uint8]
    motif_count: NDArray[np.float32]
    motif_joined: NDArray[np.bool_]
    facts: dict[str, Any]
    """Attributes of the store on disk; empty for graphs made in memory."""

    def __len__(self) -> int:
        return len(self.label)

    def batch(self, indices: NDArray[np.int64]) -> GraphBatch:
        """These graphs, in this order, as one batch."""
        starts = self.node_offsets[indices]
        counts = self.node_offsets[indices + 1] - starts
        nodes = ranges(starts, counts)
        ptr = offsets_of(counts)
        edges, edge_index = self.edges.gather(indices, ptr[:-1])
        motifs, motif_index = self.motif_pairs.gather(indices, ptr[:-1])
        columns = (
            self.kind.take(nodes),
            self.position.take(nodes, axis=0),
            self.direction.take(nodes, axis=0),
            self.attributes.take(nodes, axis=0),
            edge_index,
            self.relation.take(edges),
            self.rank.take(edges),
            np.repeat(np.arange(len(indices)), counts),
            ptr,
            self.label.take(indices),
            self.one_hop.gather(indices, ptr[:-1])[1],
            self.two_hop.gather(indices, ptr[:-1])[1],
            motif_index,
            *(getattr(self, name).take(motifs) for name in MOTIF_FIELDS),
        )
        return GraphBatch(*map(torch.from_numpy, columns))

    @property
    def shard(self) -> NDArray[np.int64]:
        """(G,): shard of each graph; see `shards`."""
        return shards_of(graph_bytes(self.node_offsets, self.edges.offsets))

    @property
    def frames(self) -> Frames:
        """The nodes of all graphs, one image after the other: to augment and to relate anew."""
        nodes = {name: getattr(self, name) for name in NODE_FIELDS}
        return Frames(**nodes, offsets=self.node_offsets)

    def taken(self, indices: NDArray[np.int64]) -> "GraphStore":
        """These graphs, in this order, as a store of their own."""
        starts = self.node_offsets[indices]
        counts = self.node_offsets[indices + 1] - starts
        nodes = ranges(starts, counts)
        rows, edges = self.edges.taken(indices)
        motifs, pairs = self.motif_pairs.taken(indices)
        return replace(
            self,
            node_offsets=offsets_of(counts),
            edges=edges,
            one_hop=self.one_hop.taken(indices)[1],
            two_hop=self.two_hop.taken(indices)[1],
            motif_pairs=pairs,
            image_id=tuple(self.image_id[i] for i in indices),
            **{name: getattr(self, name).take(nodes, axis=0) for name in NODE_FIELDS},
            **{name: getattr(self, name).take(rows) for name in EDGE_FIELDS},
            **{name: getattr(self, name).take(motifs) for name in MOTIF_FIELDS},
            **{name: getattr(self, name).take(indices) for name in GRAPH_FIELDS},
        )

    def with_hops(self) -> "GraphStore":
        """The same graphs with their one-hop and two-hop pairs, found once for all epochs."""
        one, two = [], []
        for start, stop in _chunks(self.node_offsets):
            begin = self.node_offsets[start]
            n_nodes = int(self.node_offsets[stop] - begin)
            chosen = np.arange(start, stop)
            _, index = self.edges.gather(chosen, self.node_offsets[chosen] - begin)
            adjacent = adjacency_pairs(index, n_nodes)
            one.append(adjacent + begin)
            two.append(two_hop_pairs(adjacent, n_nodes) + begin)
        return replace(self, one_hop=self._local(one), two_hop=self._local(two))

    def with_motifs(self, motifs: str) -> "GraphStore":
        """The same graphs with the adjacencies of a set of motifs, found once for all epochs.

        Parameters
        ----------
        motifs : str
            One of `motif_pairs.MOTIF_SETS`.
        """
        index, found = [], [no_motifs()]
        for start, stop in _chunks(self.node_offsets):
            some = self.taken(np.arange(start, stop))
            _, edges = some.edges.gather(np.arange(stop - start), some.node_offsets[:-1])
            names = enumerate(self.schema.relations)
            by_relation = {name: edges[:, some.relation == number] for number, name in names}
            piece = motif_pairs(motifs, some.frames, by_relation)
            index.append(piece.index + self.node_offsets[start])
            found.append(piece)
        return replace(
            self,
            motif_pairs=self._local(index),
            motif=np.concatenate([piece.motif for piece in found]),
            motif_count=np.concatenate([piece.count for piece in found]),
            motif_joined=np.concatenate([piece.is_joined for piece in found]),
        )

    def without_found(self) -> "GraphStore":
        """The same graphs without what was found of their edges: hops and motifs."""
        nothing, motifs = no_pairs(len(self)), no_motifs()
        return replace(
            self,
            one_hop=nothing,
            two_hop=nothing,
            motif_pairs=nothing,
            motif=motifs.motif,
            motif_count=motifs.count,
            motif_joined=motifs.is_joined,
        )

    def _local(self, pieces: Sequence[NDArray[Any]]) -> Pairs:
        """Pairs counted through the store as Pairs of each graph."""
        index = np.concatenate([np.zeros((2, 0), np.int64), *pieces], axis=1)
        graph = np.searchsorted(self.node_offsets, index[0], side="right") - 1
        local = (index - self.node_offsets[graph]).astype(np.int32)
        return Pairs(offsets_of(np.bincount(graph, minlength=len(self))), local)


def _chunks(offsets: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of graphs of about HOP_NODES nodes, at least one graph each."""
    start = 0
    while start < len(offsets) - 1:
        stop = int(np.searchsorted(offsets, offsets[start] + HOP_NODES, side="right")) - 1
        stop = min(max(stop, start + 1), len(offsets) - 1)
        yield start, stop
        start = stop


def store_of(block: Block, attributes: dict[str, Any]) -> GraphStore:
    """The graphs of a block of a store with these attributes, in memory."""
    columns = block.columns
    nothing, motifs = no_pairs(block.n_images), no_motifs()
    return GraphStore(
        schema=GraphSchema.of(attributes),
        node_offsets=offsets_of(block.counts["node"]),
        kind=columns["node/kind"],
        position=columns["node/position"],
        direction=columns["node/direction"],
        attributes=columns["node/attributes"],
        following=columns["node/following"],
        curve=columns["node/curve"],
        around=columns["node/around"],
        edges=Pairs(
            offsets_of(block.counts["edge"]), np.ascontiguousarray(columns["edge/index"].T)
        ),
        relation=columns["edge/relation"],
        rank=columns["edge/rank"],
        label=columns["image/label"].astype(np.int64),
        split=columns["image/split"],
        ok=columns["status/ok"].astype(bool),
        image_id=texts_of(block, "image/id"),
        one_hop=nothing,
        two_hop=nothing,
        motif_pairs=nothing,
        motif=motifs.motif,
        motif_count=motifs.count,
        motif_joined=motifs.is_joined,
        facts=attributes,
    )


def read_graphs(path: Path) -> GraphStore:
    """The whole graph store at `path`; StoreError if it is not a finished one."""
    store = open_graphs(path)
    return store_of(store.block(), store.attributes)


def graphs_in_memory(graphs: Sequence[RelationGraph], schema: GraphSchema) -> GraphStore:
    """A store of graphs that were just made, named 0, 1, ..., all in the test split."""
    records = [graph_record(g, identity_record(str(i), g.label, 2)) for i, g in enumerate(graphs)]
    return store_of(stack(GRAPH_LAYOUT, records), schema.facts())

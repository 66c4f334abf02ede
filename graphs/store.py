"""The layout of graphs.zarr, and the way of one relation graph in and out of it.

The ends of an edge are numbered within the image. A store names its relations in the attribute
"relations", in the order of `edge/relation`. What the relative pose of two nodes says is not
stored: it follows from their frames.
"""

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.stores.ragged import Column, Layout, RaggedStore, Record
from perceptgraph.stores.status import IDENTITY_COLUMNS

FORMAT = "perceptgraph.graphs"
VERSION = 3

GRAPH_COLUMNS = {
    "node/kind": Column("node", "u1", meaning=", ".join(NODE_KINDS)),
    "node/position": Column("node", "f4", (2,), "pixels", "(row, column)"),
    "node/direction": Column("node", "f4", (2,), "", "(sin theta, cos theta)"),
    "node/attributes": Column("node", "f4", (len(ATTRIBUTES),), "", "see node_attributes"),
    "node/following": Column(
        "node", "i4", (), "", "node next on the curve; -1 for none, -2 for one left out"
    ),
    "node/curve": Column("node", "i4", (), "", "curve of the image that the node is of"),
    "node/around": Column("node", "i4", (), "", "closed curve around that curve; -1 for none"),
    "edge/index": Column("edge", "i4", (2,), "", "source, target: nodes of the image"),
    "edge/relation": Column("edge", "u1", meaning="index into relations"),
    "edge/rank": Column("edge", "u1", meaning="slot among the edges of the source and relation"),
}

GRAPH_LAYOUT = Layout(FORMAT, VERSION, {**IDENTITY_COLUMNS, **GRAPH_COLUMNS})
"""Columns of graphs.zarr."""


def graph_bytes(
    node_offsets: NDArray[np.int64], edge_offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Bytes (G,) that the nodes and edges of each graph take, not compressed."""
    per_row = {
        level: sum(
            np.dtype(column.dtype).itemsize * prod(column.shape)
            for column in GRAPH_COLUMNS.values()
            if column.level == level
        )
        for level in ("node", "edge")
    }
    return per_row["node"] * np.diff(node_offsets) + per_row["edge"] * np.diff(edge_offsets)


def open_graphs(path: Path) -> RaggedStore:
    """The graph store at `path`; StoreError if it is not a finished one."""
    return RaggedStore(path, GRAPH_LAYOUT)


def graph_attributes(relations: Sequence[str]) -> dict[str, Any]:
    """Attributes of a graph store: its node attributes and the names of its relations."""
    return {
        "node_kinds": list(NODE_KINDS),
        "node_attributes": [
            {"name": name, "unit": unit, "meaning": meaning}
            for name, (unit, meaning) in ATTRIBUTES.items()
        ],
        "relations": list(relations),
    }


def relation_names(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the relations of a graph store, in the order of their numbers."""
    return tuple(attributes["relations"])


def graph_record(graph: RelationGraph, identity: Record) -> dict[str, Any]:
    """The record of one graph; `identity` holds IDENTITY_COLUMNS of its image."""
    return {
        **identity,
        "node/kind": graph.frames.kind,
        "node/position": graph.frames.position,
        "node/direction": graph.frames.direction,
        "node/attributes": graph.frames.attributes,
        "node/following": graph.frames.following,
        "node/curve": graph.frames.curve,
        "node/around": graph.frames.around,
        "edge/index": np.stack([graph.source, graph.target], axis=1),
        "edge/relation": graph.relation,
        "edge/rank": graph.rank,
    }


def graph_of(record: Record, relations: Sequence[str]) -> RelationGraph:
    """The graph of a record of a store with these relations."""
    frames = Frames(
        kind=record["node/kind"],
        position=record["node/position"],
        direction=record["node/direction"],
        attributes=record["node/attributes"],
        following=record["node/following"],
        curve=record["node/curve"],
        around=record["node/around"],
        offsets=np.array([0, len(record["node/kind"])], np.int64),
    )
    return RelationGraph(
        frames=frames,
        relations=tuple(relations),
        source=record["edge/index"][:, 0],
        target=record["edge/index"][:, 1],
        relation=record["edge/relation"],
        rank=record["edge/rank"],
        label=int(record["image/label"]),
    )


def graph_at(path: Path, index: int) -> RelationGraph:
    """The graph of image `index` of the store at `path`; StoreError where there is no store."""
    store = open_graphs(path)
    return graph_of(store.record(index), relation_names(store.attributes))

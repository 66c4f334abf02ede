"""What the graphs of each class are made of: relations and motifs in numbers, as small tables.

Only good training images are counted, the first ones of each class, so that the tables may guide
a choice.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs import motifs, typed_motifs
from perceptgraph.graphs.frames import NODE_KINDS, Frames
from perceptgraph.graphs.statistics import (
    chance_homophily,
    degree_histogram,
    degrees,
    edge_homophily,
    mixing,
    relation_counts,
)
from perceptgraph.graphs.store import open_graphs, relation_names
from perceptgraph.graphs.two_hop import adjacency_pairs
from perceptgraph.stores.arrays import offsets_of
from perceptgraph.stores.mapper import Mapper, TaskFailure
from perceptgraph.stores.parts import Span, spans
from perceptgraph.stores.ragged import Block, RaggedStore
from perceptgraph.stores.status import SPLITS

OUT = "counts"  # below outputs/<dataset>/
CLASSES, RELATIONS = "classes.csv", "relations.csv"
GROUPS = ("complete", "shared_junction")
"""Relations that join all nodes of a group to each other. Untyped motifs leave them out: theirs
follow from the size of the group, and there are millions of them."""
N_DEGREES = 9
"""Bins of a histogram of degrees: 0 to 7, and more."""
CLASS_FIELDS = ("class", "group", "name", "images", "count", "count_sd", "per_node", "per_node_sd")
"""Mean and standard deviation over the images of a class, of a count and of what it is when
divided by the nodes of the image."""
RELATION_FIELDS = (
    *("relation", "edges", "homophily", "chance"),
    *(f"degree_{k}" for k in range(N_DEGREES)),
)
"""Mean edges of an image, their homophily by node kind, and the share of the nodes that so many of
them leave."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Counts of the training images of one span."""

    label: Counts
    """(G,): class of each of them."""
    counts: Counts
    """(G, C): nodes, edges of each relation and instances of each motif, as `columns_of` says."""
    degree: Counts
    """(R, N_DEGREES): nodes that so many edges of a relation leave."""
    mixed: Counts
    """(R, K, K): edges of a relation from one of NODE_KINDS to another."""


def columns_of(relations: Sequence[str]) -> list[tuple[str, str]]:
    """Group and name of each column of `Counted.counts`."""
    return [
        ("size", "nodes"),
        *(("relation", name) for name in relations),
        *(("typed motif", name) for name in typed_motifs.motifs_of(relations)),
        *(("motif", name) for name in motifs.MOTIFS),
    ]


def write_counts(store: Path, out: Path, part_images: int, most: int, mapper: Mapper) -> None:
    """Count the graphs of `store`, write CLASSES and RELATIONS into the folder `out`.

    Of each class, `most` images at most are counted.
    """
    graphs = open_graphs(store)
    chosen = chosen_images(graphs, most)
    parts = [part for part in spans(len(graphs), part_images) if chosen[slice(*part)].any()]
    found = mapper(partial(count_span, store=store, most=most), parts)
    # A worker that died, most likely of memory that others took, is done over here.
    counted = [
        count_span(span, store, most) if isinstance(one, TaskFailure) else one
        for span, one in zip(parts, found, strict=True)
    ]
    relations = relation_names(graphs.attributes)
    columns = columns_of(relations)
    label = np.concatenate([np.zeros(0, np.int64), *(one.label for one in counted)])
    counts = np.concatenate(
        [np.zeros((0, len(columns)), np.int64), *(one.counts for one in counted)]
    )
    out.mkdir(parents=True, exist_ok=True)
    names = graphs.attributes["class_names"]
    _write(out / CLASSES, CLASS_FIELDS, _class_rows(label, counts, columns, names))
    degree = sum((one.degree for one in counted), np.zeros((len(relations), N_DEGREES), np.int64))
    kinds = len(NODE_KINDS)
    mixed = sum((one.mixed for one in counted), np.zeros((len(relations), kinds, kinds), np.int64))
    _write(out / RELATIONS, RELATION_FIELDS, _relation_rows(relations, degree, mixed, len(label)))


def chosen_images(graphs: RaggedStore, most: int) -> NDArray[np.bool_]:
    """(G,): the first good training images of each class, `most` of them at most."""
    label = graphs.column("image/label")
    is_train = graphs.column("image/split") == SPLITS.index("train")
    good = np.flatnonzero(is_train & (graphs.column("status/ok") == 1) & (label >= 0))
    by_class = good[np.argsort(label[good], kind="stable")]
    size = np.bincount(label[good])
    place = np.arange(len(good)) - np.repeat(offsets_of(size)[:-1], size)
    chosen = np.zeros(len(graphs), bool)
    chosen[by_class[place < most]] = True
    return chosen


def count_span(span: Span, store: Path, most: int) -> Counted:
    """Counts of the chosen images among `span` of graphs.zarr at `store`."""
    graphs = open_graphs(store)
    block = graphs.block(*span)
    chosen = chosen_images(graphs, most)[slice(*span)]
    frames = frames_in(block, chosen)
    relations = relation_names(graphs.attributes)
    label = block.columns["image/label"][chosen]
    return count_graphs(frames, *edges_in(block, chosen), relations, label)


def frames_in(block: Block, chosen: NDArray[np.bool_]) -> Frames:
    """The nodes of the `chosen` (G,) images of a block."""
    mine = np.repeat(chosen, block.counts["node"])
    return Frames(
        kind=block.columns["node/kind"][mine],
        position=block.columns["node/position"][mine],
        direction=block.columns["node/direction"][mine],
        attributes=block.columns["node/attributes"][mine],
        following=block.columns["node/following"][mine],
        curve=block.columns["node/curve"][mine],
        around=block.columns["node/around"][mine],
        offsets=offsets_of(block.counts["node"][chosen]),
    )


def edges_in(
    block: Block, chosen: NDArray[np.bool_]
) -> tuple[Counts, NDArray[np.uint8], NDArray[np.int64]]:
    """Edges (2, E) counted through the nodes of `chosen` images, their relations and offsets."""
    n_edges = block.counts["edge"]
    mine = np.repeat(chosen, n_edges)
    first = offsets_of(block.counts["node"][chosen])[:-1]
    index = block.columns["edge/index"][mine].T + np.repeat(first, n_edges[chosen])
    return index, block.columns["edge/relation"][mine], offsets_of(n_edges[chosen])


def count_graphs(
    frames: Frames,
    index: Counts,
    relation: NDArray[np.uint8],
    edge_offsets: NDArray[np.int64],
    relations: Sequence[str],
    label: NDArray[np.integer[Any]],
) -> Counted:
    """Counts of images, of classes `label` (G,), whose edges begin at `edge_offsets` (G + 1,)."""
    n_nodes, n_relations, n_kinds = len(frames), len(relations), len(NODE_KINDS)
    edges = {name: index[:, relation == i] for i, name in enumerate(relations)}
    typed = typed_motifs.typed_motifs(frames, edges)
    linked = np.isin(relation, [i for i, name in enumerate(relations) if name not in GROUPS])
    untyped = motifs.motif_adjacency(adjacency_pairs(index[:, linked], n_nodes), n_nodes)
    counts = [
        np.diff(frames.offsets)[:, None],
        relation_counts(relation, edge_offsets, n_relations),
        typed_motifs.graph_counts(typed, frames.offsets),
        motifs.graph_counts(untyped, frames.offsets),
    ]
    mixed = [mixing(frames.kind, source, target, n_kinds) for source, target in edges.values()]
    return Counted(
        label=label.astype(np.int64),
        counts=np.concatenate(counts, axis=1),
        degree=degree_histogram(degrees(index[0], relation, n_nodes, n_relations), N_DEGREES),
        mixed=np.array(mixed, np.int64).reshape(n_relations, n_kinds, n_kinds),
    )


def _class_rows(
    label: Counts, counts: Counts, columns: Sequence[tuple[str, str]], class_names: Sequence[str]
) -> list[tuple[Any, ...]]:
    """CLASS_FIELDS of each class and column."""
    rows: list[tuple[Any, ...]] = []
    for i, class_name in enumerate(class_names):
        mine = counts[label == i]
        if not len(mine):
            continue
        per_node = mine / np.maximum(mine[:, :1], 1)
        facts = [f(axis=0) for f in (mine.mean, mine.std, per_node.mean, per_node.std)]
        for (group, name), values in zip(columns, np.transpose(facts), strict=True):
            rows.append((class_name, group, name, len(mine), *values))
    return rows


def _relation_rows(
    relations: Sequence[str], degree: Counts, mixed: Counts, n_images: int
) -> list[tuple[Any, ...]]:
    """RELATION_FIELDS of each relation."""
    rows: list[tuple[Any, ...]] = []
    for name, histogram, ends in zip(relations, degree, mixed, strict=True):
        facts = ends.sum() / max(n_images, 1), edge_homophily(ends), chance_homophily(ends)
        rows.append((name, *facts, *(histogram / max(histogram.sum(), 1))))
    return rows


def _write(path: Path, fields: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """A CSV file; floats with six digits, NaN where there is none."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(fields)
        for row in rows:
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in row])

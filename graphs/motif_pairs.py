r"""The motif adjacencies of relation graphs as one list of pairs, for models that read them.

An entry is a pair of nodes, a motif, and the number of its instances that contain both. Motif
number 0 is the edge itself: two nodes that any relation joins; so the entries of number 0 are the
adjacency matrix A.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.motifs import MOTIFS, motif_adjacency
from perceptgraph.graphs.two_hop import Pairs, adjacency_pairs
from perceptgraph.graphs.typed_motifs import EdgesByRelation, motifs_of, typed_motifs
from perceptgraph.stores.arrays import check_array

EDGE = "edge"
UNTYPED = tuple(name for name in MOTIFS if name != "closed_wedge")
"""MOTIFS with adjacencies of their own: a closed wedge has three times that of a triangle."""

Counted = tuple[Pairs, NDArray[np.float32]]
"""Pairs (2, P) of nodes, both ways, and the instances (P,) that contain both."""


@dataclass(frozen=True, slots=True, eq=False)
class MotifPairs:
    """R entries in order of source, motif and target; both directions are there."""

    index: Pairs
    """(2, R): source and target, which differ."""
    motif: NDArray[np.uint8]
    """(R,): place in `motif_names`."""
    count: NDArray[np.float32]
    """(R,): instances that contain both nodes; at least 1."""
    is_joined: NDArray[np.bool_]
    """(R,): an edge joins the two."""

    def __post_init__(self) -> None:
        n = len(self.motif)
        check_array("index", self.index, (2, n), np.int64)
        check_array("motif", self.motif, (n,), np.uint8)
        check_array("count", self.count, (n,), np.float32)
        check_array("is_joined", self.is_joined, (n,), np.bool_)


def no_motifs() -> MotifPairs:
    """No pairs that share a motif."""
    return MotifPairs(
        np.zeros((2, 0), np.int64),
        np.zeros(0, np.uint8),
        np.zeros(0, np.float32),
        np.zeros(0, np.bool_),
    )


def motif_names(motifs: str, relations: Collection[str]) -> tuple[str, ...]:
    """Names of the motifs of a set in graphs with these relations; the first is EDGE.

    Examples
    --------
    >>> motif_names("typed", ("near", "parallel"))
    ('edge', 'parallel_pair')
    """
    return (EDGE, *(UNTYPED if motifs == "untyped" else motifs_of(relations)))


def motif_pairs(motifs: str, frames: Frames, edges: EdgesByRelation) -> MotifPairs:
    """Adjacencies of a set of motifs in the graphs of one image or of several.

    Parameters
    ----------
    motifs : str
        One of MOTIF_SETS: "untyped", the induced subgraphs of `motifs`, or "typed", the motifs of
        `typed_motifs` that are made of these relations.
    frames : Frames
        Nodes.
    edges : mapping of str to (2, E) int64
        Relation to its edges, source and target, counted through the frames.
    """
    n_nodes = len(frames)
    index = np.concatenate([np.zeros((2, 0), np.int64), *edges.values()], axis=1)
    near = adjacency_pairs(index, n_nodes)
    found = [(near, np.ones(near.shape[1], np.float32))]
    found += MOTIF_SETS[motifs](near, frames, edges)
    pairs = np.concatenate([pair for pair, _ in found], axis=1)
    motif = np.repeat(np.arange(len(found)), [pair.shape[1] for pair, _ in found])
    count = np.concatenate([count for _, count in found])
    # One number to sort by: three keys take several times as long.
    order = np.argsort((pairs[0] * len(found) + motif) * n_nodes + pairs[1])
    pairs = pairs[:, order]
    keys, near_keys = (ends[0] * n_nodes + ends[1] for ends in (pairs, near))
    joined = np.append(near_keys, -1)[np.searchsorted(near_keys, keys)] == keys
    return MotifPairs(pairs, motif[order].astype(np.uint8), count[order], joined)


def _untyped(near: Pairs, frames: Frames, edges: EdgesByRelation) -> Iterator[Counted]:
    found = motif_adjacency(near, len(frames))
    for name in UNTYPED:
        count = found.weight[:, list(MOTIFS).index(name)]
        yield found.pairs[:, count > 0], count[count > 0].astype(np.float32)


def _typed(near: Pairs, frames: Frames, edges: EdgesByRelation) -> Iterator[Counted]:
    for instances in typed_motifs(frames, edges).values():
        ones = np.ones(len(instances.node), np.float32)
        shape = (len(instances), len(frames))
        holds = csr_array((ones, instances.node, instances.offsets), shape=shape)
        shared = (holds.T @ holds).tocoo()  # of two nodes, the instances that hold both
        apart = shared.row != shared.col
        pairs = np.stack([shared.row[apart], shared.col[apart]]).astype(np.int64)
        yield pairs, shared.data[apart]


MOTIF_SETS: dict[str, Callable[[Pairs, Frames, EdgesByRelation], Iterator[Counted]]] = {
    "untyped": _untyped,
    "typed": _typed,
}
"""Name to the adjacencies of its motifs, without those of EDGE."""

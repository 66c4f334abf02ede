"""Motifs with a perceptual meaning: groups of nodes that typed relations hold together.

Where `motifs` counts the shapes of an untyped graph, here the type of the edges, the kind of the
junctions and the directions of the frames decide: non-accidental properties in the sense of
Biederman [1]_. A motif is there only if the relations that it is made of were looked for. All
functions take the nodes of one image or of several, one after the other; no edge joins two images.

References
----------
.. [1] I. Biederman, "Recognition-by-components: a theory of human image understanding",
       Psychological Review 94(2), 1987.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from perceptgraph.graphs.frames import ATTRIBUTES, Frames
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.stores.arrays import check_array, check_offsets, distinct

Counts = NDArray[np.int64]
EdgesByRelation = Mapping[str, Counts]
"""Relation to its edges (2, E): source and target, counted through the frames given."""

ANTIPARALLEL_DEG = 45.0
"""Borders of one stroke run against each other within this angle: nearer to that than to a right
angle, which leaves room for strokes that taper or bend."""
FEWEST_IN_CHAIN = 3
"""Two nodes on a line are an edge; what makes a chain is that a third one continues it."""


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """The K instances of one motif, each a set of nodes."""

    node: Counts
    """(I,): nodes of the instances, one instance after the other, each in order."""
    offsets: NDArray[np.int64]
    """(K + 1,): where the nodes of each instance begin."""

    def __post_init__(self) -> None:
        check_array("node", self.node, (None,), np.int64)
        check_offsets("offsets", self.offsets, len(self.offsets) - 1, len(self.node))

    def __len__(self) -> int:
        return len(self.offsets) - 1


def edges_by_relation(graph: RelationGraph) -> dict[str, NDArray[np.int64]]:
    """The edges of each relation that was looked for."""
    index = np.stack([graph.source, graph.target]).astype(np.int64)
    return {name: index[:, graph.relation == i] for i, name in enumerate(graph.relations)}


def l_junctions(frames: Frames, edges: EdgesByRelation) -> Instances:
    """A junction of kind L, and what is incident to it."""
    return _junctions(frames, edges, _column(frames, "is_l") > 0)


def t_junctions(frames: Frames, edges: EdgesByRelation) -> Instances:
    """A junction of kind T, and what is incident to it."""
    return _junctions(frames, edges, _column(frames, "is_t") > 0)


def x_junctions(frames: Frames, edges: EdgesByRelation) -> Instances:
    """A junction of kind X, and what is incident to it."""
    return _junctions(frames, edges, _column(frames, "is_x") > 0)


def y_junctions(frames: Frames, edges: EdgesByRelation) -> Instances:
    """A junction of kind Y without an angle over 180 degrees, and what is incident to it."""
    return _junctions(frames, edges, (_column(frames, "is_y") > 0) & ~_is_open(frames))


def arrows(frames: Frames, edges: EdgesByRelation) -> Instances:
    """A junction of kind Y with an angle over 180 degrees, and what is incident to it."""
    return _junctions(frames, edges, (_column(frames, "is_y") > 0) & _is_open(frames))


def parallel_pairs(frames: Frames, edges: EdgesByRelation) -> Instances:
    """Two nodes that are parallel."""
    return _pairs(edges["parallel"], len(frames))


def symmetric_pairs(frames: Frames, edges: EdgesByRelation) -> Instances:
    """Two nodes that are mirror images of each other."""
    return _pairs(edges["symmetric"], len(frames))


def ribbons(frames: Frames, edges: EdgesByRelation) -> Instances:
    """Two pieces facing each other across a bright stroke: one's inward ray meets the other.

    Their directions are opposite within ANTIPARALLEL_DEG: on either side of a stroke the brighter
    side is on the left.
    """
    return _facing(frames, edges["across_stroke"])


def dark_ribbons(frames: Frames, edges: EdgesByRelation) -> Instances:
    """The same across a dark stroke, or across the gap between two bright ones: outward rays."""
    return _facing(frames, edges["across_gap"])


def closed_loops(frames: Frames, edges: EdgesByRelation) -> Instances:
    """A curve whose pieces follow each other around; the two senses of a ridge are one loop."""
    part, n_parts = _parts(edges["next"], len(frames))
    # A piece has one successor at most: a part with as many edges as nodes is a cycle.
    n_edges = np.bincount(part[edges["next"][0]], minlength=n_parts)
    is_cycle = n_edges == np.bincount(part, minlength=n_parts)
    node = np.flatnonzero(is_cycle[part])
    image = np.searchsorted(frames.offsets, node, side="right")
    curve = frames.curve[node].astype(np.int64)
    return _grouped(image * (int(curve.max(initial=-1)) + 1) + curve, node)


def collinear_chains(frames: Frames, edges: EdgesByRelation) -> Instances:
    """All nodes that good continuation links, FEWEST_IN_CHAIN at least."""
    part, n_parts = _parts(edges["collinear"], len(frames))
    node = np.flatnonzero((np.bincount(part, minlength=n_parts) >= FEWEST_IN_CHAIN)[part])
    return _grouped(part[node], node)


@dataclass(frozen=True, slots=True)
class TypedMotif:
    """How the instances of a motif are found, and what must have been looked for."""

    find: Callable[[Frames, EdgesByRelation], Instances]
    relations: tuple[str, ...]


TYPED_MOTIFS: dict[str, TypedMotif] = {
    "L": TypedMotif(l_junctions, ("incidence",)),
    "T": TypedMotif(t_junctions, ("incidence",)),
    "X": TypedMotif(x_junctions, ("incidence",)),
    "Y": TypedMotif(y_junctions, ("incidence",)),
    "arrow": TypedMotif(arrows, ("incidence",)),
    "parallel_pair": TypedMotif(parallel_pairs, ("parallel",)),
    "ribbon": TypedMotif(ribbons, ("across_stroke",)),
    "dark_ribbon": TypedMotif(dark_ribbons, ("across_gap",)),
    "closed_loop": TypedMotif(closed_loops, ("next",)),
    "collinear_chain": TypedMotif(collinear_chains, ("collinear",)),
    "symmetric_pair": TypedMotif(symmetric_pairs, ("symmetric",)),
}


def motifs_of(relations: Collection[str]) -> tuple[str, ...]:
    """The TYPED_MOTIFS that are made of these relations, in order of the table."""
    return tuple(n for n, motif in TYPED_MOTIFS.items() if set(motif.relations) <= set(relations))


def typed_motifs(frames: Frames, edges: EdgesByRelation) -> dict[str, Instances]:
    """Instances of each of the motifs that are made of the relations in `edges`.

    Examples
    --------
    >>> from perceptgraph.graphs.frames import joined
    >>> found = typed_motifs(joined([]), {"parallel": np.zeros((2, 0), np.int64)})
    >>> {name: len(instances) for name, instances in found.items()}
    {'parallel_pair': 0}
    """
    return {name: TYPED_MOTIFS[name].find(frames, edges) for name in motifs_of(edges)}


def node_counts(found: Mapping[str, Instances], n_nodes: int) -> Counts:
    """Instances (N, M) of each motif that contain a node."""
    counts = np.zeros((n_nodes, len(found)), np.int64)
    for column, instances in enumerate(found.values()):
        counts[:, column] = np.bincount(instances.node, minlength=n_nodes)
    return counts


def graph_counts(found: Mapping[str, Instances], offsets: NDArray[np.int64]) -> Counts:
    """Instances (G, M) of each motif in the images whose nodes begin at `offsets` (G + 1,)."""
    counts = np.zeros((len(offsets) - 1, len(found)), np.int64)
    for column, instances in enumerate(found.values()):
        first = instances.node[instances.offsets[:-1]]
        image = np.searchsorted(offsets, first, side="right") - 1
        counts[:, column] = np.bincount(image, minlength=len(counts))
    return counts


def _junctions(frames: Frames, edges: EdgesByRelation, chosen: NDArray[np.bool_]) -> Instances:
    source, target = edges["incidence"]
    own, of_chosen = np.flatnonzero(chosen), chosen[source]
    return _grouped(
        np.concatenate([own, source[of_chosen]]), np.concatenate([own, target[of_chosen]])
    )


def _is_open(frames: Frames) -> NDArray[np.bool_]:
    """Whether the widest gap between branches is over pi: the frame points along its middle."""
    return _column(frames, "branch_1") > np.pi / 2


def _column(frames: Frames, name: str) -> NDArray[np.float32]:
    return frames.attributes[:, list(ATTRIBUTES).index(name)]


def _facing(frames: Frames, index: Counts) -> Instances:
    """The pairs among edges (2, E) whose directions are opposite within ANTIPARALLEL_DEG."""
    cosine = (frames.direction[index[0]] * frames.direction[index[1]]).sum(axis=1)
    return _pairs(index[:, cosine <= -np.cos(np.deg2rad(ANTIPARALLEL_DEG))], len(frames))


def _pairs(index: Counts, n_nodes: int) -> Instances:
    """Each two nodes that an edge (2, E) joins, once."""
    keys = distinct(index.min(axis=0) * n_nodes + index.max(axis=0))
    node = np.stack([keys // max(n_nodes, 1), keys % max(n_nodes, 1)], axis=1)
    return Instances(node.reshape(-1), np.arange(0, node.size + 1, 2, dtype=np.int64))


def _grouped(group: Counts, node: Counts) -> Instances:
    """One instance for each group, in order."""
    order = np.lexsort((node, group))
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    return Instances(node[order], np.append(first, len(node)).astype(np.int64))


def _parts(index: Counts, n_nodes: int) -> tuple[Counts, int]:
    """Connected part that the edges (2, E) make of each node, and how many there are."""
    ones = np.ones(index.shape[1], np.bool_)
    links = csr_array((ones, tuple(index)), shape=(n_nodes, n_nodes))
    n_parts, part = connected_components(links, directed=False)
    return part.astype(np.int64), n_parts

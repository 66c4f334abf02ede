"""RelationGraph: the primitives of one image as nodes, their spatial relations as typed edges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.stores.arrays import ContractError, check_array, check_offsets, offsets_of


@dataclass(frozen=True, slots=True, eq=False)
class RelationGraph:
    """Frames and the directed edges of all relations between them."""

    frames: Frames
    relations: tuple[str, ...]
    """Names of the relations that were looked for, in the order of their type numbers."""
    source: NDArray[np.int32]
    """(E,): node that the edge leaves."""
    target: NDArray[np.int32]
    """(E,): node that the edge enters."""
    relation: NDArray[np.uint8]
    """(E,): index into `relations`."""
    rank: NDArray[np.uint8]
    """(E,): slot of the edge among those of its source and relation."""
    label: int = -1
    """Class of the image; -1 for none."""

    def __post_init__(self) -> None:
        n_edges = len(self.source)
        check_array("source", self.source, (n_edges,), np.int32)
        check_array("target", self.target, (n_edges,), np.int32)
        check_array("relation", self.relation, (n_edges,), np.uint8)
        check_array("rank", self.rank, (n_edges,), np.uint8)
        for name, ends in (("source", self.source), ("target", self.target)):
            if n_edges and not (ends.min() >= 0 and ends.max() < len(self.frames)):
                raise ContractError(f"{name}: expected nodes 0 to {len(self.frames) - 1}")


@dataclass(frozen=True, slots=True, eq=False)
class TypedEdges:
    """The directed edges of all relations of G images, one image after the other."""

    source: NDArray[np.int32]
    """(E,): node of the image that the edge leaves; in order of relation, source, target."""
    target: NDArray[np.int32]
    """(E,): node of the image that the edge enters."""
    relation: NDArray[np.uint8]
    """(E,): number of the relation, in the order in which they were asked for."""
    rank: NDArray[np.uint8]
    """(E,): slot of the edge among those of its source and relation."""
    offsets: NDArray[np.int64]
    """(G + 1,): where the edges of each image begin."""

    def __post_init__(self) -> None:
        n_edges = len(self.source)
        check_array("source", self.source, (n_edges,), np.int32)
        check_array("target", self.target, (n_edges,), np.int32)
        check_array("relation", self.relation, (n_edges,), np.uint8)
        check_array("rank", self.rank, (n_edges,), np.uint8)
        check_offsets("offsets", self.offsets, len(self.offsets) - 1, n_edges)


SPARSE_RELATIONS: Mapping[str, Mapping[str, Any]] = {
    name: {} for name in RELATIONS if name not in ("delaunay", "complete")
}
"""All relations but those that join most nodes, with the parameters that their functions have by
default."""


def relate(
    primitives: Primitives,
    *,
    relations: Mapping[str, Mapping[str, Any]] = SPARSE_RELATIONS,
    kinds: Sequence[str] = ("lines", "junctions"),
    piece_length: float = 12.0,
    cut: str = "canonical",
    ray_reach: float = 48.0,
    rng: np.random.Generator | None = None,
    label: int = -1,
) -> RelationGraph:
    """Relation graph of the primitives of one image.

    Parameters
    ----------
    primitives : Primitives
        What the detectors found in the image.
    relations : mapping of str to mapping
        Names of RELATIONS, in the order of their numbers, each with its keyword arguments.
    kinds, piece_length, cut, ray_reach, rng
        What becomes a node (`perceptgraph.graphs.nodes.frames_of_images`).
    label : int
        Class of the image; -1 for none.

    Examples
    --------
    >>> from perceptgraph.graphs.primitives import primitives
    >>> graph = relate(primitives())
    >>> len(graph.frames), len(graph.source)
    (0, 0)
    """
    frames = frames_of(
        primitives,
        kinds=kinds,
        piece_length=piece_length,
        cut=cut,
        ray_reach=ray_reach,
        rng=rng,
    )
    return related(frames, relations, label)


def related(
    frames: Frames, relations: Mapping[str, Mapping[str, Any]], label: int = -1
) -> RelationGraph:
    """Relation graph of the nodes of one image; edges in order of relation, source, target."""
    return graphs_of(frames, related_all(frames, relations), tuple(relations), [label])[0]


def related_all(frames: Frames, relations: Mapping[str, Mapping[str, Any]]) -> TypedEdges:
    """Edges of all relations between the nodes of G images, found in all images at once.

    An image has the same edges whatever images are beside it.

    Examples
    --------
    >>> from perceptgraph.graphs.frames import joined, side_by_side
    >>> related_all(side_by_side([joined([]), joined([])]), SPARSE_RELATIONS).offsets.tolist()
    [0, 0, 0]
    """
    found = [RELATIONS[name](frames, **keywords) for name, keywords in relations.items()]
    n_images = len(frames.offsets) - 1
    first = np.zeros((n_images + 1, len(found)), np.int64)
    for number, edges in enumerate(found):
        first[:, number] = np.searchsorted(edges.source, frames.offsets)
    begin = offsets_of(np.diff(first, axis=0).ravel())
    source, target = np.empty(begin[-1], np.int32), np.empty(begin[-1], np.int32)
    relation, rank = np.empty(begin[-1], np.uint8), np.empty(begin[-1], np.uint8)
    for number, edges in enumerate(found):
        begins = begin[number :: len(found)][:n_images]
        counts = np.diff(first[:, number])
        place = np.arange(len(edges)) + np.repeat(begins - first[:-1, number], counts)
        first_node = np.repeat(frames.offsets[:-1], counts)
        source[place] = edges.source - first_node
        target[place] = edges.target - first_node
        relation[place] = number
        rank[place] = edges.rank
    offsets = begin[:: len(found)] if found else np.zeros(n_images + 1, np.int64)
    return TypedEdges(source, target, relation, rank, offsets)


def graphs_of(
    frames: Frames, edges: TypedEdges, relations: tuple[str, ...], labels: Sequence[int]
) -> list[RelationGraph]:
    """The graph of each image by itself, with its label."""
    nodes, runs = pairwise(frames.offsets.tolist()), pairwise(edges.offsets.tolist())
    return [
        RelationGraph(
            frames=cut_out(frames, slice(*of_image)),
            relations=relations,
            source=edges.source[slice(*run)],
            target=edges.target[slice(*run)],
            relation=edges.relation[slice(*run)],
            rank=edges.rank[slice(*run)],
            label=int(label),
        )
        for of_image, run, label in zip(nodes, runs, labels, strict=True)
    ]


def cut_out(frames: Frames, image: slice) -> Frames:
    """The nodes of one image of several."""
    return Frames(
        kind=frames.kind[image],
        position=frames.position[image],
        direction=frames.direction[image],
        attributes=frames.attributes[image],
        following=frames.following[image],
        curve=frames.curve[image],
        around=frames.around[image],
        offsets=np.array([0, image.stop - image.start], np.int64),
    )

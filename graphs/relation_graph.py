"""RelationGraph: the primitives of one image as nodes, their spatial relations as typed edges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.stores.arrays import ContractError, check_array, offsets_of


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


EVERY_RELATION: Mapping[str, Mapping[str, Any]] = {name: {} for name in RELATIONS}
"""All relations with the parameters that their functions have by default."""


def relate(
    primitives: Primitives,
    *,
    relations: Mapping[str, Mapping[str, Any]] = EVERY_RELATION,
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
    """Relation graph of these nodes; edges in order of relation, source, target."""
    found = [RELATIONS[name](frames, **keywords) for name, keywords in relations.items()]
    offsets = offsets_of(np.array([len(edges) for edges in found], np.int64))
    none = np.zeros(0, np.int32)
    return RelationGraph(
        frames=frames,
        relations=tuple(relations),
        source=np.concatenate([none, *(edges.source for edges in found)]),
        target=np.concatenate([none, *(edges.target for edges in found)]),
        rank=np.concatenate([np.zeros(0, np.uint8), *(edges.rank for edges in found)]),
        relation=np.repeat(np.arange(len(found), dtype=np.uint8), np.diff(offsets)),
        label=label,
    )

"""RelationGraph: the primitives of one image as nodes, their spatial relations as typed edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import Frames
from perceptgraph.stores.arrays import ContractError, check_array


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
    attributes: NDArray[np.float32]
    """(E, A): what the edge's relation measures, in the order it states; 0 in columns that it does
    not fill."""
    label: int = -1
    """Class of the image; -1 for none."""

    def __post_init__(self) -> None:
        n_edges = len(self.source)
        check_array("source", self.source, (n_edges,), np.int32)
        check_array("target", self.target, (n_edges,), np.int32)
        check_array("relation", self.relation, (n_edges,), np.uint8)
        check_array("attributes", self.attributes, (n_edges, None), np.float32)
        for name, ends in (("source", self.source), ("target", self.target)):
            if n_edges and not (ends.min() >= 0 and ends.max() < len(self.frames)):
                raise ContractError(f"{name}: expected nodes 0 to {len(self.frames) - 1}")

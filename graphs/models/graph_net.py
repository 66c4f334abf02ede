"""What the graph models have in common: the samples they read, their input and their readout."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

import torch
from torch import Tensor

from perceptgraph.graphs.augment import check_augmentation
from perceptgraph.graphs.augmented import augmented_batch
from perceptgraph.graphs.loader import GraphBatch, GraphSchema, GraphStore
from perceptgraph.graphs.models.classifier import Classifier, Drawn, Network
from perceptgraph.graphs.models.features import NodeInput
from perceptgraph.graphs.models.pooling import pooled
from perceptgraph.graphs.streaming import GraphStream, open_samples


class Supplying(Protocol):
    """Graphs that can be had with what is found of their edges."""

    def with_hops(self) -> Self:
        """The same graphs with one-hop and two-hop pairs."""
        ...

    def with_motifs(self, motifs: str) -> Self:
        """The same graphs with the adjacencies of a set of motifs."""
        ...


Store = TypeVar("Store", bound=Supplying)


READOUT = ("mean", "max")
"""What a graph may tell of its nodes, besides their number."""


def check_readout(parts: Sequence[str]) -> tuple[str, ...]:
    """Parts of READOUT in its order; ValueError unless they are some."""
    if not parts or not set(parts) <= set(READOUT):
        raise ValueError(f"readout: expected some of {', '.join(READOUT)}, got {list(parts)}")
    return tuple(name for name in READOUT if name in parts)


def readout(
    nodes: Tensor,
    batch: Tensor,
    n_graphs: int,
    weight: Tensor | None = None,
    parts: Sequence[str] = READOUT,
) -> Tensor:
    """Graph embeddings (G, 2 D + 1) of node embeddings (N, D), whatever the order of the nodes.

    Mean, maximum, and log(1 + number of nodes); zeros for a graph without nodes. The mean is
    weighted with `weight` (N,), each at least 1, if it is given. With one of the `parts` alone they
    are (G, D + 1).
    """
    size = torch.bincount(batch, minlength=n_graphs).to(nodes.dtype)[:, None]
    weight = nodes.new_ones(len(nodes)) if weight is None else weight
    both = dict(zip(READOUT, pooled(nodes, batch, n_graphs, weight), strict=True))
    return torch.cat([*(both[name] for name in parts), size.log1p()], dim=1)


class GraphModel(Classifier):
    """A classifier of relation graphs."""

    STORE: ClassVar[str] = "graphs.zarr"
    READS_HOPS: ClassVar[bool] = False
    """It reads one-hop and two-hop pairs."""
    READS_MOTIFS: ClassVar[str | None] = None
    """It reads the adjacencies of this set of motifs (`motif_pairs.MOTIF_SETS`)."""

    @classmethod
    def supplied(cls, store: Store) -> Store:
        """The store with all that this model reads."""
        if cls.READS_HOPS:
            store = store.with_hops()
        return store if cls.READS_MOTIFS is None else store.with_motifs(cls.READS_MOTIFS)

    @classmethod
    def open(cls, path: Path, keywords: Mapping[str, Any]) -> GraphStore | GraphStream:
        """The samples in the graph store at `path`; no parameter changes them."""
        return cls.supplied(open_samples(path))

    @classmethod
    def drawn(
        cls, samples: GraphStore | GraphStream, augmentation: Mapping[str, Mapping[str, Any]]
    ) -> Drawn | None:
        """What gives augmented batches of these graphs; ValueError for what cannot be done."""
        check_augmentation(augmentation)
        return (
            partial(augmented_batch, samples, augmentation, cls.supplied) if augmentation else None
        )

    @staticmethod
    def schema(facts: Mapping[str, Any]) -> GraphSchema:
        """What the model must know of the graphs."""
        return GraphSchema.of(facts)


class GraphNet(GraphModel, Network):
    """A network on relation graphs."""

    def __init__(self, read: NodeInput) -> None:
        super().__init__()
        self.read = read

    def prepare(self, batches: Iterable[GraphBatch]) -> None:
        """Take the statistics of the nodes of the training set."""
        self.read.standardise.fit(self.read.raw(batch) for batch in batches)

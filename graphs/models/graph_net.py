"""What the graph models have in common: the samples they read, their input and their readout."""

from collections.abc import Iterable, Mapping
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
from perceptgraph.graphs.streaming import GraphStream, open_samples


class HasHops(Protocol):
    """Graphs that can be had with their one-hop and two-hop pairs."""

    def with_hops(self) -> Self:
        """The same graphs with them."""
        ...


Store = TypeVar("Store", bound=HasHops)


def readout(nodes: Tensor, batch: Tensor, n_graphs: int, weight: Tensor | None = None) -> Tensor:
    """Graph embeddings (G, 2 D + 1) of node embeddings (N, D), whatever the order of the nodes.

    Mean, maximum, and log(1 + number of nodes); zeros for a graph without nodes. The mean is
    weighted with `weight` (N,), each at least 1, if it is given.
    """
    size = torch.bincount(batch, minlength=n_graphs).to(nodes.dtype)[:, None]
    zeros = nodes.new_zeros(n_graphs, nodes.shape[1])
    total = size
    if weight is not None:
        total = size.new_zeros(n_graphs).index_add(0, batch, weight)[:, None]
    weighted = nodes if weight is None else nodes * weight[:, None]
    mean = zeros.index_add(0, batch, weighted) / total.clamp(min=1)
    place = batch[:, None].expand_as(nodes)
    most = zeros.scatter_reduce(0, place, nodes, "amax", include_self=False)
    return torch.cat([mean, most, size.log1p()], dim=1)


class GraphModel(Classifier):
    """A classifier of relation graphs."""

    STORE: ClassVar[str] = "graphs.zarr"
    READS_HOPS: ClassVar[bool] = False
    """It reads one-hop and two-hop pairs."""

    @classmethod
    def supplied(cls, store: Store) -> Store:
        """The store with all that this model reads."""
        return store.with_hops() if cls.READS_HOPS else store

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

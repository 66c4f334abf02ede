"""Samples whose curves are cut elsewhere each time, so that no model learns where pieces begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.augment import augmented, check_augmentation
from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.loader import GraphBatch, GraphSchema, graphs_in_memory
from perceptgraph.graphs.models.classifier import Drawn
from perceptgraph.graphs.nodes import frames_of_images
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.relation_graph import graphs_of, related_all


@dataclass(frozen=True, slots=True, eq=False)
class Recut:
    """Images as their primitives, of which graphs without relations are made when asked for.

    They are cut at random phases: from a seed for `batch`, anew each time for what `drawn` gives.
    """

    found: Sequence[Primitives]
    """Primitives of G images."""
    label: NDArray[np.int64]
    """(G,): -1 for none."""
    split: NDArray[np.uint8]
    """(G,): 0 train, 1 validation, 2 test."""
    class_names: tuple[str, ...]
    keywords: Mapping[str, Any]
    """Of `nodes.frames_of_images`: kinds, piece_length, ray_reach."""
    seed: int
    """Of the phases of `batch`."""

    @property
    def ok(self) -> NDArray[np.bool_]:
        """(G,): all of them."""
        return np.ones(len(self.label), bool)

    @property
    def shard(self) -> NDArray[np.int64]:
        """(G,): all in one."""
        return np.zeros(len(self.label), np.int64)

    @property
    def image_id(self) -> tuple[str, ...]:
        """Their numbers."""
        return tuple(map(str, range(len(self.label))))

    @property
    def facts(self) -> dict[str, Any]:
        """The schema of the graphs."""
        return self._schema.facts()

    @property
    def _schema(self) -> GraphSchema:
        return GraphSchema((), self.class_names)

    def batch(self, indices: NDArray[np.int64]) -> GraphBatch:
        """These images, in this order, each cut as its number and the seed say."""
        rngs = [np.random.default_rng([self.seed, int(i)]) for i in indices]
        return self._batch(indices, self._frames(indices, rngs))

    def drawn(self, augmentation: Mapping[str, Mapping[str, Any]]) -> Drawn:
        """What gives batches cut at other phases, then augmented; ValueError for what cannot be."""
        check_augmentation(augmentation)
        return partial(self._drawn, augmentation)

    def _drawn(
        self,
        augmentation: Mapping[str, Mapping[str, Any]],
        indices: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> GraphBatch:
        frames = self._frames(indices, [rng] * len(indices))
        return self._batch(indices, augmented(frames, rng, augmentation))

    def _frames(self, indices: NDArray[np.int64], rngs: Sequence[np.random.Generator]) -> Frames:
        found = [self.found[i] for i in indices]
        return frames_of_images(found, **self.keywords, cut="phase", rngs=rngs)

    def _batch(self, indices: NDArray[np.int64], frames: Frames) -> GraphBatch:
        graphs = graphs_of(frames, related_all(frames, {}), (), self.label[indices].tolist())
        return graphs_in_memory(graphs, self._schema).batch(np.arange(len(indices)))

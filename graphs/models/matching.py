"""Nearest example: each graph is laid onto those that were seen, and is what bends least."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.classifier import ClosedForm, Drawn, Samples, learned
from perceptgraph.graphs.models.features import check_kinds
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.registration import (
    DART,
    Settings,
    Shapes,
    context_macs,
    dissimilarity,
    pair_macs,
    shapes_of,
)
from perceptgraph.graphs.models.ridge import balanced

UNSEEN = -1e3
"""Logit of a class without examples."""


class Matching(GraphModel, ClosedForm):
    r"""The class of the example that a graph is most like, after both were bent to fit.

    .. math:: f_c(x) = -\min_{m: y_m = c} \mathrm{mean}_k\, d(x^k, x^k_m)

    :math:`x^k` are the pieces of kind k, and d is what is left in nats when either drawing is laid
    onto the other (`registration.dissimilarity`). Nothing is learned: examples are kept as they
    are, and no augmented ones, because bending is in the comparison. It reads all relative poses of
    its pieces, but no relation of the graph.

    Parameters
    ----------
    kinds : sequence of str
        Kinds of nodes that are compared: names of NODE_KINDS that have a length.
    references : int
        Most examples; of more training graphs as many are drawn, the same number of each class.
    pieces : int
        Most pieces of a kind and graph, the longest; time grows with its cube.
    rounds, coarse, fine, tolerance, direction, context, outlier, elastic, reach, bending
        Of `registration.Settings`.
    """

    def __init__(
        self,
        schema: GraphSchema,
        *,
        kinds: Sequence[str],
        references: int,
        pieces: int,
        rounds: int,
        coarse: float,
        fine: float,
        tolerance: float,
        direction: float,
        context: float,
        outlier: float,
        elastic: float,
        reach: float,
        bending: float,
    ) -> None:
        super().__init__()
        if not (kinds and references > 0 and pieces > 0):
            raise ValueError("expected some kinds, and positive references and pieces")
        self.kinds = [NODE_KINDS.index(kind) for kind in check_kinds(kinds)]
        self.most, self.pieces = references, pieces
        self.settings = Settings(
            rounds, coarse, fine, tolerance, direction, context, outlier, elastic, reach, bending
        )
        self.n_classes = len(schema.class_names)
        self.label: Tensor
        self.register_buffer("label", torch.zeros(0, dtype=torch.int64))
        for k in range(len(kinds)):
            self._make_room(k, 0, 0)

    def solve(
        self,
        samples: Samples,
        train: NDArray[np.int64],
        rng: np.random.Generator,
        drawn: Drawn | None,
    ) -> None:
        """Keep samples `train`, or of too many some of each class; `drawn` is not asked."""
        batch = samples.batch(balanced(train, samples.label, self.most, rng))
        self.label = batch.label
        for k, kind in enumerate(self.kinds):
            shapes = shapes_of(batch, kind, self.pieces)
            for name, values in zip(_names(k), _columns(shapes), strict=True):
                self.register_parameter(name, learned(values))
        self.solving_macs = 0

    def logits(self, batch: GraphBatch) -> Tensor:
        """Minus the dissimilarity (G, C) to the most alike example of each class, in nats."""
        away = batch.position.new_zeros(len(batch), len(self.label))
        for k, kind in enumerate(self.kinds if len(self.label) else []):
            shapes = shapes_of(batch, kind, self.pieces)
            away += dissimilarity(shapes, self._examples(k), self.settings, axial=kind == DART)
        logits = away.new_full((len(batch), self.n_classes), UNSEEN)
        which = self.label.expand_as(away)
        return logits.scatter_reduce(1, which, -away / len(self.kinds), "amax")

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits: each graph against each example, kind by kind."""
        total = 0
        for k, kind in enumerate(self.kinds):
            here = _counts(shapes_of(batch, kind, self.pieces))
            there = _counts(self._examples(k))
            total += sum(context_macs(n) for n in here)
            total += sum(pair_macs(n, m, self.settings.rounds) for n, m in product(here, there))
        return total

    def _examples(self, k: int) -> Shapes:
        return Shapes(*(self.get_parameter(name) for name in _names(k)))

    def _make_room(self, k: int, n: int, most: int) -> None:
        """Let kind k have n examples of at most so many pieces."""
        sizes = (n, most, 2), (n, most, 2), (n, most)
        for name, size in zip(_names(k), sizes, strict=True):
            self.register_parameter(name, learned(torch.zeros(size)))

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take up a state with any number of examples of any size, if its columns fit together."""
        n = len(state.get(prefix + "label", self.label))
        self.label = self.label.new_zeros(n)
        for k in range(len(self.kinds)):
            weight = state.get(f"{prefix}weight_{k}", self.label)
            self._make_room(k, n, weight.shape[-1])
        super()._load_from_state_dict(state, prefix, *rest)


def _names(k: int) -> tuple[str, str, str]:
    """Names of the columns of the examples of kind k."""
    return f"place_{k}", f"along_{k}", f"weight_{k}"


def _columns(shapes: Shapes) -> tuple[Tensor, Tensor, Tensor]:
    return shapes.place, shapes.along, shapes.weight


def _counts(shapes: Shapes) -> list[int]:
    """Pieces of each drawing."""
    counts: list[int] = (shapes.weight > 0).sum(1).tolist()
    return counts

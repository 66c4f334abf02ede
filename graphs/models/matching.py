"""Nearest example: each graph is laid onto those that were seen, and is what bends least."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.classifier import ClosedForm, Drawn, Samples
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
        for name in _names(len(kinds)):
            self.register_parameter(name, _kept(torch.zeros(0)))

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
            for name, values in zip(_names(1, k), _columns(shapes), strict=True):
                self.register_parameter(name, _kept(values))
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
        return Shapes(*(self.get_parameter(name) for name in _names(1, k)))

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take up a state with any number of examples of any size."""
        for name in _names(len(self.kinds)):
            if prefix + name in state:
                self.register_parameter(name, _kept(torch.empty_like(state[prefix + name])))
        if prefix + "label" in state:
            self.label = torch.empty_like(state[prefix + "label"])
        super()._load_from_state_dict(state, prefix, *rest)


def _names(n_kinds: int, first: int = 0) -> list[str]:
    """Names of the columns of the examples, kind by kind."""
    numbers = range(first, first + n_kinds)
    return [f"{name}_{k}" for k in numbers for name in ("place", "along", "weight")]


def _columns(shapes: Shapes) -> tuple[Tensor, Tensor, Tensor]:
    return shapes.place, shapes.along, shapes.weight


def _counts(shapes: Shapes) -> list[int]:
    """Pieces of each drawing."""
    counts: list[int] = (shapes.weight > 0).sum(1).tolist()
    return counts


def _kept(values: Tensor) -> nn.Parameter:
    """Numbers that are learned, though not by gradients."""
    return nn.Parameter(values.contiguous(), requires_grad=False)

"""Hybrid of kernel and relative-pose net: the fewer images there are, the more the kernel says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.classifier import ClosedForm, Drawn, Samples
from perceptgraph.graphs.models.fitting import Recipe, fit
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.kernel import KernelRidge
from perceptgraph.graphs.models.relative_pose import RelativePoseNet


class Hybrid(GraphModel, ClosedForm):
    r"""Product of two experts, weighted by how many images of a class they learned from.

    .. math::

        \mathrm{logits} = (1 - g) \log \mathrm{softmax}(s f(x)) + g \log \mathrm{softmax}(h(x)),
        \qquad g = \frac{n}{n + n_0}

    f is kernel ridge regression on primitives, h the relative-pose net, each learned by itself from
    the same graphs; n is the number of training graphs of a class, in the mean [1]_. The kernel
    needs few images and sees no relation; the net sees how primitives lie to each other and needs
    many.

    Parameters
    ----------
    kernel : mapping of str to value
        Keywords of `kernel.KernelRidge`.
    net : mapping of str to value
        Keywords of `relative_pose.RelativePoseNet`.
    sharpness : float
        The factor s of the kernel's scores, positive.
    even : float
        The number n_0 of images of a class at which both say as much, positive.
    steps, batch_size, learning_rate, weight_decay
        Of the net, see `fitting.Recipe`.

    References
    ----------
    .. [1] G. E. Hinton, "Training products of experts by minimizing contrastive divergence",
           Neural Computation 14(8), 2002.
    """

    gate: Tensor

    def __init__(
        self,
        schema: GraphSchema,
        *,
        kernel: Mapping[str, Any],
        net: Mapping[str, Any],
        sharpness: float,
        even: float,
        steps: int,
        batch_size: int,
        learning_rate: float,
        weight_decay: float,
    ) -> None:
        super().__init__()
        if not (sharpness > 0 and even > 0):
            raise ValueError(f"expected positive sharpness and even, got {sharpness} and {even}")
        self.kernel = KernelRidge(schema, **kernel)
        self.net = RelativePoseNet(schema, **net)
        self.register_buffer("gate", torch.zeros(()))
        self.n_classes = len(schema.class_names)
        self.sharpness, self.even = sharpness, even
        # With nothing to validate on, a network learns all steps; it is evaluated once, at the end.
        self.recipe = Recipe(batch_size, steps, steps, 1, learning_rate, weight_decay)

    def solve(
        self,
        samples: Samples,
        train: NDArray[np.int64],
        rng: np.random.Generator,
        drawn: Drawn | None,
    ) -> None:
        """Learn from samples `train` and, if `drawn` is given, from augmented copies of them."""
        self.kernel.solve(samples, train, rng, drawn)
        nothing = np.zeros(0, np.int64)
        fit(self.net, samples, train, nothing, rng, self.recipe, drawn=drawn)
        self.eval()
        n = len(train) / self.n_classes
        self.gate.fill_(n / (n + self.even))
        each = self.net.macs(samples.batch(train[: self.recipe.batch_size]))
        self.solving_macs = self.kernel.solving_macs + 3 * self.recipe.max_steps * each

    def logits(self, batch: GraphBatch) -> Tensor:
        """Log probabilities (G, C), up to a number of each graph."""
        known = (self.sharpness * self.kernel.logits(batch)).log_softmax(1)
        return torch.lerp(known, self.net.logits(batch).log_softmax(1), self.gate)

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits."""
        return self.kernel.macs(batch) + self.net.macs(batch)

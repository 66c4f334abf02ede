"""Distilled kernel: a small net on frozen varifold embeddings, taught by kernel ridge."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.classifier import ClosedForm, Drawn, Samples
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.ridge import CHUNK, balanced, dual_of, embedded, gaussian_kernel
from perceptgraph.graphs.models.varifold import VarifoldEmbedding


class Distilled(GraphModel, ClosedForm):
    r"""Two dense layers on the varifold embeddings of a graph, which stay as they were drawn.

    .. math:: \mathrm{logits}(x) = W_2\, \mathrm{relu}(W_1 \phi(x) + b_1) + b_2

    The examples that it learns from, training graphs and augmented copies of them, are embedded
    once. A teacher, the kernel ridge regression of `kernel.KernelRidge` on some of them, tells what
    it takes each of them for; the net learns a mixture of that and of the labels [1]_. The
    teacher is then forgotten: the net compares a graph with no other one.

    Parameters
    ----------
    kinds, measures, scales, waves, harmonics
        Of the embedding, see `varifold.VarifoldEmbedding`.
    gamma, ridge : float
        Of the teacher, see `kernel.KernelRidge`; positive.
    references : int
        Most examples that the teacher is solved with.
    copies : int
        Augmented copies of each training graph, as far as `examples` allows.
    examples : int
        Most examples; of more training graphs as many are drawn, the same number of each class.
    taught : float
        Share of the teacher in what is learned, in [0, 1]; without it there is no teacher.
    sharpness : float
        Factor of the teacher's scores before they are taken for logits, positive.
    hidden : int
        Width of the first layer.
    dropout : float
        Share of its units that are left out at each step, in [0, 1).
    steps, batch_size : int
        Of gradient descent with Adam.
    learning_rate : float
        At the first step; it falls to 0 like a half cosine.
    weight_decay : float
        Of both layers, decoupled from the gradient.

    References
    ----------
    .. [1] G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015.
    """

    def __init__(
        self,
        schema: GraphSchema,
        *,
        kinds: Sequence[str],
        measures: Sequence[str],
        scales: Sequence[float],
        waves: int,
        harmonics: int,
        gamma: float,
        ridge: float,
        references: int,
        copies: int,
        examples: int,
        taught: float,
        sharpness: float,
        hidden: int,
        dropout: float,
        steps: int,
        batch_size: int,
        learning_rate: float,
        weight_decay: float,
    ) -> None:
        super().__init__()
        if not (gamma > 0 and ridge > 0 and references > 0 and examples > 0 and sharpness > 0):
            raise ValueError("expected positive gamma, ridge, references, examples and sharpness")
        if not 0 <= taught <= 1:
            raise ValueError(f"taught: expected a share in [0, 1], got {taught}")
        self.embed = VarifoldEmbedding(kinds, measures, scales, waves, harmonics)
        self.n_classes = len(schema.class_names)
        n_features = self.embed.channels * self.embed.width
        self.classify = nn.Sequential(
            nn.Linear(n_features, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, self.n_classes),
        )
        self.gamma, self.ridge, self.references = gamma, ridge, references
        self.copies, self.examples = copies, examples
        self.taught, self.sharpness = taught, sharpness
        self.steps, self.batch_size = steps, batch_size
        self.learning_rate, self.weight_decay = learning_rate, weight_decay

    def solve(
        self,
        samples: Samples,
        train: NDArray[np.int64],
        rng: np.random.Generator,
        drawn: Drawn | None,
    ) -> None:
        """Learn from samples `train` and, if `drawn` is given, from augmented copies of them."""
        features, label, macs = embedded(
            self.embed, samples, train, rng, drawn, copies=self.copies, most=self.examples
        )
        target = functional.one_hot(label, self.n_classes).float()
        if self.taught:
            # Training graphs come first; of too many the teacher sees some of each class.
            first = np.arange(min(len(features), max(len(train), self.references)))
            known = balanced(first, label.numpy(), self.references, rng)
            opinion = (self.sharpness * self._scores(features, label, known)).softmax(1)
            target = torch.lerp(target, opinion, self.taught)
            n, m = len(features), len(known)
            each_pair = features[0].numel() + self.n_classes
            macs += (n + m) * m * each_pair + m**3 // 6
        self._learn(features.flatten(1), target, rng)
        self.solving_macs = macs + 3 * self.steps * self.batch_size * self._dense_macs

    def _scores(self, features: Tensor, label: Tensor, known: NDArray[np.int64]) -> Tensor:
        """Scores (M, C) of the teacher, who learns from these of the features (M, K, D)."""
        reference = features[known]
        kernel = gaussian_kernel(reference, reference, self.gamma)
        dual = dual_of(kernel, label[known], self.n_classes, self.ridge)
        pieces = [
            gaussian_kernel(features[start : start + CHUNK], reference, self.gamma) @ dual
            for start in range(0, len(features), CHUNK)
        ]
        return torch.cat(pieces)

    def _learn(self, features: Tensor, target: Tensor, rng: np.random.Generator) -> None:
        """Fit the layers to the target probabilities (M, C) of features (M, F)."""
        torch.manual_seed(int(rng.integers(2**62)))
        optimiser = torch.optim.AdamW(
            self.classify.parameters(), self.learning_rate, weight_decay=self.weight_decay
        )
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.steps)
        self.train()
        for _ in range(self.steps):
            chosen = torch.from_numpy(rng.integers(len(features), size=self.batch_size))
            loss = functional.cross_entropy(self._dense(features[chosen]), target[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            falling.step()
        self.eval()

    def _dense(self, features: Tensor) -> Tensor:
        """Logits (M, C) of features (M, F), brought to a variance of about 1."""
        logits: Tensor = self.classify(features * self.embed.width**0.5)
        return logits

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        return self._dense(self.embed(batch).flatten(1))

    @property
    def _dense_macs(self) -> int:
        """Multiply-adds of the layers for one graph."""
        return sum(part.weight.numel() for part in self.classify if isinstance(part, nn.Linear))

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits."""
        return self.embed.macs(batch) + len(batch) * self._dense_macs

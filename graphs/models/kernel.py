"""Kernel ridge regression on oriented varifolds: primitives compared whole, nothing trained."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.classifier import ClosedForm, Drawn, Samples
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.varifold import VarifoldEmbedding, gaussian_kernel

CHUNK = 512
"""Graphs embedded at a time."""


class KernelRidge(GraphModel, ClosedForm):
    r"""Ridge regression in closed form on a Gaussian kernel of varifold embeddings.

    .. math::

        f(x) = \sum_m k(x, x_m)\, \alpha_m, \qquad \alpha = (K + \lambda I)^{-1} Y, \qquad
        k(x, y) = \mathrm{mean}_c\, e^{-\gamma |\phi_c(x) - \phi_c(y)|^2}

    :math:`\phi_c(x)` is the embedding of the nodes of one kind with one measure
    (`varifold.VarifoldEmbedding`), Y is 1 for the class of a reference and -1 for the others [1]_.
    The references are the training graphs and augmented copies of them. It sees no relation: where
    things are is in the embedding.

    Parameters
    ----------
    kinds : sequence of str
        Kinds of nodes that are compared: names of NODE_KINDS that have a length.
    measures : sequence of str
        What their pieces are weighted by: names of `varifold.MEASURES`.
    scales : sequence of float
        Of the embedding, in units of the picture's size.
    waves, harmonics : int
        Of the embedding.
    gamma : float
        Of the Gaussian kernel between unit vectors, positive.
    ridge : float
        The regularisation lambda, positive.
    copies : int
        Augmented copies of each training graph, as far as `references` allows.
    references : int
        Most references; of more training graphs as many are drawn, the same number of each class.

    References
    ----------
    .. [1] C. Saunders, A. Gammerman, V. Vovk, "Ridge regression learning algorithm in dual
           variables", ICML 1998.
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
        copies: int,
        references: int,
    ) -> None:
        super().__init__()
        if not (gamma > 0 and ridge > 0 and references > 0):
            raise ValueError("expected positive gamma, ridge and references")
        self.embed = VarifoldEmbedding(kinds, measures, scales, waves, harmonics)
        self.gamma, self.ridge = gamma, ridge
        self.copies, self.most = copies, references
        self.n_classes = len(schema.class_names)
        self.reference = _kept(torch.zeros(0, self.embed.channels, self.embed.width))
        self.dual = _kept(torch.zeros(0, self.n_classes))

    def solve(
        self,
        samples: Samples,
        train: NDArray[np.int64],
        rng: np.random.Generator,
        drawn: Drawn | None,
    ) -> None:
        """Learn from samples `train` and, if `drawn` is given, from augmented copies of them."""
        train = balanced(train, samples.label, self.most, rng)
        copies = min(self.copies, self.most // len(train) - 1) if drawn else 0
        pieces, labels, macs = [], [], 0
        for batch in with_copies(samples, train, copies, rng, drawn):
            pieces.append(self.embed(batch))
            labels.append(batch.label)
            macs += self.embed.macs(batch)
        reference, label = torch.cat(pieces), torch.cat(labels)
        kernel = gaussian_kernel(reference, reference, self.gamma)
        dual = dual_of(kernel, label, self.n_classes, self.ridge)
        self.reference, self.dual = _kept(reference), _kept(dual)
        m = len(reference)
        self.solving_macs = macs + m * m * reference[0].numel() + m**3 // 6 + m * m * self.n_classes

    def logits(self, batch: GraphBatch) -> Tensor:
        """Scores (G, C): about 1 for the class and -1 for the others; not calibrated."""
        return gaussian_kernel(self.embed(batch), self.reference, self.gamma) @ self.dual

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the scores."""
        each = self.reference.numel() + self.dual.numel()
        return self.embed.macs(batch) + len(batch) * each

    def load_state_dict(
        self, state: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Take up a state with any number of references."""
        for name in ("reference", "dual"):
            if name in state:
                setattr(self, name, _kept(torch.empty_like(state[name])))
        return super().load_state_dict(state, strict, assign)


def _kept(values: Tensor) -> nn.Parameter:
    """Numbers that are learned, though not by gradients."""
    return nn.Parameter(values, requires_grad=False)


def with_copies(
    samples: Samples,
    train: NDArray[np.int64],
    copies: int,
    rng: np.random.Generator,
    drawn: Drawn | None,
) -> Iterator[Any]:
    """Batches of samples `train` as they are, then of `copies` augmented ones of each."""
    for start in range(0, len(train), CHUNK):
        yield samples.batch(train[start : start + CHUNK])
    if drawn is None:
        return
    again = np.tile(train, copies)
    for start in range(0, len(again), CHUNK):
        yield drawn(again[start : start + CHUNK], rng)


def dual_of(kernel: Tensor, label: Tensor, n_classes: int, ridge: float) -> Tensor:
    r"""Weights (M, C) of the references: :math:`(K + \lambda I)^{-1} Y`, Y 1 or -1.

    Parameters
    ----------
    kernel : (M, M) Tensor
        Positive semi-definite.
    label : (M,) int64 Tensor
        Class of each reference.
    ridge : float
        The regularisation lambda, positive.
    """
    target = 2 * nn.functional.one_hot(label, n_classes).double() - 1
    regular = kernel.double()
    regular.diagonal().add_(ridge)
    return torch.cholesky_solve(target, torch.linalg.cholesky(regular)).float().contiguous()


def balanced(
    indices: NDArray[np.int64], label: NDArray[np.int64], most: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """All indices, or `most` of them drawn, as many of each class as there are and evenly else."""
    if len(indices) <= most:
        return indices
    order = indices[rng.permutation(len(indices))]
    by_class = order[np.argsort(label[order], kind="stable")]
    first = np.flatnonzero(np.diff(label[by_class], prepend=-2))
    counts = np.diff([*first, len(by_class)])
    place = np.arange(len(by_class)) - np.repeat(first, counts)
    return np.sort(by_class[np.argsort(place, kind="stable")][:most])

"""Kernel ridge regression on embeddings of any samples: what its models have in common."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perceptgraph.graphs.models.classifier import ClosedForm, Drawn, Samples, learned

CHUNK = 512
"""Samples embedded at a time."""


class Embedding(Protocol):
    """What makes vectors of samples; a module."""

    channels: int
    width: int

    def __call__(self, batch: Any) -> Tensor:
        """Embeddings (G, channels, width), each of norm 1 or 0."""
        ...

    def macs(self, batch: Any) -> int:
        """Multiply-adds of the embeddings."""
        ...


class KernelMachine(ClosedForm):
    r"""Ridge regression in closed form on a Gaussian kernel of embeddings.

    .. math::

        f(x) = \sum_m k(x, x_m)\, \alpha_m, \qquad \alpha = (K + \lambda I)^{-1} Y, \qquad
        k(x, y) = \mathrm{mean}_c\, e^{-\gamma |\phi_c(x) - \phi_c(y)|^2}

    :math:`\phi_c(x)` is channel c of the embedding, Y is 1 for the class of a reference and -1 for
    the others [1]_. The references are the training samples and augmented copies of them.

    Parameters
    ----------
    embed : module
        An Embedding.
    n_classes : int
        At least 1.
    gamma : float
        Of the Gaussian kernel between unit vectors, positive.
    ridge : float
        The regularisation lambda, positive.
    copies : int
        Augmented copies of each training sample, as far as `references` allows.
    references : int
        Most references; of more training samples as many are drawn, the same number of each class.

    References
    ----------
    .. [1] C. Saunders, A. Gammerman, V. Vovk, "Ridge regression learning algorithm in dual
           variables", ICML 1998.
    """

    def __init__(
        self,
        embed: Embedding,
        n_classes: int,
        *,
        gamma: float,
        ridge: float,
        copies: int,
        references: int,
    ) -> None:
        super().__init__()
        if not (gamma > 0 and ridge > 0 and references > 0):
            raise ValueError("expected positive gamma, ridge and references")
        self.embed = embed
        self.gamma, self.ridge = gamma, ridge
        self.copies, self.most = copies, references
        self.n_classes = n_classes
        self.reference = learned(torch.zeros(0, embed.channels, embed.width))
        self.dual = learned(torch.zeros(0, n_classes))

    def solve(
        self,
        samples: Samples,
        train: NDArray[np.int64],
        rng: np.random.Generator,
        drawn: Drawn | None,
    ) -> None:
        """Learn from samples `train` and, if `drawn` is given, from augmented copies of them."""
        reference, label, macs = embedded(
            self.embed, samples, train, rng, drawn, copies=self.copies, most=self.most
        )
        kernel = gaussian_kernel(reference, reference, self.gamma)
        dual = dual_of(kernel, label, self.n_classes, self.ridge)
        self.reference, self.dual = learned(reference), learned(dual)
        m = len(reference)
        self.solving_macs = macs + m * m * reference[0].numel() + m**3 // 6 + m * m * self.n_classes

    def logits(self, batch: Any) -> Tensor:
        """Scores (G, C): about 1 for the class and -1 for the others; not calibrated."""
        return gaussian_kernel(self.embed(batch), self.reference, self.gamma) @ self.dual

    def macs(self, batch: Any) -> int:
        """Multiply-adds of the scores."""
        each = self.reference.numel() + self.dual.numel()
        return self.embed.macs(batch) + len(batch) * each

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take up a state with any number of references, also as a part of another model."""
        n = len(state.get(prefix + "reference", self.reference))
        for name in ("reference", "dual"):
            shape = getattr(self, name).shape[1:]
            setattr(self, name, learned(torch.zeros(n, *shape)))
        super()._load_from_state_dict(state, prefix, *rest)


def embedded(
    embed: Embedding,
    samples: Samples,
    train: NDArray[np.int64],
    rng: np.random.Generator,
    drawn: Drawn | None,
    *,
    copies: int,
    most: int,
) -> tuple[Tensor, Tensor, int]:
    """Embeddings (M, channels, width) and labels (M,) to learn from, and their multiply-adds.

    First the training samples as they are, of more than `most` as many, balanced; then, if `drawn`
    is given, as many augmented copies of each as there is room for, at most `copies`.
    """
    train = balanced(train, samples.label, most, rng)
    pieces, labels, macs = [], [], 0
    for batch in with_copies(samples, train, min(copies, most // len(train) - 1), rng, drawn):
        pieces.append(embed(batch))
        labels.append(batch.label)
        macs += embed.macs(batch)
    return torch.cat(pieces), torch.cat(labels), macs


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


def gaussian_kernel(a: Tensor, b: Tensor, gamma: float) -> Tensor:
    r"""Mean over the channels of :math:`e^{-\gamma |a - b|^2}`: (A, B) of (A, K, D), (B, K, D)."""
    kernel = a.new_zeros(len(a), len(b))
    for k in range(a.shape[1]):
        square = a[:, k].square().sum(1)[:, None] + b[:, k].square().sum(1)
        distance = (square - 2 * a[:, k] @ b[:, k].T).clamp(min=0)
        kernel += (-gamma * distance).exp()
    return kernel / max(a.shape[1], 1)


def dual_of(kernel: Tensor, label: Tensor, n_classes: int, ridge: float) -> Tensor:
    r"""Weights (M, C) of the references: :math:`(K + \lambda I)^{-1} Y`, Y 1 or -1.

    Parameters
    ----------
    kernel : (M, M) Tensor
        Positive semi-definite.
    label : (M,) int64 Tensor
        Class of each reference.
    n_classes : int
        More than the greatest label.
    ridge : float
        The regularisation lambda, positive.
    """
    target = 2 * nn.functional.one_hot(label, n_classes).double() - 1
    regular = kernel.double()
    regular.diagonal().add_(ridge)
    return torch.cholesky_solve(target, torch.linalg.cholesky(regular)).float().contiguous()

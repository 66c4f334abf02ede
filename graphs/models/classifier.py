"""What every classifier offers, whether it reads graphs or pixels."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Drawn = Callable[[NDArray[np.int64], np.random.Generator], Any]
"""Indices of samples, and a source of draws, to a batch to learn from."""


class Samples(Protocol):
    """Labelled samples in memory, of which any can be gathered into a batch."""

    @property
    def label(self) -> NDArray[np.int64]:
        """(G,): -1 for none."""
        ...

    @property
    def split(self) -> NDArray[np.uint8]:
        """(G,): 0 train, 1 validation, 2 test."""
        ...

    @property
    def ok(self) -> NDArray[np.bool_]:
        """(G,): False where the image could not be used."""
        ...

    @property
    def shard(self) -> NDArray[np.int64]:
        """(G,): which of them are kept together, and so visited together; see `shards`."""
        ...

    @property
    def image_id(self) -> tuple[str, ...]:
        """Names of the images."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """JSON values: the schema of the samples, and how they were made."""
        ...

    def batch(self, indices: NDArray[np.int64]) -> Any:
        """These samples, in this order, with `label` (G,) and `to(device)`."""
        ...


class Classifier(nn.Module, ABC):
    """What gives logits for a batch of samples.

    Its first argument is the schema of the samples; its keyword-only arguments are its parameters
    in params.yaml.
    """

    STORE: ClassVar[str]
    """The store below outputs/<dataset>/ that it learns from."""

    @classmethod
    @abstractmethod
    def open(cls, path: Path, keywords: Mapping[str, Any]) -> Samples:
        """The samples in the store at `path`, for a model with these parameters."""

    @classmethod
    def drawn(cls, samples: Any, augmentation: Mapping[str, Mapping[str, Any]]) -> Drawn | None:
        """What gives the batches to learn from; None where these are the samples as they are.

        A model whose samples are no graphs sees them as they are, whatever the augmentation.
        """
        return None

    @staticmethod
    @abstractmethod
    def schema(facts: Mapping[str, Any]) -> Any:
        """What the model must know of its samples, from their facts or those of a saved model."""

    @abstractmethod
    def logits(self, batch: Any) -> Tensor:
        """Logits (G, C)."""

    @abstractmethod
    def macs(self, batch: Any) -> int:
        """Multiply-adds of the logits, from the standardised input on."""


class Network(Classifier):
    """A classifier that learns by gradient descent, step by step."""

    @abstractmethod
    def prepare(self, batches: Iterable[Any]) -> None:
        """Take the statistics of the input from the training set, before the first step."""

    def loss(self, batch: Any) -> Tensor:
        """What each step makes smaller: the cross-entropy of the logits, unless a model says."""
        return functional.cross_entropy(self.logits(batch), batch.label)


class ClosedForm(Classifier):
    """A classifier that is solved at once."""

    solving_macs: int = 0
    """Multiply-adds of the solution; 0 before."""

    @abstractmethod
    def solve(
        self,
        samples: Samples,
        train: NDArray[np.int64],
        rng: np.random.Generator,
        drawn: Drawn | None,
    ) -> None:
        """Learn from samples `train`, and from what `drawn` makes of them, if it is given."""


def learned(values: Tensor) -> nn.Parameter:
    """Numbers that a closed form learns: counted and saved, and not changed by gradients."""
    return nn.Parameter(values.contiguous(), requires_grad=False)

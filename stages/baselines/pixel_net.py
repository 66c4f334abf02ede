"""What networks on pixels have in common: the squares they read, their standardised input."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from perceptgraph.graphs.models.classifier import Network
from perceptgraph.stages.baselines.pixels import PixelBatch, PixelStore, read_pixels


class PixelNet(Network):
    """A network on grey squares, whose `side` in pixels is one of its parameters."""

    STORE: ClassVar[str] = "images.zarr"
    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))

    @classmethod
    def open(cls, path: Path, keywords: Mapping[str, Any]) -> PixelStore:
        """The images of the store at `path` as squares."""
        return read_pixels(path, int(keywords["side"]))

    @staticmethod
    def schema(facts: Mapping[str, Any]) -> tuple[str, ...]:
        """The class names."""
        return tuple(facts["class_names"])

    def prepare(self, batches: Iterable[PixelBatch]) -> None:
        """Take mean and standard deviation of the pixels of the training set."""
        n = total = square = 0.0
        for batch in batches:
            n += batch.pixels.numel()
            total += float(batch.pixels.double().sum())
            square += float(batch.pixels.double().square().sum())
        mean = total / max(n, 1.0)
        self.mean.fill_(mean)
        self.scale.fill_(max(square / max(n, 1.0) - mean**2, 1e-6) ** 0.5)

    def standardised(self, batch: PixelBatch) -> Tensor:
        """Pixels (G, 1, S, S) with mean 0 and standard deviation 1 over the training set."""
        return (batch.pixels - self.mean) / self.scale

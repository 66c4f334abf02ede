"""What the pixel models have in common: the squares they see, and how these are augmented."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.graphs.models.classifier import Classifier, Drawn, Network
from perceptgraph.stages.baselines.pixel_augment import moving, warped
from perceptgraph.stages.baselines.pixels import PixelBatch, PixelStore, read_pixels


class PixelModel(Classifier):
    """A classifier of images, all grey squares.

    Its first argument are the class names. Among its keywords are the `side` of the squares, in
    pixels, and maybe a `view` of `views.VIEWS`; without one it sees them as they are.
    """

    STORE: ClassVar[str] = "images.zarr"

    @classmethod
    def open(cls, path: Path, keywords: Mapping[str, Any]) -> PixelStore:
        """The images of the store at `path` as squares, seen as the keywords say."""
        return read_pixels(path, **seen_by(keywords))

    @classmethod
    def drawn(
        cls, samples: PixelStore, augmentation: Mapping[str, Mapping[str, Any]]
    ) -> Drawn | None:
        """What gives batches of images moved as the recipe says; None where it moves nothing."""
        recipe = moving(augmentation)
        return partial(moved_batch, samples, recipe) if recipe else None

    @staticmethod
    def schema(facts: Mapping[str, Any]) -> tuple[str, ...]:
        """The class names."""
        return tuple(facts["class_names"])


def seen_by(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Side and view of the squares that a pixel model with these keywords sees."""
    return {"side": int(keywords["side"]), "view": str(keywords.get("view", "raw"))}


def moved_batch(
    images: PixelStore,
    recipe: Mapping[str, Mapping[str, Any]],
    indices: NDArray[np.int64],
    rng: np.random.Generator,
) -> PixelBatch:
    """These images, in this order, as one batch, each moved by its own draw."""
    batch = images.batch(indices)
    return replace(batch, pixels=warped(batch.pixels, rng, recipe))


class PixelNet(PixelModel, Network):
    """A network on pixels, standardised by their mean and standard deviation in training."""

    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))

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
        """Pixels (G, 1, S, S) of mean 0 and standard deviation 1 over the training set."""
        return (batch.pixels - self.mean) / self.scale

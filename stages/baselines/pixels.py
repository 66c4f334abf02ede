"""Pixels as samples: every image grey and of one size, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.stages.baselines.views import VIEWS
from perceptgraph.stages.detectors.grey import grey

BLOCK_IMAGES = 500  # read at once: bounds memory beside the resized images


@dataclass(frozen=True, slots=True, eq=False)
class PixelBatch:
    """G images of one size."""

    pixels: Tensor
    """(G, 1, S, S) float32 in [0, 1]."""
    label: Tensor
    """(G,) int64: -1 for none."""

    def __len__(self) -> int:
        return len(self.label)

    def to(self, device: torch.device) -> "PixelBatch":
        """The batch on another device."""
        return PixelBatch(self.pixels.to(device), self.label.to(device))


@dataclass(frozen=True, slots=True, eq=False)
class PixelStore:
    """All images of a store in memory, 8 bits a pixel."""

    pixels: NDArray[np.uint8]
    """(I, S, S)."""
    label: NDArray[np.int64]
    """(I,): -1 for none."""
    split: NDArray[np.uint8]
    """(I,): 0 train, 1 validation, 2 test."""
    ok: NDArray[np.bool_]
    """(I,): False where the image could not be used; it is black then."""
    image_id: tuple[str, ...]
    facts: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.label)

    @property
    def shard(self) -> NDArray[np.int64]:
        """(I,): all in one shard, in memory."""
        return np.zeros(len(self), np.int64)

    def batch(self, indices: NDArray[np.int64]) -> PixelBatch:
        """These images, in this order, as one batch."""
        pixels = torch.from_numpy(self.pixels[indices]).float().div_(255)[:, None]
        return PixelBatch(pixels, torch.from_numpy(self.label[indices]))


def square(image: NDArray[Any], side: int, view: str) -> NDArray[np.uint8]:
    """The image as a grey square (S, S) in a view of VIEWS.

    It is resized by areas when it shrinks; its aspect is not kept.
    """
    pixels = grey(image)
    shrinks = min(pixels.shape) >= side
    resized = cv2.resize(
        pixels, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    seen = VIEWS[view](np.asarray(resized, np.float32))
    return np.asarray(np.clip(seen * 255 + 0.5, 0, 255), np.uint8)


def read_pixels(path: Path, side: int, view: str) -> PixelStore:
    """The whole image store at `path`, each image a square of `side` pixels in a view of VIEWS."""
    store = open_images(path)
    pixels = np.zeros((len(store), side, side), np.uint8)
    labels, splits, oks = [], [], []
    ids: list[str] = []
    for start in range(0, len(store), BLOCK_IMAGES):
        images = image_set(store.block(start, min(start + BLOCK_IMAGES, len(store))))
        for i in np.flatnonzero(images.ok):
            pixels[start + i] = square(images.image(int(i)), side, view)
        labels.append(images.label)
        splits.append(images.split)
        oks.append(images.ok)
        ids.extend(images.image_id)
    kept: dict[str, Any] = {
        k: store.attributes[k] for k in ("class_names", "dataset") if k in store.attributes
    }
    return PixelStore(
        pixels,
        np.concatenate([np.zeros(0, np.int64), *labels]),
        np.concatenate([np.zeros(0, np.uint8), *splits]),
        np.concatenate([np.zeros(0, np.bool_), *oks]),
        tuple(ids),
        {**kept, "images_digest": store.digest},
    )


def pixels_in_memory(images: list[NDArray[Any]], side: int, view: str) -> PixelStore:
    """A store of images that were just read, named 0, 1, ..., all in the test split."""
    n = len(images)
    return PixelStore(
        np.stack([square(image, side, view) for image in images])
        if images
        else np.zeros((0, side, side), np.uint8),
        np.full(n, -1, np.int64),
        np.full(n, 2, np.uint8),
        np.ones(n, np.bool_),
        tuple(map(str, range(n))),
        {},
    )

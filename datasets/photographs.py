"""Photographs that drawings are set into: grey, whole, disjoint between splits."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.archive import digest_of
from perceptgraph.datasets.bsds500 import open_bsds500
from perceptgraph.datasets.decode import decode

IN_SKIMAGE = (
    ("astronaut.png", "chelsea.png", "motorcycle_left.png"),
    ("coffee.png",),
    ("camera.png", "rocket.jpg"),
)
"""The six real photographs that scikit-image brings along, by split."""


@dataclass(frozen=True, slots=True)
class Photographs:
    """Names of photographs for each split, and where they are read."""

    source: str
    """"skimage" or "bsds500"."""
    names: tuple[tuple[str, ...], ...]
    """Of train, val and test."""
    digest: str
    """Of the files."""

    def read(self, name: str) -> NDArray[np.float64]:
        """Grey levels (H, W) in [0, 1] of one photograph."""
        return _grey(self.source, name)


def _skimage_folder() -> Path:
    import skimage

    return Path(skimage.__file__).parent / "data"


@lru_cache(maxsize=8)
def _grey(source: str, name: str) -> NDArray[np.float64]:
    if source == "skimage":
        pixels = decode((_skimage_folder() / name).read_bytes())
    else:
        boundaries = open_bsds500()
        image_ids = [boundaries.identify(i)[0] for i in range(len(boundaries))]
        pixels = boundaries.read(image_ids.index(name)).pixels
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return pixels / 255.0


def from_skimage() -> Photographs:
    """The photographs of scikit-image: no network, no other file."""
    paths = [_skimage_folder() / name for split in IN_SKIMAGE for name in split]
    return Photographs("skimage", IN_SKIMAGE, digest_of(*paths))


def from_bsds500() -> Photographs:
    """The photographs of BSDS500, in its official split."""
    images = open_bsds500()
    identities = [images.identify(i) for i in range(len(images))]
    names = tuple(tuple(i for i, _, split in identities if split == s) for s in range(3))
    return Photographs("bsds500", names, images.fingerprint)


SOURCES = {"skimage": from_skimage, "bsds500": from_bsds500}

"""Photographs for speed and repeatability: of BSDS500's training set, else of scikit-image."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.bsds500 import open_bsds500
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.decode import decode
from perceptgraph.datasets.photographs import IN_SKIMAGE

VGA, BSDS = (640, 480), (481, 321)
"""Widths and heights."""


@lru_cache(maxsize=2)
def photographs(n_images: int, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """At most `n_images` photographs (H, W, 3), red, green, blue, uint8, of this width and height.

    Upright ones are turned by a quarter; the others' sides change to fit by interpolation. Where
    BSDS500 is not below PERCEPTGRAPH_DATA, the six photographs of scikit-image stand in.
    """
    return [_resized(image, size) for image in _originals(n_images)]


def _originals(n_images: int) -> list[NDArray[np.uint8]]:
    try:
        boundaries = open_bsds500()
    except MissingData:
        return [_from_skimage(name) for split in IN_SKIMAGE for name in split][:n_images]
    train = [i for i in range(len(boundaries)) if boundaries.identify(i)[2] == 0]
    chosen = np.linspace(0, len(train) - 1, min(n_images, len(train))).round().astype(int)
    return [boundaries.read(train[i]).pixels for i in chosen]


def _from_skimage(name: str) -> NDArray[np.uint8]:
    import skimage

    pixels = decode((Path(skimage.__file__).parent / "data" / name).read_bytes())
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels[:, :, :3]


def _resized(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if height > width:
        image, height, width = np.rot90(image).copy(), width, height
    if (width, height) == size:
        return image
    interpolation = cv2.INTER_AREA if width > size[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def grey_levels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey levels (H, W) uint8 of a photograph (H, W, 3), as all peers take them."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)

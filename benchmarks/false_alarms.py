"""What detectors find where nothing is: the mean number of detections on images of pure noise.

An a-contrario detector promises that it is at most eps = 1. Noise is Gaussian, of standard
deviation 50 grey levels of 255, clipped and in 8 bits: white, or correlated as cameras make it.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from perceptgraph.benchmarks.ours import families, found
from perceptgraph.benchmarks.peers import JUNCTION_PEERS, LINE_PEERS
from perceptgraph.benchmarks.photographs import grey_levels

MEAN, STD = 127.5, 50.0
"""Of the grey levels, of 255; after the blur too."""
JPEG_QUALITY = 75
SIZES = (256, 512)
"""Sides, pixels."""
PEERS = {
    "lines": {"opencv_lsd": LINE_PEERS["opencv_lsd"]},
    "junctions": {"skimage_harris": JUNCTION_PEERS["skimage_harris"]},
}
"""Family to the peers whose answers are counted beside ours."""
PEER_IMAGES = 50
"""Peers see no more than so many: some find a thousand on each, and take long."""


def white(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """White noise (side, side)."""
    return _eight_bit(rng.normal(0, 1, (side, side)))


def blur1(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """White noise (side, side) after a Gaussian of 1 pixel."""
    return _eight_bit(gaussian_filter(rng.normal(0, 1, (side, side)), 1.0))


def blur2(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """White noise (side, side) after a Gaussian of 2 pixels."""
    return _eight_bit(gaussian_filter(rng.normal(0, 1, (side, side)), 2.0))


def jpeg(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """White noise (side, side), compressed and decompressed."""
    _, data = cv2.imencode(".jpg", white(side, rng), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def demosaiced(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Colour (side, side, 3) interpolated from white noise behind a Bayer filter."""
    return np.asarray(cv2.cvtColor(white(side, rng), cv2.COLOR_BayerBG2RGB), np.uint8)


def _eight_bit(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Values of mean MEAN and standard deviation STD, clipped."""
    return np.clip(np.rint(MEAN + STD * values / values.std()), 0, 255).astype(np.uint8)


KINDS: dict[str, Callable[[int, np.random.Generator], NDArray[np.uint8]]] = {
    "white": white,
    "blur1": blur1,
    "blur2": blur2,
    "jpeg": jpeg,
    "demosaiced": demosaiced,
}
"""Name of a noise to the function that draws it."""


def measure(n_images: int, seed: int = 0) -> dict[str, float]:
    """Mean detections of every family and every peer, on `n_images` of each kind and size."""
    rng = np.random.default_rng(seed)
    return {
        name: value
        for kind in KINDS
        for side in SIZES
        for name, value in mean_detections(kind, side, n_images, rng).items()
    }


def mean_detections(
    kind: str, side: int, n_images: int, rng: np.random.Generator
) -> dict[str, float]:
    """Mean detections on images (side, side) of one kind of noise."""
    names = families()
    counts: dict[str, list[int]] = {}
    for i in range(n_images):
        image = KINDS[kind](side, rng)
        grey = image if image.ndim == 2 else grey_levels(image)
        answers = found(image, *names)
        here = {(name, "ours"): len(getattr(answers, name)) for name in names}
        for name, peers in PEERS.items() if i < PEER_IMAGES else ():
            here |= {(name, peer): len(finder(grey)) for peer, finder in peers.items()}
        for (name, who), count in here.items():
            counts.setdefault(f"false_alarms/{name}/{kind}/{side}/{who}", []).append(count)
    return {key: float(np.mean(values)) for key, values in counts.items()}

"""Edges on BSDS500: ours beside Canny of OpenCV and of scikit-image, on the same images.

A boundary detector is a function from a photograph to a soft map, and the levels to cut it at.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import canny

from perceptgraph.benchmarks.boundaries import Counts, count_pixels, f_measure, score
from perceptgraph.benchmarks.ours import found_edges
from perceptgraph.benchmarks.peers import BEST_SIGMA, LOW_TO_HIGH
from perceptgraph.datasets.bsds500 import FILES, Boundaries, boundaries_in
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.graphs.primitives import EdgeChains
from perceptgraph.stores.status import SPLITS

Photograph = NDArray[np.uint8]
SoftMap = NDArray[np.float64]

OPENCV_RANGE = (4.0, 400.0)
"""Upper thresholds of OpenCV's Canny: sum of the norms of two Sobel derivatives of grey levels."""
STEPS_PER_LEVEL = 16
"""Gradient steps per grey level; blurred gradients of 8 bit then fit into 16 bit."""
SKIMAGE_RANGE = (0.005, 2.0)
"""Upper thresholds of scikit-image's Canny: norm of the Sobel gradient of levels in [0, 1]."""
FAINTEST, LARGEST = 10.0, 1000.0
"""Largest log10(NFA) of the faintest chains in the map, and largest -log10(NFA) that chains are
told apart by; photographs hold a few dozen beyond. The curve of recall and precision goes on below
what the detector keeps; the parameter-free F does not."""
FAINT_SHARE = 0.25
"""Of the levels that are below NFA = 1."""


@dataclass(frozen=True, slots=True)
class BoundaryDetector:
    """A detector with the levels its soft map is cut at."""

    find: Callable[[Photograph], SoftMap]
    """(H, W, 3) red, green, blue to (H, W): higher is surer."""
    levels: NDArray[np.float64]
    """(T,): rising."""
    own: int | None
    """Which level is not a free parameter but the detector's own: NFA of 1, or defaults."""


def chain_map(chains: EdgeChains, shape: tuple[int, int]) -> SoftMap:
    """Soft boundary map (H, W) of edge chains: FAINTEST + 1 - log10(NFA) of the surest, or 0.

    So a cut at 1 + FAINTEST holds what is expected at most once by chance. The drawings of BSDS500
    mark the pixel above and to the left of a boundary between pixels, and so does this map.

    Examples
    --------
    >>> from perceptgraph.graphs.primitives import no_edges
    >>> print(chain_map(no_edges(), (2, 3)).max())
    0.0
    """
    soft = np.zeros(shape, np.float32)
    for k in range(len(chains) - 1, -1, -1):  # the surest last, on top of the others
        points = chains.points[chains.offsets[k] : chains.offsets[k + 1]]
        pixels = np.floor(points[:, ::-1]).astype(np.int32).reshape(-1, 1, 2)
        value = 1.0 + max(FAINTEST - float(chains.log10_nfa[k]), 0.0)
        cv2.polylines(soft, [pixels], bool(chains.closed[k]), value)
    return soft.astype(np.float64)


def our_edges(image: Photograph) -> SoftMap:
    """Soft map of our edge chains, at default parameters but for how faint they may be."""
    return chain_map(found_edges(image, FAINTEST), image.shape[:2])


def _count_maps(maps: Iterable[NDArray[Any]], shape: tuple[int, ...]) -> SoftMap:
    """How many of the maps (H, W) hold a pixel; maps at rising thresholds lie in one another."""
    soft = np.zeros(shape)
    for one in maps:
        soft += one > 0
    return soft


def opencv_canny(image: Photograph, highs: NDArray[np.float64]) -> SoftMap:
    """At how many of the upper thresholds `highs` OpenCV's Canny finds a pixel.

    Its own gradient is of whole grey levels; blurred ones deserve finer steps.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    blurred = cv2.GaussianBlur(grey, (0, 0), BEST_SIGMA) * STEPS_PER_LEVEL
    down, across = (
        np.rint(cv2.Sobel(blurred, cv2.CV_32F, axis, 1 - axis)).astype(np.int16) for axis in (0, 1)
    )
    maps = (
        cv2.Canny(across, down, STEPS_PER_LEVEL * LOW_TO_HIGH * high, STEPS_PER_LEVEL * high)
        for high in highs
    )
    return _count_maps(maps, grey.shape)


def skimage_canny(image: Photograph, highs: NDArray[np.float64]) -> SoftMap:
    """At how many of the upper thresholds `highs` scikit-image's Canny finds a pixel."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) / 255.0
    maps = (
        canny(grey, BEST_SIGMA, low_threshold=LOW_TO_HIGH * high, high_threshold=high)
        for high in highs
    )
    return _count_maps(maps, grey.shape)


def skimage_canny_defaults(image: Photograph) -> SoftMap:
    """0 or 1: edges of scikit-image's Canny, nothing said."""
    return canny(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) / 255.0).astype(np.float64)


def boundary_detectors(n_levels: int) -> dict[str, BoundaryDetector]:
    """Name to detector, with `n_levels` cuts each; 99 for reports, 33 for tuning."""
    counts = np.arange(1.0, n_levels + 1)
    opencv = np.geomspace(*OPENCV_RANGE, n_levels)
    skimage = np.geomspace(*SKIMAGE_RANGE, n_levels)
    n_faint = round(FAINT_SHARE * n_levels)
    faint = np.linspace(1.0, 1.0 + FAINTEST, n_faint, endpoint=False)
    ours = np.append(faint, FAINTEST + np.geomspace(1.0, LARGEST, n_levels - n_faint))
    return {
        "ours": BoundaryDetector(our_edges, ours, n_faint),
        "opencv_canny": BoundaryDetector(lambda image: opencv_canny(image, opencv), counts, None),
        "skimage_canny": BoundaryDetector(
            lambda image: skimage_canny(image, skimage), counts, None
        ),
        "skimage_canny_defaults": BoundaryDetector(skimage_canny_defaults, np.ones(1), 0),
    }


def open_boundaries(data: Path) -> Boundaries:
    """BSDS500 below the folder of data files.

    Raises
    ------
    MissingData
        It is not there.
    """
    for file in FILES:
        if (data / file.path).exists():
            return boundaries_in(data / file.path)
    raise MissingData(f"{data}: expected {' or '.join(f.path for f in FILES)}; see {FILES[0].url}")


def chosen(boundaries: Boundaries, split: str, n_images: int) -> list[int]:
    """At most `n_images` images of a split, spread evenly."""
    of_split = SPLITS.index(split)
    all_of_it = [i for i in range(len(boundaries)) if boundaries.identify(i)[2] == of_split]
    places = np.linspace(0, len(all_of_it) - 1, min(n_images, len(all_of_it))).round().astype(int)
    return [all_of_it[place] for place in places]


def scored(
    detectors: Mapping[str, BoundaryDetector],
    images: Iterable[tuple[Photograph, list[NDArray[np.bool_]]]],
) -> dict[str, float]:
    """`bsds/<ods, ois, ap>/<name>` of graded detectors, `bsds/parameter_free_f/<name>` of others.

    A detector with more levels than its own has both.
    """
    counts: dict[str, list[Counts]] = {name: [] for name in detectors}
    for image, drawings in images:
        for name, detector in detectors.items():
            soft = detector.find(image)
            cuts = (soft >= level for level in detector.levels)
            counts[name].append(count_pixels(cuts, drawings))
    figures: dict[str, float] = {}
    for name, detector in detectors.items():
        scores = score(detector.levels, counts[name])
        if len(detector.levels) > 1:
            figures[f"bsds/ods/{name}"] = scores.ods
            figures[f"bsds/ois/{name}"] = scores.ois
            figures[f"bsds/ap/{name}"] = scores.ap
        if detector.own is not None:
            f = f_measure(scores.total.recall, scores.total.precision)
            figures[f"bsds/parameter_free_f/{name}"] = float(f[detector.own])
    return figures


def measure(
    data: Path, n_images: int, *, n_levels: int = 99, split: str = "test"
) -> dict[str, float]:
    """Boundary scores of our edges and of the peers on BSDS500.

    Parameters
    ----------
    data : Path
        Folder with `bsds500/bsds500.zip`, or with the published `bsds500/BSR`.
    n_images : int
        At most so many, spread over the split; there are 200 for test.
    n_levels : int
        Cuts of each soft map.
    split : str
        train, val or test; nothing is chosen on test.

    Returns
    -------
    dict
        `bsds/<ods, ois, ap, parameter_free_f>/<ours or the peer>`.
    """
    boundaries = open_boundaries(data)
    return scored(
        boundary_detectors(n_levels),
        (_with_drawings(boundaries, i) for i in chosen(boundaries, split, n_images)),
    )


def _with_drawings(
    boundaries: Boundaries, index: int
) -> tuple[Photograph, list[NDArray[np.bool_]]]:
    sample = boundaries.read(index)
    maps = sample.extras["truth/boundary"].reshape(-1, *sample.pixels.shape[:2])
    return sample.pixels, list(maps.astype(bool))

"""Small images are enlarged before detection, and what was found goes back to their pixels."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import (
    Blobs,
    EdgeChains,
    Junctions,
    LineSegments,
    Primitives,
    Ridges,
)


def zoom_factor(shape: tuple[int, ...], min_side: int, max_zoom: int) -> int:
    """Smallest whole factor that brings the shorter side to `min_side`, at most `max_zoom`.

    Examples
    --------
    >>> zoom_factor((28, 28), min_side=112, max_zoom=4), zoom_factor((300, 400), 112, 4)
    (4, 1)
    """
    return max(1, min(max_zoom, -(-min_side // min(shape[:2]))))


def enlarged(image: NDArray[np.float32], zoom: int) -> NDArray[np.float32]:
    """Image (zoom H, zoom W, ...) in [0, 1]; pixel x of the original is at zoom (x + 1/2) - 1/2.

    Cubic: the gradient of a linear enlargement is constant between pixels, and its direction
    prefers the axes.
    """
    if zoom == 1:
        return image
    larger = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    shape = zoom * image.shape[0], zoom * image.shape[1], *image.shape[2:]
    return np.clip(larger.reshape(shape), 0, 1)


def _back(points: NDArray[np.float32], zoom: int) -> NDArray[np.float32]:
    return (points + np.float32(0.5)) / np.float32(zoom) - np.float32(0.5)


def in_original_pixels(found: Primitives, zoom: int, families: Collection[str]) -> Primitives:
    """Primitives, of which these families are of the image enlarged by `zoom`, in its pixels."""
    if zoom == 1:
        return found
    return replace(
        found, **{family: BACK[family](getattr(found, family), zoom) for family in families}
    )


def _junctions_back(junctions: Junctions, zoom: int) -> Junctions:
    position, scale = _back(junctions.position, zoom), junctions.scale / np.float32(zoom)
    return replace(junctions, position=position, scale=scale)


def _blobs_back(blobs: Blobs, zoom: int) -> Blobs:
    return replace(
        blobs,
        centre=_back(blobs.centre, zoom),
        second_moments=blobs.second_moments / np.float32(zoom) ** 2,
        points=_back(blobs.points, zoom),
    )


def _lines_back(lines: LineSegments, zoom: int) -> LineSegments:
    endpoints, width = _back(lines.endpoints, zoom), lines.width / np.float32(zoom)
    return replace(lines, endpoints=endpoints, width=width)


def _edges_back(edges: EdgeChains, zoom: int) -> EdgeChains:
    return replace(edges, points=_back(edges.points, zoom))


def _ridges_back(ridges: Ridges, zoom: int) -> Ridges:
    points, width = _back(ridges.points, zoom), ridges.width / np.float32(zoom)
    return replace(ridges, points=points, width=width)


BACK: dict[str, Callable[[Any, int], Any]] = {
    "lines": _lines_back,
    "edges": _edges_back,
    "junctions": _junctions_back,
    "ridges": _ridges_back,
    "blobs": _blobs_back,
}
"""Family to the function that brings it back to the pixels of the image before."""

"""Small images are enlarged before detection, and what was found goes back to their pixels."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import Primitives


def zoom_factor(shape: tuple[int, ...], min_side: int, max_zoom: int) -> int:
    """Smallest whole factor that brings the shorter side to `min_side`, at most `max_zoom`.

    Examples
    --------
    >>> zoom_factor((28, 28), min_side=112, max_zoom=4), zoom_factor((300, 400), 112, 4)
    (4, 1)
    """
    return max(1, min(max_zoom, -(-min_side // min(shape[:2]))))


def enlarged(image: NDArray[np.float32], zoom: int) -> NDArray[np.float32]:
    """Image (zoom H, zoom W) in [0, 1]; pixel x of the original is at zoom (x + 1/2) - 1/2.

    Cubic: the gradient of a linear enlargement is constant between pixels, and its direction
    prefers the axes.
    """
    if zoom == 1:
        return image
    larger = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    return np.clip(larger.reshape(zoom * image.shape[0], zoom * image.shape[1]), 0, 1)


def _back(points: NDArray[np.float32], zoom: int) -> NDArray[np.float32]:
    return (points + np.float32(0.5)) / np.float32(zoom) - np.float32(0.5)


def in_original_pixels(found: Primitives, zoom: int) -> Primitives:
    """Primitives of an image enlarged by `zoom`, in pixels of the image before."""
    if zoom == 1:
        return found
    lines, edges, junctions = found.lines, found.edges, found.junctions
    ridges, blobs = found.ridges, found.blobs
    factor = np.float32(zoom)
    return Primitives(
        lines=replace(lines, endpoints=_back(lines.endpoints, zoom), width=lines.width / factor),
        edges=replace(edges, points=_back(edges.points, zoom)),
        junctions=replace(
            junctions,
            position=_back(junctions.position, zoom),
            scale=junctions.scale / factor,
        ),
        ridges=replace(ridges, points=_back(ridges.points, zoom), width=ridges.width / factor),
        blobs=replace(
            blobs,
            centre=_back(blobs.centre, zoom),
            second_moments=blobs.second_moments / factor**2,
            points=_back(blobs.points, zoom),
        ),
    )

"""Grey levels on both sides of a curve: polarity and contrast of lines and edges."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates


def left_of(direction: NDArray[np.floating]) -> NDArray[np.floating]:
    """Unit normals (N, 2) to the left of directions (N, 2), (row, column), on the picture."""
    return np.stack([-direction[:, 1], direction[:, 0]], axis=1)


def sample(image: NDArray[np.float32], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Grey levels (...) at points (..., 2) in pixels, linear in between, the border continued."""
    coordinates = np.moveaxis(points, -1, 0)
    return map_coordinates(image, coordinates, np.float32, order=1, mode="nearest")


def polarity_of(difference: NDArray[np.floating]) -> NDArray[np.int8]:
    """1 where the left is brighter, -1 the right, 0 where they differ by less than half a level."""
    return (np.sign(difference) * (np.abs(difference) > 0.5 / 255)).astype(np.int8)

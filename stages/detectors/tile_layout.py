"""Tiles of an image: windows that overlap, and cores that do not."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tile:
    """A window of an image, and the part of it that no other tile owns."""

    top: int
    left: int
    height: int
    width: int
    core: tuple[float, float, float, float]
    """First and last row, first and last column; half way between pixels, infinite at the border
    of the image. The cores of all tiles fill the plane."""

    def owns(self, points: NDArray[np.floating], margin: float = 0.0) -> NDArray[np.bool_]:
        """Which of the points (N, 2) lie in the core, or at most `margin` pixels beside it."""
        top, bottom, left, right = self.core
        rows, columns = points.T
        in_rows = (rows >= top - margin) & (rows < bottom + margin)
        return in_rows & (columns >= left - margin) & (columns < right + margin)


def tiles(shape: tuple[int, ...], side: int, overlap: int) -> list[Tile]:
    """Tiles that cover an image of this shape.

    Parameters
    ----------
    shape : (int, int, ...)
        Height and width of the image, pixels.
    side : int
        Largest side of a tile, pixels.
    overlap : int
        Pixels that neighbouring tiles share at least; at most half the side.

    Examples
    --------
    >>> [(t.top, t.height, t.core[:2]) for t in tiles((20, 5), side=12, overlap=4)]
    [(0, 12, (-inf, 9.5)), (8, 12, (9.5, inf))]
    """
    if not 0 < 2 * overlap <= side:
        raise ValueError(f"expected an overlap of 1 to half of {side} pixels, got {overlap}")
    rows, columns = (_spans(n, side, overlap) for n in shape[:2])
    return [
        Tile(top, left, height, width, (*row_core, *column_core))
        for top, height, row_core in rows
        for left, width, column_core in columns
    ]


def _spans(n: int, side: int, overlap: int) -> list[tuple[int, int, tuple[float, float]]]:
    """First pixel, number of pixels and core of the tiles along one axis."""
    side = min(side, n)
    count = math.ceil((n - overlap) / (side - overlap)) if n > side else 1
    starts = np.linspace(0, n - side, count).astype(int)
    seams = (starts[1:] + starts[:-1] + side) // 2 - 0.5  # the middle of what two tiles share
    bounds = [-math.inf, *seams.tolist(), math.inf]
    return [(int(start), side, core) for start, core in zip(starts, pairwise(bounds), strict=True)]

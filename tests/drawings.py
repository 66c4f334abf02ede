"""Images drawn for tests of detectors, anti-aliased, with known geometry."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Segment = tuple[tuple[float, float], tuple[float, float]]


def edge(
    size: int, theta: float, row: float, column: float, blur: float = 0.7
) -> NDArray[np.float32]:
    """Image (size, size): a straight edge through (row, column) in direction theta, left dark."""
    rows, columns = np.mgrid[:size, :size]
    right = (rows - row) * math.cos(theta) - (columns - column) * math.sin(theta)
    return (0.5 + 0.3 * erf(right / (blur * math.sqrt(2)))).astype(np.float32)


def strokes(size: int, segments: list[Segment], width: float) -> NDArray[np.float32]:
    """Image (size, size): bright strokes of this width around segments, on dark ground."""
    rows, columns = np.mgrid[:size, :size].astype(float)
    distance = np.full((size, size), np.inf)
    for (row, column), (row2, column2) in segments:
        along = np.array([row2 - row, column2 - column])
        at = ((rows - row) * along[0] + (columns - column) * along[1]) / (along @ along)
        at = np.clip(at, 0, 1)
        here = np.hypot(rows - row - at * along[0], columns - column - at * along[1])
        distance = np.minimum(distance, here)
    return (0.2 + 0.6 * np.clip(width / 2 + 0.5 - distance, 0, 1)).astype(np.float32)


def ring(size: int, radius: float, width: float) -> NDArray[np.float32]:
    """Image (size, size): a bright circular stroke around the centre, on dark ground."""
    rows, columns = np.mgrid[:size, :size].astype(float)
    distance = np.abs(np.hypot(rows - (size - 1) / 2, columns - (size - 1) / 2) - radius)
    return (0.2 + 0.6 * np.clip(width / 2 + 0.5 - distance, 0, 1)).astype(np.float32)


SQUARE: list[Segment] = [
    ((18, 18), (18, 45)),
    ((18, 45), (45, 45)),
    ((45, 45), (45, 18)),
    ((45, 18), (18, 18)),
]
PLUS: list[Segment] = [
    ((31, 31), (8, 31)),
    ((31, 31), (54, 31)),
    ((31, 31), (31, 8)),
    ((31, 31), (31, 54)),
]
STAR: list[Segment] = [((31, 31), (8, 31)), ((31, 31), (45, 50)), ((31, 31), (45, 12))]
TEE: list[Segment] = [((12, 12), (12, 52)), ((12, 32), (50, 32))]
"""Strokes on 64 x 64 pixels; each pair that shares an end meets there."""


def turned(segments: list[Segment], angle: float, centre: float = 31.0) -> list[Segment]:
    """Segments turned about (centre, centre), from the +column axis towards +row."""
    sine, cosine = math.sin(angle), math.cos(angle)

    def turn(point: tuple[float, float]) -> tuple[float, float]:
        row, column = point[0] - centre, point[1] - centre
        return centre + cosine * row + sine * column, centre - sine * row + cosine * column

    return [(turn(a), turn(b)) for a, b in segments]


def widening_stroke() -> np.ndarray:
    """A bright stroke along row 23 of (48, 96): 2 + column / 16 pixels wide, from column 6 on."""
    rows, columns = np.mgrid[:48, :96]
    wide = 2 + columns / 16  # from 2 to 8 pixels
    image = np.clip(wide / 2 + 0.5 - np.abs(rows - 23), 0, 1).astype(np.float32)
    image[:, :6], image[:, -6:] = 0, 0
    return image

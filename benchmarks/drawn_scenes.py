"""Drawn street scenes with every true segment known, where the York Urban data is not at hand.

Facades with windows in perspective, polygons that hide each other, patches of leaves whose
texture holds no segment, shading, texture, blur and noise. Edges are anti-aliased exactly.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from perceptgraph.benchmarks.rasters import painted
from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float64]

SHAPE = (480, 640)
LEVEL, SPREAD = 128.0, 30.0
"""Mean and standard deviation of the grey levels of surfaces, of 255: many edges are faint."""
MIN_CONTRAST = 3.0
"""Grey level difference below which an edge is no truth."""
MIN_LENGTH = 6.0
"""Shortest true segment, pixels."""
STEP, ASIDE = 0.5, 0.75
"""Along an edge its visibility is sampled; on both sides the levels are taken, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnScene:
    """One image and its true segments."""

    image: NDArray[np.uint8]
    """(H, W)."""
    segments: Floats
    """(N, 2, 2): segment, end, (row, column), in pixels."""


def drawn_scene(rng: np.random.Generator) -> DrawnScene:
    """Draw one scene."""
    polygons: list[Floats] = []
    for _ in range(rng.integers(2, 5)):
        polygons += _facade(rng)
    polygons += [_convex(rng) for _ in range(rng.integers(8, 16))]
    levels = np.clip(rng.normal(LEVEL, SPREAD, len(polygons)), 20, 235)
    clean = np.full(SHAPE, LEVEL)
    for polygon, level in zip(polygons, levels, strict=True):
        clean = painted(clean, polygon, float(level))
    leaves = [_convex(rng) for _ in range(rng.integers(2, 6))]
    image = _photographed(clean, leaves, rng)
    return DrawnScene(image, visible_edges(polygons, levels, leaves))


def _photographed(
    clean: Floats, leaves: list[Floats], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Levels with leaves, shading, texture, blur and noise, in 8 bits."""
    rough = gaussian_filter(rng.normal(0, 1, SHAPE), 1.2)
    image = clean
    for patch in leaves:
        image = painted(image, patch, 110 + rough * rng.uniform(15, 40) / rough.std())
    down, right = np.mgrid[-0.5 : 0.5 : SHAPE[0] * 1j, -0.5 : 0.5 : SHAPE[1] * 1j]
    turn = rng.uniform(-math.pi, math.pi)
    shade = 1 + rng.uniform(0, 0.3) * (math.sin(turn) * down + math.cos(turn) * right)
    texture = gaussian_filter(rng.normal(0, 1, SHAPE), 2.0)
    image = image * shade + texture * rng.uniform(0, 4) / texture.std()
    blurred = gaussian_filter(image, rng.uniform(0.6, 1.0), mode="nearest")
    noisy = blurred + rng.normal(0, rng.uniform(1, 8), SHAPE)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _facade(rng: np.random.Generator) -> list[Floats]:
    """A quadrilateral and a grid of windows of two panes in it, seen in perspective."""
    height, width = SHAPE
    west, east = np.sort(rng.uniform(-0.1, 1.1, 2)) * width
    east = max(east, west + 100.0)
    tops, feet = rng.uniform(-0.1, 0.5, 2) * height, rng.uniform(0.6, 1.1, 2) * height
    wall = np.array([[tops[0], west], [tops[1], east], [feet[1], east], [feet[0], west]])
    rows, columns = rng.integers(2, 8, 2)
    share = rng.uniform(0.4, 0.7, 2)
    windows = []
    for i in range(rows):
        for j in range(columns):
            low = (np.array([i, j]) + (1 - share) / 2) / (rows, columns)
            high = low + share / (rows, columns)
            middle, bar = (low + high) / 2, (high - low) * rng.uniform(0.02, 0.1)
            for left, right in ((low[1], (middle - bar)[1]), ((middle + bar)[1], high[1])):
                pane = np.array(
                    [[low[0], left], [low[0], right], [high[0], right], [high[0], left]]
                )
                windows.append(_in_quadrilateral(pane, wall))
    return [wall, *windows]


def _in_quadrilateral(points: Floats, corners: Floats) -> Floats:
    """Points (N, 2) of the unit square, in perspective in a quadrilateral (4, 2)."""
    top_left, top_right, foot_right, foot_left = corners
    matrix = np.stack([top_right - foot_right, foot_left - foot_right], axis=1)
    g, h = np.linalg.solve(matrix, top_left - top_right + foot_right - foot_left)
    row, column = points.T[:, :, None]
    weight = g * column + h * row + 1
    across = ((g + 1) * top_right - top_left) * column
    return (across + ((h + 1) * foot_left - top_left) * row + top_left) / weight


def _convex(rng: np.random.Generator) -> Floats:
    """A convex polygon of 3 to 6 corners on an ellipse."""
    n = int(rng.integers(3, 7))
    gaps = rng.dirichlet(np.full(n, 6.0))
    angle = 2 * math.pi * (rng.random() + np.cumsum(gaps))
    radius = rng.uniform(20, 90, 2)
    centre = rng.uniform(0, 1, 2) * SHAPE
    return centre + radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def visible_edges(polygons: list[Floats], levels: Floats, covers: list[Floats]) -> Floats:
    """Segments (N, 2, 2): the parts of the polygons' edges that can be seen.

    Parameters
    ----------
    polygons, levels
        Convex polygons (C, 2) and their grey levels (K,), later ones over earlier ones, all on
        the ground of level LEVEL.
    covers
        Convex polygons, at least one, that hide all, and whose own edges do not count.
    """
    pieces = [np.zeros((0, 2, 2))]
    all_polygons, all_covers = pile(polygons), pile(covers)
    level_of = np.append(levels, LEVEL)
    for k, polygon in enumerate(polygons):
        for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            along = end - start
            n = max(int(np.hypot(*along) / STEP), 1)
            at = start + (np.arange(n)[:, None] + 0.5) / n * along
            aside = ASIDE * np.array([-along[1], along[0]]) / np.hypot(*along)
            one = uppermost(at + aside, all_polygons)
            other = uppermost(at - aside, all_polygons)
            contrast = level_of[one] - level_of[other]
            seen = ((one == k) ^ (other == k)) & (np.abs(contrast) >= MIN_CONTRAST)
            seen &= (uppermost(at, all_covers) < 0) & _in_image(at)
            change = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]])))
            pieces.append(start + (change.reshape(-1, 2) / n)[:, :, None] * along)
    segments = np.concatenate(pieces)
    return segments[np.hypot(*(segments[:, 1] - segments[:, 0]).T) >= MIN_LENGTH]


def _in_image(points: Floats) -> NDArray[np.bool_]:
    return np.asarray(((points >= 0) & (points <= np.array(SHAPE) - 1)).all(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Pile:
    """K convex polygons, later ones over earlier ones."""

    corners: Floats
    """(C, 2): of all, one after the other."""
    offsets: NDArray[np.int64]
    """(K + 1,): where each begins."""
    boxes: Floats
    """(K, 2, 2): lowest and highest row and column."""


def pile(polygons: list[Floats]) -> Pile:
    """At least one polygon, (C, 2) each."""
    return Pile(
        np.concatenate(polygons),
        np.concatenate([[0], np.cumsum([len(p) for p in polygons])]),
        np.stack([[p.min(axis=0), p.max(axis=0)] for p in polygons]),
    )


def uppermost(points: Floats, polygons: Pile) -> NDArray[np.int64]:
    """Index (P,) of the last polygon that holds each point (P, 2), else -1."""
    return _uppermost(points, polygons.corners, polygons.offsets, polygons.boxes)


@njit(cache=True, nogil=True)
def _uppermost(
    points: Floats, corners: Floats, offsets: NDArray[np.int64], boxes: Floats
) -> NDArray[np.int64]:
    result = np.full(len(points), -1)
    for i in range(len(points)):
        row, column = points[i]
        for k in range(len(boxes) - 1, -1, -1):
            if not boxes[k, 0, 0] <= row <= boxes[k, 1, 0]:
                continue
            if not boxes[k, 0, 1] <= column <= boxes[k, 1, 1]:
                continue
            first, n = offsets[k], offsets[k + 1] - offsets[k]
            n_left = 0
            for c in range(n):
                down, right = corners[first + (c + 1) % n] - corners[first + c]
                across = down * (column - corners[first + c, 1])
                n_left += across - right * (row - corners[first + c, 0]) > 0
            if n_left in (0, n):
                result[i] = k
                break
    return result

"""How exactly a straight edge is found: drawn edges, anti-aliased exactly, in every direction."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from perceptgraph.benchmarks.ours import found, found_lines
from perceptgraph.benchmarks.peers import LINE_PEERS
from perceptgraph.benchmarks.rasters import coverage
from perceptgraph.graphs.primitives import EdgeChains

Floats = NDArray[np.float64]

SIZE, BLUR, NOISE = 128, 0.7, 2.0
"""Pixels; sigma in pixels; standard deviation in grey levels of 255."""
CONTRASTS = (60.0, 140.0)
"""Grey level differences of the two sides, of 255."""
NEAR = 2.0
"""What is farther from the edge at either end belongs to something else, pixels."""
POINTS_PER_PIXEL = 1
BORDER = 6.0
"""Points of chains closer to the border of the image do not count, pixels."""


def edge_image(middle: Floats, angle: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Image (SIZE, SIZE) of an edge through `middle` (row, column) in direction `angle`."""
    along = np.array([math.sin(angle), math.cos(angle)])
    left = 4 * SIZE * np.array([-along[1], along[0]])
    start, end = middle - 4 * SIZE * along, middle + 4 * SIZE * along
    side = coverage(np.stack([start, end, end + left, start + left]), (SIZE, SIZE))
    contrast = rng.uniform(*CONTRASTS) * (1 if rng.random() < 0.5 else -1)
    levels = 127.5 + contrast * (side - 0.5)
    noisy = gaussian_filter(levels, BLUR, mode="nearest") + rng.normal(0, NOISE, levels.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def measure(n_edges: int, seed: int = 0) -> dict[str, float]:
    """Root mean square error and systematic shift of ours and of the peers, in pixels."""
    rng = np.random.default_rng(seed)
    turns = (np.arange(n_edges) + rng.random(n_edges)) * 2 * math.pi / n_edges
    middles = (SIZE - 1) / 2 + rng.uniform(-5, 5, (n_edges, 2))
    images = [edge_image(m, float(t), rng) for m, t in zip(middles, turns, strict=True)]
    finders: dict[str, Callable[[NDArray[np.uint8]], Floats]] = {
        "ours": lambda image: points_of_segments(np.asarray(found_lines(image), np.float64)),
        **{name: _points_with(finder) for name, finder in LINE_PEERS.items()},
    }
    figures = {}
    for name, finder in finders.items():
        score = errors([finder(image) for image in images], middles, turns)
        for key, value in score.items():
            figures[f"subpixel/{key}/{name}"] = value
    chains = [points_of_chains(found(image, "edges").edges) for image in images]
    for key, value in errors(chains, middles, turns).items():
        figures[f"subpixel/edges_{key}/ours"] = value
    return figures


def _points_with(
    finder: Callable[[NDArray[np.uint8]], Floats],
) -> Callable[[NDArray[np.uint8]], Floats]:
    return lambda image: points_of_segments(finder(image))


def points_of_segments(segments: Floats) -> Floats:
    """Points (P, 2) about a pixel apart on segments (N, 2, 2)."""
    points = [np.zeros((0, 2))]
    for start, end in segments:
        n = max(int(np.hypot(*(end - start)) * POINTS_PER_PIXEL), 2)
        points.append(start + np.linspace(0, 1, n)[:, None] * (end - start))
    return np.concatenate(points)


def points_of_chains(chains: EdgeChains) -> Floats:
    """Points (P, 2) of edge chains, away from the border."""
    points = chains.points.astype(np.float64)
    inside = ((points >= BORDER) & (points <= SIZE - 1 - BORDER)).all(axis=1)
    return points[inside]


def errors(points: list[Floats], middles: Floats, turns: Floats) -> dict[str, float]:
    """Errors of the points (P, 2) found on each of E edges.

    Parameters
    ----------
    points : list of (P, 2)
    middles : (E, 2)
        A point of each edge.
    turns : (E,)
        Direction of each, radians.

    Returns
    -------
    dict
        `rms_px`: root mean square distance of the points from their edge; `shift_px`: length of
        the one vector that explains most of it (least squares over the edges); `found`: share of
        the edges that have a point. NaN where fewer than three edges have one.
    """
    squares, means, normals, hits = [], [], [], 0
    for found_points, middle, turn in zip(points, middles, turns, strict=True):
        normal = np.array([-math.cos(turn), math.sin(turn)])
        across = (found_points - middle) @ normal
        across = across[np.abs(across) <= NEAR]
        if len(across):
            hits += 1
            squares.append(np.mean(across**2))
            means.append(np.mean(across))
            normals.append(normal)
    if hits < 3:
        return {"rms_px": math.nan, "shift_px": math.nan, "found": hits / len(points)}
    shift = np.linalg.lstsq(np.array(normals), np.array(means), rcond=None)[0]
    return {
        "rms_px": float(np.sqrt(np.mean(squares))),
        "shift_px": float(np.hypot(*shift)),
        "found": hits / len(points),
    }

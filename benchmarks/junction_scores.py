"""Junctions of drawn partitions: which are found, which are not there, and how exactly."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Voronoi
from scipy.spatial.distance import cdist

from perceptgraph.benchmarks.ours import found_junctions
from perceptgraph.benchmarks.peers import JUNCTION_PEERS
from perceptgraph.benchmarks.rasters import coverage

Floats = NDArray[np.float64]

SIDE, CELLS = 256, 16
"""Pixels; cells of a partition."""
MIN_STEP, BLUR = 25.0, 0.7
"""Least difference of two neighbouring grey levels, of 255; sigma, pixels."""
NOISES = (2, 8, 16)
"""Standard deviations, grey levels of 255."""
MIN_GAP = 10.0
"""Least distance of two vertices, pixels: closer ones are one to the eye."""
BORDER = 8.0
"""Vertices and answers closer to the border of the image do not count, pixels."""
MAX_DISTANCE = 3.0
"""Of an answer from the vertex that it is matched to, pixels."""


def partition(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Image (SIDE, SIDE) of flat Voronoi cells, grey levels of 255, and its vertices (N, 2)."""
    while True:
        seeds = rng.uniform(0, SIDE - 1, (CELLS, 2))
        diagram = Voronoi(_mirrored(seeds))
        vertices = diagram.vertices[_inside(diagram.vertices, 0)]
        gaps = cdist(vertices, vertices) + 2 * MIN_GAP * np.eye(len(vertices))
        if gaps.min() >= MIN_GAP:
            break
    pairs = [p for p in diagram.ridge_points if (p < CELLS).all()]
    levels = _levels(pairs, rng)
    image = np.zeros((SIDE, SIDE))
    for cell in range(CELLS):
        corners = diagram.vertices[diagram.regions[diagram.point_region[cell]]]
        image += levels[cell] * coverage(corners, image.shape)
    return image, vertices[_inside(vertices, BORDER)]


def _mirrored(seeds: Floats) -> Floats:
    """The seeds and their mirror images in the four borders, which bound the cells there."""
    low, high = -0.5, SIDE - 0.5
    copies = [seeds]
    for axis in (0, 1):
        for border in (low, high):
            copy = seeds.copy()
            copy[:, axis] = 2 * border - copy[:, axis]
            copies.append(copy)
    return np.concatenate(copies)


def _levels(pairs: list[NDArray[np.int64]], rng: np.random.Generator) -> Floats:
    """Grey levels (CELLS,), any two neighbours at least MIN_STEP apart; drawn until they are."""
    levels = np.zeros(CELLS)
    while not levels.all():
        levels = _levels_in_turn(pairs, rng)
    return levels


def _levels_in_turn(pairs: list[NDArray[np.int64]], rng: np.random.Generator) -> Floats:
    """Grey levels (CELLS,), one cell after the other; 0 from where none is left for a cell."""
    levels = np.zeros(CELLS)
    for cell in range(CELLS):
        neighbours = [levels[p.sum() - cell] for p in pairs if cell in p and p.min() < cell]
        known = np.array([n for n in neighbours if n > 0])
        free = np.arange(20.0, 236.0)
        free = free[(np.abs(free[:, None] - known) >= MIN_STEP).all(axis=1)]
        if len(free) == 0:
            break
        levels[cell] = rng.choice(free)
    return levels


def _inside(points: Floats, border: float) -> NDArray[np.bool_]:
    return np.asarray(((points >= border) & (points <= SIDE - 1 - border)).all(axis=1))


def matched(truth: Floats, found: Floats) -> Floats:
    """Distances (K,) of one-to-one pairs within MAX_DISTANCE: the most pairs, then the shortest."""
    distance = cdist(truth, found)
    # A pair costs at most 1, and none costs more than all pairs together.
    cost = np.where(distance <= MAX_DISTANCE, distance / MAX_DISTANCE, 1.0 + distance.size)
    rows, columns = linear_sum_assignment(cost)
    pairs = distance[rows, columns]
    return np.asarray(pairs[pairs <= MAX_DISTANCE])


def measure(n_images: int, seed: int = 0) -> dict[str, float]:
    """F of ours and of the peers at every noise, and the mean distance in little noise, pixels."""
    rng = np.random.default_rng(seed)
    partitions = [partition(rng) for _ in range(n_images)]
    finders = {"ours": found_junctions, **JUNCTION_PEERS}
    figures = {}
    for noise in NOISES:
        images = [photographed(image, noise, rng) for image, _ in partitions]
        for name, finder in finders.items():
            answers = [np.asarray(finder(image), np.float64) for image in images]
            score = scores([vertices for _, vertices in partitions], answers)
            for key in ("f", "precision", "recall"):
                figures[f"junctions/{key}/noise{noise}/{name}"] = score[key]
            error = "error_px" if noise == NOISES[0] else f"error_px_noise{noise}"
            figures[f"junctions/{error}/{name}"] = score["error_px"]
    return figures


def photographed(image: Floats, noise: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The levels (H, W), of 255, with blur and noise, in 8 bits."""
    noisy = gaussian_filter(image, BLUR, mode="nearest") + rng.normal(0, noise, image.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def scores(truths: list[Floats], answers: list[Floats]) -> dict[str, float]:
    """Precision, recall and F over all vertices, and the mean distance of the matches."""
    inside = [a[_inside(a, BORDER)] for a in answers]
    pairs = [matched(t, a) for t, a in zip(truths, inside, strict=True)]
    distances = np.concatenate(pairs)
    n_truths, n_answers = sum(map(len, truths)), sum(map(len, inside))
    return {
        "precision": len(distances) / max(n_answers, 1),
        "recall": len(distances) / max(n_truths, 1),
        "f": 2 * len(distances) / max(n_truths + n_answers, 1),
        "error_px": float(distances.mean()) if len(distances) else math.nan,
    }

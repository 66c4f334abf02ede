"""Whether the same segments are found again: seen from elsewhere, and with noise added."""

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.benchmarks.line_scores import covered, lengths
from perceptgraph.benchmarks.ours import found_lines
from perceptgraph.benchmarks.peers import LINE_PEERS

Floats = NDArray[np.float64]
Finder = Callable[[NDArray[np.uint8]], NDArray[np.floating]]

MAX_TURN_DEG, SCALES, MAX_TILT = 15.0, (0.8, 1.2), 1e-4
"""Of the random homographies; the tilt is the change of scale along one pixel."""
NOISE = 10.0
"""Standard deviation of the noise added, grey levels of 255."""
MAX_DISTANCE, MIN_OVERLAP = 3.0, 0.5
"""Of counterparts: mean distance of the four ends from the other's line, pixels, and mean of the
shares of either that the other covers."""
BORDER = 3.0
"""Segments closer to the border of the common view do not count, pixels."""


def measure(images: Sequence[NDArray[np.uint8]], seed: int = 0) -> dict[str, float]:
    """Repeatability and localisation of ours and of the peers on grey photographs (H, W)."""
    finders: dict[str, Finder] = {"ours": found_lines, **LINE_PEERS}
    figures = {}
    for name, finder in finders.items():
        for kind, scores in both_kinds(images, finder, np.random.default_rng(seed)).items():
            repeatability, localisation = np.nanmean(scores, axis=0)
            figures[f"repeatability/{kind}/{name}"] = float(repeatability)
            figures[f"repeatability/{kind}_px/{name}"] = float(localisation)
    return figures


def both_kinds(
    images: Sequence[NDArray[np.uint8]], finder: Finder, rng: np.random.Generator
) -> dict[str, list[tuple[float, float]]]:
    """Scores of every image (H, W) by `repeatability`, under homographies and under noise."""
    scores: dict[str, list[tuple[float, float]]] = {"homography": [], "noise10": []}
    for image in images:
        shape = image.shape[:2]
        homography = random_homography((shape[0], shape[1]), rng)
        noise = rng.normal(0, NOISE, shape)
        plain = np.asarray(finder(image), np.float64)
        views = {
            "homography": (warped(image, homography), homography),
            "noise10": (np.clip(np.rint(image + noise), 0, 255).astype(np.uint8), np.eye(3)),
        }
        for kind, (view, matrix) in views.items():
            again = np.asarray(finder(view), np.float64)
            scores[kind].append(repeatability(plain, again, matrix, (shape[0], shape[1])))
    return scores


def random_homography(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A turn and a change of scale about the middle of the image, and a tilt; (3, 3) on (x, y)."""
    centre = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])
    turn = math.radians(rng.uniform(-MAX_TURN_DEG, MAX_TURN_DEG))
    scale = rng.uniform(*SCALES)
    to_middle, similar, tilt = np.eye(3), np.eye(3), np.eye(3)
    to_middle[:2, 2] = -centre
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    similar[:2, :2] = [[cosine, -sine], [sine, cosine]]
    tilt[2, :2] = rng.uniform(-MAX_TILT, MAX_TILT, 2)
    return np.linalg.inv(to_middle) @ tilt @ similar @ to_middle


def warped(image: NDArray[np.uint8], homography: Floats) -> NDArray[np.uint8]:
    """The image seen through the homography, in the same frame; mirrored beyond its border."""
    size = image.shape[1], image.shape[0]
    seen = cv2.warpPerspective(
        image, homography, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(seen, np.uint8)


def moved(segments: Floats, homography: Floats) -> Floats:
    """Segments (N, 2, 2) through a homography (3, 3) on (x, y, 1)."""
    points = np.concatenate([segments[..., ::-1], np.ones((*segments.shape[:2], 1))], axis=2)
    seen = points @ homography.T
    return (seen[..., :2] / seen[..., 2:])[..., ::-1]


def repeatability(
    first: Floats, second: Floats, homography: Floats, shape: tuple[int, int]
) -> tuple[float, float]:
    """Share of segments found in both views, and the mean distance of those, in pixels.

    Parameters
    ----------
    first, second : (N, 2, 2), (M, 2, 2)
        Segments of either view, (row, column).
    homography : (3, 3)
        Takes (x, y, 1) of the first view to the second.
    shape : (int, int)
        Height and width of both.

    Returns
    -------
    repeatability : float
        Of the segments of both views that lie in the common view, those that have a counterpart:
        a segment of the other view whose ends, and its own, are at most 3 pixels from the other's
        line on average, and that overlaps with it by half, the mean of what either covers. NaN
        where there is no segment.
    localisation : float
        Mean of that distance over the segments found again, in pixels of the second view; NaN
        where there is none.

    References
    ----------
    .. [1] R. Pautrat, J.-T. Lin, V. Larsson, M. R. Oswald, M. Pollefeys, "SOLD2: self-supervised
           occlusion-aware line description and detection", CVPR 2021.
    """
    there = moved(first, homography)
    back = moved(second, np.asarray(np.linalg.inv(homography), np.float64))
    there = there[_inside(first, shape) & _inside(there, shape)]
    here = second[_inside(second, shape) & _inside(back, shape)]
    if len(there) + len(here) == 0:
        return math.nan, math.nan
    distance = np.concatenate([nearest(there, here), nearest(here, there)])
    again = distance[np.isfinite(distance)]
    return len(again) / len(distance), float(again.mean()) if len(again) else math.nan


def _inside(segments: Floats, shape: tuple[int, int]) -> NDArray[np.bool_]:
    high = np.array(shape) - 1 - BORDER
    return np.asarray(((segments >= BORDER) & (segments <= high)).all(axis=(1, 2)))


def nearest(segments: Floats, others: Floats) -> Floats:
    """Distance (N,) of each segment from its counterpart, infinite where it has none."""
    if len(segments) == 0 or len(others) == 0:
        return np.full(len(segments), np.inf)
    distance = (_from_lines(segments, others) + _from_lines(others, segments).T) / 2
    distance[distance > MAX_DISTANCE] = np.inf
    pair = np.ones((1, 1), np.bool_)
    for i, j in zip(*np.nonzero(np.isfinite(distance)), strict=True):
        one, other = segments[i : i + 1], others[j : j + 1]
        if covered(one, other, pair)[0] + covered(other, one, pair)[0] < 2 * MIN_OVERLAP:
            distance[i, j] = np.inf
    return np.asarray(distance.min(axis=1))


def _from_lines(segments: Floats, others: Floats) -> Floats:
    """Mean distance (N, M) of the two ends of segments from the lines of the others."""
    along = (others[:, 1] - others[:, 0]) / np.maximum(lengths(others), 1e-9)[:, None]
    apart = segments[:, None] - others[None, :, :1]
    across = apart[..., 0] * along[:, None, 1] - apart[..., 1] * along[:, None, 0]
    return np.asarray(np.abs(across).mean(axis=2))

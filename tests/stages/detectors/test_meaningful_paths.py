"""The threshold of path openings: noise keeps the promise, and cracks are found."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label

from perceptgraph.stages.detectors.meaningful_paths import (
    log10_path_nfa,
    meaningful_paths,
    path_threshold,
)
from perceptgraph.stages.detectors.nfa import log10_gaussian_tail
from perceptgraph.stages.detectors.path_openings import path_opening

EIGHT = np.ones((3, 3))


def noise(rng: np.random.Generator, size: int, blur: float) -> NDArray[np.float32]:
    values = rng.normal(size=(size + 40, size + 40))
    if blur > 0:
        values = cv2.GaussianBlur(values, (0, 0), blur)
    values = values[20:-20, 20:-20] / values.std()
    return (np.clip(np.rint(127.5 + 50 * values), 0, 255) / 255).astype(np.float32)


def n_paths(found: NDArray[np.int8]) -> int:
    return int(label(found > 0, EIGHT)[1] + label(found < 0, EIGHT)[1])


@pytest.mark.parametrize("p", [0.01, 0.2])
def test_without_gaps_the_bound_is_a_power(p: float) -> None:
    found = log10_path_nfa(1000, length=12, gaps=0, p=p)

    assert found == pytest.approx(math.log10(4 * 1000 * 3**11 * p**12))


def test_gaps_and_correlation_ask_for_more() -> None:
    plain = path_threshold(10_000, length=30)

    assert path_threshold(10_000, length=30, gaps=2) > plain
    assert path_threshold(10_000, length=30, spacing=4) > plain
    assert path_threshold(10_000, length=40) < plain
    assert path_threshold(10_000, length=30, log10_eps=-2) > plain
    assert path_threshold(10_000, length=3, gaps=3) == math.inf


@pytest.mark.parametrize(("length", "gaps"), [(5, 0), (20, 1), (50, 5)])
def test_the_threshold_is_where_the_bound_is_eps(length: int, gaps: int) -> None:
    level = path_threshold(10_000, length=length, gaps=gaps, log10_eps=-1)

    p = 10 ** log10_gaussian_tail(level)
    assert log10_path_nfa(10_000, length=length, gaps=gaps, p=p) == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize(("length", "gaps"), [(4, 0), (8, 0), (8, 1), (20, 2)])
def test_white_noise_has_fewer_paths_than_the_bound(length: int, gaps: int) -> None:
    rng = np.random.default_rng(length)
    level = path_threshold(100 * 100, length=length, gaps=gaps, log10_eps=1.0)

    images = (rng.normal(size=(30, 100, 100)) >= level).astype(np.uint8)
    opened = [path_opening(image, length=length, gaps=gaps) for image in images]

    assert np.mean([label(one, EIGHT)[1] for one in opened]) <= 10


@pytest.mark.parametrize(("blur", "most"), [(0.0, 0.1), (1.0, 1.0), (2.0, 1.0)])
def test_noise_has_no_meaningful_paths(blur: float, most: float) -> None:
    rng = np.random.default_rng(1)

    n_found = [n_paths(meaningful_paths(noise(rng, 256, blur))) for _ in range(10)]

    assert np.mean(n_found) <= most


@pytest.mark.parametrize("sign", [1, -1])
def test_a_crack_in_noise_is_found(sign: int) -> None:
    columns = np.arange(20, 180)
    rows = np.rint(100 + 30 * np.sin(columns / 30)).astype(int)
    image = np.random.default_rng(2).normal(0.5, 0.05, (200, 200)).astype(np.float32)
    image[rows, columns] += sign * 0.15

    found = meaningful_paths(image)

    near = cv2.dilate((found == sign).astype(np.uint8), EIGHT)
    assert near[rows, columns].mean() > 0.95
    assert not (found == -sign).any()
    assert not found[:55].any()


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (40, 40)])
def test_blank_images_have_none(shape: tuple[int, int]) -> None:
    assert not meaningful_paths(np.full(shape, 0.4, np.float32)).any()

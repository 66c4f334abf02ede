import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.benchmarks.rasters import coverage, painted

SHAPE = (12, 15)


def area_of(polygon: np.ndarray) -> float:
    ahead = np.roll(polygon, -1, axis=0)
    return abs(float((polygon[:, 0] * ahead[:, 1] - polygon[:, 1] * ahead[:, 0]).sum())) / 2


@given(rng=generators(), n=st.integers(3, 9))
def test_coverage_sums_to_the_area_of_the_polygon(rng: np.random.Generator, n: int) -> None:
    angle = (np.arange(n) + rng.random(n)) * 2 * np.pi / n  # gaps below pi: the centre is inside
    radius = rng.uniform(0.5, 5, n)
    polygon = np.array([5.5, 7]) + radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], 1)

    share = coverage(polygon, SHAPE)

    np.testing.assert_allclose(share.sum(), area_of(polygon), atol=1e-9)


@given(rng=generators(), n=st.integers(3, 7))
def test_coverage_is_the_share_of_sample_points_inside(rng: np.random.Generator, n: int) -> None:
    angle = (np.arange(n) + rng.random(n)) * 2 * np.pi / n
    polygon = rng.uniform(0, 11, 2) + rng.uniform(1, 9, n)[:, None] * np.stack(
        [np.sin(angle), np.cos(angle)], axis=1
    )
    fine = (np.arange(40) + 0.5) / 40 - 0.5
    rows = (np.arange(SHAPE[0])[:, None] + fine).reshape(-1)
    columns = (np.arange(SHAPE[1])[:, None] + fine).reshape(-1)
    inside = np.zeros((len(rows), len(columns)), bool)
    for here, there in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        spans = (here[0] <= rows) != (there[0] <= rows)
        step = there[0] - here[0] if there[0] != here[0] else 1.0
        crossing = here[1] + (rows - here[0]) / step * (there[1] - here[1])
        inside ^= spans[:, None] & (columns[None] > crossing[:, None])

    share = coverage(polygon, SHAPE)

    expected = inside.reshape(SHAPE[0], 40, SHAPE[1], 40).mean(axis=(1, 3))
    np.testing.assert_allclose(share, expected, atol=0.08)  # an edge may pass beside 1.4 / 40


@given(rng=generators())
def test_coverage_sees_neither_orientation_nor_the_frame(rng: np.random.Generator) -> None:
    polygon = rng.uniform(-6, 18, (3, 2))

    share = coverage(polygon, SHAPE)

    np.testing.assert_allclose(coverage(polygon[::-1], SHAPE), share, atol=1e-12)
    wide = coverage(polygon + 20, (60, 60))[20:32, 20:35]
    np.testing.assert_allclose(wide, share, atol=1e-9)


@pytest.mark.parametrize("at", [-1.5, -0.5, 0.0, 0.25, 3.5, 11.5, 20.0])
def test_half_plane_covers_up_to_its_edge(at: float) -> None:
    polygon = np.array([[at, -50.0], [at, 50.0], [-90.0, 50.0], [-90.0, -50.0]])

    share = coverage(polygon, SHAPE)

    expected = np.clip(at + 0.5 - np.arange(SHAPE[0]), 0, 1)
    np.testing.assert_allclose(share, np.repeat(expected[:, None], SHAPE[1], axis=1), atol=1e-12)


@given(rng=generators())
def test_paint_blends_by_coverage(rng: np.random.Generator) -> None:
    polygon = rng.uniform(-6, 18, (3, 2))
    image, level = rng.uniform(0, 255, SHAPE), rng.uniform(0, 255, SHAPE)

    share = coverage(polygon, SHAPE)

    np.testing.assert_allclose(painted(image, polygon, level), image + share * (level - image))
    np.testing.assert_allclose(painted(image, polygon, 7.0), image + share * (7.0 - image))

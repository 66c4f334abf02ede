"""Shapes of components and the law of their contrast under noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from perceptgraph.stages.detectors.component_shapes import (
    MAX_SAMPLES,
    RING,
    component_shapes,
    contrast_variance,
    ellipse_area,
    ellipse_contrasts,
)
from perceptgraph.stages.detectors.component_tree import component_tree

EVERYTHING = {"min_area": 1, "max_area": 10**6, "min_fill": 0.0, "max_elongation": 1e6}


def shape_of(row: float, column: float, long: float, short: float, turn: float) -> np.ndarray:
    """Shape (1, 7) of an ellipse with these half axes."""
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    second = rotation @ np.diag([short**2, long**2]) @ rotation.T / 4
    area = math.pi * long * short
    return np.array([[0, area, row, column, second[0, 0], second[0, 1], second[1, 1]]])


def pixels_of(shape: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Flat indices of the pixels in an ellipse and in the whole ring around it."""
    rows, columns = np.mgrid[:size, :size]
    off_centre = np.stack([rows - shape[2], columns - shape[3]], axis=-1)
    inverse = np.linalg.inv(np.array([[shape[4], shape[5]], [shape[5], shape[6]]]))
    form = np.einsum("...i,ij,...j", off_centre, inverse, off_centre).ravel()
    inner, outer = 4 * np.square(RING)
    return np.flatnonzero(form <= 4), np.flatnonzero((form >= inner) & (form <= outer))


def noise(rng: np.random.Generator, size: int, blur: float) -> np.ndarray:
    """Gaussian noise (size, size) of standard deviation 1, blurred."""
    field = gaussian_filter(rng.normal(size=(size, size)), blur, mode="wrap")
    return (field * 2 * math.sqrt(math.pi) * blur).astype(np.float32)


@given(seed=st.integers(0, 10**6))
def test_moments_are_those_of_the_pixels(seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 3, (12, 12)).astype(np.uint16)
    image[[0, -1]] = image[:, [0, -1]] = 0
    tree = component_tree(image)

    shapes = component_shapes(tree, **EVERYTHING)

    for shape in shapes:
        node = int(shape[0])
        area = tree.nodes[node, 0]
        inside = {node}
        for _ in range(60):
            inside |= {
                q + s
                for q in inside
                for s in (-14, -1, 1, 14)
                if tree.level.ravel()[q + s] >= tree.level.ravel()[node]
            }
        pixels = np.array([divmod(p, 14) for p in inside]) - 1
        assert len(pixels) == area == shape[1]
        second = np.cov(pixels.T, bias=True).reshape(2, 2) + np.eye(2) / 12
        np.testing.assert_allclose(shape[2:4], pixels.mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(shape[4:], second[[0, 0, 1], [0, 1, 1]], atol=1e-9)


def test_contrast_of_an_ellipse_on_a_ramp_is_its_height_on_the_higher_side() -> None:
    rows, columns = np.mgrid[:80, :80]
    image = (0.001 * rows + 0.002 * columns).astype(np.float32)
    image += 0.25 * (np.hypot((rows - 40) / 8, (columns - 40) / 14) <= 1)

    contrast, core, ground, n_ring = ellipse_contrasts(image, 1, shape_of(40, 40, 14, 8, 0))[0]

    slope = 0.002 * 14 * 1.4 * 2 / math.pi  # from the centre to the middle of the right half
    assert contrast == pytest.approx(0.25 - slope, abs=0.002)
    assert core == pytest.approx(contrast, abs=1e-6)
    assert ground == pytest.approx(0.12 + slope, abs=0.002)
    assert n_ring == pytest.approx((RING[1] ** 2 - RING[0] ** 2) * math.pi * 14 * 8, rel=0.05)


def test_a_ring_cut_by_half_has_no_contrast() -> None:
    rows, columns = np.mgrid[:40, :40]
    image = (np.hypot(rows - 8, columns - 20) <= 9).astype(np.float32)

    assert ellipse_contrasts(image, 1, shape_of(-3, 20, 9, 9, 0))[0, 0] == 0
    assert ellipse_contrasts(image, 1, shape_of(8, 20, 9, 9, 0))[0, 0] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("long", "short", "blur"),
    [
        (2, 2, 1),
        (3, 2, 1),
        (6, 6, 1),
        (16, 4, 1),
        (4, 4, 2.2),
        (9, 3, 2.2),
        (16, 14, 2.2),
        (45, 40, 1),
    ],
)
def test_variance_of_the_contrast_is_that_under_noise(
    long: float, short: float, blur: float
) -> None:
    rng = np.random.default_rng(0)
    size = 192
    places = [(*rng.uniform(72, 120, 2), rng.uniform(0, 3)) for _ in range(12)]
    shapes = np.concatenate([shape_of(r, c, long, short, turn) for r, c, turn in places])
    pixels = [pixels_of(shape, size) for shape in shapes]

    found, least = [], []
    for _ in range(80):
        field = noise(rng, size, blur)
        found.append([field.flat[i].mean() - field.flat[o].mean() for i, o in pixels])
        least.append(ellipse_contrasts(field, 1, shapes)[:, 0])
    n_ring = np.array([len(o) for _, o in pixels])
    expected = contrast_variance(shapes, n_ring, blur).mean()

    assert np.std(found) == pytest.approx(math.sqrt(expected), rel=0.12)
    # A ring has a few pixels more above than below, so "at most" holds but for a little.
    assert (np.array(least) <= np.array(found) + 0.15 * math.sqrt(expected)).all()


def test_large_regions_have_as_many_samples_as_correlation_areas() -> None:
    shape = shape_of(0, 0, 300, 200, 0.4)
    n_full = (RING[1] ** 2 - RING[0] ** 2) * ellipse_area(shape)

    variance = contrast_variance(shape, n_full, 1.0)

    expected = 4 * math.pi * (1 / ellipse_area(shape) + 1 / n_full)
    np.testing.assert_allclose(variance, expected, rtol=0.1)


def test_large_regions_are_seen_on_a_coarser_grid() -> None:
    shapes = np.concatenate([shape_of(256, 256, 100, 100, 0), shape_of(256, 256, 150, 120, 1.0)])
    rows, columns = np.mgrid[:512, :512]
    image = (np.hypot(rows - 256, columns - 256) <= 100).astype(np.float32)

    contrast = ellipse_contrasts(image, 1, shapes)[:, 0]

    assert (shapes[:, 1] > MAX_SAMPLES).all()
    assert contrast[0] == pytest.approx(1.0, abs=0.01)

"""Blobs: position, shape, sign and contrast of drawn spots, and the promise on noise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from perceptgraph.graphs.primitives import Blobs
from perceptgraph.stages.detectors.blobs import blob_log10_nfa, blobs

Floats = NDArray[np.float32]


def ellipse(
    size: int, row: float, column: float, long: float, short: float, turn: float = 0.0
) -> Floats:
    """Image (size, size) in [0, 1]: an ellipse, its long axis `turn` from +column to +row."""
    rows, columns = np.mgrid[: 4 * size, : 4 * size] / 4 - 0.375
    along = (columns - column) * math.cos(turn) + (rows - row) * math.sin(turn)
    across = (rows - row) * math.cos(turn) - (columns - column) * math.sin(turn)
    inside = np.hypot(along / long, across / short) <= 1
    return inside.reshape(size, 4, size, 4).mean(axis=(1, 3)).astype(np.float32)


def gaussian_noise(rng: np.random.Generator, size: int, blur: float) -> Floats:
    """Noise (size, size) of standard deviation 50 of 255, in 8 bits."""
    field = rng.normal(size=(size + 32, size + 32))
    field = gaussian_filter(field, blur)[16:-16, 16:-16] if blur else field[16:-16, 16:-16]
    grey = np.clip(np.round(127 + 50 * field / field.std()), 0, 255)
    return (grey / 255).astype(np.float32)


def outline(found: Blobs, index: int) -> Floats:
    return found.points[found.offsets[index] : found.offsets[index + 1]]


@pytest.mark.parametrize("sign", [1, -1])
@given(
    row=st.floats(27, 33),
    column=st.floats(27, 33),
    short=st.floats(6, 9),
    ratio=st.floats(1, 2),
    turn=st.floats(0, 3.1),
)
@settings(max_examples=15)
def test_an_ellipse_is_one_blob_with_its_moments(
    sign: int, row: float, column: float, short: float, ratio: float, turn: float
) -> None:
    image = 0.5 + sign * 0.3 * ellipse(60, row, column, ratio * short, short, turn)

    found = blobs(image.astype(np.float32))

    assert len(found) == 1
    np.testing.assert_allclose(found.centre[0], [row, column], atol=0.05)
    assert found.contrast[0] == pytest.approx(sign * 0.3, abs=0.03)
    rr, rc, cc = found.second_moments[0]
    area = 4 * math.pi * math.sqrt(rr * cc - rc**2)
    assert area == pytest.approx(math.pi * ratio * short**2, rel=0.08)
    if ratio > 1.2:
        axis = math.atan2(2 * rc, cc - rr) / 2
        assert math.cos(2 * (axis - turn)) > 0.99


@pytest.mark.parametrize("sign", [1, -1])
def test_the_outline_is_the_circle_with_the_brighter_side_left(sign: int) -> None:
    image = 0.5 + sign * 0.4 * ellipse(60, 30.2, 29.7, 11, 11)

    points = outline(blobs(image.astype(np.float32)), 0).astype(np.float64)

    off_centre = points - [30.2, 29.7]
    np.testing.assert_allclose(np.hypot(*off_centre.T), 11, atol=0.15)
    ahead = np.roll(points, -1, axis=0) - points
    left = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    assert (sign * (left * -off_centre).sum(axis=1) > -1e-6).all()


@pytest.mark.parametrize("size", [6, 20])
def test_a_square_is_a_blob(size: int) -> None:
    image = np.full((64, 64), 0.2, np.float32)
    image[20 : 20 + size, 22 : 22 + size] = 0.8

    found = blobs(image)

    assert len(found) == 1
    np.testing.assert_allclose(found.centre[0], [19.5 + size / 2, 21.5 + size / 2], atol=0.01)


def test_shapes_that_are_not_convex_are_no_blobs() -> None:
    image = np.full((64, 64), 0.2, np.float32)
    image[10:50, 10:18] = image[42:50, 10:50] = 0.8

    assert len(blobs(image)) == 0
    assert len(blobs(image, min_convexity=0.3, max_elongation=9.0)) == 1


def test_a_long_bar_is_no_blob() -> None:
    image = np.full((64, 64), 0.2, np.float32)
    image[30:34, 8:56] = 0.8

    assert len(blobs(image)) == 0
    assert len(blobs(image, max_elongation=20.0)) == 1


def test_what_the_border_cuts_is_no_blob() -> None:
    assert len(blobs(ellipse(60, 30, 54, 9, 9))) == 0
    assert len(blobs(ellipse(60, 30, 48, 9, 9))) == 1


def test_a_soft_spot_is_one_blob() -> None:
    rows, columns = np.mgrid[:80, :80]
    spot = np.exp(-((rows - 40) ** 2 + (columns - 40) ** 2) / (2 * 8.0**2)).astype(np.float32)

    assert len(blobs(0.2 + 0.6 * spot)) == 1


def test_a_disc_on_a_disc_is_two_blobs() -> None:
    image = 0.2 + 0.3 * ellipse(80, 40, 40, 24, 24) + 0.3 * ellipse(80, 38, 42, 8, 8)

    found = blobs(image.astype(np.float32))

    assert len(found) == 2
    areas = np.sort(np.sqrt(found.second_moments[:, 0]) * 2)
    np.testing.assert_allclose(areas, [8, 24], rtol=0.1)


def test_noise_does_not_split_a_disc() -> None:
    rng = np.random.default_rng(0)
    image = 0.3 + 0.4 * ellipse(128, 60, 64, 24, 24) + rng.normal(0, 0.06, (128, 128))

    found = blobs(image.astype(np.float32))

    assert len(found) == 1
    np.testing.assert_allclose(found.centre[0], [60, 64], atol=0.3)


def test_a_faint_spot_is_found_in_noise_and_a_fainter_one_is_not() -> None:
    rng = np.random.default_rng(5)
    spots = ellipse(128, 64, 64, 5, 5)
    noise = rng.normal(0, 0.08, (128, 128))

    faint = blobs((0.4 + 0.3 * spots + noise).astype(np.float32))
    fainter = blobs((0.4 + 0.02 * spots + noise).astype(np.float32))

    assert (len(faint), len(fainter)) == (1, 0)
    np.testing.assert_allclose(faint.centre[0], [64, 64], atol=1)


def test_coarse_scales_find_what_noise_breaks_at_the_finest() -> None:
    rng = np.random.default_rng(6)
    image = 0.4 + 0.04 * ellipse(160, 80, 76, 24, 24) + rng.normal(0, 0.1, (160, 160))

    fine, coarse = (blobs(image.astype(np.float32), n_scales=n) for n in (1, 3))

    centres = [np.hypot(*(found.centre - [80, 76]).T) for found in (fine, coarse)]
    assert [(distance < 3).sum() for distance in centres] == [0, 1]


def test_what_is_strong_is_not_seen_again_at_coarse_scales() -> None:
    image = 0.2 + 0.6 * ellipse(96, 50, 42, 14, 8, 0.5)

    fine, coarse = (blobs(image.astype(np.float32), n_scales=n) for n in (1, 3))

    assert len(fine) == len(coarse) == 1
    np.testing.assert_array_equal(fine.points, coarse.points)


@pytest.mark.parametrize("n_scales", [1, 3])
@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_noise_has_hardly_any_blobs(blur: float, n_scales: int) -> None:
    rng = np.random.default_rng(2)

    n_found = [len(blobs(gaussian_noise(rng, 256, blur), n_scales=n_scales)) for _ in range(30)]

    assert np.mean(n_found) <= 0.1


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_noise_has_no_more_blobs_than_any_eps_promises(blur: float) -> None:
    rng = np.random.default_rng(3)

    n_found = [len(blobs(gaussian_noise(rng, 256, blur), log10_eps=2.0)) for _ in range(10)]

    assert np.mean(n_found) <= 100


def scene() -> Floats:
    """Discs and ellipses of several sizes, bright and dark, and slight noise."""
    rng = np.random.default_rng(4)
    image = np.full((96, 96), 0.5)
    for row, column, size in ((20, 22, 5), (24, 70, 9), (70, 30, 12), (72, 74, 7)):
        image += (1 if size % 2 else -1) * 0.25 * ellipse(96, row, column, 1.3 * size, size, row)
    return np.clip(image + rng.normal(0, 0.01, (96, 96)), 0, 1).astype(np.float32)


def in_order(found: Blobs) -> NDArray[np.intp]:
    return np.lexsort(found.centre.round(1).T)


def test_inversion_flips_the_contrast_and_nothing_else() -> None:
    here, there = blobs(scene()), blobs(1 - scene())

    i, j = in_order(here), in_order(there)
    assert len(here) == len(there) == 4
    np.testing.assert_allclose(here.centre[i], there.centre[j], atol=1e-3)
    np.testing.assert_allclose(here.contrast[i], -there.contrast[j], atol=1e-3)
    np.testing.assert_allclose(here.log10_nfa[i], there.log10_nfa[j], rtol=0.02)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_picture_turns_the_blobs(turns: int) -> None:
    here, there = blobs(scene()), blobs(np.ascontiguousarray(np.rot90(scene(), turns)))

    expected = here.centre
    for _ in range(turns):
        expected = np.stack([95 - expected[:, 1], expected[:, 0]], axis=1)
    i, j = np.lexsort(expected.round(1).T), in_order(there)
    np.testing.assert_allclose(expected[i], there.centre[j], atol=1e-2)
    # The squares in which the noise is measured do not turn with so small a picture.
    np.testing.assert_allclose(here.log10_nfa[i], there.log10_nfa[j], rtol=0.3)


@pytest.mark.parametrize(("factor", "constant"), [(0.5, 0.0), (1.0, 0.2), (0.3, 0.4)])
def test_scaling_and_shifting_grey_levels_changes_nothing_but_the_contrast(
    factor: float, constant: float
) -> None:
    image = 0.75 * scene()

    here, there = blobs(image), blobs(np.float32(factor) * image + np.float32(constant))

    assert len(here) == len(there)
    np.testing.assert_allclose(here.centre, there.centre, atol=1e-2)
    np.testing.assert_allclose(factor * here.contrast, there.contrast, rtol=1e-3)
    np.testing.assert_allclose(here.log10_nfa, there.log10_nfa, rtol=1e-2)


def test_most_meaningful_first() -> None:
    assert (np.diff(blobs(scene()).log10_nfa) >= 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 500), (3, 3), (64, 64)])
def test_blank_and_tiny_images_have_no_blobs(shape: tuple[int, int]) -> None:
    assert len(blobs(np.full(shape, 0.3, np.float32))) == 0
    assert len(blobs(np.indices(shape).sum(axis=0).astype(np.float32) % 2)) == 0


def test_nfa_does_not_underflow() -> None:
    log10_nfa = blob_log10_nfa(np.array([10.0, 100.0, 1e4]), np.full(3, 50.0), 1.0, 6.0)

    assert np.isfinite(log10_nfa).all()
    assert (np.diff(log10_nfa) < 0).all()


def test_ripples_fainter_than_the_least_contrast_are_no_blobs() -> None:
    image = 0.2 + 0.6 * ellipse(80, 30, 30, 12, 12) + 0.008 * ellipse(80, 60, 60, 5, 5)

    assert len(blobs(image.astype(np.float32))) == 1
    assert len(blobs(image.astype(np.float32), min_contrast=0.0)) == 2

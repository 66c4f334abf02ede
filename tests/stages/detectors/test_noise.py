"""What `stages/detectors/noise.py` promises."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from perceptgraph.stages.detectors.noise import Noise, measure_noise


def blurred_noise(
    side: int, blur: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], float]:
    """Gaussian noise as an 8-bit image holds it, of standard deviation 50; its true density."""
    white = rng.normal(size=(side + 40, side + 40)).astype(np.float32)
    field = cv2.GaussianBlur(white, (0, 0), blur) if blur else white
    field = field[20:-20, 20:-20]
    std = float(field.std())
    levels = np.clip(np.rint(128 + 50 * field / std), 0, 255)
    return (levels / 255).astype(np.float32), 50 / 255 / std


@pytest.mark.parametrize("blur", [0.0, 0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("side", [128, 256])
def test_strength_and_correlation_of_noise_are_found(side: int, blur: float) -> None:
    rng = np.random.default_rng(3)
    level_errors = []
    for _ in range(20):
        image, density = blurred_noise(side, blur, rng)
        found, true = measure_noise(image), Noise(density, blur)
        level_errors.append(found.level_std(1.0) / true.level_std(1.0))
        assert found.density == pytest.approx(density, rel=0.2)
        assert found.blur == pytest.approx(blur, abs=0.1 if blur else 0.45)

    assert np.mean(level_errors) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_laws_of_smoothed_noise_agree_with_smoothed_noise(blur: float, sigma: float) -> None:
    white = np.random.default_rng(0).normal(size=(600, 600)).astype(np.float32)
    field = cv2.GaussianBlur(white, (0, 0), blur) if blur else white
    smooth = cv2.GaussianBlur(field, (0, 0), sigma)[20:-20, 20:-20]
    noise = Noise(1.0, blur)

    slope = (smooth[:, 2:] - smooth[:, :-2]) / 2  # spreads the noise by less than a pixel
    t = noise.total_blur(sigma)
    lag = round(t)
    correlation = np.mean(slope[lag:] * slope[:-lag]) / np.mean(slope**2)

    assert smooth.std() == pytest.approx(noise.level_std(sigma), rel=0.08)
    assert slope.std() == pytest.approx(noise.gradient_std(sigma), rel=0.3 if t < 1.1 else 0.12)
    assert correlation == pytest.approx(np.exp(-(lag**2) / (4 * t * t)), abs=0.05)


def test_structure_beside_flat_zones_is_not_noise() -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(0.5, 0.01, (200, 200)).astype(np.float32)
    image[:, 60:] += 0.2 * np.sin(np.arange(140) / 2).astype(np.float32)

    found = measure_noise(image)

    assert found.density == pytest.approx(0.01, rel=0.1)


def test_slope_of_the_ground_is_not_noise() -> None:
    rng = np.random.default_rng(2)
    image = rng.normal(0, 0.01, (200, 200)).astype(np.float32) + np.linspace(
        0, 1, 200, dtype=np.float32
    )

    found = measure_noise(image)

    assert found.density == pytest.approx(0.01, rel=0.1)
    assert found.blur < 0.5


def test_cut_off_zones_do_not_hide_the_noise_of_the_rest() -> None:
    rng = np.random.default_rng(2)
    image = np.clip(rng.normal(0.5, 0.05, (200, 200)), 0, 1).astype(np.float32)
    image[:80] = 1

    assert measure_noise(image).density == pytest.approx(0.05, rel=0.15)


@pytest.mark.parametrize("n_flat", [1, 2, 3, 4, 5])
def test_just_a_tenth_of_noise_free_squares_is_no_trouble(n_flat: int) -> None:
    image = np.random.default_rng(0).normal(0.5, 0.05, (12 + 8, 12 + 8 * 19)).astype(np.float32)
    image[:, : 8 * n_flat + 4] = 0.5

    assert np.isfinite(measure_noise(image).density)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0.25), (0.1, 0.0), (1.0, -0.05)])
def test_noise_scales_with_the_levels(gain: float, offset: float) -> None:
    image = np.random.default_rng(0).normal(0.5, 0.05, (96, 96)).astype(np.float32)

    here, there = measure_noise(image), measure_noise(np.float32(gain) * image + np.float32(offset))

    assert there.density == pytest.approx(gain * here.density, rel=1e-3)
    assert there.blur == pytest.approx(here.blur, abs=1e-2)


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (11, 300), (64, 64)])
def test_without_noise_or_room_the_least_is_returned(shape: tuple[int, int]) -> None:
    image = np.full(shape, 0.3, np.float32)
    image[: shape[0] // 2] = 0.6

    found = measure_noise(image)

    assert 0 <= found.density < 1e-3


def test_step_is_that_of_the_rounding() -> None:
    rng = np.random.default_rng(0)
    image = np.rint(rng.normal(128, 20, (64, 64))).astype(np.float32) / np.float32(255)

    assert measure_noise(image).step == pytest.approx(1 / 255, rel=1e-3)


@pytest.mark.parametrize("shape", [(64, 64), (61, 77), (30, 31), (400, 403)])
def test_the_noise_of_a_turned_picture_is_the_same(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random(shape, np.float32)
    image *= np.linspace(0.2, 1, shape[1], dtype=np.float32)
    here = measure_noise(image)

    for turn in (np.rot90, np.flipud, np.fliplr, np.transpose):
        there = measure_noise(np.ascontiguousarray(turn(image)))

        assert there.density == pytest.approx(here.density, rel=1e-5)
        assert there.blur == pytest.approx(here.blur, abs=1e-4)
        assert there.step == here.step

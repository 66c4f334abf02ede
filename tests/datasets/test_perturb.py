"""Perturbations: what each does to a picture whose perturbed version is known."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.datasets.perturb import (
    PERTURBATIONS,
    blur,
    check_perturbation,
    contrast,
    ground,
    noise,
    occlusion,
    perturbed,
    resolution,
    scale,
    shift,
    sign_noise,
    turn,
    turned,
)

NOTHING: dict[str, dict[str, Any]] = {
    "noise": {"deviation": 0.0},
    "sign_noise": {"lowest": 0.0, "highest": 0.0},
    "blur": {"sigma": 0.0},
    "contrast": {"factor": 1.0, "offset": 0.0},
    "turn": {"turn_deg": 360.0, "spread_deg": 0.0, "mirrored": False},
    "shift": {"distance": 0.0, "mirrored": False},
    "scale": {"factor": 1.0, "mirrored": False},
    "occlusion": {"share": 0.0, "level": None},
    "resolution": {"factor": 1.0},
}
"""Each perturbation so weak that it does nothing."""
STRONG: dict[str, dict[str, Any]] = {
    "noise": {"deviation": 0.5},
    "sign_noise": {"lowest": 0.2, "highest": 0.4},
    "blur": {"sigma": 2.0},
    "contrast": {"factor": 0.5, "offset": 0.4},
    "turn": {"turn_deg": 37.0, "spread_deg": 10.0, "mirrored": False},
    "shift": {"distance": 2.5, "mirrored": False},
    "scale": {"factor": 0.7, "mirrored": False},
    "occlusion": {"share": 0.5, "level": None},
    "resolution": {"factor": 0.4},
}


@st.composite
def images(draw: st.DrawFn, colour: bool = True) -> np.ndarray:
    """Noise of any type and shape that images have."""
    rng = draw(generators())
    size = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    shape = (*size, 3) if colour and draw(st.booleans()) else size
    levels = rng.random(shape)
    full = draw(st.sampled_from([None, 255, 65535]))
    if full is None:
        return levels.astype(np.float32)
    return np.rint(levels * full).astype(np.uint8 if full == 255 else np.uint16)


def spot(row: float, column: float, sigma: float, side: int = 61) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    squares = (rows - row) ** 2 + (columns - column) ** 2
    return (0.9 * np.exp(-squares / (2 * sigma**2))).astype(np.float32)


@pytest.mark.parametrize("name", PERTURBATIONS)
@settings(max_examples=30)
@given(image=images(), seed=st.integers(0, 99))
def test_shape_and_type_stay_and_the_image_is_not_touched(
    name: str, image: np.ndarray, seed: int
) -> None:
    before = image.copy()

    first, again = (
        PERTURBATIONS[name](image, np.random.default_rng(seed), **STRONG[name]) for _ in range(2)
    )

    assert first.shape == image.shape
    assert first.dtype == image.dtype
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(image, before)
    assert first.min() >= 0
    assert first.dtype != np.float32 or first.max() <= 1


@pytest.mark.parametrize("name", PERTURBATIONS)
@settings(max_examples=30)
@given(image=images())
def test_no_strength_changes_nothing(name: str, image: np.ndarray) -> None:
    same = perturbed(image, np.random.default_rng(0), {name: NOTHING[name]})

    assert not np.shares_memory(same, image)
    np.testing.assert_allclose(same, image, atol=1e-6 if image.dtype == np.float32 else 0)


@pytest.mark.parametrize("name", PERTURBATIONS)
@settings(max_examples=20)
@given(image=images(colour=False))
def test_channels_that_are_equal_stay_equal(name: str, image: np.ndarray) -> None:
    if name in ("noise", "sign_noise"):
        return  # every value has noise of its own
    grey = PERTURBATIONS[name](image, np.random.default_rng(0), **STRONG[name])

    colour = PERTURBATIONS[name](
        np.stack([image] * 3, axis=2), np.random.default_rng(0), **STRONG[name]
    )

    np.testing.assert_array_equal(colour, np.stack([grey] * 3, axis=2))


@pytest.mark.parametrize("name", ["blur", "turn", "shift", "scale", "occlusion", "resolution"])
@given(level=st.floats(0, 1))
def test_a_plain_image_stays_plain(name: str, level: float) -> None:
    plain = np.full((12, 17), level, np.float32)

    same = PERTURBATIONS[name](plain, np.random.default_rng(0), **STRONG[name])

    np.testing.assert_allclose(same, plain, atol=1e-6)


@pytest.mark.parametrize("mirrored", [False, True])
@given(image=images(), quarters=st.integers(-3, 4))
def test_quarters_of_squares_turn_pixel_by_pixel(
    image: np.ndarray, quarters: int, mirrored: bool
) -> None:
    side = min(image.shape[:2])
    square = image[:side, :side]

    there = turned(square, quarters * math.pi / 2, mirrored=mirrored)

    np.testing.assert_allclose(
        there, np.rot90(square, -quarters), atol=1e-5 if image.dtype == np.float32 else 0
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_spot_goes_where_the_turn_takes_it(mirrored: bool) -> None:
    angle = math.radians(37)
    row, column = 20.0 - 30, 38.0 - 30

    there = turned(spot(20, 38, 3.0), angle, mirrored=mirrored)

    cos, sin = math.cos(angle), math.sin(angle)
    expected = spot(30 + cos * row + sin * column, 30 - sin * row + cos * column, 3.0)
    within = np.hypot(*(np.indices(there.shape) - 30)) < 30
    assert np.abs(there - expected)[within].max() < 0.005


@given(seed=st.integers(0, 2**32 - 1), distance=st.floats(0, 12))
def test_shift_moves_by_its_distance(seed: int, distance: float) -> None:
    there = shift(spot(30, 30, 3.0), np.random.default_rng(seed), distance=distance)

    rows, columns = np.mgrid[:61, :61]
    mass = there.sum(dtype=np.float64)
    moved = (rows * there).sum() / mass - 30, (columns * there).sum() / mass - 30
    np.testing.assert_allclose(np.hypot(*moved), distance, atol=0.02)


@given(factor=st.floats(0.4, 2.5))
def test_a_spot_is_larger_by_the_factor(factor: float) -> None:
    there = scale(spot(30, 30, 4.0), np.random.default_rng(0), factor=factor)

    # What gets smaller is blurred before: the variances add.
    variance = factor**2 * 16 + 0.64 * max(1 - factor**2, 0)
    expected = spot(30, 30, math.sqrt(variance)) * (factor**2 * 16 / variance)
    assert np.abs(there - expected)[10:-10, 10:-10].max() < 0.01


@given(seed=st.integers(0, 2**32 - 1), side=st.integers(0, 10))
def test_occlusion_hides_one_square(seed: int, side: int) -> None:
    image = np.ones((10, 14), np.float32)

    there = occlusion(image, np.random.default_rng(seed), share=side / 10, level=0.25)

    rows, columns = np.nonzero(there != 1)
    assert len(rows) == side**2
    assert np.all(there[rows, columns] == 0.25)
    assert side == 0 or (np.ptp(rows), np.ptp(columns)) == (side - 1, side - 1)


def test_noise_has_its_deviation_and_the_sign_noise_its_amplitude() -> None:
    grey = np.full((200, 200), 0.5, np.float32)

    gaussian = noise(grey, np.random.default_rng(0), deviation=0.05)
    signs = sign_noise(grey, np.random.default_rng(0), lowest=0.1, highest=0.3)

    np.testing.assert_allclose(gaussian.std(), 0.05, rtol=0.02)
    (low, high), counts = np.unique(signs, return_counts=True)
    assert 0.1 <= 0.5 - low <= 0.3
    np.testing.assert_allclose(high + low, 1, atol=1e-6)
    np.testing.assert_allclose(counts / grey.size, 0.5, atol=0.01)


def test_blur_spreads_a_spot() -> None:
    there = blur(spot(30, 30, 3.0), np.random.default_rng(0), sigma=4.0)

    np.testing.assert_allclose(there, spot(30, 30, 5.0) * 9 / 25, atol=0.002)


def test_contrast_is_affine_in_the_grey_level() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)

    there = contrast(image, np.random.default_rng(0), factor=0.4, offset=0.3)

    assert np.abs(there - (0.4 * image + 0.3 * 255)).max() <= 0.5 + 1e-9


def test_fewer_pixels_keep_the_mean_and_lose_what_is_fine() -> None:
    rows, columns = np.indices((32, 32))
    board = ((rows + columns) % 2).astype(np.float32)
    smooth = spot(15, 17, 6.0, side=32)

    np.testing.assert_allclose(
        resolution(board, np.random.default_rng(0), factor=0.5), 0.5, atol=1e-6
    )
    assert np.abs(resolution(smooth, np.random.default_rng(0), factor=0.5) - smooth).max() < 0.02


def test_what_comes_into_view_is_the_ground_or_the_picture_mirrored() -> None:
    image = np.full((21, 21), 0.25, np.float32)
    image[5:16, 5:16] = 1
    ramp = np.tile(np.linspace(0, 1, 21, dtype=np.float32), (21, 1))

    on_ground = turned(image, math.pi / 4, mirrored=False)
    across = turned(ramp, math.pi / 4, mirrored=True)

    assert ground(image) == 0.25
    np.testing.assert_allclose(on_ground[0, 0], 0.25, atol=1e-3)
    # The corner of the square comes from beyond the middle of its side, mirrored there.
    np.testing.assert_allclose(across[0, 0], 10 * (math.sqrt(2) - 1) / 20, atol=0.02)


def test_turns_are_drawn_around_their_middle() -> None:
    image = spot(30, 45, 2.0)

    def angles(**keywords: float) -> np.ndarray:
        rng = np.random.default_rng(0)
        there = [turn(image, rng, **keywords) for _ in range(60)]
        at = np.array([np.unravel_index(one.argmax(), one.shape) for one in there]) - 30
        return np.degrees(np.arctan2(*at.T))

    narrow, any_ = angles(turn_deg=90.0, spread_deg=10.0), angles(turn_deg=0.0, spread_deg=180.0)

    assert np.abs(narrow - 90).max() <= 12
    assert narrow.std() > 3
    assert np.ptp(any_) > 300


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"fog": {}}, "expected some of noise, .*, got 'fog'"),
        ({"blur": {}}, "perturb.blur: expected sigma, got "),
        ({"blur": {"sigma": 1, "size": 2}}, "expected sigma, got sigma, size"),
    ],
)
def test_what_is_no_recipe_is_told(recipe: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_perturbation(recipe)


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("noise", {"deviation": -0.1}),
        ("sign_noise", {"lowest": 0.3, "highest": 0.1}),
        ("blur", {"sigma": float("nan")}),
        ("turn", {"spread_deg": -1.0}),
        ("shift", {"distance": -1.0}),
        ("scale", {"factor": 0.0}),
        ("occlusion", {"share": 1.5}),
        ("resolution", {"factor": 0.0}),
    ],
)
def test_a_strength_that_cannot_be_is_told(name: str, keywords: dict[str, float]) -> None:
    (wrong,) = keywords.keys() - {"lowest"}

    with pytest.raises(ValueError, match=f"{wrong}: expected"):
        PERTURBATIONS[name](np.zeros((5, 5), np.uint8), np.random.default_rng(0), **keywords)


def test_images_of_another_type_are_told() -> None:
    with pytest.raises(ValueError, match="uint8, uint16 or float32, got int64"):
        blur(np.zeros((3, 3), np.int64), np.random.default_rng(0))

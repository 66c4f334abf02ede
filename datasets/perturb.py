"""Images made harder to read: noise, blur, contrast, turns, shifts, scale, occlusion, resolution.

Each perturbation is a pure function of an image (H, W) or (H, W, 3) of uint8, uint16 or float32 in
[0, 1], a random generator of that image's own and its keywords. It gives an image of the same
shape and type; grey levels are shares of full scale, and what passes it is clipped. What comes
into view beyond the border is the ground: the median of the border's pixels, 0 for digits of
MNIST, or, for photographs, the picture mirrored.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter

Image = NDArray[Any]
Levels = NDArray[np.float64]

ORDER = 5
"""Of the spline by which images are interpolated."""
PADDING = 8
"""Pixels of ground around an image that is interpolated: its spline then forgets the border."""
SAMPLED_BLUR = 0.8
"""Blur of an image as a camera takes it, pixels of that image: Gaussians narrower than that alias
(J.-M. Morel and G. Yu, "Is SIFT scale invariant?", Inverse Problems and Imaging 5(1), 2011)."""


def noise(image: Image, rng: np.random.Generator, *, deviation: float = 0.1) -> Image:
    """Each value with Gaussian noise of this standard deviation, as share of full scale."""
    _check_at_least("deviation", deviation, 0)
    levels = _levels(image)
    return _like(image, levels + rng.normal(0, deviation, levels.shape))


def sign_noise(
    image: Image, rng: np.random.Generator, *, lowest: float = 0.0, highest: float = 0.3
) -> Image:
    """Each value up or down by the same amplitude, at even odds.

    Parameters
    ----------
    lowest, highest : float
        Between which the amplitude is drawn for the image, as shares of full scale: corners of the
        ball in which an attack with a bound on each pixel has its way.
    """
    _check_at_least("lowest", lowest, 0)
    _check_at_least("highest", highest, lowest)
    levels = _levels(image)
    amplitude = rng.uniform(lowest, highest)
    return _like(image, levels + amplitude * rng.choice((-1.0, 1.0), levels.shape))


def blur(image: Image, rng: np.random.Generator, *, sigma: float = 1.0) -> Image:
    """Convolved with a Gaussian of this standard deviation, in pixels."""
    _check_at_least("sigma", sigma, 0)
    return _like(image, _blurred(_levels(image), sigma))


def contrast(
    image: Image, rng: np.random.Generator, *, factor: float = 0.5, offset: float = 0.25
) -> Image:
    """Grey level v becomes factor v + offset."""
    return _like(image, factor * _levels(image) + offset)


def turn(
    image: Image,
    rng: np.random.Generator,
    *,
    turn_deg: float = 0.0,
    spread_deg: float = 180.0,
    mirrored: bool = False,
) -> Image:
    """Turned about its middle, clockwise as displayed.

    Parameters
    ----------
    turn_deg : float
        Middle of the turns, degrees.
    spread_deg : float
        Largest difference from it either way, uniform: 0 turns every image by the same angle, 180
        by any.
    mirrored : bool
        Whether the picture goes on mirrored beyond its border, or with the ground.
    """
    _check_at_least("spread_deg", spread_deg, 0)
    angle = math.radians(turn_deg + rng.uniform(-spread_deg, spread_deg))
    return turned(image, angle, mirrored=mirrored)


def shift(
    image: Image, rng: np.random.Generator, *, distance: float = 2.0, mirrored: bool = False
) -> Image:
    """Moved by this distance, in pixels, in a direction drawn; `mirrored` as in `turn`."""
    _check_at_least("distance", distance, 0)
    angle = rng.uniform(0, 2 * np.pi)
    step = distance * np.array([math.sin(angle), math.cos(angle)])
    return _mapped(image, np.eye(2), step, mirrored)


def scale(
    image: Image, rng: np.random.Generator, *, factor: float = 0.8, mirrored: bool = False
) -> Image:
    """Everything larger by this factor, about the middle; `mirrored` as in `turn`.

    What gets smaller is blurred before, so that nothing aliases.
    """
    if factor <= 0:
        raise ValueError(f"factor: expected more than 0, got {factor}")
    sigma = SAMPLED_BLUR * math.sqrt(max(factor**-2 - 1, 0.0))
    levels = _blurred(_levels(image), sigma)
    return _like(image, _interpolated(levels, factor * np.eye(2), np.zeros(2), mirrored))


def occlusion(
    image: Image, rng: np.random.Generator, *, share: float = 0.3, level: float | None = None
) -> Image:
    """A square, anywhere within the image, hidden.

    Parameters
    ----------
    share : float
        Side of the square, of the shorter side of the image, in [0, 1].
    level : float or None
        Grey level of the square, as share of full scale; None for the ground.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share: expected a number in [0, 1], got {share}")
    side = round(share * min(image.shape[:2]))
    row, column = (int(rng.integers(n - side, endpoint=True)) for n in image.shape[:2])
    levels = _levels(image)
    hidden = ground(levels) if level is None else level
    levels[row : row + side, column : column + side] = hidden
    return _like(image, levels)


def resolution(image: Image, rng: np.random.Generator, *, factor: float = 0.5) -> Image:
    """As a camera with fewer pixels sees it, enlarged again to the size that it had.

    Each of the fewer pixels is the mean of the area that it covers; between them it is
    interpolated bicubically.

    Parameters
    ----------
    factor : float
        Pixels along a side, of those that there are, in (0, 1]; one pixel at least is left.
    """
    if not 0 < factor <= 1:
        raise ValueError(f"factor: expected a number in (0, 1], got {factor}")
    height, width = image.shape[:2]
    fewer = max(round(factor * width), 1), max(round(factor * height), 1)
    if fewer == (width, height):
        return image.copy()
    small = cv2.resize(_levels(image), fewer, interpolation=cv2.INTER_AREA)
    there = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return _like(image, np.asarray(there, np.float64))


def turned(image: Image, angle: float, *, mirrored: bool) -> Image:
    """An image turned about its middle by this angle; its size stays.

    Parameters
    ----------
    angle : float
        Radians, from the +column axis towards +row: clockwise as displayed.
    mirrored : bool
        Whether the picture goes on mirrored beyond its border, or with the ground.

    Examples
    --------
    >>> turned(np.array([[0, 0, 0], [9, 0, 0], [0, 0, 0]], np.uint8), np.pi / 2, mirrored=False)
    array([[0, 9, 0],
           [0, 0, 0],
           [0, 0, 0]], dtype=uint8)
    """
    cos, sin = math.cos(angle), math.sin(angle)
    return _mapped(image, np.array([[cos, sin], [-sin, cos]]), np.zeros(2), mirrored)


def ground(image: Image) -> Any:
    """Median of the pixels at the border: a number, or one of each channel (3,)."""
    rim = [image[0], image[-1], image[1:-1, 0], image[1:-1, -1]]
    return np.median(np.concatenate(rim), axis=0)


def perturbed(
    image: Image, rng: np.random.Generator, recipe: Mapping[str, Mapping[str, Any]]
) -> Image:
    """The image after all perturbations of the recipe, in its order.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) of uint8, uint16 or float32
        Floats in [0, 1].
    rng : np.random.Generator
        Of this image: no other draws from it.
    recipe : mapping of str to mapping
        Names of PERTURBATIONS, each with its keyword arguments.
    """
    for name, keywords in recipe.items():
        image = PERTURBATIONS[name](image, rng, **keywords)
    return image


def check_perturbation(recipe: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ValueError unless these are PERTURBATIONS, each with all of its keywords."""
    for name, keywords in recipe.items():
        if name not in PERTURBATIONS:
            raise ValueError(f"perturb: expected some of {', '.join(PERTURBATIONS)}, got {name!r}")
        wanted = sorted(set(inspect.signature(PERTURBATIONS[name]).parameters) - {"image", "rng"})
        if sorted(keywords) != wanted:
            raise ValueError(
                f"perturb.{name}: expected {', '.join(wanted)}, got {', '.join(keywords)}"
            )


def _check_at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"{name}: expected at least {least:g}, got {value}")


def _levels(image: Image) -> Levels:
    """Values as shares of full scale, in [0, 1]."""
    if image.dtype in (np.uint8, np.uint16):
        return np.asarray(image / np.float64(np.iinfo(image.dtype).max))
    if image.dtype != np.float32:
        raise ValueError(f"expected an image of uint8, uint16 or float32, got {image.dtype}")
    return image.astype(np.float64)


def _like(image: Image, levels: Levels) -> Image:
    """Shares of full scale, clipped, in the type of `image`."""
    within = np.clip(levels, 0, 1)
    if image.dtype == np.float32:
        return within.astype(np.float32)
    return np.rint(within * np.iinfo(image.dtype).max).astype(image.dtype)


def _blurred(levels: Levels, sigma: float) -> Levels:
    if sigma == 0:
        return levels
    along = (sigma, sigma, 0)[: levels.ndim]
    return np.asarray(gaussian_filter(levels, along, mode="nearest"))


def _mapped(image: Image, linear: Levels, step: Levels, mirrored: bool) -> Image:
    return _like(image, _interpolated(_levels(image), linear, step, mirrored))


def _interpolated(levels: Levels, linear: Levels, step: Levels, mirrored: bool) -> Levels:
    """What is at p about the middle goes to linear p + step, (row, column)."""
    padding = 0 if mirrored else PADDING
    back = np.linalg.inv(linear)
    middle = (np.array(levels.shape[:2]) - 1) / 2
    start = middle - back @ (middle + step) + padding
    there = np.empty_like(levels)
    surroundings = np.broadcast_to(ground(levels), levels.shape[2:] or (1,))
    for channel, level in enumerate(surroundings):
        at = (..., channel) if levels.ndim == 3 else (...,)
        source = levels[at]
        if not mirrored:
            source = np.pad(source, PADDING, constant_values=level)
        there[at] = affine_transform(
            source,
            back,
            start,
            output_shape=levels.shape[:2],
            order=ORDER,
            mode="mirror" if mirrored else "nearest",
        )
    return there


PERTURBATIONS: dict[str, Callable[..., Image]] = {
    "noise": noise,
    "sign_noise": sign_noise,
    "blur": blur,
    "contrast": contrast,
    "turn": turn,
    "shift": shift,
    "scale": scale,
    "occlusion": occlusion,
    "resolution": resolution,
}
"""Name to perturbation."""

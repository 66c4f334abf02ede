"""Images and the same images turned: drawn anew, by whole quarters, or by interpolation."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets import perturb
from perceptgraph.datasets.mnist import open_mnist
from perceptgraph.datasets.scenes import open_ot8
from perceptgraph.datasets.shapes import Shapes, draw_shape, eight_bit, open_shapes
from perceptgraph.datasets.strokes import coverage, posed

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

RIM = 4.0
"""Pixels within the border of an image that is turned by interpolation, which are not compared."""
DRAWN_SIDE = 111
"""Of the squares that shapes are drawn in, pixels: room for every turn, still enlarged twice."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A turn about the middle of one image onto the middle of another."""

    turn: float
    """Radians, from the +column axis towards +row: clockwise as displayed."""
    centre: tuple[float, float]
    """Middle of the image, (row, column)."""
    there: tuple[float, float]
    """Middle of the turned image."""

    @property
    def matrix(self) -> Floats:
        """(2, 2), of (row, column)."""
        c, s = math.cos(self.turn), math.sin(self.turn)
        return np.array([[c, s], [-s, c]])

    def of(self, points: NDArray[Any]) -> Floats:
        """Where points (N, 2) of the image lie in the turned one."""
        return np.asarray((points - self.centre) @ self.matrix.T + self.there)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """An image and the same image turned."""

    image: Image
    """(H, W)."""
    turned: Image
    pose: Pose
    radius: float
    """About the middle, pixels: what is within shows the same in both."""


def turned_pairs(name: str, n_images: int, degrees: int) -> Iterator[Pair]:
    """At most so many images of a data set (key of IMAGES), turned clockwise by this.

    By quarters every image is turned as it is, pixel by pixel.

    Raises
    ------
    MissingData
        Where the files of the data set cannot be had.
    """
    return IMAGES[name](n_images, math.radians(degrees))


def middle(image: NDArray[Any]) -> tuple[float, float]:
    """(row, column) of the middle of an image."""
    return (image.shape[0] - 1) / 2, (image.shape[1] - 1) / 2


def _quarters(turn: float) -> int | None:
    """Number of quarters that an angle is, None if it is not a whole number of them."""
    quarters = 2 * turn / math.pi
    return round(quarters) if abs(quarters - round(quarters)) < 1e-9 else None


def by_quarters(image: Image, turn: float) -> Pair:
    """An image turned by a whole number of quarters (radians)."""
    turned = np.ascontiguousarray(np.rot90(image, -(_quarters(turn) or 0)))
    return Pair(image, turned, Pose(turn, middle(image), middle(turned)), math.inf)


def _with_room(image: Image, border: int) -> Image:
    """The image in the middle of a square that it fits into in every pose."""
    side = math.ceil(math.hypot(*image.shape)) + 2
    down, across = (side - n for n in image.shape)
    edges = down // 2, down - down // 2, across // 2, across - across // 2
    return np.asarray(cv2.copyMakeBorder(image, *edges, border), np.uint8)


def _every(n: int, n_images: int) -> list[int]:
    """Indices of at most `n_images` of n images, evenly spread."""
    return sorted(set(np.linspace(0, n - 1, min(n_images, n)).round().astype(int).tolist()))


def shapes(n_images: int, turn: float) -> Iterator[Pair]:
    """Drawings of the set `shapes`, drawn turned, with noise of their own."""
    drawn = open_shapes()
    for i in _every(len(drawn), n_images):
        if _quarters(turn) is None:
            yield _drawn_pair(drawn, i, turn)
        else:
            yield by_quarters(drawn.read(i).pixels, turn)


def _drawn_pair(drawn: Shapes, index: int, turn: float) -> Pair:
    """Image `index` of the set with more room, and drawn turned."""
    _, label, _ = drawn.identify(index)
    rng = np.random.default_rng([drawn.seed, index])
    shape, width = draw_shape(drawn.class_names[label], drawn.style, rng)
    background, contrast = rng.uniform(*drawn.background), rng.uniform(*drawn.contrast)
    contrast = contrast if background < 0.5 else -contrast
    centred = posed(shape, 1.0, 0.0, -np.full(2, (drawn.style.side - 1) / 2))
    centre = (DRAWN_SIDE - 1) / 2

    def picture(angle: float) -> Image:
        there = posed(centred, 1.0, angle, np.full(2, centre))
        grey = background + contrast * coverage(there, DRAWN_SIDE, width)
        return eight_bit(grey + rng.normal(0, drawn.noise, grey.shape))

    pose = Pose(turn, (centre, centre), (centre, centre))
    return Pair(picture(0.0), picture(turn), pose, DRAWN_SIDE / 2 - RIM)


def digits(n_images: int, turn: float) -> Iterator[Pair]:
    """Digits of MNIST, on the ground that they stand on."""
    drawn = open_mnist(val_from=50_000)
    for i in _every(len(drawn), n_images):
        image = drawn.read(i).pixels
        if _quarters(turn) is None:
            large = _with_room(image, cv2.BORDER_CONSTANT)
            yield Pair(
                large, perturb.turned(large, turn, mirrored=True), _about(large, turn), math.inf
            )
        else:
            yield by_quarters(image, turn)


def scenes(n_images: int, turn: float) -> Iterator[Pair]:
    """Outdoor photographs of OT-8, mirrored beyond their border."""
    taken = open_ot8(val_per_class=20)
    for i in _every(len(taken), n_images):
        image = taken.read(i).pixels
        if _quarters(turn) is None:
            large = _with_room(image, cv2.BORDER_REFLECT_101)
            radius = min(image.shape) / 2 - RIM
            yield Pair(
                large, perturb.turned(large, turn, mirrored=True), _about(large, turn), radius
            )
        else:
            yield by_quarters(image, turn)


def _about(image: Image, turn: float) -> Pose:
    """A turn about the middle of an image onto itself."""
    return Pose(turn, middle(image), middle(image))


IMAGES: dict[str, Callable[[int, float], Iterator[Pair]]] = {
    "shapes": shapes,
    "mnist": digits,
    "ot8": scenes,
}
"""Name of a data set to the function that turns its images, given how many and the angle."""

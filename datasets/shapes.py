"""Data set `shapes`: drawings of the same strokes in different relations, with their truth."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import Sample
from perceptgraph.datasets.shape_classes import SHAPES
from perceptgraph.datasets.strokes import (
    Drawing,
    coverage,
    distance,
    jittered,
    polar,
    posed,
    shortened,
    truth_of,
)
from perceptgraph.stores.status import SPLITS

Range = tuple[float, float]
"""Lowest and highest of a uniform distribution."""
TRIES = 500
"""Places tried for one clutter segment; then it is left out."""


def as_range(name: str, values: Sequence[float]) -> Range:
    """Two numbers, lowest first; params.yaml has lists."""
    if len(values) != 2 or values[0] > values[1]:
        raise ValueError(f"{name}: expected [lowest, highest], got {list(values)}")
    return values[0], values[1]


@dataclass(frozen=True, slots=True)
class Style:
    """How shapes are drawn. Lengths are in pixels unless they say otherwise."""

    side: int
    """Of the square image."""
    length: Range
    """Of a segment before it is shortened."""
    stroke_width: Range
    gap: Range
    """Cut from a stroke at each end."""
    turn_deg: Range
    """Rotation of the whole shape, degrees."""
    jitter_deg: float
    """Standard deviation of the rotation of each stroke about its middle, degrees."""
    jitter: float
    """Standard deviation of the shift of each stroke along each axis."""
    n_clutter: Range
    """Least and most segments that belong to no shape."""
    margin: float
    """Least distance of a centre line from the border, and of clutter from other strokes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which image has which class and split: classes in turn, split after split."""

    class_names: tuple[str, ...]
    per_class: tuple[int, ...]
    """Images per class in training, validation and test."""

    def __len__(self) -> int:
        return sum(self.per_class) * len(self.class_names)

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, label and split of image `index`."""
        turn, label = divmod(index, len(self.class_names))
        split = int(np.searchsorted(np.cumsum(self.per_class), turn, side="right"))
        return f"{SPLITS[split]}/{self.class_names[label]}/{index:06d}", label, split


def draw_shape(name: str, style: Style, rng: np.random.Generator) -> tuple[Drawing, float]:
    """A shape of SHAPES with clutter, at random as `style` says, and its stroke width, pixels."""
    length, width, gap = (
        float(rng.uniform(*span)) for span in (style.length, style.stroke_width, style.gap)
    )
    shape = posed(SHAPES[name](), length, np.radians(rng.uniform(*style.turn_deg)), np.zeros(2))
    shape = jittered(shortened(shape, gap), np.radians(style.jitter_deg), style.jitter, rng)
    low, high = _extent(shape)
    # A shape that does not fit is centred, so that as little as possible is cut off.
    room = np.maximum((style.side - 1 - high + low) / 2 - style.margin, 0)
    middle = np.full(2, (style.side - 1) / 2) + rng.uniform(-room, room)
    shape = posed(shape, 1.0, 0.0, middle - (low + high) / 2)
    least, most = (int(n) for n in style.n_clutter)
    n_clutter = int(rng.integers(least, most, endpoint=True))
    for _ in range(n_clutter):
        shape = _with_clutter(shape, length - 2 * gap, style, rng)
    return shape, width


def _extent(shape: Drawing) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest (row, column) of the centre lines."""
    angle = shape.arcs[:, 3:4] + shape.arcs[:, 4:5] * np.linspace(0, 1, 33)
    on_arcs = shape.arcs[:, None, :2] + shape.arcs[:, None, 2:3] * polar(angle)
    points = np.concatenate([shape.segments.reshape(-1, 2), on_arcs.reshape(-1, 2)])
    return points.min(axis=0), points.max(axis=0)


def _with_clutter(
    shape: Drawing, longest: float, style: Style, rng: np.random.Generator
) -> Drawing:
    """The drawing with one more segment, of random length up to `longest`, clear of the others.

    The length is drawn before the place, or shapes that leave more room would get longer clutter.
    """
    length = longest * rng.uniform(0.3, 1.0)
    along = np.linspace(-length / 2, length / 2, 9)[:, None]
    most = style.side - 1 - style.margin
    for _ in range(TRIES):
        middle, angle = rng.uniform(style.margin, most, 2), rng.uniform(0, np.pi)
        points = middle + along * polar(angle)
        inside = (points >= style.margin).all() and (points <= most).all()
        if inside and distance(shape, points).min() >= style.margin:
            segments = np.concatenate([shape.segments, points[None, [0, -1]]])
            return replace(shape, segments=segments, n_clutter=shape.n_clutter + 1)
    return shape


@dataclass(frozen=True, slots=True)
class Shapes:
    """Drawings on a plain background. Image i depends on the seed and i alone."""

    plan: Plan
    style: Style
    background: Range
    contrast: Range
    noise: float
    seed: int

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the shapes."""
        return self.plan.class_names

    @property
    def extras(self) -> tuple[str, ...]:
        """Drawings know their truth."""
        return ("drawing",)

    @property
    def fingerprint(self) -> str:
        """Nothing but parameters and code decides these images."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.plan)

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, label and split of image `index`."""
        return self.plan.identify(index)

    def read(self, index: int) -> Sample:
        """Draw image `index`."""
        image_id, label, split = self.identify(index)
        rng = np.random.default_rng([self.seed, index])
        shape, width = draw_shape(self.class_names[label], self.style, rng)
        background = rng.uniform(*self.background)
        contrast = rng.uniform(*self.contrast)
        # Strokes are brighter or darker, whichever stays within the range of grey levels.
        sign = 1.0 if background < 0.5 else -1.0
        grey = background + sign * contrast * coverage(shape, self.style.side, width)
        return Sample(
            pixels=eight_bit(grey + rng.normal(0, self.noise, grey.shape)),
            label=label,
            image_id=image_id,
            split=split,
            extras=truth_of(shape, width),
        )


def eight_bit(grey: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Grey levels in [0, 1], clipped, as uint8."""
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def open_shapes(
    *,
    train_per_class: int = 200,
    val_per_class: int = 50,
    test_per_class: int = 100,
    side: int = 96,
    length: Sequence[float] = (28.0, 36.0),
    stroke_width: Sequence[float] = (2.5, 3.5),
    gap: Sequence[float] = (5.0, 6.0),
    turn_deg: Sequence[float] = (0.0, 360.0),
    jitter_deg: float = 2.0,
    jitter: float = 0.5,
    n_clutter: Sequence[float] = (0, 2),
    margin: float = 7.0,
    background: Sequence[float] = (0.1, 0.9),
    contrast: Sequence[float] = (0.3, 0.4),
    noise: float = 0.02,
    seed: int = 0,
) -> Shapes:
    """Shapes on a plain background, drawn from `seed`; the other parameters as in Style.

    `background` and `contrast` are shares of full scale; `noise` is the standard deviation of
    Gaussian noise, likewise.
    """
    style = Style(
        side=side,
        length=as_range("length", length),
        stroke_width=as_range("stroke_width", stroke_width),
        gap=as_range("gap", gap),
        turn_deg=as_range("turn_deg", turn_deg),
        jitter_deg=jitter_deg,
        jitter=jitter,
        n_clutter=as_range("n_clutter", n_clutter),
        margin=margin,
    )
    plan = Plan(tuple(SHAPES), (train_per_class, val_per_class, test_per_class))
    levels = as_range("background", background), as_range("contrast", contrast)
    return Shapes(plan, style, *levels, noise, seed)

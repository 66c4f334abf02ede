"""Data set `shapes-in-scenes`: the drawings of `shapes`, blended into natural photographs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import Sample
from perceptgraph.datasets.photographs import SOURCES, Photographs
from perceptgraph.datasets.shape_classes import SHAPES
from perceptgraph.datasets.shapes import Plan, Style, as_range, draw_shape, eight_bit
from perceptgraph.datasets.strokes import coverage, truth_of


@dataclass(frozen=True, slots=True)
class Composites:
    """Drawings on crops of photographs. Image i depends on the seed and i alone."""

    plan: Plan
    style: Style
    photographs: Photographs
    contrast: float
    background: float
    crop: tuple[float, float]
    inverted_share: float
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
        """Of the parameters and the photographs."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.plan)

    def _setting(self, index: int) -> tuple[str, bool, np.random.Generator]:
        """Photograph of image `index`, whether it is upside down, and what draws the rest."""
        _, _, split = self.plan.identify(index)
        rng = np.random.default_rng([self.seed, index])
        names = self.photographs.names[split]
        return names[rng.integers(len(names))], rng.random() < self.inverted_share, rng

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, which ends with the photograph and its pose, label and split."""
        image_id, label, split = self.plan.identify(index)
        name, is_inverted, _ = self._setting(index)
        pose = "inverted" if is_inverted else "upright"
        return f"{image_id}/{name}/{pose}", label, split

    def read(self, index: int) -> Sample:
        """Draw image `index` over its crop."""
        image_id, label, split = self.identify(index)
        name, is_inverted, rng = self._setting(index)
        shape, width = draw_shape(self.class_names[label], self.style, rng)
        side = self.style.side
        scene = cropped(self.photographs.read(name), self.crop, side, rng)
        if is_inverted:
            scene = scene[::-1, ::-1]
        sign = 1.0 if rng.random() < 0.5 else -1.0
        grey = blended(scene, sign * self.contrast * coverage(shape, side, width), self.background)
        return Sample(eight_bit(grey), label, image_id, split, truth_of(shape, width))


def cropped(
    photograph: NDArray[np.float64],
    crop: tuple[float, float],
    side: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """A square of a photograph, anywhere, as (side, side).

    `crop` is the range of its side, as a share of the photograph's shorter side.
    """
    n = max(1, round(float(rng.uniform(*crop)) * min(photograph.shape)))
    row, column = (int(rng.integers(length - n + 1)) for length in photograph.shape)
    piece = photograph[row : row + n, column : column + n]
    how = cv2.INTER_AREA if n > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(piece, (side, side), interpolation=how), np.float64).clip(0, 1)


def blended(
    scene: NDArray[np.float64], strokes: NDArray[np.float64], background: float
) -> NDArray[np.float64]:
    """Strokes, signed differences in grey level, over a scene of reduced contrast, in [0, 1].

    The scene's levels are drawn together around 1/2 to a span of `background`, so that adding the
    strokes needs no clipping and their contrast is the stated one everywhere.
    """
    return (scene - 0.5) * background + 0.5 + strokes


def open_composites(
    *,
    train_per_class: int = 150,
    val_per_class: int = 30,
    test_per_class: int = 60,
    photographs: str = "skimage",
    contrast: float = 0.3,
    background: float = 0.4,
    crop: Sequence[float] = (0.25, 0.5),
    inverted_share: float = 0.5,
    side: int = 128,
    length: Sequence[float] = (40.0, 50.0),
    stroke_width: Sequence[float] = (3.5, 4.5),
    gap: Sequence[float] = (7.0, 8.0),
    turn_deg: Sequence[float] = (0.0, 360.0),
    jitter_deg: float = 2.0,
    jitter: float = 0.7,
    margin: float = 9.0,
    seed: int = 1,
) -> Composites:
    """Shapes set into photographs; the parameters of strokes are those of `shapes`.

    `photographs` is a name of SOURCES; `contrast` the difference in grey level between a stroke
    and what is below it, `background` the span of grey levels left to the scene, both of full
    scale; `inverted_share` that of scenes turned upside down.
    """
    if photographs not in SOURCES:
        raise ValueError(f"photographs: expected one of {sorted(SOURCES)}, got {photographs!r}")
    if contrast + background / 2 > 0.5:
        raise ValueError(
            f"contrast, background: expected contrast + background / 2 of at most 0.5, got "
            f"{contrast} and {background}: strokes would be clipped"
        )
    style = Style(
        side=side,
        length=as_range("length", length),
        stroke_width=as_range("stroke_width", stroke_width),
        gap=as_range("gap", gap),
        turn_deg=as_range("turn_deg", turn_deg),
        jitter_deg=jitter_deg,
        jitter=jitter,
        n_clutter=(0, 0),  # the scene is clutter enough
        margin=margin,
    )
    plan = Plan(tuple(SHAPES), (train_per_class, val_per_class, test_per_class))
    return Composites(
        plan=plan,
        style=style,
        photographs=SOURCES[photographs](),
        contrast=contrast,
        background=background,
        crop=as_range("crop", crop),
        inverted_share=inverted_share,
        seed=seed,
    )

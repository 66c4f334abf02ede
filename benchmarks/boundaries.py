"""The boundary benchmark of BSDS500: soft boundary maps against what several people drew.

A soft map is cut at many thresholds and thinned; each cut is paired, pixel by pixel, with the
drawing of each person. Recall counts the drawn pixels that are found, over all people; precision
the detected pixels that anybody drew. ODS is the best F at one threshold for all images, OIS the
F where each image has its own best threshold, AP the area under precision over recall.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, "Contour detection and hierarchical image
segmentation", IEEE TPAMI 33(5), 2011.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptgraph.benchmarks.boundary_matching import matched_pixels
from perceptgraph.benchmarks.thinning import thinned

MAX_DISTANCE = 0.0075
"""How far two paired pixels may lie apart, share of the image's diagonal."""
BLENDS = np.linspace(0.0, 1.0, 100)
"""Where recall and precision are read between two thresholds, as in the published scores."""
RECALLS = np.linspace(0.0, 1.0, 101)
"""Where precision is read for the area."""


def thresholds(n: int) -> NDArray[np.float64]:
    """(n,): evenly spaced inside (0, 1); 99 for reports, 33 for tuning.

    Examples
    --------
    >>> print(thresholds(3))
    [0.25 0.5  0.75]
    """
    return np.linspace(1 / (n + 1), 1 - 1 / (n + 1), n)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Pixels of one image, or summed over images, at T thresholds."""

    n_found: NDArray[np.int64]
    """(T,): drawn pixels with a detected partner, summed over people."""
    n_drawn: NDArray[np.int64]
    """(T,): drawn pixels, summed over people."""
    n_right: NDArray[np.int64]
    """(T,): detected pixels with a partner in the drawing of at least one person."""
    n_detected: NDArray[np.int64]
    """(T,): detected pixels."""

    @property
    def recall(self) -> NDArray[np.float64]:
        """(T,): 0 where nothing is drawn."""
        return self.n_found / np.maximum(self.n_drawn, 1)

    @property
    def precision(self) -> NDArray[np.float64]:
        """(T,): 0 where nothing is detected."""
        return self.n_right / np.maximum(self.n_detected, 1)

    def at(self, index: int) -> "Counts":
        """At one threshold alone, T = 1."""
        one = slice(index, index + 1)
        return Counts(self.n_found[one], self.n_drawn[one], self.n_right[one], self.n_detected[one])


@dataclass(frozen=True, slots=True)
class Best:
    """Where F is largest."""

    threshold: float
    recall: float
    precision: float
    f: float


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The figures of one detector on a set of images."""

    best: Best
    """One threshold for all images; its f is the ODS."""
    ois_recall: float
    """Each image at its own best threshold."""
    ois_precision: float
    ap: float
    """Area under precision over recall, over the recalls that are reached."""
    total: Counts
    """Summed over images."""
    images: tuple[Best, ...]
    """Of each image."""

    @property
    def ods(self) -> float:
        """F at the best threshold for all images."""
        return self.best.f

    @property
    def ois(self) -> float:
        """F with the best threshold of each image."""
        return float(f_measure(self.ois_recall, self.ois_precision))


def f_measure(
    recall: NDArray[np.float64] | float, precision: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Harmonic mean of recall and precision; 0 where both are 0.

    Examples
    --------
    >>> float(f_measure(0.5, 1.0))
    0.6666666666666666
    """
    total = np.asarray(recall) + np.asarray(precision)
    return 2.0 * np.asarray(recall) * precision / np.where(total == 0, 1.0, total)


def count_pixels(
    maps: Iterable[NDArray[np.bool_]],
    drawings: Sequence[NDArray[np.bool_]],
    *,
    max_distance: float = MAX_DISTANCE,
) -> Counts:
    """Pair the boundary maps of one image with what people drew.

    Parameters
    ----------
    maps : T of (H, W) bool
        Thinned here. A map with as many pixels as the one before is taken for the same, as it is
        when they are cuts of one soft map at rising thresholds.
    drawings : K of (H, W) bool, or 0 and 1
        One for each person.
    max_distance : float
        Share of the diagonal.

    Returns
    -------
    Counts
    """
    people = [np.asarray(drawing).astype(bool) for drawing in drawings]
    if not people:
        raise ValueError("expected the drawing of at least one person, got none")
    radius = max_distance * math.hypot(*people[0].shape)
    n_drawn = sum(int(np.count_nonzero(drawing)) for drawing in people)
    rows: list[tuple[int, int, int, int]] = []
    n_before = -1
    for cut in maps:
        n_pixels = int(np.count_nonzero(cut))
        if n_pixels != n_before:
            n_found, n_right, n_detected = _count_one(thinned(cut), people, radius)
        rows.append((n_found, n_drawn, n_right, n_detected))
        n_before = n_pixels
    return Counts(*np.array(rows, np.int64).reshape(-1, 4).T)


def _count_one(
    detected: NDArray[np.bool_], people: Sequence[NDArray[np.bool_]], radius: float
) -> tuple[int, int, int]:
    n_found = 0
    right = np.zeros_like(detected)
    for drawing in people:
        matched = matched_pixels(detected, drawing, radius)
        n_found += int(np.count_nonzero(matched))  # a partner each
        right |= matched
    return n_found, int(np.count_nonzero(right)), int(np.count_nonzero(detected))


def best_f(levels: NDArray[np.float64], counts: Counts) -> Best:
    """Largest F over the thresholds and, recall and precision interpolated, between them."""
    values = np.stack([levels, counts.recall, counts.precision])
    if len(levels) > 1:
        before, after = values[:, :-1, None], values[:, 1:, None]
        values = (before * (1 - BLENDS) + after * BLENDS).reshape(3, -1)
    f = f_measure(values[1], values[2])
    k = int(np.argmax(f))
    return Best(float(values[0, k]), float(values[1, k]), float(values[2, k]), float(f[k]))


def area(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Area under precision over recall, over the recalls between the lowest and the highest."""
    reached, first = np.unique(recall, return_index=True)
    if len(reached) < 2:
        return 0.0
    heights = np.interp(RECALLS, reached, precision[first], left=0.0, right=0.0)
    return float(heights.sum() * (RECALLS[1] - RECALLS[0]))


def score(levels: NDArray[np.float64], counts: Sequence[Counts]) -> Scores:
    """Summarise the counts of all images, made at the thresholds `levels`, (T,) rising."""
    total = add_counts(counts)
    own = add_counts(
        [one.at(int(np.argmax(f_measure(one.recall, one.precision)))) for one in counts]
    )
    return Scores(
        best=best_f(levels, total),
        ois_recall=float(own.recall[0]),
        ois_precision=float(own.precision[0]),
        ap=area(total.recall, total.precision),
        total=total,
        images=tuple(best_f(levels, one) for one in counts),
    )


def add_counts(counts: Sequence[Counts]) -> Counts:
    """Sum over images, threshold by threshold."""
    if not counts:
        raise ValueError("expected the counts of at least one image, got none")
    return Counts(
        n_found=np.stack([one.n_found for one in counts]).sum(0),
        n_drawn=np.stack([one.n_drawn for one in counts]).sum(0),
        n_right=np.stack([one.n_right for one in counts]).sum(0),
        n_detected=np.stack([one.n_detected for one in counts]).sum(0),
    )


def evaluate(
    images: Iterable[tuple[NDArray[np.floating], Sequence[NDArray[np.bool_]]]],
    levels: NDArray[np.float64],
    *,
    max_distance: float = MAX_DISTANCE,
) -> Scores:
    """ODS, OIS and AP of a detector.

    Parameters
    ----------
    images : of (soft map, drawings)
        Soft map (H, W), higher is surer, in any unit; drawings: K of (H, W), 0 or 1.
    levels : (T,) float
        Rising thresholds, in the unit of the soft maps: a pixel is detected where its value is at
        least the threshold. `thresholds(99)` for maps in [0, 1].
    max_distance : float
        Share of the diagonal.

    Returns
    -------
    Scores
        `ods`, `ois`, `ap`, and what they are made from.
    """
    counts = [
        count_pixels((soft >= level for level in levels), drawings, max_distance=max_distance)
        for soft, drawings in images
    ]
    return score(levels, counts)

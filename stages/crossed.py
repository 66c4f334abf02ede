"""What right and wrong answers say beyond the seeds and the images that were drawn.

Every seed answers every image, so that both are crossed: an answer is a mean, plus an effect of the
seed (which images were learned from, where the weights began), plus one of the image (some are
hard), plus what is left. Both are random: a figure is meant to hold for other seeds and images.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds and images."""

    value: float
    low: float
    """Of the interval of 95 %."""
    high: float
    p: float
    """Two-sided, of a mean of 0."""
    seeds: int
    images: int


class MeanSquares(NamedTuple):
    """Of a table of seeds and images without repetition; each an expectation in variances."""

    seeds: float
    """Rest + images x that of seeds."""
    images: float
    """Rest + seeds x that of images."""
    rest: float


def mean_squares(score: NDArray[np.float64]) -> MeanSquares:
    """Mean squares of a two-way layout, (S, I) with S, I > 1.

    References
    ----------
    .. [1] H. Scheffe, "The Analysis of Variance", 1959, section 4.2.
    """
    n_seeds, n_images = score.shape
    of_seed, of_image = score.mean(axis=1), score.mean(axis=0)
    rest = score - of_seed[:, None] - of_image + score.mean()
    return MeanSquares(
        n_images * float(of_seed.var(ddof=1)),
        n_seeds * float(of_image.var(ddof=1)),
        float(np.square(rest).sum()) / ((n_seeds - 1) * (n_images - 1)),
    )


def standard_error(score: NDArray[np.float64]) -> tuple[float, float]:
    """Standard error of the mean of (S, I), and its degrees of freedom.

    The variance of the mean is that of seeds / S + that of images / I + the rest / (S I); estimated
    from the mean squares, none of them below 0, it has the degrees of freedom of Satterthwaite,
    as in the studies of readers who all read the same cases [1]_. For a complete table this is the
    error of the mixed model with crossed effects, and equal to that of statsmodels' `MixedLM`,
    which would invert a matrix of S I rows, 50,000 for five seeds, and gives no degrees of
    freedom. Percentiles of a bootstrap that draws seeds and images again [2]_ are no way out: of
    five seeds they make intervals of 95 % that hold the truth 88 to 99 % of the time. With one
    seed nothing is known of others, and the error is that of the images alone.

    References
    ----------
    .. [1] S. L. Hillis, "A comparison of denominator degrees of freedom methods for multiple
           observer ROC analysis", Statistics in Medicine 26(3), 2007.
    .. [2] A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), 2007.
    """
    n_seeds, n_images = score.shape
    if n_seeds == 1:
        return float(score.std(ddof=1)) / n_images**0.5, n_images - 1
    found = mean_squares(score)
    seeds = max(found.seeds, found.rest)
    total = seeds + max(found.images - found.rest, 0.0)
    spread = seeds**2 / (n_seeds - 1)
    if found.images > found.rest:
        spread += found.images**2 / (n_images - 1)
        spread += found.rest**2 / ((n_seeds - 1) * (n_images - 1))
    return (total / (n_seeds * n_images)) ** 0.5, total**2 / spread


def estimate(score: NDArray[np.float64], lowest: float, highest: float) -> Estimate:
    """Mean of what each seed scored on each image, its interval, and the test of a mean of 0.

    Two images are added for the interval and the test, with the lowest and the highest score for
    every seed [1]_: all images alike are no proof that the next one is. They weigh 2 / (I + 2).

    Parameters
    ----------
    score : ndarray of float64, shape (S, I)
        Seeds, images; right or wrong as 1 and 0, or a difference of two such tables.
    lowest, highest : float
        What a score can be.

    References
    ----------
    .. [1] D. G. Bonett, R. M. Price, "Adjusted Wald confidence interval for a difference of
           binomial proportions based on paired data", Journal of Educational and Behavioral
           Statistics 37(4), 2012.

    Examples
    --------
    >>> found = estimate(np.tile([1.0, 1.0, 0.0, 1.0], (5, 25)), 0.0, 1.0)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (0.75, 0.66, 0.83)
    """
    if score.ndim != 2 or not score.size:
        raise ValueError(f"expected scores of seeds and images, (S, I), got {score.shape}")
    n_seeds, n_images = score.shape
    added = np.broadcast_to([lowest, highest], (n_seeds, 2))
    more = np.concatenate([score, added], axis=1)
    centre = float(more.mean())
    error, freedom = standard_error(more)
    margin = error * float(student.isf((1 - CONFIDENCE) / 2, freedom))
    return Estimate(
        float(score.mean()),
        max(centre - margin, lowest),
        min(centre + margin, highest),
        2 * float(student.sf(abs(centre) / error, freedom)),
        n_seeds,
        n_images,
    )

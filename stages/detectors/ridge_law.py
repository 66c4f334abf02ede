r"""What noise does at ridge points: the law of their strength, and the NFA of a ridge.

In a stationary, isotropic Gaussian field with correlation :math:`\exp(-d^2 / 4 t^2)`, in units in
which the mixed second derivative has variance 1, the two principal curvatures are :math:`m \pm r`
with m normal of variance 2 and r independent, of the Rayleigh law. The stronger of them is
:math:`x = |m| + r`, whatever its sign. Ridge points are where the slope along that direction is
zero: there are more of them where it changes fast, so that (Kac and Rice) the law of x is weighted
by x.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

TABLE_STEP = 0.02
TABLE_END = 40.0
"""Of the tabulated strengths, standard deviations; the logarithm is a parabola from there."""


def log_strength_density(x: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Natural logarithm of the density of :math:`|m| + r` at x > 0, before it is weighted.

    Examples
    --------
    >>> x = np.linspace(0.001, 20, 20000)
    >>> density = np.exp(log_strength_density(x)) * 0.001
    >>> round(float(density.sum()), 4), round(float((x * density).sum()), 4)
    (1.0, 2.3817)
    """
    half = math.sqrt(0.75)
    flat = x / 3 * math.sqrt(math.pi / 3) * (erf(half * x / 3) + erf(half * 2 * x / 3))
    slope = 2 / 3 * (np.exp(-(x**2) / 12) - np.exp(-(x**2) / 3))
    return np.log((flat + slope) / math.sqrt(math.pi)) - x**2 / 6


@cache
def log10_tail_table() -> NDArray[np.float64]:
    """log10 of the share of the noise's ridge points that are stronger, at steps of TABLE_STEP.

    Strengths in standard deviations of the second derivative along an axis, sqrt(3) in the units
    above. The sum is taken in logarithms: the tail itself underflows.
    """
    fine = 8
    x = math.sqrt(3) * TABLE_STEP / fine * (np.arange(fine * (TABLE_END + 4) / TABLE_STEP) + 0.5)
    log_weighted = np.log(x) + log_strength_density(x)
    log_tail = np.logaddexp.accumulate(log_weighted[::-1])[::-1][::fine]
    return (log_tail - log_tail[0])[: round(TABLE_END / TABLE_STEP) + 1] / math.log(10)


def log10_tail(strength: NDArray[np.floating]) -> NDArray[np.float64]:
    """log10 of the share of the noise's ridge points at least so strong, (P,).

    Examples
    --------
    >>> log10_tail(np.array([0.0, 2.0, 4.0, 100.0])).round(2).tolist()
    [0.0, -0.56, -2.92, -2169.95]
    """
    table = log10_tail_table()
    inside = np.interp(strength, TABLE_STEP * np.arange(len(table)), table)
    beyond = np.maximum(strength, TABLE_END) ** 2 - TABLE_END**2
    return inside - beyond / (2 * math.log(10))


def strength_of(log10_share: float) -> float:
    """Strength above which this share of the noise's ridge points lies: inverse of `log10_tail`.

    Examples
    --------
    >>> round(strength_of(-2.92), 2)
    4.0
    """
    table = log10_tail_table()
    return float(np.interp(-log10_share, -table, TABLE_STEP * np.arange(len(table))))

"""Number of false alarms of a curve, from the contrast along it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPACING = 4.0
"""Distance along a curve at which samples count as independent, in sigmas of the smoothing; at
spacing 2 blurred noise gives hundreds of false alarms."""


def independent_points(
    n_points: NDArray[Any], sigma: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Independent samples on curves of `n_points` points a pixel apart."""
    return np.maximum(n_points / (SPACING * sigma), 1.0)


def curve_log10_nfa(
    n_independent: NDArray[np.float64], contrast: NDArray[np.floating], values: NDArray[np.floating]
) -> NDArray[np.float64]:
    r"""log10 of the number of pieces of curve as long and as contrasted, in noise like the image.

    .. math:: \mathrm{NFA}(l, \mu) = \Bigl(\sum_i l_i (l_i + 1) / 2\Bigr) H(\mu)^l

    Parameters
    ----------
    n_independent : (N,) float64
        Length l of each curve, in independent samples.
    contrast : (N,)
        Smallest contrast :math:`\mu` along each curve.
    values : (P,)
        Contrast of all pixels; H is their empirical tail.

    Returns
    -------
    (N,) float64
        Lower is more meaningful.

    References
    ----------
    .. [1] A. Desolneux, L. Moisan, J.-M. Morel, "Edge detection by Helmholtz principle", Journal
           of Mathematical Imaging and Vision 14(3), 2001.

    Examples
    --------
    >>> values = np.arange(1000.0)
    >>> curve_log10_nfa(np.array([4.0]), np.array([990.0]), values).round(1).tolist()
    [-7.0]
    """
    if len(n_independent) == 0:
        return np.zeros(0)
    n_above = len(values) - np.searchsorted(np.sort(values), contrast)
    tail = np.maximum(n_above, 1) / len(values)
    n_pieces = float((n_independent * (n_independent + 1) / 2).sum())
    return math.log10(n_pieces) + n_independent * np.log10(tail)

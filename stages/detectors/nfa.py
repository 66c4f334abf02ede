"""Numbers of false alarms, all as log10: the tails of the laws they are made of.

NFA = number of tests x probability under the background model: how many detections as good as
this one noise gives on average in one image.
"""

import math

import numpy as np

from perceptgraph.stores.compiled import njit

LOG10_E = math.log10(math.e)
LOG_FACTORIALS = np.array([math.lgamma(n + 1.0) for n in range(256)])

SPACING = 4.0
"""Distance along a curve at which samples count as independent, in sigmas of the smoothing; at
spacing 2 blurred noise gives hundreds of false alarms."""


@njit(cache=True, nogil=True)  # fmt: skip
def log10_binomial_tail(n: int, k: int, p: float) -> float:
    r"""log10 of :math:`\sum_{j=k}^{n} \binom{n}{j} p^j (1-p)^{n-j}`, in [-inf, 0].

    Summed from the first term on, each from the one before; above the mode the ratio of terms
    falls, which bounds what is left: the sum ends where that is below 1e-4 of it.

    Parameters
    ----------
    n, k : int
        Trials and successes, 0 <= k <= n.
    p : float
        Probability of a success, in (0, 1).

    References
    ----------
    .. [1] A. Desolneux, L. Moisan, J.-M. Morel, "Meaningful alignments",
           International Journal of Computer Vision 40(1), 2000.

    Examples
    --------
    >>> round(log10_binomial_tail(100, 100, 0.125), 2), log10_binomial_tail(100, 0, 0.125)
    (-90.31, 0.0)
    """
    if k <= 0:
        return 0.0
    log_term = (
        _log_factorial(n)
        - _log_factorial(k)
        - _log_factorial(n - k)
        + k * math.log(p)
        + (n - k) * math.log1p(-p)
    )
    odds = p / (1.0 - p)
    total = 1.0  # in units of the first term: the term itself underflows for long segments
    term = 1.0
    for j in range(k + 1, n + 1):
        ratio = (n - j + 1) / j * odds
        term *= ratio
        total += term
        if ratio < 1.0 and term * ratio < 1e-4 * total * (1.0 - ratio):
            break
    return min((log_term + math.log(total)) * LOG10_E, 0.0)


@njit(cache=True, nogil=True)  # fmt: skip
def _log_factorial(n: int) -> float:
    """Natural logarithm of n!; from 256 on Stirling's series, exact to 1e-12."""
    if n < len(LOG_FACTORIALS):
        return LOG_FACTORIALS[n]
    return n * math.log(n) - n + 0.5 * math.log(2.0 * math.pi * n) + 1.0 / (12.0 * n)


@njit(cache=True, nogil=True)  # fmt: skip
def log10_gaussian_tail(z: float) -> float:
    """log10 of the probability that a standard normal variable is at least z.

    Above 30, where the tail underflows, its asymptotic series is exact to 1e-6.

    Examples
    --------
    >>> round(log10_gaussian_tail(0.0), 3), round(log10_gaussian_tail(40.0), 1)
    (-0.301, -349.4)
    """
    if z < 30.0:
        return math.log10(0.5 * math.erfc(z / math.sqrt(2.0)))
    series = 1.0 - 1.0 / z**2 + 3.0 / z**4
    return (-0.5 * z * z + math.log(series)) * LOG10_E - math.log10(z * math.sqrt(2.0 * math.pi))

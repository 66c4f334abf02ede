"""Numbers of false alarms, against their formulas and independent sums."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import binom, norm

from perceptgraph.stages.detectors.nfa import log10_binomial_tail, log10_gaussian_tail


@pytest.mark.parametrize("p", [0.01, 0.125, 0.4])
@pytest.mark.parametrize("n", [1, 7, 60, 900])
def test_binomial_tail_is_the_plain_sum(n: int, p: float) -> None:
    for k in {0, 1, n // 3, n // 2, n}:
        plain = logsumexp(binom.logpmf(np.arange(k, n + 1), n, p)) / np.log(10)

        assert log10_binomial_tail(n, k, p) == pytest.approx(min(plain, 0), abs=1e-3)


@pytest.mark.parametrize("z", [-3.0, 0.0, 5.0, 29.9, 30.1, 100.0])
def test_gaussian_tail_is_that_of_scipy(z: float) -> None:
    assert log10_gaussian_tail(z) == pytest.approx(norm.logsf(z) / np.log(10), rel=1e-6)

"""Numbers of false alarms, against their formulas and independent sums."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import binom, norm

from perceptgraph.stages.detectors.nfa import (
    curve_log10_nfa,
    independent_points,
    log10_binomial_tail,
    log10_gaussian_tail,
)


def test_it_is_the_formula() -> None:
    values = np.arange(1, 101) / 100

    found = curve_log10_nfa(np.array([2.0, 5.0]), np.array([0.91, 0.96]), values)

    n_pieces = 2 * 3 / 2 + 5 * 6 / 2
    expected = np.log10([n_pieces * 0.10**2, n_pieces * 0.05**5])
    np.testing.assert_allclose(found, expected)


def test_longer_and_more_contrasted_is_more_meaningful() -> None:
    values = np.linspace(0, 1, 1000)

    shorter, longer, stronger = curve_log10_nfa(
        np.array([3.0, 6.0, 6.0]), np.array([0.9, 0.9, 0.99]), values
    )

    assert shorter > longer > stronger


def test_no_curve_has_no_number() -> None:
    assert len(curve_log10_nfa(np.zeros(0), np.zeros(0), np.zeros(0))) == 0


def test_independent_points_are_four_sigmas_apart() -> None:
    np.testing.assert_allclose(independent_points(np.array([48, 3]), sigma=1.5), [8, 1])


@pytest.mark.parametrize("p", [0.01, 0.125, 0.4])
@pytest.mark.parametrize("n", [1, 7, 60, 900])
def test_binomial_tail_is_the_plain_sum(n: int, p: float) -> None:
    for k in {0, 1, n // 3, n // 2, n}:
        plain = logsumexp(binom.logpmf(np.arange(k, n + 1), n, p)) / np.log(10)

        assert log10_binomial_tail(n, k, p) == pytest.approx(min(plain, 0), abs=1e-3)


@pytest.mark.parametrize("z", [-3.0, 0.0, 5.0, 29.9, 30.1, 100.0])
def test_gaussian_tail_is_that_of_scipy(z: float) -> None:
    assert log10_gaussian_tail(z) == pytest.approx(norm.logsf(z) / np.log(10), rel=1e-6)

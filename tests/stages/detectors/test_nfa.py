"""The number of false alarms of a curve, against its formula."""

import numpy as np

from perceptgraph.stages.detectors.nfa import curve_log10_nfa, independent_points


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

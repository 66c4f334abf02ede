"""Filters that are learned once and turned: their norm, their turns, what they answer to."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from soft_drawings import half_plane

from perceptgraph.stages.baselines.oriented_filters import (
    ALL,
    NARROWEST,
    ODD,
    WIDEST,
    OrientedFilters,
    hermite,
)

K = 16
STEP = ODD.index((0, 1))


def any_filters(seed: int, terms=ALL) -> OrientedFilters:
    """Two filters of any shape."""
    torch.manual_seed(seed)
    filters = OrientedFilters(terms, [0, 1], K, fitted=True)
    with torch.no_grad():
        filters.coefficients.normal_()
        filters.scales.normal_()
    return filters


def test_polynomials_are_orthonormal_under_a_normal_law() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    values = hermite(torch.from_numpy(nodes)).numpy()

    np.testing.assert_allclose(
        values * weights @ values.T / weights.sum(), np.eye(4), rtol=0, atol=1e-12
    )


@given(seed=st.integers(0, 2**31))
def test_filters_of_any_shape_have_mean_0_and_norm_1(seed: int) -> None:
    kernels = any_filters(seed).kernels()

    torch.testing.assert_close(kernels.sum((-1, -2)), torch.zeros(2, K), rtol=0, atol=1e-4)
    torch.testing.assert_close(kernels.square().sum((-1, -2)), torch.ones(2, K))


@given(seed=st.integers(0, 2**31))
def test_directions_share_one_shape(seed: int) -> None:
    """A quarter of a turn, on the grid, is exact: from +column towards +row."""
    kernels = any_filters(seed).kernels()

    turned = torch.rot90(kernels, -1, (-2, -1))

    torch.testing.assert_close(kernels.roll(-K // 4, dims=1), turned, rtol=0, atol=1e-5)


def test_odd_terms_change_their_sign_at_half_a_turn() -> None:
    kernels = any_filters(0, ODD).kernels()

    torch.testing.assert_close(kernels.roll(K // 2, dims=1), -kernels, rtol=0, atol=1e-5)


@pytest.mark.parametrize("number", range(K))
def test_first_filter_finds_the_direction_of_a_step_edge(number: int) -> None:
    filters = OrientedFilters(ODD, [STEP], K, fitted=False)

    found = filters(half_plane(number * 2 * math.pi / K))[0, 0, :, 10, 10]

    assert found.argmax() == number
    torch.testing.assert_close(found.min(), -found.max(), rtol=0, atol=1e-5)


def test_an_even_ground_gives_nothing() -> None:
    assert any_filters(0)(torch.full((1, 1, 9, 9), 0.8)).abs().max() < 1e-5


def test_what_is_fitted_is_learned_and_the_control_is_not() -> None:
    fitted, fixed = (OrientedFilters(ALL, [0, 3], K, fitted=f) for f in (True, False))

    fitted(torch.rand(1, 1, 9, 9)).square().sum().backward()

    assert fitted.coefficients.grad is not None
    assert fitted.scales.grad is not None
    assert fitted.scales.grad.any()
    assert list(fixed.parameters()) == []
    assert set(fixed.state_dict()) == {"coefficients", "scales"}
    torch.testing.assert_close(fitted.kernels(), fixed.kernels())


@pytest.mark.parametrize(("value", "scale"), [(-50.0, NARROWEST), (0.0, 1.0), (50.0, WIDEST)])
def test_widths_stay_within_their_limits(value: float, scale: float) -> None:
    filters = OrientedFilters(ODD, [STEP], 4, fitted=False)
    filters.scales.fill_(value)

    row = filters.kernels()[0, 0, :, 3]

    # A derivative of a Gaussian across the row axis: its ratio at 1 and 2 pixels says how wide.
    assert float(row[2] / row[1]) == pytest.approx(0.5 * math.exp(1.5 / scale**2), rel=1e-3)

"""Soft alignment: expectations under noise, bounds of the exact law, what is found in noise."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from soft_drawings import half_plane

from perceptgraph.stages.baselines.oriented_filters import ODD, OrientedFilters
from perceptgraph.stages.baselines.soft_alignment import (
    POINTS,
    SPACING,
    aligned,
    line_kernels,
    line_log10_nfa,
    log10_nfa,
)

K = 16
STEP = ODD.index((0, 1))


@given(
    n=st.integers(1, 40),
    k=st.integers(0, 40),
    p=st.floats(0.01, 0.9),
    tests=st.floats(0, 8),
)
def test_nfa_bounds_the_exact_one(n: int, k: int, p: float, tests: float) -> None:
    k = min(k, n)

    bound = float(log10_nfa(torch.tensor(k / n, dtype=torch.float64), n, p, tests))

    assert bound >= tests + binom.logsf(k - 1, n, p) / math.log(10) - 1e-6
    if k <= n * p:
        assert bound == pytest.approx(tests)


def test_all_aligned_is_as_unlikely_as_the_law_says() -> None:
    found = log10_nfa(torch.tensor(1.0), 12, 1 / 16, 3.0)

    assert float(found) == pytest.approx(3 - 12 * math.log10(16), rel=1e-4)


def test_derivative_says_that_more_is_rarer() -> None:
    share = torch.linspace(0.0, 1.0, 101, requires_grad=True)

    log10_nfa(share, 5, 0.125, 4.0).sum().backward()

    assert share.grad is not None
    assert share.grad.isfinite().all()
    assert (share.grad[14:] < 0).all()


@pytest.mark.parametrize("sharpness", [0.5, 4.0, 50.0])
def test_in_noise_each_direction_is_expected_alike(sharpness: float) -> None:
    torch.manual_seed(0)
    filters = OrientedFilters(ODD, [STEP], K, fitted=False)

    shares = aligned(filters(torch.randn(30, 1, 40, 40))[:, 0], torch.tensor(sharpness))

    torch.testing.assert_close(shares.sum(1), torch.ones(30, 40, 40))
    mean = shares.mean((0, 2, 3))
    torch.testing.assert_close(mean, torch.full((K,), 1 / K), rtol=0.05, atol=0)


def test_an_even_ground_has_no_direction() -> None:
    shares = aligned(torch.zeros(1, K, 3, 3), torch.tensor(9.0))

    assert float(shares.min()) == float(shares.max()) == 1 / K


@pytest.mark.parametrize("number", range(8))
def test_kernels_take_means_along_their_direction(number: int) -> None:
    kernel = line_kernels(8)[number, 0].numpy()
    half = len(kernel) // 2
    row, column = np.mgrid[-half : half + 1, -half : half + 1]
    angle = number * np.pi / 4

    assert kernel.sum() == pytest.approx(1)
    assert (kernel * row).sum() == pytest.approx(0, abs=1e-6)
    along = column * np.cos(angle) + row * np.sin(angle)
    places = (np.arange(POINTS) - POINTS // 2) * SPACING
    # Interpolation between pixels widens what it takes the mean of by at most half a pixel.
    assert np.sqrt((kernel * along**2).sum()) == pytest.approx(np.sqrt((places**2).mean()), abs=0.1)


@pytest.mark.parametrize("sharpness", [4.0, 50.0])
def test_noise_has_no_more_false_alarms_than_one_an_image(sharpness: float) -> None:
    torch.manual_seed(0)
    filters = OrientedFilters(ODD, [STEP], K, fitted=False)

    shares = aligned(filters(torch.randn(50, 1, 28, 28))[:, 0], torch.tensor(sharpness))
    found = line_log10_nfa(shares, line_kernels(K))

    assert (found < 0).sum() / 50 <= 1


@pytest.mark.parametrize("number", range(K))
def test_a_straight_edge_is_meaningful_along_itself_alone(number: int) -> None:
    filters = OrientedFilters(ODD, [STEP], K, fitted=False)
    response = filters(half_plane(number * 2 * math.pi / K))[:, 0]

    found = line_log10_nfa(aligned(response, torch.tensor(40.0)), line_kernels(K))[0, :, 10, 10]

    assert found.argmin() == number
    assert found[number] < 0
    assert (np.delete(found.numpy(), number) > 0).all()

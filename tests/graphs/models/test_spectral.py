"""Smooth multipliers on eigenvectors: the equation, its locality, and Chebyshev polynomials."""

import itertools

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline
from torch import Tensor
from torch_geometric.nn import ChebConv

from perceptgraph.graphs.models.spectral import (
    SpectralLayer,
    SpectralNet,
    eigenbases,
    splines,
)
from perceptgraph.graphs.two_hop import adjacency_pairs


def a_batch(sizes: list[int], seed: int = 0) -> tuple[Tensor, Tensor]:
    """Neighbours and limits of random graphs of these sizes, side by side."""
    rng = np.random.default_rng(seed)
    ptr = np.concatenate([[0], np.cumsum(sizes)])
    edges = [rng.integers(a, b, (2, b - a)) for a, b in itertools.pairwise(ptr)]
    whole = np.concatenate([np.zeros((2, 0), np.int64), *edges], axis=1)
    pairs = adjacency_pairs(whole, int(ptr[-1]))
    return torch.from_numpy(pairs), torch.from_numpy(ptr)


def laplacian(pairs: Tensor, n: int) -> Tensor:
    a = torch.zeros(n, n)
    a[pairs[0], pairs[1]] = 1
    degree = a.sum(1)
    scale = torch.where(degree > 0, degree.clamp(min=1).rsqrt(), 0.0)
    return torch.eye(n) - scale[:, None] * a * scale


def filtered(layer: SpectralLayer, x: Tensor, pairs: Tensor, ptr: Tensor, q: int) -> Tensor:
    bases = eigenbases(pairs, ptr)
    return layer(x, bases, [splines(basis.values, q) for basis in bases])


@given(q=st.integers(4, 9), value=st.floats(0, 2))
def test_splines_are_those_of_scipy_and_sum_to_one(q: int, value: float) -> None:
    step = 2 / (q - 3)
    knots = step * np.arange(-3, q + 1)

    found = splines(torch.tensor([value], dtype=torch.float64), q)[0].numpy()

    expected = [BSpline(knots, np.eye(q)[i], 3)(value) for i in range(q)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.sum() == pytest.approx(1)


def test_eigenbases_make_up_the_laplacian_of_each_graph() -> None:
    sizes = [3, 0, 5, 3, 1]
    pairs, ptr = a_batch(sizes)
    whole = laplacian(pairs, 12)

    found = eigenbases(pairs, ptr)

    assert [basis.vectors.shape for basis in found] == [(1, 1, 1), (2, 3, 3), (1, 5, 5)]
    assert sorted(torch.cat([basis.nodes.flatten() for basis in found]).tolist()) == [*range(12)]
    for basis in found:
        again = basis.vectors * basis.values[:, None, :] @ basis.vectors.mT
        own = whole[basis.nodes[:, :, None], basis.nodes[:, None, :]]
        torch.testing.assert_close(again, own, rtol=0, atol=1e-5)
        assert basis.values.min() > -1e-5
        assert basis.values.max() < 2 + 1e-5


def test_layer_is_the_equation() -> None:
    torch.manual_seed(0)
    pairs, ptr = a_batch([6])
    layer, x = SpectralLayer(2, 3, 5), torch.randn(6, 2)
    values, vectors = torch.linalg.eigh(laplacian(pairs, 6))
    alpha = layer.mix.weight.view(3, 5, 2)  # output, spline, input

    expected = torch.zeros(6, 3)
    for j in range(3):
        for i in range(2):
            multiplier = splines(values, 5) @ alpha[j, :, i]
            expected[:, j] += vectors @ (multiplier * (vectors.T @ x[:, i]))

    torch.testing.assert_close(filtered(layer, x, pairs, ptr, 5), expected + layer.bias)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_multipliers_that_are_polynomials_are_chebyshev_filters(order: int) -> None:
    """Cubic splines hold every polynomial up to order 3."""
    torch.manual_seed(0)
    pairs, ptr = a_batch([7, 4], seed=1)
    x = torch.randn(11, 2)
    cheb, layer = ChebConv(2, 3, order + 1), SpectralLayer(2, 3, 6)
    values = torch.linspace(0, 2, 50, dtype=torch.float64)
    term = torch.cos(order * torch.acos(values - 1))
    alpha = torch.linalg.lstsq(splines(values, 6), term[:, None]).solution[:, 0].float()
    with torch.no_grad():
        for lin in cheb.lins[:-1]:
            lin.weight.zero_()
        layer.mix.weight.copy_((cheb.lins[-1].weight[:, None, :] * alpha[:, None]).flatten(1))

    expected = cheb(x, pairs, lambda_max=torch.tensor(2.0))

    torch.testing.assert_close(filtered(layer, x, pairs, ptr, 6), expected, rtol=0, atol=1e-5)


def test_smooth_multipliers_are_local() -> None:
    """On a path, what is filtered smoothly stays near where it was; a rough multiplier spreads."""
    n, q = 61, 6
    pairs = torch.from_numpy(adjacency_pairs(np.stack([np.arange(n - 1), np.arange(1, n)]), n))
    impulse = torch.zeros(n, 1)
    impulse[n // 2] = 1
    layer = SpectralLayer(1, 1, q)
    with torch.no_grad():
        layer.mix.weight.copy_(torch.eye(q)[2:3])
    values, vectors = torch.linalg.eigh(laplacian(pairs, n))
    rough = vectors @ ((values[:, None] > 1).float() * (vectors.T @ impulse))

    smooth = filtered(layer, impulse, pairs, torch.tensor([0, n]), q)

    def beyond(signal: Tensor) -> float:
        energy = signal.detach().square().flatten()
        far = (torch.arange(n) - n // 2).abs() > 8
        return float(energy[far].sum() / energy.sum())

    assert beyond(smooth) < 0.1 * beyond(rough)


def test_too_few_splines_are_named() -> None:
    with pytest.raises(ValueError, match="splines: expected at least 4, got 3"):
        SpectralNet(SCHEMA, hidden=4, rounds=1, splines=3, dropout=0.0)

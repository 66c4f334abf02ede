"""Mixtures of Gaussians and Fisher vectors against their definitions."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from perceptgraph.graphs.models.gaussians import Mixture, fisher_vectors, fitted, powered


def mixture() -> Mixture:
    generator = torch.Generator().manual_seed(0)
    weight = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    mean = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    variance = torch.rand(3, 2, generator=generator, dtype=torch.float64) + 0.3
    return Mixture(weight, mean, variance)


def descriptors(n: int, seed: int = 1) -> Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def log_likelihood(x: Tensor, weight: Tensor, mean: Tensor, sd: Tensor) -> Tensor:
    """Mean over the descriptors."""
    normal = (-((x[:, None] - mean) ** 2) / (2 * sd**2) - sd.log() - math.log(2 * math.pi) / 2).sum(
        2
    )
    return (weight.log() + normal).logsumexp(1).mean()


def test_posteriors_are_those_of_bayes() -> None:
    model, x = mixture(), descriptors(20)

    density = np.stack(
        [
            w * norm.pdf(x, m, v**0.5).prod(axis=1)
            for w, m, v in zip(*(part.numpy() for part in model), strict=True)
        ],
        axis=1,
    )
    expected = density / density.sum(axis=1, keepdims=True)

    np.testing.assert_allclose(model.posteriors(x).numpy(), expected, rtol=1e-9)


def test_fisher_vector_is_the_scaled_gradient_of_the_log_likelihood() -> None:
    model, x = mixture(), descriptors(30)
    mean = model.mean.clone().requires_grad_()
    sd = model.variance.sqrt().requires_grad_()

    by_mean, by_sd = torch.autograd.grad(log_likelihood(x, model.weight, mean, sd), (mean, sd))
    root = model.weight.sqrt()[:, None]
    of_mean, of_sd = fisher_vectors(x, torch.zeros(30, dtype=torch.long), 0, model)[0]

    torch.testing.assert_close(of_mean, by_mean * model.variance.sqrt() / root)
    torch.testing.assert_close(of_sd, by_sd * model.variance.sqrt() / (root * 2**0.5))


def test_groups_have_the_vectors_of_their_own_descriptors() -> None:
    model, x = mixture(), descriptors(30)
    group = torch.arange(30) % 2

    found = fisher_vectors(x, group, 3, model)

    for number, own in enumerate((x, x[::2], x[1::2])):
        alone = fisher_vectors(own, torch.zeros(len(own), dtype=torch.long), 0, model)
        torch.testing.assert_close(found[number], alone[0])
    assert not found[3].any()


def test_fitted_mixture_finds_the_clusters_that_are_there() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[-3, 0], [3, 0], [0, 4]])
    x = torch.from_numpy(
        centres[rng.choice(3, 3000, p=[0.5, 0.3, 0.2])] + rng.normal(0, 0.5, (3000, 2))
    )

    found = fitted(x, 3, np.random.default_rng(2))

    order = [int((found.mean - torch.tensor(c)).norm(dim=1).argmin()) for c in centres]
    np.testing.assert_allclose(found.mean[order], centres, atol=0.1)
    np.testing.assert_allclose(found.weight[order], [0.5, 0.3, 0.2], atol=0.03)
    np.testing.assert_allclose(found.variance, 0.25, atol=0.03)


def test_rounds_of_the_fit_do_not_lower_the_likelihood(monkeypatch: pytest.MonkeyPatch) -> None:
    x = descriptors(200)
    likelihood = []
    for rounds in (0, 2, 5, 20):
        monkeypatch.setattr("perceptgraph.graphs.models.gaussians.ROUNDS", rounds)
        weight, mean, variance = fitted(x, 4, np.random.default_rng(0))
        likelihood.append(float(log_likelihood(x, weight, mean, variance.sqrt())))

    assert (np.diff(likelihood) > -1e-6).all()


@pytest.mark.parametrize("n", [1, 3, 20])
def test_few_or_equal_descriptors_are_legal(n: int) -> None:
    x = torch.zeros(n, 2)

    found = fitted(x, 4, np.random.default_rng(0))

    assert all(part.isfinite().all() for part in found)
    assert float(found.weight.sum()) == pytest.approx(1, abs=1e-4)


def test_powered_vectors_have_unit_length_and_their_signs() -> None:
    x = torch.tensor([[4.0, -9.0, 0.0], [0.0, 0.0, 0.0]])

    found = powered(x)

    torch.testing.assert_close(found[0], torch.tensor([2.0, -3.0, 0.0]) / 13**0.5)
    assert not found[1].any()

r"""Mixtures of Gaussians with diagonal covariances, and what descriptors say about them.

A set of descriptors is told by the gradient of its log-likelihood with respect to the means and
standard deviations of a mixture that was learned before: its Fisher vector [1]_. It does not
depend on the order of the descriptors and, being a mean, hardly on their number.

References
----------
.. [1] F. Perronnin, J. Sanchez, T. Mensink, "Improving the Fisher kernel for large-scale image
       classification", ECCV 2010.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

LEAST_VARIANCE = 0.01
"""Of a Gaussian, in units of the variance of all descriptors."""
FIRST_ROUNDS, ROUNDS = 8, 20
"""Of k-means, and of expectation and maximisation after it."""


class Mixture(NamedTuple):
    """K Gaussians in D dimensions."""

    weight: Tensor
    """(K,): their sum is 1."""
    mean: Tensor
    """(K, D)."""
    variance: Tensor
    """(K, D)."""

    def posteriors(self, x: Tensor) -> Tensor:
        """Probability (N, K) of each Gaussian given descriptors x (N, D)."""
        precision = 1 / self.variance
        constant = self.weight.log() - 0.5 * (
            self.mean.square() * precision + self.variance.log()
        ).sum(1)
        return (x @ (self.mean * precision).T - 0.5 * x.square() @ precision.T + constant).softmax(
            1
        )


def fitted(x: Tensor, n_gaussians: int, rng: np.random.Generator) -> Mixture:
    """The mixture that expectation and maximisation find, from clusters of k-means on.

    Parameters
    ----------
    x : (N, D), N at least 1
        Descriptors; columns of about unit variance.
    n_gaussians : int
        K; a Gaussian that lost all descriptors keeps a weight next to 0.
    rng : Generator
        Draws the first means among the descriptors.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via
           the EM algorithm", J. Royal Statistical Society B 39, 1977.
    """

    def drawn() -> Tensor:
        return x[torch.from_numpy(rng.choice(len(x), n_gaussians, len(x) < n_gaussians))]

    mean = drawn()
    for _ in range(FIRST_ROUNDS):
        nearest = (mean.square().sum(1) - 2 * x @ mean.T).argmin(1)
        count = torch.bincount(nearest, minlength=n_gaussians)[:, None]
        total = torch.zeros_like(mean).index_add_(0, nearest, x)
        mean = torch.where(count > 0, total / count.clamp(min=1), drawn())
    nearest = (mean.square().sum(1) - 2 * x @ mean.T).argmin(1)
    mixture = _most_likely(x, torch.nn.functional.one_hot(nearest, n_gaussians).to(x.dtype))
    for _ in range(ROUNDS):
        mixture = _most_likely(x, mixture.posteriors(x))
    return mixture


def fitting_macs(n: int, n_gaussians: int, width: int) -> int:
    """Multiply-adds of `fitted` for n descriptors.

    For each descriptor, Gaussian and dimension: a product in each round of k-means and one after
    the last; two for the first mixture, and four in each round of expectation and maximisation.
    """
    return n * n_gaussians * width * (FIRST_ROUNDS + 1 + 2 + 4 * ROUNDS)


def _most_likely(x: Tensor, share: Tensor) -> Mixture:
    """The mixture of the largest likelihood, if Gaussian k has `share` (N, K) of descriptors."""
    count = share.sum(0) + 1e-6
    mean = share.T @ x / count[:, None]
    variance = share.T @ x.square() / count[:, None] - mean.square()
    return Mixture(count / count.sum(), mean, variance.clamp(min=LEAST_VARIANCE))


def fisher_vectors(x: Tensor, group: Tensor, n_groups: int, mixture: Mixture) -> Tensor:
    r"""Gradients of the mean log-likelihood of descriptors, of all and of each group.

    With the probabilities :math:`\gamma_{nk}` of the Gaussians given N descriptors,

    .. math::

        G_{\mu_k} = \frac{1}{N \sqrt{w_k}} \sum_n \gamma_{nk} \frac{x_n - \mu_k}{\sigma_k},
        \qquad G_{\sigma_k} = \frac{1}{N \sqrt{2 w_k}} \sum_n \gamma_{nk}
        \left( \frac{(x_n - \mu_k)^2}{\sigma_k^2} - 1 \right)

    Parameters
    ----------
    x : (N, D)
        Descriptors.
    group : (N,) int64
        Below `n_groups`.

    Returns
    -------
    (1 + n_groups, 2, K, D)
        First of all descriptors; zeros of none.
    """
    share = mixture.posteriors(x)
    chosen = [group == number for number in range(n_groups)] or [torch.ones_like(group) > 0]
    terms = [(share[c].sum(0), share[c].T @ x[c], share[c].T @ x[c].square()) for c in chosen]
    total, first, second = (torch.stack(part) for part in zip(*terms, strict=True))
    size = torch.stack([c.sum() for c in chosen]).to(x.dtype)
    total, first, second, size = (
        torch.cat([part.sum(0, keepdim=True), part[:n_groups]])
        for part in (total[..., None], first, second, size)
    )
    mean, variance = mixture.mean, mixture.variance
    root = mixture.weight.sqrt()[:, None] * size.clamp(min=1)[:, None, None]
    of_mean = (first - mean * total) / variance.sqrt() / root
    spread = (second - 2 * mean * first + mean.square() * total) / variance
    return torch.stack([of_mean, (spread - total) / (root * 2**0.5)], dim=1)


def powered(vectors: Tensor) -> Tensor:
    """Signed square roots of vectors (N, D), each brought to unit length; zeros stay."""
    root = vectors.sign() * vectors.abs().sqrt()
    return root / root.norm(dim=1, keepdim=True).clamp(min=1e-12)

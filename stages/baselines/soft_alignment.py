"""How meaningful it is that directions agree along a line, with derivatives."""

import math

import torch
from torch import Tensor
from torch.nn import functional

POINTS = 5
"""Of a line: one in the middle and two on either side."""
SPACING = 2.0
"""Pixels from one point to the next; filters as wide as SPACING / 2 answer nearly independently."""


def aligned(responses: Tensor, sharpness: Tensor) -> Tensor:
    r"""How far each point has each of the K directions: in [0, 1], with sum 1 over dimension 1.

    .. math:: a_k = e^{\beta r_k} / \sum_j e^{\beta r_j}

    Where no direction is likelier than another, as in noise or on an even ground, its expectation
    is 1 / K, whatever :math:`\beta`.
    """
    return (sharpness * responses).softmax(dim=1)


def line_kernels(directions: int) -> Tensor:
    """Kernels (K, 1, R, R) that take the mean of POINTS points along each direction.

    Points between pixels are interpolated linearly in row and column.
    """
    half = math.ceil(POINTS // 2 * SPACING)
    steps = torch.arange(-half, half + 1.0)
    place = (torch.arange(POINTS) - POINTS // 2) * SPACING
    angle = torch.arange(directions)[:, None] * (2 * math.pi / directions)
    row, column = place * angle.sin(), place * angle.cos()
    rows = (1 - (row[..., None] - steps).abs()).clamp(min=0)
    columns = (1 - (column[..., None] - steps).abs()).clamp(min=0)
    return torch.einsum("kpr,kpc->krc", rows, columns)[:, None] / POINTS


def log10_nfa(share: Tensor, n: int, p: float, log10_tests: float) -> Tensor:
    r"""Bound of log10(NFA) of n points of which a share, counted softly, is aligned.

    .. math:: \mathrm{NFA} \le N_T\, e^{-n\, \mathrm{KL}(\max(s, p) \,\|\, p)}

    By Hoeffding's inequality [1]_ for independent variables in [0, 1] of expectation p, so that
    counts need not be whole; for whole ones it bounds the binomial tail of the a contrario method
    [2]_. It has a derivative everywhere.

    Parameters
    ----------
    share : Tensor
        s, in [0, 1]: mean of the n variables.
    p : float
        Their expectation under the background model, in (0, 1).
    log10_tests : float
        log10 of the number of tests :math:`N_T`.

    References
    ----------
    .. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables", Journal of
           the American Statistical Association 58, 1963, theorem 1.
    .. [2] A. Desolneux, L. Moisan, J.-M. Morel, "Meaningful alignments",
           International Journal of Computer Vision 40(1), 2000.

    Examples
    --------
    >>> log10_nfa(torch.tensor([0.0, 0.5, 1.0]), n=10, p=0.5, log10_tests=1.0)
    tensor([ 1.0000,  1.0000, -2.0103])
    """
    s = share.clamp(p, 1.0)
    others = (1 - s).clamp(min=1e-6)
    divergence = s * (s / p).log() + others * (others / (1 - p)).log()
    return log10_tests - n * divergence / math.log(10.0)


def line_log10_nfa(shares: Tensor, kernels: Tensor) -> Tensor:
    """log10(NFA) (G, K, S, S) of the line through each pixel along each direction.

    Parameters
    ----------
    shares : (G, K, S, S)
        What `aligned` gives; nothing is aligned outside the image.
    kernels : (K, 1, R, R)
        `line_kernels` of K directions. There is one test for each pixel and direction.
    """
    n_directions, side = shares.shape[1], shares.shape[-1]
    mean = functional.conv2d(shares, kernels, padding="same", groups=n_directions)
    tests = math.log10(n_directions * side**2)
    return log10_nfa(mean, POINTS, 1 / n_directions, tests)

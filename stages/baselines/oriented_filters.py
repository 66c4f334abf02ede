"""Filters that are learned once and turned to every direction."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

REACH = 3
"""Pixels at which filters are cut off: at least two standard deviations of their envelope."""
NARROWEST, WIDEST = 0.5, 1.5
"""Standard deviations of the envelope, in pixels; both are limits that are never met."""

Terms = tuple[tuple[int, int], ...]
"""Orders (p, q) of Hermite polynomials along and across a filter, each up to 3."""

ODD: Terms = ((0, 1), (0, 3), (1, 0), (1, 2), (2, 1), (3, 0))
"""Those that change their sign at half a turn: the first answers to a step edge."""
ALL: Terms = ((0, 0), (0, 2), (1, 1), (2, 0), *ODD)


def hermite(t: Tensor) -> Tensor:
    """Hermite polynomials (4, ...) of order 0 to 3 at t (...), of variance 1 under a normal law."""
    t2 = t.square()
    return torch.stack(
        [torch.ones_like(t), t, (t2 - 1) / math.sqrt(2), (t2 - 3) * t / math.sqrt(6)]
    )


class OrientedFilters(nn.Module):
    r"""M filters, each turned to K directions, with a shape that can be learned.

    .. math:: \psi(u, v) = e^{-u^2 / 2 a^2 - v^2 / 2 b^2}
              \sum_{p, q} c_{pq}\, He_p(u / a)\, He_q(v / b)

    u along the direction, v to the left of it; less its mean, and of Euclidean norm 1, so that an
    even ground gives 0 and white noise of variance 1 gives variance 1 in each direction. The
    Gaussian derivatives, of which c is one term, are the classical steerable filters [1]_. Learned
    are c, a and b; the directions share them.

    Parameters
    ----------
    terms : sequence of (p, q)
        T terms of the sum.
    first : sequence of int
        M: the term that each filter is at the beginning, with a = b = 1 pixel.
    directions : int
        K, over the whole turn: j 2 pi / K from the +column axis towards +row.
    fitted : bool
        Learn the shape; otherwise it stays what it is.

    References
    ----------
    .. [1] W. Freeman, E. Adelson, "The design and use of steerable filters", IEEE Transactions on
           Pattern Analysis and Machine Intelligence 13(9), 1991.
    """

    coefficients: Tensor
    scales: Tensor

    def __init__(self, terms: Terms, first: Sequence[int], directions: int, fitted: bool) -> None:
        super().__init__()
        self.orders = list(zip(*terms, strict=True))
        n = torch.tensor(first)
        keep(self, "coefficients", functional.one_hot(n, len(terms)).float(), fitted)
        # Half way between the limits, by a logistic function: 1 pixel.
        keep(self, "scales", torch.zeros(len(first), 2), fitted)
        steps = torch.arange(-REACH, REACH + 1.0)
        angle = torch.arange(directions)[:, None, None] * (2 * math.pi / directions)
        u = steps * angle.cos() + steps[:, None] * angle.sin()
        v = steps * angle.sin() - steps[:, None] * angle.cos()
        self.register_buffer("grid", torch.stack([u, v]), persistent=False)

    def kernels(self) -> Tensor:
        """The filters (M, K, 2 REACH + 1, 2 REACH + 1)."""
        scale = NARROWEST + (WIDEST - NARROWEST) * self.scales.sigmoid()
        u, v = self.get_buffer("grid")[:, None] / scale.T[:, :, None, None, None]
        envelope = (-(u.square() + v.square()) / 2).exp()
        along, across = self.orders
        products = hermite(u)[list(along)] * hermite(v)[list(across)]
        wave = envelope * torch.einsum("mt,tmkrc->mkrc", self.coefficients, products)
        mean = wave.sum((-1, -2), keepdim=True) / envelope.sum((-1, -2), keepdim=True)
        wave = wave - envelope * mean
        return wave / (wave.square().sum((-1, -2), keepdim=True) + 1e-12).sqrt()

    def forward(self, pixels: Tensor) -> Tensor:
        """Responses (G, M, K, S, S) of pixels (G, 1, S, S); what is outside is like the border."""
        kernels = self.kernels()
        around = functional.pad(pixels, (REACH,) * 4, mode="replicate")
        found = functional.conv2d(around, kernels.flatten(0, 1)[:, None])
        return found.view(len(pixels), *kernels.shape[:2], *pixels.shape[2:])


def keep(module: nn.Module, name: str, value: Tensor, fitted: bool) -> None:
    """Keep a value in a module: as a parameter if it is to be learned, else as it is."""
    if fitted:
        module.register_parameter(name, nn.Parameter(value))
    else:
        module.register_buffer(name, value)

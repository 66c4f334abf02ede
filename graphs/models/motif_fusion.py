r"""Graph convolutions over the adjacencies of several motifs, fused in four ways.

With the adjacencies :math:`W_0 = A` of the edges and :math:`W_1, \dots, W_M` of the motifs [1]_,
each divided by the mean of its entries in the graph (:math:`\bar W_m`), and the normalisation
:math:`S(W) = D^{-1/2} (W + I) D^{-1/2}`, D the row sums of W + I [2]_:

.. math::

    \text{reweight} \quad & S\Big(\sum_{m=0}^M c_m\, A \circ W_m / \mu_m\Big) H \Theta + b,
        \quad c = \mathrm{softmax}(\gamma) \\
    \text{union} \quad & S\Big(A + \sum_{m=1}^M c_m \bar W_m\Big) H \Theta + b,
        \quad c = \mathrm{softmax}(\gamma) \\
    \text{channels} \quad & \big[\mathrm{relu}(S(\bar W_0) H \Theta_0) \,\|\, \cdots \,\|\,
        \mathrm{relu}(S(\bar W_M) H \Theta_M)\big]\, \Theta + b \\
    \text{attention} \quad & \sum_{m=0}^M \alpha_m \circ S(\bar W_m) H \Theta + b,
        \quad \alpha = \mathrm{softmax}(H \Phi + \phi)

:math:`\mu_m` is the mean of :math:`W_m` over the edges of the graph, so that edges weigh 1 on
average whatever the mixture c is. Reweighting changes how much the neighbours count, as in [3]_,
whose formula is not public; the others reach further nodes too. Channels are those of [4]_,
attention of each node over motifs is that of [5]_ (soft, over the motifs that are given).

References
----------
.. [1] A. R. Benson, D. F. Gleich, J. Leskovec, "Higher-order organization of complex networks",
       Science 353(6295), 2016.
.. [2] T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional networks",
       ICLR 2017.
.. [3] L. Wang et al., Scientific Reports, 2022, DOI 10.1038/s41598-022-13277-z.
.. [4] X. Wang et al., "Motif based graph neural networks for graph classification and node
       classification" (MGNN), 2021.
.. [5] J. B. Lee et al., "Graph convolutional networks with motif-based attention", CIKM 2019.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, eq=False)
class Adjacencies:
    """The M + 1 adjacencies of N nodes, the one of the edges first, as a convolution uses them."""

    degree: Tensor
    """(N, M + 1): row sums."""
    spread: Callable[[Tensor], Tensor]
    """Of x (N, M + 1, D), in each channel m: the product of adjacency m and x[:, m]."""
    n_entries: int
    """Numbers of all adjacencies that are not 0."""


class Fusion(nn.Module, ABC):
    """A layer: embeddings (N, inner) and Adjacencies to embeddings (N, outer)."""

    ON_EDGES: ClassVar[bool] = False
    """It reads the adjacencies where edges are, divided by their mean there."""

    @abstractmethod
    def macs(self, n_nodes: int, n_entries: int) -> int:
        """Multiply-adds of a call."""


class _Mixed(Fusion):
    """One convolution with a mixture of the adjacencies."""

    def __init__(self, inner: int, outer: int, n_mixed: int) -> None:
        super().__init__()
        self.weight = nn.Linear(inner, outer, bias=False)
        nn.init.xavier_uniform_(self.weight.weight)
        self.bias = nn.Parameter(torch.zeros(outer))
        self.mixture = nn.Parameter(torch.zeros(n_mixed))

    @abstractmethod
    def share(self) -> Tensor:
        """(M + 1,): how much of each adjacency is in the mixture."""

    def forward(self, x: Tensor, found: Adjacencies) -> Tensor:
        """Embeddings (N, outer) of x (N, inner)."""
        share = self.share()
        scale = (1 + found.degree @ share).rsqrt()[:, None]
        own = scale * self.weight(x)
        each = found.spread(own[:, None].expand(-1, len(share), -1))
        return scale * (torch.einsum("nmd,m->nd", each, share) + own) + self.bias

    def macs(self, n_nodes: int, n_entries: int) -> int:
        """Multiply-adds of a call."""
        outer, inner = self.weight.weight.shape
        n_channels = len(self.share())
        return n_nodes * outer * (inner + n_channels + 1) + n_entries * outer


class Reweight(_Mixed):
    """The edges, weighted with the motifs that both their ends are in."""

    ON_EDGES = True

    def __init__(self, inner: int, outer: int, n_motifs: int) -> None:
        super().__init__(inner, outer, n_motifs + 1)

    def share(self) -> Tensor:
        """(M + 1,)."""
        return self.mixture.softmax(0)


class Union(_Mixed):
    """The edges, and what shares a motif with a node besides."""

    def __init__(self, inner: int, outer: int, n_motifs: int) -> None:
        super().__init__(inner, outer, n_motifs)

    def share(self) -> Tensor:
        """(M + 1,)."""
        return torch.cat([self.mixture.new_ones(1), self.mixture.softmax(0)])


def _apart(x: Tensor, found: Adjacencies) -> Tensor:
    """S(W_m) x[:, m] of x (N, M + 1, D), in each channel m."""
    scale = (1 + found.degree).rsqrt()[..., None]
    own = scale * x
    return scale * (found.spread(own) + own)


class Channels(Fusion):
    """A convolution for each motif, side by side, and what is made of all of them."""

    def __init__(self, inner: int, outer: int, n_motifs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_motifs + 1, inner, outer))
        for channel in self.weight:
            nn.init.xavier_uniform_(channel)
        self.compress = nn.Linear((n_motifs + 1) * outer, outer)

    def forward(self, x: Tensor, found: Adjacencies) -> Tensor:
        """Embeddings (N, outer) of x (N, inner)."""
        channels = torch.einsum("ni,mio->nmo", x, self.weight)
        fused: Tensor = self.compress(_apart(channels, found).relu().flatten(1))
        return fused

    def macs(self, n_nodes: int, n_entries: int) -> int:
        """Multiply-adds of a call."""
        n_channels, inner, outer = self.weight.shape
        return n_nodes * n_channels * outer * (inner + outer + 1) + n_entries * outer


class Attention(Fusion):
    """One convolution, of which each node chooses how much of each motif it takes."""

    def __init__(self, inner: int, outer: int, n_motifs: int) -> None:
        super().__init__()
        self.weight = nn.Linear(inner, outer, bias=False)
        nn.init.xavier_uniform_(self.weight.weight)
        self.score = nn.Linear(inner, n_motifs + 1)
        self.bias = nn.Parameter(torch.zeros(outer))

    def forward(self, x: Tensor, found: Adjacencies) -> Tensor:
        """Embeddings (N, outer) of x (N, inner)."""
        own = self.weight(x)[:, None].expand(-1, found.degree.shape[1], -1)
        share = self.score(x).softmax(1)
        return torch.einsum("nmd,nm->nd", _apart(own, found), share) + self.bias

    def macs(self, n_nodes: int, n_entries: int) -> int:
        """Multiply-adds of a call."""
        outer, inner = self.weight.weight.shape
        n_channels = len(self.score.bias)
        return n_nodes * (inner * outer + n_channels * (inner + 2 * outer)) + n_entries * outer


FUSIONS: dict[str, Callable[[int, int, int], Fusion]] = {
    "reweight": Reweight,
    "union": Union,
    "channels": Channels,
    "attention": Attention,
}
"""Name to layer, made with the numbers of inputs, of outputs and of motifs besides the edge."""

"""Spectral network: filters that are smooth functions of the eigenvalues of each graph."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, RelationProfile, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout

HIGHEST = 2.0
"""No eigenvalue of a normalised Laplacian is larger."""
EIGEN_MACS = 5
"""Multiply-adds of all eigenvectors of an n x n matrix, in n^3: half of the 9 n^3 operations of
tridiagonal reduction and implicit shifts (G. Golub, C. Van Loan, "Matrix computations", 8.3)."""


class Eigenbasis(NamedTuple):
    """Eigenvectors of the k graphs of a batch that have n nodes."""

    nodes: Tensor
    """(k, n) int64: their nodes, counted through the batch."""
    values: Tensor
    """(k, n): eigenvalues, ascending, in [0, 2]."""
    vectors: Tensor
    """(k, n, n): the eigenvector of each eigenvalue is a column."""


def eigenbases(pairs: Tensor, ptr: Tensor) -> list[Eigenbasis]:
    r"""Eigenbases of :math:`I - D^{-1/2} A D^{-1/2}` of each graph, one entry for each size.

    Parameters
    ----------
    pairs : (2, P) int64
        Neighbours, both ways, without self-loops. A node without any has 1 on the diagonal.
    ptr : (G + 1,) int64
        Where the nodes of each graph begin.
    """
    sizes = ptr.diff()
    scale = torch.bincount(pairs[0], minlength=int(ptr[-1])).clamp(min=1).float().rsqrt()
    graph = torch.searchsorted(ptr, pairs[0], right=True) - 1
    found = []
    for n in sorted(set(sizes.tolist())):
        chosen = torch.nonzero(sizes == n).flatten()
        if n == 0:
            continue
        place = torch.full_like(sizes, -1)
        place[chosen] = torch.arange(len(chosen), device=ptr.device)
        own = place[graph] >= 0
        (source, target), owner = pairs[:, own], graph[own]
        laplacian = torch.eye(n, device=ptr.device).repeat(len(chosen), 1, 1)
        at = (place[owner], source - ptr[owner], target - ptr[owner])
        laplacian[at] = -scale[source] * scale[target]
        nodes = ptr[chosen, None] + torch.arange(n, device=ptr.device)
        found.append(Eigenbasis(nodes, *torch.linalg.eigh(laplacian)))
    return found


def splines(values: Tensor, n_splines: int) -> Tensor:
    """Cubic B-splines (..., Q) at values (...) in [0, 2], on equal steps; they sum to 1.

    Examples
    --------
    >>> splines(torch.tensor([1.0]), 5)
    tensor([[0.0000, 0.1667, 0.6667, 0.1667, 0.0000]])
    """
    step = HIGHEST / (n_splines - 3)
    centre = torch.arange(n_splines, device=values.device) - 1
    t = (values[..., None] / step - centre).abs()
    inner = 2 / 3 - t.square() + t**3 / 2
    outer = (2 - t).clamp(min=0) ** 3 / 6
    return torch.where(t < 1, inner, outer)


class SpectralLayer(nn.Module):
    """One layer of smooth multipliers; see `SpectralNet`."""

    def __init__(self, inner: int, outer: int, n_splines: int) -> None:
        super().__init__()
        self.mix = nn.Linear(n_splines * inner, outer, bias=False)
        self.bias = nn.Parameter(torch.zeros(outer))

    def forward(self, x: Tensor, bases: list[Eigenbasis], weights: list[Tensor]) -> Tensor:
        """Signals (N, F') from those before (N, F) and the splines (k, n, Q) of each basis."""
        pieces, places = [x.new_zeros(0, len(self.bias))], [x.new_zeros(0, dtype=torch.int64)]
        for basis, weight in zip(bases, weights, strict=True):
            spectrum = basis.vectors.mT @ x[basis.nodes]
            parts = (weight[..., None] * spectrum[:, :, None, :]).flatten(2)
            pieces.append((basis.vectors @ self.mix(parts)).flatten(0, 1))
            places.append(basis.nodes.flatten())
        whole = x.new_zeros(len(x), len(self.bias))
        return whole.index_copy(0, torch.cat(places), torch.cat(pieces)) + self.bias


class SpectralNet(GraphNet):
    r"""Spectral network with smooth multipliers [1]_, read out over the nodes.

    .. math:: x'_j = \mathrm{relu}\Big(\sum_i U F_{ij} U^\top x_i + b_j\Big), \qquad
              F_{ij} = \mathrm{diag}\Big(\sum_q \alpha_{ijq} B_q(\lambda)\Big)

    U and :math:`\lambda` are the eigenvectors and eigenvalues of the normalised Laplacian of the
    graph, :math:`B_q` fixed cubic splines: O(1) numbers are learned for each pair of channels, and
    what is smooth over frequencies stays local on the graph. The paper fixes one graph and splines
    over the rank of the eigenvalues; here every graph has its own eigenvectors, so the multipliers
    are functions of the eigenvalue, and all eigenvectors are kept: no choice among those of one
    eigenvalue, or of their signs, changes the result. The eigenvectors are found anew for each
    batch, O(n^3) for n nodes: a reference for small graphs. A has an edge wherever any relation
    holds; what the relations say enters as the relation profile of each node.

    Parameters
    ----------
    splines : int
        Q, at least 4.
    left_out : sequence of str
        Attributes of nodes that it does not read.

    References
    ----------
    .. [1] J. Bruna, W. Zaremba, A. Szlam, Y. LeCun, "Spectral networks and deep locally connected
           networks on graphs", ICLR 2014.
    """

    READS_HOPS = True

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        splines: int,
        dropout: float,
        left_out: Sequence[str] = (),
    ) -> None:
        if splines < 4:
            raise ValueError(f"splines: expected at least 4, got {splines}")
        super().__init__(NodeInput(attributes_but(left_out), RelationProfile(schema)))
        self.n_splines = splines
        self.widths = (self.read.width, *[hidden] * rounds)
        self.layers = nn.ModuleList(SpectralLayer(*w, splines) for w in pairwise(self.widths))
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * hidden + 1, len(schema.class_names))

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        bases = eigenbases(batch.one_hop, batch.ptr)
        weights = [splines(basis.values, self.n_splines) for basis in bases]
        x = self.read(batch)
        for layer in self.layers:
            x = layer(x, bases, weights).relu()
        logits: Tensor = self.classify(self.dropout(readout(x, batch.batch, len(batch))))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, eigenvectors included, from the standardised input on."""
        sizes = batch.ptr.diff()
        n_nodes, squares = int(sizes.sum()), int(sizes.square().sum())
        total = EIGEN_MACS * int((sizes**3).sum()) + len(batch) * self.classify.weight.numel()
        for inner, outer in pairwise(self.widths):
            total += squares * (inner + outer)
            total += n_nodes * self.n_splines * inner * (1 + outer)
        return total

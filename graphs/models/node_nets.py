"""Networks that classify the nodes of one graph, as the papers have them.

`perceptgraph bench nodes` holds them beside published tables: a check of the layers that the
classifiers of whole graphs are made of.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from perceptgraph.graphs.models.h2gcn import each_round, normalised
from perceptgraph.graphs.models.motif_fusion import FUSIONS, Adjacencies
from perceptgraph.graphs.models.sparse import Matrix, SparseMatrix
from perceptgraph.graphs.motifs import motifs_of_three
from perceptgraph.graphs.two_hop import adjacency_pairs, two_hop_pairs

DENSE_ABOVE = 0.05
"""Share of pairs that are neighbours above which a dense product is the faster one."""
N_MOTIFS = 2
"""Triangles and open wedges. Those of four nodes are too many where a node has many neighbours."""


@dataclass(frozen=True, eq=False)
class NodeData:
    """One graph in tensors. What a network reads of its edges is found when it is first read."""

    x: Matrix
    """(N, F): features, sparse or dense."""
    width: int
    """F: features of a node."""
    one_hop: NDArray[np.int64]
    """(2, P): neighbours, both ways, in order."""
    n_nodes: int
    n_classes: int

    @cached_property
    def renormalised(self) -> Matrix:
        """(N, N): normalised adjacency of the neighbours and the node itself."""
        loops = np.tile(np.arange(self.n_nodes), (2, 1))
        return self._hop(np.concatenate([self.one_hop, loops], axis=1))

    @cached_property
    def hop_1(self) -> Matrix:
        """(N, N): normalised adjacency of N1."""
        return self._hop(self.one_hop)

    @cached_property
    def hop_2(self) -> Matrix:
        """(N, N): normalised adjacency of N2."""
        return self._hop(two_hop_pairs(self.one_hop, self.n_nodes))

    @cached_property
    def motifs(self) -> Adjacencies:
        """Edges, triangles and open wedges, each divided by its mean over the pairs that share one.

        Wedges join nodes two hops apart too.
        """
        return self._adjacencies(on_edges=False)

    @cached_property
    def motifs_on_edges(self) -> Adjacencies:
        """The same where edges are alone, each divided by its mean over all edges."""
        return self._adjacencies(on_edges=True)

    def _hop(self, pairs: NDArray[np.int64]) -> Matrix:
        return dense_if_crowded(normalised(torch.from_numpy(pairs), self.n_nodes), self.n_nodes)

    def _adjacencies(self, on_edges: bool) -> Adjacencies:
        pairs, *counts = motifs_of_three(self.one_hop, self.n_nodes)
        edges = self.one_hop[0] * self.n_nodes + self.one_hop[1]
        joined = np.isin(pairs[0] * self.n_nodes + pairs[1], edges, assume_unique=True)
        found = []
        for count in (joined.astype(np.int64), *counts):
            held = (count > 0) & (joined | (not on_edges))
            n_counted = joined.sum() if on_edges else held.sum()
            weight = torch.from_numpy(
                (count[held] * n_counted / count[held].sum()).astype(np.float32)
            )
            found.append(SparseMatrix(torch.from_numpy(pairs[:, held]), weight, self.n_nodes))
        return _adjacencies_of(found)


def dense_if_crowded(matrix: SparseMatrix, n_columns: int) -> Matrix:
    """The same matrix in the form whose products are the faster ones."""
    if len(matrix.weight) > DENSE_ABOVE * matrix.n_rows * n_columns:
        return torch.zeros(matrix.n_rows, n_columns).index_put(tuple(matrix.index), matrix.weight)
    return matrix


def _adjacencies_of(matrices: list[SparseMatrix]) -> Adjacencies:
    n_nodes = matrices[0].n_rows
    degree = [torch.zeros(n_nodes).index_add(0, m.index[0], m.weight) for m in matrices]
    fast = [dense_if_crowded(matrix, n_nodes) for matrix in matrices]

    def spread(x: Tensor) -> Tensor:
        each = [matrix @ channel for matrix, channel in zip(fast, x.unbind(1), strict=True)]
        return torch.stack(each, dim=1)

    return Adjacencies(torch.stack(degree, dim=1), spread, sum(len(m.weight) for m in matrices))


def node_data(
    x: Matrix, shape: tuple[int, int], edges: NDArray[np.int64], n_classes: int
) -> NodeData:
    """The graph with features of shape (N, F) and edges (2, E) in either or both directions."""
    n_nodes, width = shape
    return NodeData(x, width, adjacency_pairs(edges, n_nodes), n_nodes, n_classes)


class NodeNet(nn.Module, ABC):
    """A network that begins with X W_e, (N, p), without bias, by the initialisation of Glorot."""

    def __init__(self, data: NodeData, hidden: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Parameter(nn.init.xavier_uniform_(torch.empty(data.width, hidden)))
        self.dropout = nn.Dropout(dropout)

    @abstractmethod
    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""

    def penalised(self) -> list[nn.Parameter]:
        """What the L2 penalty is on: all weights."""
        return list(self.parameters())


def _linear(inner: int, outer: int) -> nn.Linear:
    linear = nn.Linear(inner, outer, bias=False)
    nn.init.xavier_uniform_(linear.weight)
    return linear


class MLP(NodeNet):
    """Two layers on the features of each node: the control without edges."""

    def __init__(self, data: NodeData, *, hidden: int, dropout: float, relu: bool) -> None:
        super().__init__(data, hidden, dropout)
        self.relu = relu
        self.classify = _linear(hidden, data.n_classes)

    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""
        hidden = data.x @ self.embed
        logits: Tensor = self.classify(self.dropout(hidden.relu() if self.relu else hidden))
        return logits


class NodeGCN(NodeNet):
    r"""Two graph convolutions: :math:`S\,\mathrm{relu}(S X W_0) W_1` [1]_.

    As in the authors' code: dropout of X and of the hidden layer, no biases, and the penalty on
    W_0 alone.

    References
    ----------
    .. [1] T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional
           networks", ICLR 2017.
    """

    def __init__(self, data: NodeData, *, hidden: int, dropout: float) -> None:
        super().__init__(data, hidden, dropout)
        self.classify = _linear(hidden, data.n_classes)

    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""
        hidden = data.renormalised @ (self._dropped(data.x) @ self.embed)
        return data.renormalised @ self.classify(self.dropout(hidden.relu()))

    def _dropped(self, x: Matrix) -> Matrix:
        if isinstance(x, SparseMatrix):
            weight = functional.dropout(x.weight, self.dropout.p, self.training)
            return SparseMatrix(x.index, weight, x.n_rows)
        return functional.dropout(x, self.dropout.p, self.training)

    def penalised(self) -> list[nn.Parameter]:
        """The weights of the first layer."""
        return [self.embed]


class NodeH2GCN(NodeNet):
    """H2GCN with K rounds and the paper's classifier of nodes (`h2gcn.H2GCN`)."""

    def __init__(
        self, data: NodeData, *, hidden: int, dropout: float, rounds: int, relu: bool
    ) -> None:
        super().__init__(data, hidden, dropout)
        self.rounds, self.relu = rounds, relu
        self.classify = _linear((2 ** (rounds + 1) - 1) * hidden, data.n_classes)

    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""
        first = data.x @ self.embed
        if self.relu:
            first = first.relu()
        if self.training and self.dropout.p > 0:
            nodes = torch.cat(each_round(first, (data.hop_1, data.hop_2), self.rounds), dim=1)
            logits: Tensor = self.classify(self.dropout(nodes))
            return logits
        hidden = first.shape[1]
        ends = [(2 ** (k + 1) - 1) * hidden for k in range(self.rounds)]
        blocks = self.classify.weight.tensor_split(ends, dim=1)
        return sum((_round_classified(first, block, data) for block in blocks), first.new_zeros(()))


def _round_classified(first: Tensor, weight: Tensor, data: NodeData) -> Tensor:
    """Product (N, R) of the embeddings of a round, (N, 2^k p), and weights (R, 2^k p).

    Rounds are linear: weights come first, so that the adjacencies meet R columns, not 2^k p.
    """
    n_rows, width = weight.shape
    if width == first.shape[1]:
        return first @ weight.T
    below = _round_classified(first, torch.cat(weight.chunk(2, dim=1)), data)
    return _narrow(data.hop_1, below[:, :n_rows]) + _narrow(data.hop_2, below[:, n_rows:])


def _narrow(matrix: Matrix, x: Tensor) -> Tensor:
    """The product with x of few columns."""
    if isinstance(matrix, SparseMatrix):
        return matrix @ x
    # Five columns from the right take as long as fifty, and five times that on the way back.
    return (x.T @ matrix.T).T


class NodeMotifGCN(NodeNet):
    r"""Two convolutions over edges, triangles and open wedges: fused(relu(fused(X W_e))).

    The fusions are those of the classifier of graphs (`motif_fusion`).
    """

    def __init__(self, data: NodeData, *, hidden: int, dropout: float, fusion: str) -> None:
        super().__init__(data, hidden, dropout)
        self.first = FUSIONS[fusion](hidden, hidden, N_MOTIFS)
        self.second = FUSIONS[fusion](hidden, data.n_classes, N_MOTIFS)

    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""
        found = data.motifs_on_edges if self.first.ON_EDGES else data.motifs
        hidden = self.first(data.x @ self.embed, found).relu()
        logits: Tensor = self.second(self.dropout(hidden), found)
        return logits


NODE_NETS: dict[str, tuple[Callable[..., NodeNet], dict[str, Any]]] = {
    "mlp": (MLP, {}),
    "gcn": (NodeGCN, {}),
    "h2gcn1": (NodeH2GCN, {"rounds": 1}),
    "h2gcn2": (NodeH2GCN, {"rounds": 2}),
    "motif_gcn": (NodeMotifGCN, {}),
}
"""Name to network, and what its name says of it."""

"""Networks that classify the nodes of one graph, as the papers have them.

`perceptgraph bench nodes` holds them beside published tables: a check of the layers that the
classifiers of whole graphs are made of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from perceptgraph.graphs.models.h2gcn import all_rounds, normalised
from perceptgraph.graphs.two_hop import adjacency_pairs, two_hop_pairs

DENSE_ABOVE = 0.05
"""Share of pairs that are neighbours above which a dense product is the faster one."""


@dataclass(frozen=True, slots=True, eq=False)
class NodeData:
    """One graph in tensors."""

    x: Tensor
    """(N, F): features, dense or sparse."""
    one_hop: Tensor
    """(2, P) int64: neighbours, both ways."""
    hop_1: Tensor
    """(N, N): normalised adjacency of N1, dense or sparse."""
    hop_2: Tensor
    """(N, N): normalised adjacency of N2, dense or sparse."""
    n_classes: int


def node_data(x: Tensor, edges: NDArray[np.int64], n_classes: int) -> NodeData:
    """The graph with features (N, F) and edges (2, E) in either or both directions."""
    n_nodes = x.shape[0]
    one = adjacency_pairs(edges, n_nodes)
    hops = [_hop(pairs, n_nodes) for pairs in (one, two_hop_pairs(one, n_nodes))]
    return NodeData(x, torch.from_numpy(one), hops[0], hops[1], n_classes)


def _hop(pairs: NDArray[np.int64], n_nodes: int) -> Tensor:
    adjacency = normalised(torch.from_numpy(pairs), n_nodes)
    if pairs.shape[1] > DENSE_ABOVE * n_nodes**2:
        return adjacency.to_dense()
    return adjacency.coalesce()


class MLP(nn.Module):
    """Two layers on the features of each node: the control without edges."""

    def __init__(self, data: NodeData, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Linear(data.x.shape[1], hidden)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(hidden, data.n_classes)

    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""
        hidden = (data.x @ self.embed.weight.T + self.embed.bias).relu()
        logits: Tensor = self.classify(self.dropout(hidden))
        return logits


class NodeGCN(nn.Module):
    r"""Two graph convolutions: :math:`S\,\mathrm{relu}(S X W_0) W_1` [1]_.

    References
    ----------
    .. [1] T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional
           networks", ICLR 2017.
    """

    def __init__(self, data: NodeData, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Linear(data.x.shape[1], hidden, bias=False)
        nn.init.xavier_uniform_(self.embed.weight)
        self.first = GCNConv(hidden, hidden)
        self.first.lin = nn.Identity()  # X W_0 is formed before: the layer's own takes no sparse X
        self.second = GCNConv(hidden, data.n_classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""
        hidden = self.first(data.x @ self.embed.weight.T, data.one_hop).relu()
        logits: Tensor = self.second(self.dropout(hidden), data.one_hop)
        return logits


class NodeH2GCN(nn.Module):
    """H2GCN with K rounds and the paper's classifier of nodes (`h2gcn.H2GCN`)."""

    def __init__(
        self, data: NodeData, *, hidden: int, dropout: float, rounds: int, relu: bool
    ) -> None:
        super().__init__()
        self.rounds, self.relu = rounds, relu
        self.embed = nn.Linear(data.x.shape[1], hidden, bias=False)
        nn.init.xavier_uniform_(self.embed.weight)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear((2 ** (rounds + 1) - 1) * hidden, data.n_classes, bias=False)
        nn.init.xavier_uniform_(self.classify.weight)

    def forward(self, data: NodeData) -> Tensor:
        """Logits (N, C)."""
        first = data.x @ self.embed.weight.T
        if self.relu:
            first = first.relu()
        nodes = all_rounds(first, data.hop_1, data.hop_2, self.rounds)
        logits: Tensor = self.classify(self.dropout(nodes))
        return logits


NODE_NETS: dict[str, tuple[Callable[..., nn.Module], dict[str, Any]]] = {
    "mlp": (MLP, {}),
    "gcn": (NodeGCN, {}),
    "h2gcn1": (NodeH2GCN, {"rounds": 1}),
    "h2gcn2": (NodeH2GCN, {"rounds": 2}),
}
"""Name to network, and what its name says of it."""

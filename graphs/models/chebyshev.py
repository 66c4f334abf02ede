"""Chebyshev network: filters that are polynomials of the Laplacian, without its eigenvectors."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch_geometric.nn import ChebConv

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, RelationProfile, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout


class ChebyshevNet(GraphNet):
    r"""Chebyshev network [1]_, read out over the nodes.

    .. math:: H^{(l+1)} = \mathrm{relu}\Big(\sum_{k=0}^{K} T_k(L - I) H^{(l)} W_k^{(l)}\Big)

    :math:`T_k` are the Chebyshev polynomials, L = I - D^(-1/2) A D^(-1/2) is the normalised
    Laplacian; its eigenvalues, in [0, 2], are not looked for: L - I has them in [-1, 1]. A filter
    of order K reaches K hops. With K = 1 and :math:`W_0 = -W_1` it is the layer of which GCN is the
    renormalised form [2]_. A has an edge wherever any relation holds; what the relations say enters
    as the relation profile of each node.

    Parameters
    ----------
    order : int
        K, at least 1.
    left_out : sequence of str
        Attributes of nodes that it does not read.

    References
    ----------
    .. [1] M. Defferrard, X. Bresson, P. Vandergheynst, "Convolutional neural networks on graphs
           with fast localized spectral filtering", NeurIPS 2016.
    .. [2] T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional
           networks", ICLR 2017, equations 6 to 8.
    """

    READS_HOPS = True

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        order: int,
        dropout: float,
        left_out: Sequence[str] = (),
    ) -> None:
        if order < 1:
            raise ValueError(f"order: expected at least 1, got {order}")
        super().__init__(NodeInput(attributes_but(left_out), RelationProfile(schema)))
        self.order = order
        self.widths = (self.read.width, *[hidden] * rounds)
        # The layer counts terms, of which the constant one is the first.
        self.convolutions = nn.ModuleList(
            ChebConv(inner, outer, order + 1) for inner, outer in pairwise(self.widths)
        )
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * hidden + 1, len(schema.class_names))

    def forward(self, x: Tensor, one_hop: Tensor, batch: Tensor, n_graphs: int) -> Tensor:
        """Logits (G, C) from x (N, F), neighbours (2, P) both ways, graph of node (N,)."""
        # Of the batch's own largest eigenvalue, logits would depend on the rest of the batch.
        highest = x.new_tensor(2.0)
        for convolution in self.convolutions:
            x = convolution(x, one_hop, lambda_max=highest).relu()
        logits: Tensor = self.classify(self.dropout(readout(x, batch, n_graphs)))
        return logits

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        return self(self.read(batch), batch.one_hop, batch.batch, len(batch))

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        n_nodes = len(batch.kind)
        n_messages = batch.one_hop.shape[1] + n_nodes
        total = len(batch) * self.classify.weight.numel()
        for inner, outer in pairwise(self.widths):
            total += n_nodes * (self.order + 1) * inner * outer + self.order * n_messages * inner
        return total

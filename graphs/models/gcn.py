"""GCN: graph convolutions over the neighbours of a node and the node itself."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, RelationProfile, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout


class GCN(GraphNet):
    r"""Graph convolutional network [1]_, read out over the nodes.

    .. math:: H^{(l+1)} = \mathrm{relu}(\tilde D^{-1/2} \tilde A \tilde D^{-1/2} H^{(l)} W^{(l)})

    with :math:`\tilde A = A + I`. A has an edge wherever any relation holds; what the relations
    say enters as the relation profile of each node.

    Parameters
    ----------
    left_out : sequence of str
        Attributes of nodes that it does not read.

    References
    ----------
    .. [1] T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional
           networks", ICLR 2017.
    """

    READS_HOPS = True

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        dropout: float,
        left_out: Sequence[str] = (),
    ) -> None:
        super().__init__(NodeInput(attributes_but(left_out), RelationProfile(schema)))
        self.widths = (self.read.width, *[hidden] * rounds)
        self.convolutions = nn.ModuleList(
            GCNConv(inner, outer) for inner, outer in pairwise(self.widths)
        )
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * hidden + 1, len(schema.class_names))

    def forward(self, x: Tensor, edge_index: Tensor, batch: Tensor, n_graphs: int) -> Tensor:
        """Logits (G, C) from x (N, F), neighbours (2, E) both ways, graph of node (N,)."""
        for convolution in self.convolutions:
            x = convolution(x, edge_index).relu()
        logits: Tensor = self.classify(self.dropout(readout(x, batch, n_graphs)))
        return logits

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        return self(self.read(batch), batch.one_hop, batch.batch, len(batch))

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        n_messages = batch.one_hop.shape[1] + len(batch.kind)
        total = len(batch) * self.classify.weight.numel()
        for inner, outer in pairwise(self.widths):
            total += len(batch.kind) * inner * outer + n_messages * outer
        return total

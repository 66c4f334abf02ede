"""GIN: sums over neighbours, which tell multisets apart."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch_geometric.nn import GINConv

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, RelationProfile, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout


class GIN(GraphNet):
    r"""Graph isomorphism network [1]_, read out over the nodes of all rounds.

    .. math:: h_v' = \mathrm{MLP}\Big((1 + \varepsilon) h_v + \sum_{u \in N(v)} h_u\Big)

    with a learned :math:`\varepsilon` and two dense layers, the embeddings of all rounds kept, as
    in the paper; a layer normalisation stands where it has one over the batch, so that a graph's
    embedding never depends on other graphs and few graphs are enough. N has a neighbour wherever
    any relation holds; what the relations say enters as the relation profile of each node.

    Parameters
    ----------
    left_out : sequence of str
        Attributes of nodes that it does not read.

    References
    ----------
    .. [1] K. Xu, W. Hu, J. Leskovec, S. Jegelka, "How powerful are graph neural networks?",
           ICLR 2019, equation 4.1.
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
        self.hidden = hidden
        self.embed = nn.Sequential(nn.Linear(self.read.width, hidden), nn.ReLU())
        self.convolutions = nn.ModuleList(self._convolution() for _ in range(rounds))
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * (rounds + 1) * hidden + 1, len(schema.class_names))

    def _convolution(self) -> GINConv:
        inner, outer = (nn.Linear(self.hidden, self.hidden) for _ in range(2))
        norm = nn.LayerNorm(self.hidden)
        return GINConv(nn.Sequential(inner, norm, nn.ReLU(), outer, nn.ReLU()), train_eps=True)

    def forward(self, x: Tensor, one_hop: Tensor, batch: Tensor, n_graphs: int) -> Tensor:
        """Logits (G, C) from x (N, F), neighbours (2, P) both ways, graph of node (N,)."""
        kept = [self.embed(x)]
        for convolution in self.convolutions:
            kept.append(convolution(kept[-1], one_hop))
        pooled = readout(torch.cat(kept, dim=1), batch, n_graphs)
        logits: Tensor = self.classify(self.dropout(pooled))
        return logits

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        return self(self.read(batch), batch.one_hop, batch.batch, len(batch))

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        n_nodes, hidden = len(batch.kind), self.hidden
        each_round = (batch.one_hop.shape[1] + n_nodes) * hidden + 2 * n_nodes * hidden**2
        first = n_nodes * self.read.width * hidden
        last = len(batch) * self.classify.weight.numel()
        return first + len(self.convolutions) * each_round + last

"""GINE: sums over edges, each of which says how its target lies."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch_geometric.nn import GINEConv

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout
from perceptgraph.graphs.models.poses import N_POSE, EdgeInput


class GINE(GraphNet):
    r"""Graph isomorphism network with edge attributes [1]_, read out over the nodes of all rounds.

    .. math:: h_i' = \mathrm{MLP}\Big((1 + \varepsilon) h_i +
              \sum_{ij} \mathrm{relu}(h_j + e_{ij})\Big)

    over the edges that leave node i, of all relations, one or more to a neighbour; e embeds the
    relation, the rank and the relative pose of the edge, the same in all rounds. Otherwise it is
    the graph isomorphism network of [2]_ with layer normalisation.

    Parameters
    ----------
    left_out : sequence of str
        Attributes of nodes that it does not read.

    References
    ----------
    .. [1] W. Hu et al., "Strategies for pre-training graph neural networks", ICLR 2020.
    .. [2] K. Xu, W. Hu, J. Leskovec, S. Jegelka, "How powerful are graph neural networks?",
           ICLR 2019.
    """

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        dropout: float,
        left_out: Sequence[str] = (),
    ) -> None:
        super().__init__(NodeInput(attributes_but(left_out), None))
        self.hidden = hidden
        self.embed = nn.Sequential(nn.Linear(self.read.width, hidden), nn.ReLU())
        self.edges = EdgeInput(schema, hidden)
        self.convolutions = nn.ModuleList(self._convolution() for _ in range(rounds))
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * (rounds + 1) * hidden + 1, len(schema.class_names))

    def _convolution(self) -> GINEConv:
        inner, outer = (nn.Linear(self.hidden, self.hidden) for _ in range(2))
        norm = nn.LayerNorm(self.hidden)
        return GINEConv(nn.Sequential(inner, norm, nn.ReLU(), outer, nn.ReLU()), train_eps=True)

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        # The layer's messages go from source to target; ours are asked for by the source.
        backwards, said = batch.edge_index.flip(0), self.edges(batch)
        kept = [self.embed(self.read(batch))]
        for convolution in self.convolutions:
            kept.append(convolution(kept[-1], backwards, said))
        pooled = readout(torch.cat(kept, dim=1), batch.batch, len(batch))
        logits: Tensor = self.classify(self.dropout(pooled))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        n_nodes, n_edges, hidden = len(batch.kind), batch.edge_index.shape[1], self.hidden
        each_round = (n_edges + n_nodes) * hidden + 2 * n_nodes * hidden**2
        first = n_nodes * self.read.width * hidden + n_edges * N_POSE * hidden
        last = len(batch) * self.classify.weight.numel()
        return first + len(self.convolutions) * each_round + last

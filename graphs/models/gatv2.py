"""GATv2: each node attends to its neighbours, and how they lie decides how much."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch_geometric.nn import GATv2Conv

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout
from perceptgraph.graphs.models.poses import N_POSE, EdgeInput


class GATv2(GraphNet):
    r"""Graph attention with dynamic scores [1]_, read out over the nodes of all rounds.

    .. math::

        h_i' &= \mathrm{relu}\Big(W_0 h_i + \sum_{ij} \alpha_{ij} W_s h_j\Big) \\
        \alpha_{ij} &= \mathrm{softmax}_j\big(a^\top
                       \mathrm{leakyrelu}(W_t h_i + W_s h_j + W_e e_{ij})\big)

    for each head, heads side by side, over the edges that leave node i, of all relations; e embeds
    the relation, the rank and the relative pose of the edge, the same in all rounds. A node keeps
    itself by :math:`W_0` in place of a self-loop, which would have no pose.

    Parameters
    ----------
    hidden : int
        Width of all heads together, a multiple of `heads`.
    left_out : sequence of str
        Attributes of nodes that it does not read.

    References
    ----------
    .. [1] S. Brody, U. Alon, E. Yahav, "How attentive are graph attention networks?", ICLR 2022,
           equation 7.
    """

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        heads: int,
        dropout: float,
        left_out: Sequence[str] = (),
    ) -> None:
        if heads < 1 or hidden % heads:
            raise ValueError(f"hidden: expected a multiple of {heads} heads, got {hidden}")
        super().__init__(NodeInput(attributes_but(left_out), None))
        self.hidden = hidden
        self.embed = nn.Sequential(nn.Linear(self.read.width, hidden), nn.ReLU())
        self.edges = EdgeInput(schema, hidden)
        self.convolutions = nn.ModuleList(
            GATv2Conv(
                hidden,
                hidden // heads,
                heads,
                add_self_loops=False,
                edge_dim=hidden,
                residual=True,
            )
            for _ in range(rounds)
        )
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * (rounds + 1) * hidden + 1, len(schema.class_names))

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        # The layer's messages go from source to target; ours are asked for by the source.
        backwards, said = batch.edge_index.flip(0), self.edges(batch)
        kept = [self.embed(self.read(batch))]
        for convolution in self.convolutions:
            kept.append(convolution(kept[-1], backwards, said).relu())
        pooled = readout(torch.cat(kept, dim=1), batch.batch, len(batch))
        logits: Tensor = self.classify(self.dropout(pooled))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        n_nodes, n_edges, hidden = len(batch.kind), batch.edge_index.shape[1], self.hidden
        each_round = 3 * n_nodes * hidden**2 + n_edges * (hidden + 2) * hidden
        first = n_nodes * self.read.width * hidden + n_edges * N_POSE * hidden
        last = len(batch) * self.classify.weight.numel()
        return first + len(self.convolutions) * each_round + last

"""What motif-GCN on untyped and on typed motifs have in common."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, RelationProfile, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout
from perceptgraph.graphs.models.motif_fusion import FUSIONS, Adjacencies
from perceptgraph.graphs.models.sparse import SparseMatrix
from perceptgraph.graphs.motif_pairs import motif_names


class MotifProfile(nn.Module):
    """The relation profile of each node, and how often it shares each motif with another node.

    The latter as log(1 + row sum) of each adjacency but that of the edges.
    """

    def __init__(self, schema: GraphSchema, n_channels: int) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.relations = RelationProfile(schema)
        self.width = self.relations.width + n_channels - 1

    def forward(self, batch: GraphBatch) -> Tensor:
        """Profile (N, width) of the nodes."""
        place = batch.motif_index[0] * self.n_channels + batch.motif.long()
        zeros = batch.motif_count.new_zeros(len(batch.kind) * self.n_channels)
        shared = zeros.index_add(0, place, batch.motif_count).view(-1, self.n_channels)
        return torch.cat([self.relations(batch), shared[:, 1:].log1p()], dim=1)


def adjacencies(batch: GraphBatch, n_channels: int, on_edges: bool) -> Adjacencies:
    """What the motifs of a batch are to a layer.

    Each adjacency is divided by its mean over the pairs of its graph that share the motif or, where
    `on_edges`, left out where no edge is and divided by its mean over the edges of its graph.
    """
    index, channel, weight = batch.motif_index, batch.motif.long(), batch.motif_count
    if on_edges:
        index = index[:, batch.motif_joined]
        channel, weight = channel[batch.motif_joined], weight[batch.motif_joined]
    motif = batch.batch[index[0]] * n_channels + channel  # of each graph on its own
    n_motifs = len(batch) * n_channels
    total = weight.new_zeros(n_motifs).index_add(0, motif, weight)
    count = torch.bincount(motif, minlength=n_motifs)
    if on_edges:  # each edge counts, also one without the motif
        count = count.view(-1, n_channels)[:, :1].expand(-1, n_channels).flatten()
    weight = weight * (count / total)[motif]
    n_nodes = len(batch.kind)
    place = index * n_channels + channel
    every = SparseMatrix(place, weight, n_nodes * n_channels)

    def spread(x: Tensor) -> Tensor:
        return (every @ x.reshape(-1, x.shape[2])).view(x.shape)

    degree = weight.new_zeros(every.n_rows).index_add(0, place[0], weight)
    return Adjacencies(degree.view(-1, n_channels), spread, len(weight))


class MotifNet(GraphNet):
    r"""Graph convolutions over the motifs of READS_MOTIFS, read out over the nodes.

    .. math:: H^{(l+1)} = \mathrm{relu}(\mathrm{fused}(H^{(l)}))

    with one of the fusions of `motif_fusion`. What the relations say, and how often each node
    shares a motif with another one, enters as profile of the node.

    Parameters
    ----------
    fusion : str
        One of `motif_fusion.FUSIONS`.
    left_out : sequence of str
        Attributes of nodes that it does not read.
    """

    READS_MOTIFS: ClassVar[str]

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        dropout: float,
        fusion: str,
        left_out: Sequence[str] = (),
    ) -> None:
        if fusion not in FUSIONS:
            raise ValueError(f"fusion: expected one of {', '.join(FUSIONS)}, got {fusion!r}")
        self.n_channels = len(motif_names(self.READS_MOTIFS, schema.relations))
        profile = MotifProfile(schema, self.n_channels)
        super().__init__(NodeInput(attributes_but(left_out), profile))
        widths = (self.read.width, *[hidden] * rounds)
        self.layers = [
            FUSIONS[fusion](inner, outer, self.n_channels - 1) for inner, outer in pairwise(widths)
        ]
        self.fusions = nn.ModuleList(self.layers)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * hidden + 1, len(schema.class_names))

    def forward(self, x: Tensor, found: Adjacencies, batch: Tensor, n_graphs: int) -> Tensor:
        """Logits (G, C) from x (N, F), the motifs, graph of node (N,)."""
        for fusion in self.layers:
            x = fusion(x, found).relu()
        logits: Tensor = self.classify(self.dropout(readout(x, batch, n_graphs)))
        return logits

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        return self(self.read(batch), self._adjacencies(batch), batch.batch, len(batch))

    def _adjacencies(self, batch: GraphBatch) -> Adjacencies:
        return adjacencies(batch, self.n_channels, self.layers[0].ON_EDGES)

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        n_entries = self._adjacencies(batch).n_entries
        total = sum(fusion.macs(len(batch.kind), n_entries) for fusion in self.layers)
        return total + len(batch) * self.classify.weight.numel()

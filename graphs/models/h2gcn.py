"""H2GCN: ego and neighbours apart, strict two-hop neighbours, all rounds kept."""

import torch
from torch import Tensor, nn

from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, RelationProfile
from perceptgraph.graphs.models.graph_net import GraphNet, readout


def symmetric_weight(pairs: Tensor, n_nodes: int) -> Tensor:
    """Weights (P,) of D^(-1/2) A D^(-1/2) for pairs (2, P) both ways, without self-loops.

    A node without neighbours has no pair, so its degree 0 is never inverted.
    """
    scale = torch.bincount(pairs[1], minlength=n_nodes).clamp(min=1).float().rsqrt()
    return scale[pairs[0]] * scale[pairs[1]]


def spread(x: Tensor, pairs: Tensor, weight: Tensor) -> Tensor:
    """Sum (N, D) of the embeddings x (N, D) of each node's neighbours, weighted; the node apart."""
    # A sparse product moves each embedding once; a gather of all messages takes three times longer.
    size = (len(x), len(x))
    adjacency = torch.sparse_coo_tensor(pairs.flip(0), weight, size, check_invariants=False)
    return torch.sparse.mm(adjacency, x)


class H2GCN(GraphNet):
    r"""H2GCN [1]_, read out over the nodes.

    .. math::

        r_v^{(0)} = \mathrm{relu}(x_v W_e), \quad
        r_v^{(k)} = \sum_{u \in N_1(v)} \frac{r_u^{(k-1)}}{\sqrt{d_{v,1} d_{u,1}}} \,\Big\|\,
                    \sum_{u \in N_2(v)} \frac{r_u^{(k-1)}}{\sqrt{d_{v,2} d_{u,2}}}

    N1 are the neighbours of v without v, N2 the nodes exactly two hops away, d their numbers.
    Rounds have neither weights nor a non-linearity; the embeddings of all rounds, of
    :math:`(2^{K+1} - 1) p` numbers, are kept. The paper classifies nodes with :math:`W_c`; here
    :math:`W_c` classifies the readout of all nodes. What the relations say enters as the relation
    profile of each node.

    References
    ----------
    .. [1] J. Zhu et al., "Beyond homophily in graph neural networks: current limitations and
           effective designs", NeurIPS 2020.
    """

    READS_HOPS = True

    def __init__(self, schema: GraphSchema, *, embedding: int, rounds: int, dropout: float) -> None:
        super().__init__(NodeInput(tuple(ATTRIBUTES), RelationProfile(schema)))
        self.rounds = rounds
        self.embed = nn.Linear(self.read.width, embedding, bias=False)
        self.dropout = nn.Dropout(dropout)
        kept = (2 ** (rounds + 1) - 1) * embedding
        self.classify = nn.Linear(2 * kept + 1, len(schema.class_names), bias=False)

    def embeddings(self, x: Tensor, one_hop: Tensor, two_hop: Tensor) -> Tensor:
        """Final embeddings (N, (2^(K+1) - 1) p) of x (N, F) over pairs (2, P) and (2, P2)."""
        w1 = symmetric_weight(one_hop, len(x))
        w2 = symmetric_weight(two_hop, len(x))
        rounds = [self.embed(x).relu()]
        for _ in range(self.rounds):
            last = rounds[-1]
            rounds.append(torch.cat([spread(last, one_hop, w1), spread(last, two_hop, w2)], dim=1))
        return torch.cat(rounds, dim=1)

    def forward(
        self, x: Tensor, one_hop: Tensor, two_hop: Tensor, batch: Tensor, n_graphs: int
    ) -> Tensor:
        """Logits (G, C) from x (N, F), pairs (2, P) and (2, P2), graph of node (N,)."""
        nodes = self.embeddings(x, one_hop, two_hop)
        logits: Tensor = self.classify(self.dropout(readout(nodes, batch, n_graphs)))
        return logits

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        return self(self.read(batch), batch.one_hop, batch.two_hop, batch.batch, len(batch))

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        n_pairs = batch.one_hop.shape[1] + batch.two_hop.shape[1]
        width = self.embed.out_features
        total = len(batch.kind) * self.embed.weight.numel()
        for _ in range(self.rounds):
            total += n_pairs * width
            width *= 2
        return total + len(batch) * self.classify.weight.numel()

"""H2GCN: ego and neighbours apart, strict two-hop neighbours, all rounds kept."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import NodeInput, RelationProfile, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet, readout
from perceptgraph.graphs.models.sparse import Matrix, SparseMatrix


def normalised(pairs: Tensor, n_nodes: int) -> SparseMatrix:
    """D^(-1/2) A D^(-1/2), (N, N), of pairs (2, P) both ways, without self-loops.

    A node without neighbours has no pair, so its degree 0 is never inverted.
    """
    scale = torch.bincount(pairs[1], minlength=n_nodes).clamp(min=1).float().rsqrt()
    return SparseMatrix(pairs.flip(0), scale[pairs[0]] * scale[pairs[1]], n_nodes)


def all_rounds(first: Tensor, hop_1: Matrix, hop_2: Matrix, rounds: int) -> Tensor:
    """Embeddings (N, (2^(K+1) - 1) p) of all rounds from those of round 0, (N, p).

    `hop_1` and `hop_2` are the normalised adjacencies (N, N) of N1 and N2.
    """
    kept = [first]
    for _ in range(rounds):
        kept.append(torch.cat([hop_1 @ kept[-1], hop_2 @ kept[-1]], dim=1))
    return torch.cat(kept, dim=1)


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

    Parameters
    ----------
    left_out : sequence of str
        Attributes of nodes that it does not read.

    References
    ----------
    .. [1] J. Zhu et al., "Beyond homophily in graph neural networks: current limitations and
           effective designs", NeurIPS 2020.
    """

    READS_HOPS = True

    def __init__(
        self,
        schema: GraphSchema,
        *,
        embedding: int,
        rounds: int,
        dropout: float,
        left_out: Sequence[str] = (),
    ) -> None:
        super().__init__(NodeInput(attributes_but(left_out), RelationProfile(schema)))
        self.rounds = rounds
        self.embed = nn.Linear(self.read.width, embedding, bias=False)
        self.dropout = nn.Dropout(dropout)
        kept = (2 ** (rounds + 1) - 1) * embedding
        self.classify = nn.Linear(2 * kept + 1, len(schema.class_names), bias=False)

    def embeddings(self, x: Tensor, one_hop: Tensor, two_hop: Tensor) -> Tensor:
        """Final embeddings (N, (2^(K+1) - 1) p) of x (N, F) over pairs (2, P) and (2, P2)."""
        hop_1, hop_2 = (normalised(pairs, len(x)) for pairs in (one_hop, two_hop))
        return all_rounds(self.embed(x).relu(), hop_1, hop_2, self.rounds)

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

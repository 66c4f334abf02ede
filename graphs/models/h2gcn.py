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


def each_round(first: Tensor, hops: Sequence[Matrix], rounds: int) -> list[Tensor]:
    """Embeddings (N, H^k p) of each round k from those of round 0, (N, p).

    `hops` are the H normalised adjacencies (N, N), of N1 and N2 in the paper.
    """
    kept = [first]
    for _ in range(rounds):
        kept.append(torch.cat([hop @ kept[-1] for hop in hops], dim=1))
    return kept


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
    profile of each node. Each design can be left out, to see what it is worth.

    Parameters
    ----------
    left_out : sequence of str
        Attributes of nodes that it does not read.
    hops : sequence of int
        Which neighbourhoods are aggregated: 1, 2, or both.
    separate : bool
        Whether a node stays apart from its neighbours; otherwise it is in each of its
        neighbourhoods, as in the ablation of the paper.
    kept : str
        "all" rounds are read out, or the "last" one.

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
        hops: Sequence[int] = (1, 2),
        separate: bool = True,
        kept: str = "all",
    ) -> None:
        if not hops or not set(hops) <= {1, 2}:
            raise ValueError(f"hops: expected 1, 2 or both, got {list(hops)}")
        if kept not in ("all", "last"):
            raise ValueError(f"kept: expected all or last, got {kept!r}")
        super().__init__(NodeInput(attributes_but(left_out), RelationProfile(schema)))
        self.rounds = rounds
        self.hops, self.separate, self.keeps_all = tuple(sorted(set(hops))), separate, kept == "all"
        self.embed = nn.Linear(self.read.width, embedding, bias=False)
        self.dropout = nn.Dropout(dropout)
        widths = [len(self.hops) ** k * embedding for k in range(rounds + 1)]
        n_read = 2 * (sum(widths) if self.keeps_all else widths[-1]) + 1
        self.classify = nn.Linear(n_read, len(schema.class_names), bias=False)

    def neighbours(self, one_hop: Tensor, two_hop: Tensor, n_nodes: int) -> list[Tensor]:
        """Pairs (2, P) of each hop that is aggregated, with the nodes themselves unless apart."""
        chosen = [{1: one_hop, 2: two_hop}[hop] for hop in self.hops]
        if self.separate:
            return chosen
        own = torch.arange(n_nodes, device=one_hop.device).expand(2, -1)
        return [torch.cat([pairs, own], dim=1) for pairs in chosen]

    def embeddings(self, x: Tensor, one_hop: Tensor, two_hop: Tensor) -> Tensor:
        """Final embeddings of x (N, F) over pairs (2, P) and (2, P2).

        (N, (2^(K+1) - 1) p) with both hops and all rounds.
        """
        hops = [normalised(pairs, len(x)) for pairs in self.neighbours(one_hop, two_hop, len(x))]
        rounds = each_round(self.embed(x).relu(), hops, self.rounds)
        return torch.cat(rounds, dim=1) if self.keeps_all else rounds[-1]

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
        hops = self.neighbours(batch.one_hop, batch.two_hop, len(batch.kind))
        n_pairs = sum(pairs.shape[1] for pairs in hops)
        width = self.embed.out_features
        total = len(batch.kind) * self.embed.weight.numel()
        for _ in range(self.rounds):
            total += n_pairs * width
            width *= len(self.hops)
        return total + len(batch) * self.classify.weight.numel()

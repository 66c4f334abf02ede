"""Relative-pose network: messages that know the relation and how two frames lie to each other."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from perceptgraph.graphs.encoding import PlaceWaves
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import (
    NodeInput,
    attributes_but,
    check_kinds,
    node_attributes,
    of_kinds,
)
from perceptgraph.graphs.models.graph_net import GraphNet, readout
from perceptgraph.graphs.models.messages import Round
from perceptgraph.graphs.models.poses import N_POSE, n_slots, seen, slots, where


def meaning(batch: GraphBatch) -> Tensor:
    """Weight (N,) of each node in the mean: how little it is expected by chance; at least 1."""
    nfa = node_attributes(batch, ("log10_nfa",))[:, 0].nan_to_num(nan=0.0)
    return 1 + (-nfa.clamp(-1e3, 0)).log1p()


class RelativePoseNet(GraphNet):
    r"""Message passing with typed edges and relative poses.

    .. math::

        m_{ij} &= \mathrm{relu}(W_h h_i + W_t h_j + W_p\, p_{ij} + b_{\mathrm{slot}(ij)}) \\
        h_i' &= \mathrm{norm}(h_i + \mathrm{relu}(W_u [h_i \,\|\, \mathrm{mean}_j\, m_{ij} \,\|\,
                \max_j m_{ij}]))

    :math:`p_{ij}` is the relative pose of node j seen from i, the slot is the relation of the edge
    and its rank. The embeddings of all rounds are kept (jumping knowledge [1]_) and read out by
    their maximum and by their mean, weighted with what the nodes mean a contrario:
    :math:`1 + \log(1 - \min(0, \log_{10} \mathrm{NFA}))`. Message functions on relative poses in
    local frames are those of [2]_.

    Parameters
    ----------
    kinds : sequence of str
        Nodes that it reads, names of `frames.NODE_KINDS`; edges that end at others are not read.
    pose : str
        "free": nodes do not know where they lie, and the net does not see how the picture is
        turned, shifted or scaled. "absolute": they know position and direction in the picture,
        about the middle of the graph and in its radii, as `PlaceWaves` too.
    waves, harmonics : int
        Of `PlaceWaves`, where the pose is absolute.
    left_out : sequence of str
        Attributes of nodes that are no input of the net; the NFA weights its readout all the same.

    References
    ----------
    .. [1] K. Xu et al., "Representation learning on graphs with jumping knowledge networks",
           ICML 2018.
    .. [2] J. Gilmer et al., "Neural message passing for quantum chemistry", ICML 2017.
    """

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        dropout: float,
        kinds: Sequence[str],
        pose: str,
        waves: int,
        harmonics: int,
        left_out: Sequence[str] = (),
    ) -> None:
        if pose not in ("free", "absolute"):
            raise ValueError(f"pose: expected free or absolute, got {pose!r}")
        super().__init__(NodeInput(attributes_but(left_out), None))
        self.kinds = check_kinds(kinds)
        self.waves = PlaceWaves(waves, harmonics) if pose == "absolute" else None
        self.hidden, self.n_inputs = hidden, self.read.width
        if self.waves:
            self.n_inputs += 4 + self.waves.width
        self.embed = nn.Sequential(nn.Linear(self.n_inputs, hidden), nn.ReLU())
        self.rounds = nn.ModuleList(Round(hidden, n_slots(schema), N_POSE) for _ in range(rounds))
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * (rounds + 1) * hidden + 1, len(schema.class_names))

    def prepare(self, batches: Iterable[GraphBatch]) -> None:
        """Take the statistics of the nodes that it reads in the training set."""
        super().prepare(of_kinds(batch, self.kinds) for batch in batches)

    def inputs(self, batch: GraphBatch) -> Tensor:
        """Input (N, F) of the nodes."""
        x = self.read(batch)
        if self.waves is None:
            return x
        pose = where(batch)
        return torch.cat([x, pose, self.waves(pose)], dim=1)

    def embeddings(self, batch: GraphBatch) -> Tensor:
        """Embeddings of all rounds, side by side: (N, (rounds + 1) D)."""
        kind, said = slots(batch), seen(batch)
        kept = [self.embed(self.inputs(batch))]
        for one in self.rounds:
            kept.append(one(kept[-1], batch.edge_index, kind, said))
        return torch.cat(kept, dim=1)

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        batch = of_kinds(batch, self.kinds)
        pooled = readout(self.embeddings(batch), batch.batch, len(batch), meaning(batch))
        logits: Tensor = self.classify(self.dropout(pooled))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, scatter included, from the standardised input on."""
        batch = of_kinds(batch, self.kinds)
        n_nodes, n_edges = len(batch.kind), batch.edge_index.shape[1]
        n_rounds, hidden = len(self.rounds), self.hidden
        each_round = n_nodes * 5 * hidden**2 + n_edges * (N_POSE + 1) * hidden
        first = (self.n_inputs + n_rounds + 1) * hidden
        if self.waves:
            first += self.waves.wave.numel() + self.waves.width
        last = len(batch) * self.classify.weight.numel()
        return n_nodes * first + n_rounds * each_round + last

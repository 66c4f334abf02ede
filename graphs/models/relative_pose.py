"""Relative-pose network: messages that know the relation and how two frames lie to each other."""

from collections.abc import Iterable, Sequence
from typing import cast

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
from perceptgraph.graphs.models.graph_net import READOUT, GraphNet, check_readout, readout
from perceptgraph.graphs.models.messages import Round
from perceptgraph.graphs.models.poses import N_POSE, canonical, n_slots, seen, slots, where

POSES = ("free", "absolute", "canonical")
EDGES_SAY = ("relation", "pose")
KEPT = ("all", "last")


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
    local frames are those of [2]_. Each part can be left out, to see what it is worth.

    Parameters
    ----------
    kinds : sequence of str
        Nodes that it reads, names of `frames.NODE_KINDS`; edges that end at others are not read.
    pose : str
        "free": nodes do not know where they lie, and the net does not see how the picture is
        turned, shifted or scaled. "absolute": they know position and direction in the picture,
        about the middle of the graph and in its radii, as `PlaceWaves` too. "canonical": the same
        in the graph's own frame (`poses.canonical`), in which edges are seen too.
    waves, harmonics : int
        Of `PlaceWaves`, where the pose is absolute or canonical.
    left_out : sequence of str
        Attributes of nodes that are no input of the net; the NFA weights its readout all the same.
    edges : sequence of str
        What messages know of their edges: "relation" with its rank, "pose", both or neither.
    aggregate : sequence of str
        What nodes hear of their messages, see `messages.Round`.
    kept : str
        "all" rounds are read out, or the "last" one.
    read_out : sequence of str
        Of `graph_net.READOUT`.
    weighted : bool
        Whether the mean is weighted.

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
        edges: Sequence[str] = EDGES_SAY,
        aggregate: Sequence[str] = ("mean", "max"),
        kept: str = "all",
        read_out: Sequence[str] = READOUT,
        weighted: bool = True,
    ) -> None:
        _check("pose", [pose], POSES)
        _check("edges", edges, EDGES_SAY)
        _check("kept", [kept], KEPT)
        super().__init__(NodeInput(attributes_but(left_out), None))
        self.kinds = check_kinds(kinds)
        self.is_canonical = pose == "canonical"
        self.knows_relation, self.n_pose = "relation" in edges, N_POSE if "pose" in edges else 0
        self.keeps_all, self.weighted = kept == "all", weighted
        self.read_out = check_readout(read_out)
        self.waves = None if pose == "free" else PlaceWaves(waves, harmonics)
        self.hidden, self.n_inputs = hidden, self.read.width
        if self.waves:
            self.n_inputs += 4 + self.waves.width
        self.embed = nn.Sequential(nn.Linear(self.n_inputs, hidden), nn.ReLU())
        n_kinds = n_slots(schema) if self.knows_relation else 1
        self.rounds = nn.ModuleList(
            Round(hidden, n_kinds, self.n_pose, aggregate) for _ in range(rounds)
        )
        self.dropout = nn.Dropout(dropout)
        self.width = (rounds + 1 if self.keeps_all else 1) * hidden
        n_read = len(self.read_out) * self.width + 1
        self.classify = nn.Linear(n_read, len(schema.class_names))

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
        """Embeddings that are read out: all rounds side by side, (N, (rounds + 1) D), or last."""
        kind, said = self._edges(batch)
        rounds = [self.embed(self.inputs(batch))]
        for one in self.rounds:
            rounds.append(one(rounds[-1], batch.edge_index, kind, said))
        return torch.cat(rounds, dim=1) if self.keeps_all else rounds[-1]

    def _edges(self, batch: GraphBatch) -> tuple[Tensor, Tensor]:
        """Kind (E,) of each edge and its pose (E, n_pose), as far as messages know them."""
        n_edges = batch.edge_index.shape[1]
        kind = slots(batch) if self.knows_relation else batch.ptr.new_zeros(n_edges)
        said = seen(batch) if self.n_pose else batch.position.new_zeros(n_edges, 0)
        return kind, said

    def _read(self, batch: GraphBatch) -> GraphBatch:
        """What it reads of a batch."""
        batch = of_kinds(batch, self.kinds)
        return canonical(batch) if self.is_canonical else batch

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        batch = self._read(batch)
        weight = meaning(batch) if self.weighted else None
        nodes = self.embeddings(batch)
        pooled = readout(nodes, batch.batch, len(batch), weight, self.read_out)
        logits: Tensor = self.classify(self.dropout(pooled))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, scatter included, from the standardised input on."""
        batch = of_kinds(batch, self.kinds)
        n_nodes, n_edges = len(batch.kind), batch.edge_index.shape[1]
        first = self.n_inputs * self.hidden
        if self.weighted and "mean" in self.read_out:
            first += self.width
        if self.waves:
            first += self.waves.wave.numel() + self.waves.width
        each_round = sum(cast("Round", one).macs(n_nodes, n_edges) for one in self.rounds)
        return n_nodes * first + each_round + len(batch) * self.classify.weight.numel()


def _check(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Raise ValueError unless all of these are known."""
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{what}: expected {' or '.join(known)}, got {unknown[0]!r}")

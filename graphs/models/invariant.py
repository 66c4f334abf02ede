"""Complete-graph network that does not see how a picture is turned, and a head that tells."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from perceptgraph.graphs.encoding import COMPLETE_LIMIT
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.all_pairs import Neighbours, heard, neighbours
from perceptgraph.graphs.models.features import NodeInput, attributes_but, check_kinds, of_kinds
from perceptgraph.graphs.models.graph_net import GraphNet, readout
from perceptgraph.graphs.models.pooling import pooled
from perceptgraph.graphs.models.poses import radius
from perceptgraph.graphs.models.waves import (
    N_FRAME,
    N_MIDDLE,
    N_PAIR,
    waves_in_frames,
    waves_of_middles,
    waves_of_pairs,
)

LEAST_VECTOR = 1e-4
"""Squared length below which the sum of directions tells none: its unit vector gets shorter."""


class Posed(NamedTuple):
    """The nodes of a batch that are read, where they lie."""

    batch: GraphBatch
    place: Tensor
    """(N, 2): (row, column) about the middle of the graph, in its radii."""

    def on_cpu(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places, directions and where the nodes of each graph begin, as arrays."""
        tensors = (self.place, self.batch.direction, self.batch.ptr)
        return tuple(t.cpu().numpy() for t in tensors)  # type: ignore[return-value]


class Views(NamedTuple):
    """What is said of G graphs in each of K frames, turned about their middles."""

    logits: Tensor
    """(G, K, C): of classes and frames together; their softmax is over both."""
    turn: Tensor
    """(G, K): turns of the frames, radians, from the +column axis towards +row."""
    vector: Tensor
    """(G, 2): (sine, cosine) of the turn that the sum of directions tells, nearly a unit vector."""


def posed(batch: GraphBatch, kinds: Sequence[str]) -> Posed:
    """The nodes of these kinds, about the middles of their graphs."""
    batch = of_kinds(batch, kinds)
    middle, unit = radius(batch)
    return Posed(batch, (batch.position - middle[batch.batch]) / unit[batch.batch, None])


class Round(nn.Module):
    """One round of messages between all nodes: mean and maximum, added to the node."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.here = nn.Linear(hidden, hidden)
        self.there = nn.Linear(hidden, hidden, bias=False)
        self.pose = nn.Linear(N_PAIR, hidden, bias=False)
        self.update = nn.Linear(3 * hidden, hidden)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, nodes: Tensor, said: Tensor, pairs: Neighbours) -> Tensor:
        """Embeddings (N, D) from those before and the poses (P, 33) of all pairs."""
        mean, most = heard(self.here(nodes), self.there(nodes), self.pose(said), pairs)
        update = self.update(torch.cat([nodes, mean, most], dim=1)).relu()
        normed: Tensor = self.norm(nodes + update)
        return normed


class InvariantNet(GraphNet):
    r"""Relative poses of all pairs of nodes, then all frames that the picture could be seen in.

    **Invariant part.** Nodes know their attributes and where the middle of the graph lies in their
    own frames; in each round they hear all others:

    .. math::

        m_{ij} &= \mathrm{relu}(W_h h_i + W_t h_j + W_p\, p_{ij}), \\
        h_i' &= \mathrm{norm}(h_i + \mathrm{relu}(W_u [h_i \,\|\, \mathrm{mean}_j\, m_{ij} \,\|\,
                \max_j m_{ij}]))

    :math:`p_{ij}` is the pose of node j in the frame of i, as waves (`waves.waves_of_pairs`). None
    of this changes with the place, the turn or the size of the picture [1]_.

    **Equivariant head.** Each node weights, with invariant numbers, its direction :math:`d_i`, its
    left, its place :math:`x_i` about the middle and that place turned by a quarter:

    .. math:: z = \sum_i a_i d_i + b_i d_i^\perp + c_i x_i + e_i x_i^\perp

    z turns as the picture does [2]_, whatever was learned, and tells how it is turned.

    **Frames.** The picture is looked at in K frames, turned from z by :math:`2 \pi k / K`. In each
    its nodes know where they lie, by waves too, and give logits of the classes; one softmax over
    classes and frames says what the picture shows and how it is turned. A class has the sum of its
    probabilities over the frames. The set of frames turns with the picture, so that the classes do
    not change and the angle does as it should, exactly. What is learned is that upright pictures
    are upright, and so that all other frames of them are not: no turned picture is needed.

    Parameters
    ----------
    hidden : int
        D.
    rounds : int
        Of messages.
    frames : int
        K, at least 3.
    dropout : float
        Of what is read out.
    kinds : sequence of str
        Nodes that it reads, names of `frames.NODE_KINDS`.
    angle_weight : float
        Of the losses of the angle: what the frames say of the right class, and the cosine of the
        angle of z. 0 where pictures have no upright.
    left_out : sequence of str
        Attributes of nodes that are no input of the net.

    References
    ----------
    .. [1] F. B. Fuchs et al., "SE(3)-transformers", NeurIPS 2020 (invariant messages on relative
           poses, here those of directed frames in the plane).
    .. [2] S. Villar et al., "Scalars are universal: equivariant machine learning, structured like
           classical physics", NeurIPS 2021.
    """

    def __init__(
        self,
        schema: GraphSchema,
        *,
        hidden: int,
        rounds: int,
        frames: int,
        dropout: float,
        kinds: Sequence[str],
        angle_weight: float,
        left_out: Sequence[str] = (),
    ) -> None:
        if frames < 3:
            raise ValueError(f"frames: expected 3 or more, got {frames}")
        super().__init__(NodeInput(attributes_but(left_out), None))
        self.kinds = check_kinds(kinds)
        self.hidden, self.n_frames, self.angle_weight = hidden, frames, angle_weight
        n_classes, kept = len(schema.class_names), (rounds + 1) * hidden
        self.embed = nn.Sequential(nn.Linear(self.read.width + N_MIDDLE, hidden), nn.ReLU())
        self.rounds = nn.ModuleList(Round(hidden) for _ in range(rounds))
        self.part = nn.Linear(kept, hidden)
        self.whole = nn.Sequential(
            nn.Linear(2 * kept + 1, hidden), nn.ReLU(), nn.Linear(hidden, hidden, bias=False)
        )
        self.point = nn.Linear(hidden, 4)
        self.place = nn.Linear(N_FRAME, hidden, bias=False)
        self.look = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.of_view = nn.Linear(4 * hidden, n_classes)
        self.of_whole = nn.Linear(2 * kept + 1, n_classes, bias=False)

    def prepare(self, batches: Iterable[GraphBatch]) -> None:
        """Take the statistics of the nodes that it reads in the training set."""
        super().prepare(of_kinds(batch, self.kinds) for batch in batches)

    def embeddings(self, nodes: Posed) -> Tensor:
        """Invariant embeddings of all rounds, side by side: (N, (rounds + 1) D)."""
        place, direction, ptr = nodes.on_cpu()
        device = nodes.place.device
        pairs = neighbours(place, ptr, COMPLETE_LIMIT - 1)
        said = torch.from_numpy(waves_of_pairs(place, direction, pairs)).to(device)
        middle = torch.from_numpy(waves_of_middles(place, direction)).to(device)
        kept = [self.embed(torch.cat([self.read(nodes.batch), middle], dim=1))]
        for one in self.rounds:
            kept.append(one(kept[-1], said, pairs))
        return torch.cat(kept, dim=1)

    def vectors(self, part: Tensor, nodes: Posed) -> Tensor:
        """Vectors z (G, 2), (row, column), nearly of unit length, given `part` (N, D) of each."""
        along = nodes.batch.direction, nodes.place
        ways = [way for one in along for way in (one, torch.stack([-one[:, 1], one[:, 0]], 1))]
        weighted = torch.einsum("nw,wnx->nx", self.point(part.relu()), torch.stack(ways))
        zeros = weighted.new_zeros(len(nodes.batch), 2)
        total = zeros.index_add(0, nodes.batch.batch, weighted)
        return total / (total.square().sum(1, keepdim=True) + LEAST_VECTOR).sqrt()

    def views(self, batch: GraphBatch) -> Views:
        """What it says of each graph in each frame."""
        nodes = posed(batch, self.kinds)
        batch, n_graphs = nodes.batch, len(nodes.batch)
        embeddings = self.embeddings(nodes)
        whole = readout(embeddings, batch.batch, n_graphs)
        part = self.part(embeddings) + self.whole(whole)[batch.batch]
        vector = self.vectors(part, nodes)
        steps = torch.arange(self.n_frames, device=vector.device) * (2 * math.pi / self.n_frames)
        turn = torch.atan2(*vector.detach().T)[:, None] + steps
        place, direction, ptr = nodes.on_cpu()
        seen = torch.from_numpy(waves_in_frames(place, direction, turn.cpu().numpy(), ptr))
        first = (part[:, None] + self.place(seen.to(turn.device))).relu()
        both = torch.cat([first, first + self.look(first).relu()], dim=2)
        alike = torch.ones(len(both), device=both.device)
        mean, most = pooled(both.flatten(1), batch.batch, n_graphs, alike)
        view = [pool.view(n_graphs, self.n_frames, -1) for pool in (mean, most)]
        logits = self.of_view(self.dropout(torch.cat(view, dim=2)))
        return Views(logits + self.of_whole(self.dropout(whole))[:, None], turn, vector)

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C): those of all frames together."""
        return self.views(batch).logits.logsumexp(1)

    def angle(self, batch: GraphBatch) -> Tensor:
        """How each graph is turned from upright (G,): radians, from +column towards +row.

        The likeliest frame of the likeliest class, moved towards the likelier of its neighbours.
        """
        logits, turn, _ = self.views(batch)
        best = logits.logsumexp(1).argmax(1)
        share = logits[torch.arange(len(turn), device=turn.device), :, best].softmax(1)
        near = torch.stack([share.roll(1, 1), share, share.roll(-1, 1)], dim=2)
        frame = share.argmax(1, keepdim=True)
        before, here, after = near.gather(1, frame[:, :, None].expand(-1, -1, 3))[:, 0].T
        step = (after - before) / (before + here + after) * (2 * math.pi / self.n_frames)
        angle = turn.gather(1, frame)[:, 0] + step
        return torch.atan2(angle.sin(), angle.cos())

    def loss(self, batch: GraphBatch) -> Tensor:
        """Cross-entropy of the classes, and what the angle is wrong by if pictures are upright."""
        logits, turn, vector = self.views(batch)
        loss = functional.cross_entropy(logits.logsumexp(1), batch.label)
        of_class = logits[torch.arange(len(turn), device=turn.device), :, batch.label]
        frame = functional.cross_entropy(of_class, upright(turn))
        return loss + self.angle_weight * (frame + (1 - vector[:, 1]).mean())

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, scatter included, from the standardised input on."""
        nodes = posed(batch, self.kinds)
        n_nodes, n_graphs, hidden = len(nodes.place), len(batch), self.hidden
        n_pairs = int(np.diff(neighbours(*nodes.on_cpu()[::2], COMPLETE_LIMIT - 1).offsets).sum())
        n_classes, kept = self.of_view.out_features, (len(self.rounds) + 1) * hidden
        each_round = n_nodes * 5 * hidden**2 + n_pairs * (N_PAIR + 1) * hidden
        each_node = (self.read.width + N_MIDDLE + kept) * hidden + kept + 4 * hidden + 8
        each_view = n_nodes * (N_FRAME + hidden + 2) * hidden + n_graphs * 4 * hidden * n_classes
        each_graph = (2 * kept + 1 + hidden) * hidden + (2 * kept + 1) * n_classes
        return (
            len(self.rounds) * each_round
            + n_nodes * each_node
            + self.n_frames * each_view
            + n_graphs * each_graph
        )


def upright(turn: Tensor) -> Tensor:
    """How much each frame (G, K), evenly turned, is upright: shares of the two that are nearest.

    Examples
    --------
    >>> upright(torch.tensor([[-0.75, 0.25, 1.25, 2.25]]) * math.pi / 2)
    tensor([[0.2500, 0.7500, 0.0000, 0.0000]])
    """
    n_frames = turn.shape[1]
    away = torch.atan2(turn.sin(), turn.cos()).abs() * (n_frames / (2 * math.pi))
    return (1 - away).clamp(min=0)

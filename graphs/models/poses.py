"""How nodes lie to each other and in their picture, for models that read poses."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from perceptgraph.graphs.encoding import relative_pose
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.features import node_attributes
from perceptgraph.graphs.models.varifold import normalised_pose

SLOTS = 4
"""Ranks of a relation that are told apart; the others share the last slot."""
N_POSE = 7
"""Numbers of `seen`."""


def n_slots(schema: GraphSchema) -> int:
    """Kinds of edges: relations times ranks, at least one."""
    return max(len(schema.relations), 1) * SLOTS


def slots(batch: GraphBatch) -> Tensor:
    """Kind (E,) of each edge, below `n_slots`: its relation, and its rank among those of a node."""
    return batch.relation.long() * SLOTS + batch.rank.long().clamp(max=SLOTS - 1)


def radius(batch: GraphBatch) -> tuple[Tensor, Tensor]:
    """Mean position (G, 2) of the nodes of each graph, and their root mean square distance (G,)."""
    n = torch.bincount(batch.batch, minlength=len(batch)).clamp(min=1)[:, None]
    zeros = batch.position.new_zeros(len(batch), 2)
    mean = zeros.index_add(0, batch.batch, batch.position) / n
    square = (batch.position - mean[batch.batch]).square()
    spread = zeros.index_add(0, batch.batch, square) / n
    return mean, spread.sum(1).sqrt().clamp(min=1.0)


def seen(batch: GraphBatch) -> Tensor:
    """What each edge says (E, 7): u, v and distance in radii of the graph, and the turn.

    u, v, their hyperbolic arc sines ten times enlarged (small steps beside large ones), the
    logarithm of the distance, cosine and sine of the turn. Neither the place, the turn nor the size
    of the picture changes them.
    """
    pose = relative_pose(batch.position, batch.direction, batch.edge_index)
    unit = radius(batch)[1][batch.batch[batch.edge_index[0]]]
    u, v, cosine, sine, log_distance = pose.T
    u, v = u / unit, v / unit
    far = log_distance - unit.log()
    columns = (u, v, (10 * u).asinh() / 3, (10 * v).asinh() / 3, far, cosine, sine)
    return torch.stack(columns, dim=1)


def where(batch: GraphBatch) -> Tensor:
    """Absolute pose (N, 4): position about the middle of the graph in its radii, and direction."""
    middle, unit = radius(batch)
    place = (batch.position - middle[batch.batch]) / unit[batch.batch, None]
    return torch.cat([place, batch.direction], dim=1)


def canonical(batch: GraphBatch) -> GraphBatch:
    """The batch with each graph in a frame of its own, upright and of nearly the same shape.

    Positions and directions are those of `varifold.normalised_pose`, in pixels again; attributes,
    lengths among them, stay as they are.
    """
    length = node_attributes(batch, ("length",))[:, 0].nan_to_num(0.0).clamp(min=0)
    place, direction, _ = normalised_pose(
        batch.position, batch.direction, length, batch.batch, len(batch)
    )
    size = radius(batch)[1][batch.batch, None]
    return replace(batch, position=place * size, direction=direction)


class EdgeInput(nn.Module):
    """What edges tell a model whose layers take embeddings of edges."""

    def __init__(self, schema: GraphSchema, width: int) -> None:
        super().__init__()
        self.pose = nn.Linear(N_POSE, width, bias=False)
        self.slot = nn.Embedding(n_slots(schema), width)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Embeddings (E, width): of how the target lies, and of the slot of the edge."""
        embedded: Tensor = self.pose(seen(batch)) + self.slot(slots(batch))
        return embedded

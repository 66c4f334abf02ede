"""What nodes tell a model: features without pose, and the relations each node takes part in."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from perceptgraph.graphs.encoding import SCALE_FREE, relative_pose, scale_free
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, GraphSchema

NODE_COLUMNS = ("kind", "position", "direction", "attributes", "batch")
PAIR_COLUMNS = ("one_hop", "two_hop", "motif_index", "motif", "motif_count", "motif_joined")

SMALLEST = 1e-3  # pixels; a node without extent is compared as if it had this size
LIMIT = 10.0  # standard deviations; farther values, as of a 1 x 5000 image, are cut off


def one_hot_kind(batch: GraphBatch) -> Tensor:
    """(N, K): 1 in the column of the node's kind."""
    return functional.one_hot(batch.kind.long(), len(NODE_KINDS)).float()


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds; ValueError where one of them is none."""
    if unknown := [name for name in kinds if name not in NODE_KINDS]:
        raise ValueError(f"kinds: expected names among {', '.join(NODE_KINDS)}, got {unknown}")
    return tuple(kinds)


def of_kinds(batch: GraphBatch, kinds: Sequence[str]) -> GraphBatch:
    """The batch without the nodes of other kinds, and without all pairs that one of them is in.

    Hops and motifs are left out.
    """
    is_read = torch.zeros(len(NODE_KINDS), dtype=torch.bool, device=batch.kind.device)
    is_read[[NODE_KINDS.index(name) for name in kinds]] = True
    is_kept = is_read[batch.kind.long()]
    if is_kept.all():
        return batch
    before = functional.pad(is_kept.cumsum(0), (1, 0))
    ends = is_kept[batch.edge_index]
    edges = torch.nonzero(ends[0] & ends[1])[:, 0]
    nodes = torch.nonzero(is_kept)[:, 0]
    return replace(
        batch,
        edge_index=before[batch.edge_index[:, edges]],
        ptr=before[batch.ptr],
        **{name: getattr(batch, name)[edges] for name in ("relation", "rank")},
        **{name: getattr(batch, name)[nodes] for name in NODE_COLUMNS},
        **{name: getattr(batch, name)[..., :0] for name in PAIR_COLUMNS},
    )


def node_attributes(batch: GraphBatch, names: Sequence[str]) -> Tensor:
    """(N, len(names)): these columns of `frames.ATTRIBUTES`; NaN where a family has none."""
    columns = list(ATTRIBUTES)
    return batch.attributes[:, [columns.index(name) for name in names]]


def attributes_but(left_out: Sequence[str]) -> tuple[str, ...]:
    """Names of `frames.ATTRIBUTES` but these; ValueError where one of them is none."""
    if unknown := [name for name in left_out if name not in ATTRIBUTES]:
        raise ValueError(f"left_out: expected names among {', '.join(ATTRIBUTES)}, got {unknown}")
    return tuple(name for name in ATTRIBUTES if name not in left_out)


def sizes(batch: GraphBatch) -> Tensor:
    """(N,): the largest of length, width and scale, in pixels; at least SMALLEST."""
    return node_attributes(batch, ("length", "width", "scale")).amax(dim=1).clamp(min=SMALLEST)


class Profile(Protocol):
    """Columns of the input that say how a node takes part in the graph."""

    width: int

    def __call__(self, batch: GraphBatch) -> Tensor:
        """(N, width)."""
        ...


class RelationProfile(nn.Module):
    r"""How often, and how, each node takes part in each relation.

    For relation r and node v, with the edges that leave v: :math:`\log(1 + n)` of their number n
    and the mean of their relative poses, free of scale (`encoding.SCALE_FREE`), NaN where n = 0. It
    gives models that have no place for edge attributes (GCN, H2GCN) what the edges next to a node
    say.
    """

    def __init__(self, schema: GraphSchema) -> None:
        super().__init__()
        self.n_relations = len(schema.relations)
        self.width = self.n_relations * (1 + len(SCALE_FREE))

    def forward(self, batch: GraphBatch) -> Tensor:
        """Profile (N, width) of the nodes."""
        source, target = batch.edge_index
        size = sizes(batch)
        pose = relative_pose(batch.position, batch.direction, batch.edge_index)
        said = scale_free(pose, size[source], size[target])
        place = source * self.n_relations + batch.relation.long()
        n_places = len(batch.kind) * self.n_relations
        count = torch.bincount(place, minlength=n_places).to(said.dtype)[:, None]
        total = said.new_zeros(n_places, len(SCALE_FREE)).index_add_(0, place, said)
        # 0 / 0 is NaN: a mean over no edge is not a number.
        table = torch.cat([count.log1p(), total / count], dim=1)
        return table.view(len(batch.kind), self.width)


class Standardise(nn.Module):
    """Columns to mean 0 and standard deviation 1 over the training set; NaN becomes the mean."""

    mean: Tensor
    scale: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def fit(self, pieces: Iterable[Tensor]) -> None:
        """Take mean and standard deviation from the finite values of pieces (N, F)."""
        n = total = square = torch.zeros(len(self.mean), dtype=torch.float64)
        for piece in pieces:
            known = piece.isfinite()
            values = torch.where(known, piece, 0.0).double().cpu()
            n = n + known.sum(0).cpu()
            total = total + values.sum(0)
            square = square + values.square().sum(0)
        mean = total / n.clamp(min=1)
        sd = (square / n.clamp(min=1) - mean.square()).clamp(min=0).sqrt()
        self.mean.copy_(mean)
        # A column that never varies says nothing; its scale only must not be 0.
        self.scale.copy_(torch.where(sd > 1e-6, sd, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Standardised x (N, F), within LIMIT."""
        z = ((x - self.mean) / self.scale).clamp(-LIMIT, LIMIT)
        return torch.where(x.isfinite(), z, 0.0)


class NodeInput(nn.Module):
    """The input x (N, width) of a model: kind, standardised attributes, profile if any."""

    def __init__(self, attributes: Sequence[str], profile: Profile | None) -> None:
        super().__init__()
        self.attributes = tuple(attributes)
        self.profile = profile
        self.standardise = Standardise(len(attributes) + (profile.width if profile else 0))
        self.width = len(NODE_KINDS) + len(self.standardise.mean)

    def raw(self, batch: GraphBatch) -> Tensor:
        """Columns (N, width - K) before they are standardised."""
        columns = [node_attributes(batch, self.attributes)]
        if self.profile is not None:
            columns.append(self.profile(batch))
        return torch.cat(columns, dim=1)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Input (N, width); the kind is a bias of its own for each kind of node."""
        return torch.cat([one_hot_kind(batch), self.standardise(self.raw(batch))], dim=1)

r"""Drawings laid onto drawings, to see how much one must bend to look like the other.

A drawing is a set of directed pieces with places x, directions and shares w of its length, centred
and of unit size. To lay it onto another, with places y, each of its points is moved by a smooth
random field: an affine map near the identity plus a Gaussian process of bends [2]_. Pieces are
assigned to pieces softly, by distance, direction and context; field and assignment take turns while
the tolerance of distances falls. The context of a piece is the histogram of where all others
are, and how they run, seen from it [1]_: every relative position in the drawing is in one.

References
----------
.. [1] S. Belongie, J. Malik, J. Puzicha, "Shape matching and object recognition using shape
       contexts", IEEE Trans. Pattern Analysis and Machine Intelligence 24(4), 2002.
.. [2] A. Myronenko, X. Song, "Point set registration: coherent point drift", IEEE Trans. Pattern
       Analysis and Machine Intelligence 32(12), 2010.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch

LENGTH = list(ATTRIBUTES).index("length")
DART = NODE_KINDS.index("dart")
LONGEST = 1e6  # pixels; sums of such lengths are still exact enough
LEAST_SPREAD = 1.0  # square pixels; a dot is not enlarged without end
RINGS, SECTORS, WAYS = 5, 12, 4
NEAREST, FARTHEST = 0.15, 2.5  # middles of the first and of the last ring, in sizes
CONTEXT = RINGS * SECTORS * (1 + WAYS)
AFFINE = 0.1  # variance of the entries of the linear map and of the shift, square sizes
LEAST_TRUST = 1e-4  # of a piece that nothing is assigned to
NEVER = 1e3  # cost of what cannot be matched, nats
MOST = 10.0  # cost that a piece without a counterpart has, nats
PAIRS = 1 << 20  # pairs of pieces that are compared at once


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """G drawings of at most N pieces each, centred at 0 and of unit variance; empty rows are 0."""

    place: Tensor
    """(G, N, 2): (row, column), in sizes."""
    along: Tensor
    """(G, N, 2): unit vectors along the pieces, or along twice their angle where they have no sense
    of direction."""
    weight: Tensor
    """(G, N): share of the drawing's length; 0 for no piece."""

    def __len__(self) -> int:
        return len(self.weight)

    def taken(self, indices: Tensor) -> "Shapes":
        """These drawings, in this order."""
        return Shapes(self.place[indices], self.along[indices], self.weight[indices])


@dataclass(frozen=True, slots=True)
class Settings:
    """How drawings are laid onto each other. Distances are in sizes, costs in nats."""

    rounds: int
    """Of assignment and of motion, at least 1."""
    coarse: float
    """Standard deviation of distances in the first round, positive."""
    fine: float
    """The same in the last round, positive."""
    tolerance: float
    """The same in the cost that counts, positive."""
    direction: float
    """Cost of a right angle between directions, 0 or more."""
    context: float
    """Cost of a unit of squared distance between contexts, which is at most 2; 0 or more."""
    outlier: float
    """Weight of what has no counterpart, positive."""
    elastic: float
    """Variance of the bends, square sizes, positive."""
    reach: float
    """Distance over which bends agree, positive."""
    bending: float
    """Cost of a unit of the field's energy, 0 or more."""

    def __post_init__(self) -> None:
        if not (self.rounds > 0 and min(self.coarse, self.fine, self.tolerance) > 0):
            raise ValueError("expected positive rounds, coarse, fine and tolerance")
        if not min(self.outlier, self.elastic, self.reach) > 0:
            raise ValueError("expected positive outlier, elastic and reach")
        if min(self.direction, self.context, self.bending) < 0:
            raise ValueError("direction, context and bending must not be negative")


def shapes_of(batch: GraphBatch, kind: int, most: int) -> Shapes:
    """The pieces of one kind of each graph, the `most` longest ones, as drawings.

    Of the two darts of a piece of a stroke one is taken. What has no length is no piece.
    """
    down, right = batch.direction.T
    chosen = batch.kind == kind
    if kind == DART:
        chosen &= (down > 1e-6) | ((down.abs() <= 1e-6) & (right > 0))
    length = batch.attributes[:, LENGTH].nan_to_num(0.0, 0.0, 0.0).clamp(0, LONGEST)
    chosen &= length > 0
    order = torch.argsort(length, descending=True, stable=True)
    order = order[torch.argsort(batch.batch[order], stable=True)]  # by graph, the longest first
    order = order[chosen[order]]
    graph = batch.batch[order]
    count = torch.bincount(graph, minlength=len(batch))
    first = (count.cumsum(0) - count)[graph]
    rank = torch.arange(len(order), device=order.device) - first
    order, graph, rank = order[rank < most], graph[rank < most], rank[rank < most]
    size = len(batch), max(int(rank.max()) + 1 if len(rank) else 1, 1)
    weight = length.new_zeros(size)
    place, along = weight.new_zeros(*size, 2), weight.new_zeros(*size, 2)
    weight[graph, rank] = length[order]
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1e-9)
    place[graph, rank] = batch.position[order]
    along[graph, rank] = (
        _doubled(batch.direction[order]) if kind == DART else batch.direction[order]
    )
    step = place - (place * weight[..., None]).sum(1, keepdim=True)
    spread = (step.square().sum(2) * weight).sum(1) / 2
    place = step * spread.clamp(min=LEAST_SPREAD).rsqrt()[:, None, None]
    return Shapes(place * (weight > 0)[..., None], along, weight)


def _doubled(vector: Tensor) -> Tensor:
    """Vectors (..., 2) of a sine and a cosine, at twice the angle."""
    sin, cos = vector.unbind(-1)
    return torch.stack([2 * sin * cos, cos * cos - sin * sin], dim=-1)


def contexts(shapes: Shapes) -> Tensor:
    """Contexts (G, N, CONTEXT) of the pieces, of unit norm; zeros where there is no other piece.

    Square roots of histograms of the other pieces' weights, over rings of the logarithm of the
    distance, sectors of the angle and ways that they run (one of all ways, and four with a cosine
    window each), linear between bins.
    """
    device = shapes.place.device
    step = shapes.place[:, None] - shapes.place[:, :, None]
    distance = step.norm(dim=-1).clamp(min=1e-3)
    ring = (distance / NEAREST).log() / math.log(FARTHEST / NEAREST) * (RINGS - 1)
    apart = ring.clamp(0, RINGS - 1)[..., None] - torch.arange(RINGS, device=device)
    rings = (1 - apart.abs()).relu()
    angle = torch.atan2(step[..., 0], step[..., 1]) / (2 * math.pi) * SECTORS
    apart = angle[..., None] - torch.arange(SECTORS, device=device)
    apart = (apart + SECTORS / 2).remainder(SECTORS) - SECTORS / 2
    sectors = (1 - apart.abs()).relu()
    window = torch.arange(WAYS, device=device) * (2 * math.pi / WAYS)
    ways = (1 + shapes.along @ torch.stack([window.sin(), window.cos()])) / 2
    ways = torch.cat([torch.ones_like(ways[..., :1]), ways], dim=-1) * shapes.weight[..., None]
    others = rings * (1 - torch.eye(step.shape[1], device=device))[..., None]
    seen = torch.einsum("gijr,gija,gjk->gikra", others, sectors, ways).flatten(3)
    root = seen.clamp(min=0).sqrt()
    root = root / root.norm(dim=-1, keepdim=True).clamp(min=1e-9)
    return (root / math.sqrt(1 + WAYS)).flatten(2)


def dissimilarity(a: Shapes, b: Shapes, settings: Settings, *, axial: bool) -> Tensor:
    """How badly each drawing of `a` can be laid onto each of `b` and the other way, (A, B) nats.

    Parameters
    ----------
    a, b : Shapes
        Of the same kind of pieces.
    settings : Settings
        How they are laid onto each other.
    axial : bool
        `along` is at twice the angle.

    Returns
    -------
    (A, B)
        0 or more; 0 for two drawings without pieces. The same with `a` and `b` exchanged and
        transposed.
    """
    there, here = contexts(a), contexts(b)
    fields = _field(a, settings, axial), _field(b, settings, axial)
    at_once = max(PAIRS // (a.weight.shape[1] * b.weight.shape[1]), 1)
    every = torch.cartesian_prod(*(torch.arange(len(c), device=c.place.device) for c in (a, b)))
    found = []
    for pairs in torch.split(every, at_once):
        i, j = pairs.T
        unlike = 2 - 2 * there[i] @ here[j].transpose(1, 2)
        forth = _laid(a.taken(i), b.taken(j), _at(fields[0], i), unlike, settings, axial)
        back = _laid(
            b.taken(j), a.taken(i), _at(fields[1], j), unlike.transpose(1, 2), settings, axial
        )
        found.append(forth + back)
    return torch.cat([a.weight.new_zeros(0), *found]).reshape(len(a), len(b))


def _at(field: tuple[Tensor, Tensor], indices: Tensor) -> tuple[Tensor, Tensor]:
    return field[0][indices], field[1][indices]


def _field(shapes: Shapes, settings: Settings, axial: bool) -> tuple[Tensor, Tensor]:
    """Covariances (G, N, N) of the field at the places, and of what it does along the pieces.

    The second is the derivative of the first, along the piece of the row; for axial pieces, along
    one of the two directions that they may have.
    """
    place = shapes.place
    along = _halved(shapes.along) if axial else shapes.along
    step = place[:, :, None] - place[:, None]
    near = settings.elastic * (-step.square().sum(-1) / (2 * settings.reach**2)).exp()
    value = AFFINE * (place @ place.transpose(1, 2) + 1) + near
    slope = AFFINE * along @ place.transpose(1, 2)
    slope = slope - (step * along[:, :, None]).sum(-1) / settings.reach**2 * near
    present = (shapes.weight > 0).float()
    both = present[:, :, None] * present[:, None]  # rows of no piece move nothing
    return value * both, slope * both


def _halved(vector: Tensor) -> Tensor:
    """Unit vectors at half the angle; where a vector is 0, 0."""
    angle = torch.atan2(*vector.unbind(-1)) / 2
    return torch.stack([angle.sin(), angle.cos()], dim=-1) * vector.norm(dim=-1, keepdim=True)


def _laid(
    moving: Shapes,
    still: Shapes,
    field: tuple[Tensor, Tensor],
    unlike: Tensor,
    settings: Settings,
    axial: bool,
) -> Tensor:
    """What is left, in nats, (B,), when drawings are laid onto others, pair by pair.

    `unlike` (B, N, M): squared distances of their contexts.
    """
    value, slope = field
    present = moving.weight > 0
    n_pieces = present.sum(1)[:, None, None].float()
    never = NEVER * (~(present[:, :, None] & (still.weight > 0)[:, None])).float()
    start = _halved(moving.along) if axial else moving.along
    shift, along = torch.zeros_like(moving.place), moving.along
    force = shift

    def cost(sigma: float) -> Tensor:
        far = torch.cdist(moving.place + shift, still.place).square() / (2 * sigma**2)
        turned = 1 - along @ still.along.transpose(1, 2)
        return far + settings.direction * turned + settings.context * unlike + never

    for sigma in np.geomspace(settings.coarse, settings.fine, settings.rounds).tolist():
        likely = (-cost(sigma)).exp()
        share = _shares(likely, moving.weight, still.weight, settings.outlier) * n_pieces
        trust = share.sum(2).clamp(min=LEAST_TRUST)
        wanted = share @ still.place / trust[..., None] - moving.place
        noisy = value + torch.diag_embed(sigma**2 / trust)
        force = torch.linalg.solve(noisy, wanted * present[..., None])
        shift = value @ force
        turned = start + slope @ force
        turned = turned / turned.norm(dim=-1, keepdim=True).clamp(min=1e-9)
        along = _doubled(turned) if axial else turned
    last = cost(settings.tolerance)
    missed = (last.amin(1).clamp(max=MOST) * still.weight).sum(1)
    extra = (last.amin(2).clamp(max=MOST) * moving.weight).sum(1)
    return missed + extra + settings.bending * (force * shift).sum((1, 2))


def _shares(likely: Tensor, moving: Tensor, still: Tensor, outlier: float) -> Tensor:
    """Soft assignments (B, N, M): the mean of those of moving to still pieces and of the reverse.

    Each piece spreads its own weight over the others, or keeps it as an outlier.
    """
    to_moving = likely * moving[:, :, None]
    to_moving = to_moving / (to_moving.sum(1, keepdim=True) + outlier) * still[:, None]
    to_still = likely * still[:, None]
    to_still = to_still / (to_still.sum(2, keepdim=True) + outlier) * moving[:, :, None]
    return (to_moving + to_still) / 2


def context_macs(n: int) -> int:
    """Multiply-adds of the contexts of n pieces."""
    return n * n * CONTEXT


def pair_macs(n: int, m: int, rounds: int) -> int:
    """Multiply-adds of the dissimilarity of drawings of n and of m pieces.

    Of each round and way: costs and assignments 4, and 2 for what is wanted, for each pair of
    pieces; the solution of as many equations as there are moving pieces, and 6 products.
    """
    solved = sum(k**3 // 3 + 6 * k * k for k in (n, m))
    return n * m * (CONTEXT + 8) + rounds * (2 * 6 * n * m + solved)

"""Primitives that are fitted to data: filters, level line and graph net learned as one."""

import math

import torch
from torch import Tensor, nn

from perceptgraph.graphs.encoding import PlaceWaves
from perceptgraph.stages.baselines.oriented_filters import ALL, ODD, OrientedFilters, keep
from perceptgraph.stages.baselines.pixel_net import PixelNet
from perceptgraph.stages.baselines.pixels import PixelBatch
from perceptgraph.stages.baselines.soft_alignment import aligned, line_kernels, line_log10_nfa
from perceptgraph.stages.baselines.soft_nodes import SECTOR, SoftNodes, on_level, soft_nodes
from perceptgraph.stages.baselines.views import check_view

N_SHAPES = 2
"""Filters that measure in the frame of a node; the first ones across and along it."""
N_INPUT = N_SHAPES + 7
"""Numbers of a node: mass, agreement, log10(NFA), shapes, position and direction."""
N_POSE = 7
"""Numbers of `poses`."""
WAVES, HARMONICS = 2, 2
"""Of `PlaceWaves`."""
EMPTY = 1e-6


class FrontEnd(nn.Module):
    r"""Pixels to soft nodes: an oriented filter, soft alignment, and a soft level line.

    A pixel x weighs in direction k

    .. math:: w_k(x) = \delta_w(I(x) - \lambda)\, r_k(x)^+\, a_k(x)\,
              \sigma\big((c - \log_{10} \mathrm{NFA}_k(x)) / T\big)

    with the response r of an odd filter, the share a of the direction among all (`aligned`), the
    number of false alarms of the line through x (`line_log10_nfa`), and the level line of level
    :math:`\lambda` (`on_level`). So a node is a piece of level line whose directions agree by more
    than chance, brighter to its left. Learned are the shapes of all filters, the sharpness of a,
    :math:`\lambda`, w, c and T, unless `fitted` is False: then they stay the step edge, the second
    derivatives across and along it, and 4, 1/2, 0.2, 1 and 1.
    """

    levels: Tensor

    def __init__(self, directions: int, cell: int, nodes: int, fitted: bool) -> None:
        super().__init__()
        self.cell, self.n_nodes = cell, nodes
        self.step = OrientedFilters(ODD, [ODD.index((0, 1))], directions, fitted)
        first = [ALL.index((0, 2)), ALL.index((2, 0))]
        self.shapes = OrientedFilters(ALL, first, directions, fitted)
        self.register_buffer("lines", line_kernels(directions), persistent=False)
        # Logarithms of what must be positive.
        values = torch.tensor([math.log(4.0), 0.5, math.log(0.2), 1.0, 0.0])
        keep(self, "levels", values, fitted)

    def forward(self, pixels: Tensor, standardised: Tensor) -> SoftNodes:
        """Nodes of pixels (G, 1, S, S), as they are in [0, 1] and as they are standardised."""
        sharpness, level, width, threshold, softness = self.levels
        response = self.step(standardised)[:, 0]
        share = aligned(response, sharpness.exp())
        nfa = line_log10_nfa(share, self.get_buffer("lines"))
        is_line = ((threshold - nfa) / softness.exp()).sigmoid()
        weight = on_level(pixels, level, width.exp()) * response.relu() * share * is_line
        shapes = self.shapes(standardised)
        return soft_nodes(weight, [nfa, *shapes.unbind(1)], self.cell, self.n_nodes)


def about_middle(position: Tensor, weight: Tensor) -> Tensor:
    """Positions (G, N, 2) about the mean of each image, in root mean square distances from it.

    Weighted with `weight` (G, N); a distance of less than a pixel counts as one.
    """
    share = weight / (weight.sum(1, keepdim=True) + EMPTY)
    off = position - (position * share[..., None]).sum(1, keepdim=True)
    square = (off.square() * share[..., None]).sum((1, 2))
    return off / square.clamp(min=1).sqrt()[:, None, None]


def poses(position: Tensor, direction: Tensor) -> Tensor:
    """How node j lies for node i: (G, N, N, 7), the columns of `graphs.models.poses.seen`.

    Parameters
    ----------
    position : (G, N, 2)
        (row, column), in radii of the picture (`about_middle`).
    direction : (G, N, 2)
        (sin theta, cos theta), of length 1.
    """
    row, column = (position[:, None] - position[:, :, None]).unbind(3)
    sine, cosine = direction[:, :, None].unbind(3)
    u = row * sine + column * cosine
    v = column * sine - row * cosine
    far = (u.square() + v.square() + EMPTY).log() / 2
    there = direction[:, None]
    turn_cosine = there[..., 0] * sine + there[..., 1] * cosine
    turn_sine = there[..., 1] * sine - there[..., 0] * cosine
    columns = (u, v, (10 * u).asinh() / 3, (10 * v).asinh() / 3, far, turn_cosine, turn_sine)
    return torch.stack(columns, dim=3)


class DenseRound(nn.Module):
    """One round of messages between all nodes of an image, each with the weight of its source."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.here = nn.Linear(hidden, hidden)
        self.there = nn.Linear(hidden, hidden, bias=False)
        self.pose = nn.Linear(N_POSE, hidden, bias=False)
        self.update = nn.Linear(3 * hidden, hidden)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, nodes: Tensor, said: Tensor, weight: Tensor) -> Tensor:
        """Embeddings (G, N, D) from those before, poses (G, N, N, 7), weights (G, N, N)."""
        sums = self.here(nodes)[:, :, None] + self.there(nodes)[:, None] + self.pose(said)
        messages = sums.relu() * weight[..., None]
        mean = messages.sum(2) / (weight.sum(2, keepdim=True) + EMPTY)
        update = self.update(torch.cat([nodes, mean, messages.amax(2)], dim=2)).relu()
        normed: Tensor = self.norm(nodes + update)
        return normed


class SoftPrimitives(PixelNet):
    """A front end of soft primitives (`FrontEnd`) and a relative-pose net on them, learned as one.

    The net is `graphs.models.relative_pose` on the complete graph: nodes know their pose in the
    picture, messages the pose of one node for the other; a node counts with its mass m as
    m / (1 + m), in means, in maxima and in the readout of all rounds.

    Parameters
    ----------
    side : int
        Pixels, at least 16.
    view : str
        How it sees the squares: a name of `views.VIEWS`.
    directions : int
        Of the filters, over the whole turn; a multiple of 2.
    cell : int
        Side of the squares that a node is made of, in pixels.
    nodes : int
        Of an image.
    fitted : bool
        Learn the front end, too; False for its control.
    """

    def __init__(
        self,
        class_names: tuple[str, ...],
        *,
        side: int,
        view: str,
        directions: int,
        cell: int,
        nodes: int,
        hidden: int,
        rounds: int,
        dropout: float,
        fitted: bool,
    ) -> None:
        super().__init__()
        check_view(view)
        if side < 16:
            raise ValueError(f"side: expected at least 16 pixels, got {side}")
        if directions < 4 or directions % SECTOR:
            raise ValueError(
                f"directions: expected a multiple of {SECTOR} from 4, got {directions}"
            )
        if cell < 1:
            raise ValueError(f"cell: expected at least 1 pixel, got {cell}")
        most = (-(-side // cell)) ** 2 * directions // SECTOR
        if not 1 <= nodes <= most:
            raise ValueError(f"nodes: expected 1 to {most} in cells of {cell} pixels, got {nodes}")
        self.side, self.hidden = side, hidden
        self.front = FrontEnd(directions, cell, nodes, fitted)
        self.waves = PlaceWaves(WAVES, HARMONICS)
        self.n_inputs = N_INPUT + self.waves.width
        self.embed = nn.Sequential(nn.Linear(self.n_inputs, hidden), nn.ReLU())
        self.rounds = nn.ModuleList(DenseRound(hidden) for _ in range(rounds))
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * (rounds + 1) * hidden + 1, len(class_names))

    def logits(self, batch: PixelBatch) -> Tensor:
        """Logits (G, C) of pixels (G, 1, S, S)."""
        found = self.front(batch.pixels, self.standardised(batch))
        strength = found.mass / (1 + found.mass)
        length = (found.direction.square().sum(2, keepdim=True) + EMPTY).sqrt()
        direction = found.direction / length
        place = about_middle(found.position, strength)
        where = torch.cat([place, direction], dim=2)
        waves = self.waves(where.flatten(0, 1)).view(*strength.shape, -1)
        nfa, *shapes = found.attributes.unbind(2)
        numbers = torch.stack([found.mass.log1p(), length[..., 0], nfa / 4, *shapes], dim=2)
        kept = [self.embed(torch.cat([numbers, where, waves], dim=2))]
        others = 1 - torch.eye(strength.shape[1], device=strength.device)
        said = poses(place, direction)
        for one in self.rounds:
            kept.append(one(kept[-1], said, strength[:, None] * others))
        nodes, total = torch.cat(kept, dim=2), strength.sum(1, keepdim=True)
        weighted = nodes * strength[..., None]
        pooled = [weighted.sum(1) / (total + EMPTY), weighted.amax(1), total.log1p()]
        logits: Tensor = self.classify(self.dropout(torch.cat(pooled, dim=1)))
        return logits

    def macs(self, batch: PixelBatch) -> int:
        """Multiply-adds of the logits, fixed filters included, from the standardised input on."""
        filters = (1 + N_SHAPES) * self.front.step.get_buffer("grid")[0].numel()
        pixels = self.side**2 * (filters + self.front.get_buffer("lines").numel())
        n_nodes, hidden = self.front.n_nodes, self.hidden
        each_round = n_nodes * 5 * hidden**2 + n_nodes**2 * (N_POSE + 2) * hidden
        first = n_nodes * (self.n_inputs + len(self.rounds) + 1) * hidden
        first += n_nodes * (self.waves.wave.numel() + self.waves.width)
        last = self.classify.weight.numel()
        return len(batch) * (pixels + first + len(self.rounds) * each_round + last)

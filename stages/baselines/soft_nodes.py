"""Nodes with a place and a direction, made of pixels by sums that have derivatives."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

SECTOR = 2
"""Neighbouring directions that share a node."""
NEARLY_NOTHING = 1e-6


class SoftNodes(NamedTuple):
    """The N heaviest nodes of each of G images, heaviest first."""

    mass: Tensor
    """(G, N): at least 0; one of mass 0 is no node at all."""
    position: Tensor
    """(G, N, 2): (row, column), in pixels."""
    direction: Tensor
    """(G, N, 2): (sin theta, cos theta); shorter than 1 where the pixels do not agree."""
    attributes: Tensor
    """(G, N, F): means of what was measured."""


def on_level(pixels: Tensor, level: Tensor, width: Tensor) -> Tensor:
    r"""How near the values (...) are to a level: 1 on it, and falling on both sides; in (0, 1].

    .. math:: 4\, \sigma(t)\, \sigma(-t), \qquad t = (I - \lambda) / w

    With the norm of the gradient as a factor its integral is, up to a constant, the length of the
    level line, the more so the smaller w (coarea formula).
    """
    t = (pixels - level) / width
    return 4 * t.sigmoid() * (-t).sigmoid()


def soft_nodes(weight: Tensor, measures: list[Tensor], cell: int, n_nodes: int) -> SoftNodes:
    """Nodes from pixels: one for each square cell and each sector of SECTOR directions.

    Position, direction and attributes are means over the cell and the sector, weighted with
    `weight`; derivatives pass through all of them. Which nodes are the heaviest has none.

    Parameters
    ----------
    weight : (G, K, S, S)
        At least 0, of each pixel in each of K directions; K a multiple of SECTOR.
    measures : list of (G, K, S, S)
        F of them.
    cell : int
        Side of the cells, in pixels.
    n_nodes : int
        N, at most the number of cells times sectors.
    """
    directions, side = weight.shape[1], weight.shape[-1]
    angle = torch.arange(directions, device=weight.device) * (2 * math.pi / directions)
    steps = torch.arange(float(side), device=weight.device)
    known = (
        torch.ones_like(steps)[None, :, None],
        steps[None, :, None],
        steps[None, None, :],
        angle.sin()[:, None, None],
        angle.cos()[:, None, None],
    )
    sums = [_pooled(weight * values, cell) for values in (*known, *measures)]
    mass, chosen = sums[0].topk(n_nodes, dim=1)
    row, column, sine, cosine, *means = (
        total.gather(1, chosen) / (mass + NEARLY_NOTHING) for total in sums[1:]
    )
    return SoftNodes(
        mass,
        torch.stack([row, column], dim=2),
        torch.stack([sine, cosine], dim=2),
        torch.stack(means, dim=2),
    )


def _pooled(values: Tensor, cell: int) -> Tensor:
    """Sums (G, sectors x cells) of values (G, K, S, S)."""
    n, directions, side, _ = values.shape
    sectors = values.view(n, directions // SECTOR, SECTOR, side, side).sum(2)
    return functional.avg_pool2d(sectors, cell, ceil_mode=True, divisor_override=1).flatten(1)

"""Relative poses of batches of graphs, and how a network may be shown them.

Poses are made when a batch is, from the two frames of each edge (`pose.POSE`); so are the pairs of
the complete graph. None of this knows where the picture lies or how it is turned.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from perceptgraph.graphs.pose import CLOSEST, POSE, poses_between

COMPLETE_LIMIT = 64
"""Nodes of a graph up to which all of its pairs are cheap."""

SCALE_FREE: dict[str, tuple[str, str]] = {
    "along": ("log1p of a share", "how far the target lies along the source's axis, either way"),
    "left": ("signed log1p of a share", "how far the target lies left of that axis"),
    "angle": ("radians", "between the two axes, in [0, pi/2]"),
    "cos": ("cosine", "of the turn between the two directions; -1: brighter sides are opposite"),
    "ratio": ("log of a share", "size of the target over size of the source"),
    "distance": ("log1p of a share", "from the source to the target"),
}
"""Columns of `scale_free`: name to unit and meaning. Shares are of the mean of both sizes."""


def relative_pose(position: Tensor, direction: Tensor, pairs: Tensor) -> Tensor:
    """Relative poses (P, 5) of pairs of nodes: the columns of `pose.POSE`.

    Parameters
    ----------
    position : (N, 2)
        (row, column), in pixels.
    direction : (N, 2)
        (sin theta, cos theta).
    pairs : (2, P) int64
        Source and target.
    """
    plain = position.device.type == "cpu" and position.dtype == direction.dtype == torch.float32
    if plain and not (position.requires_grad or direction.requires_grad):
        # A quarter of the time that as many tensor operations take.
        arrays = (t.numpy() for t in (position, direction, pairs[0], pairs[1]))
        return torch.from_numpy(poses_between(*arrays))
    frames = torch.cat([position, direction], dim=1)
    (row, column, sine, cosine), there = (frames[end].T for end in pairs)
    row, column = there[0] - row, there[1] - column
    square = (row.square() + column.square()).clamp(min=CLOSEST**2)
    columns = (
        row * sine + column * cosine,
        column * sine - row * cosine,
        there[2] * sine + there[3] * cosine,
        there[3] * sine - there[2] * cosine,
        square.log() / 2,
    )
    return torch.stack(columns, dim=1)


def complete_pairs(ptr: Tensor, limit: int = COMPLETE_LIMIT) -> Tensor:
    """All ordered pairs (2, P) of different nodes of each graph that has at most `limit` nodes.

    In order of source, then target; `ptr` (G + 1,) says where the nodes of each graph begin.
    Larger graphs have none: their pairs would be more than all else in the batch.

    Examples
    --------
    >>> complete_pairs(torch.tensor([0, 3, 4]))
    tensor([[0, 0, 1, 1, 2, 2],
            [1, 2, 0, 2, 0, 1]])
    """
    n_nodes = ptr.diff()
    others = torch.where(n_nodes <= limit, n_nodes - 1, 0).clamp(min=0).repeat_interleave(n_nodes)
    source = torch.arange(len(others), device=ptr.device).repeat_interleave(others)
    first = others.cumsum(0) - others
    place = torch.arange(len(source), device=ptr.device) - first[source]
    target = ptr[:-1].repeat_interleave(n_nodes)[source] + place
    return torch.stack([source, target + (target >= source)])


def scale_free(pose: Tensor, here: Tensor, there: Tensor) -> Tensor:
    """What a pose (P, 5) says in shares of the mean size: the columns of SCALE_FREE, (P, 6).

    Parameters
    ----------
    pose : (P, 5)
        In pixels.
    here, there : (P,)
        Sizes of source and target, in pixels, positive.
    """
    u, v, cosine, sine, _ = pose.T
    unit = (here + there) / 2
    columns = (
        (u.abs() / unit).log1p(),
        (v.abs() / unit).log1p().copysign(v),
        torch.atan2(sine.abs(), cosine.abs()),
        cosine,
        (there / here).log(),
        (torch.hypot(u, v) / unit).log1p(),
    )
    return torch.stack(columns, dim=1)


class RawPose(nn.Module):
    """The five numbers of a pose, lengths in units of `unit` pixels."""

    def __init__(self, unit: float) -> None:
        super().__init__()
        self.unit = unit
        self.width = len(POSE)

    def forward(self, pose: Tensor) -> Tensor:
        """Encodings (P, 5) of poses (P, 5)."""
        length = pose.new_tensor([self.unit, self.unit, 1, 1, 1])
        return pose / length - pose.new_tensor([0, 0, 0, 0, math.log(self.unit)])


class FourierPose(nn.Module):
    r"""Fourier features of (u, v) times angular harmonics of the turn between the directions.

    .. math::

        \frac{1}{\sqrt{K (M + 1)}} \{\cos, \sin\}(w_k \cdot (u, v)) \otimes
        \{1, \cos m \delta, \sin m \delta\}, \qquad k \le K,\ m \le M

    The wave vectors w are drawn from a normal distribution of standard deviation 1 / bandwidth. So
    the inner product of two encodings depends on the difference of the poses alone: it comes close
    to :math:`e^{-|\Delta (u, v)|^2 / 2 b^2} \sum_m \cos(m \Delta \delta) / (M + 1)` [1]_, which is
    1 where they agree.

    Parameters
    ----------
    waves : int
        K, at least 1.
    harmonics : int
        M, at least 0.
    bandwidth : float
        b, pixels: poses farther apart than this are different.
    rng : Generator
        Of the wave vectors; drawn from once.

    References
    ----------
    .. [1] A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NeurIPS 2007.
    """

    wave: Tensor
    harmonic: Tensor

    def __init__(
        self, waves: int, harmonics: int, bandwidth: float, rng: np.random.Generator
    ) -> None:
        super().__init__()
        if waves < 1 or harmonics < 0 or not bandwidth > 0:
            raise ValueError(
                "expected waves >= 1, harmonics >= 0 and bandwidth > 0, got "
                f"{waves}, {harmonics} and {bandwidth}"
            )
        wave = rng.standard_normal((2, waves)) / bandwidth
        self.register_buffer("wave", torch.from_numpy(wave.astype(np.float32)))
        self.register_buffer("harmonic", torch.arange(1.0, harmonics + 1), persistent=False)
        self.width = 2 * waves * (2 * harmonics + 1)

    def forward(self, pose: Tensor) -> Tensor:
        """Encodings (P, width) of poses (P, 5), each of length 1."""
        phase = pose[:, :2] @ self.wave
        turn = torch.atan2(pose[:, 3], pose[:, 2])[:, None] * self.harmonic
        place = torch.cat([phase.cos(), phase.sin()], dim=1)
        angle = torch.cat([torch.ones_like(pose[:, :1]), turn.cos(), turn.sin()], dim=1)
        norm = math.sqrt(self.wave.shape[1] * (len(self.harmonic) + 1))
        return (place[:, :, None] * angle[:, None, :]).flatten(1) / norm


class PlaceWaves(nn.Module):
    r"""Waves of the position times harmonics of the direction: absolute poses as a net may see.

    .. math::

        \{\cos, \sin\}(w \cdot x) \otimes \{1, \cos m \theta, \sin m \theta\},
        \qquad m \le M

    for wave vectors w of length :math:`k \pi / 2` per radius of the graph, :math:`k \le K`, in four
    directions each: along the axes and between them. Nets learn from few examples what changes
    fast with the place only if they are shown it so [1]_.

    Parameters
    ----------
    waves : int
        K, at least 0; without waves the harmonics stand alone.
    harmonics : int
        M, at least 0.

    References
    ----------
    .. [1] M. Tancik et al., "Fourier features let networks learn high frequency functions in low
           dimensional domains", NeurIPS 2020.
    """

    wave: Tensor

    def __init__(self, waves: int, harmonics: int) -> None:
        super().__init__()
        if waves < 0 or harmonics < 0:
            raise ValueError(f"expected waves >= 0 and harmonics >= 0, got {waves} and {harmonics}")
        angle = torch.arange(4) * math.pi / 4
        length = torch.arange(1, waves + 1) * math.pi / 2
        wave = torch.stack([angle.sin(), angle.cos()])[:, None, :] * length[:, None]
        self.register_buffer("wave", wave.flatten(1), persistent=False)
        self.harmonics = harmonics
        self.width = 8 * waves * (1 + 2 * harmonics) if waves else 2 * harmonics

    def forward(self, pose: Tensor) -> Tensor:
        """Waves (N, width) of absolute poses (N, 4), in radii and (sin theta, cos theta)."""
        phase, (sine, cosine) = pose[:, :2] @ self.wave, pose[:, 2:].T
        turns = [torch.ones_like(cosine)]
        c, s = turns[0], torch.zeros_like(sine)
        for _ in range(self.harmonics):
            c, s = c * cosine - s * sine, c * sine + s * cosine
            turns += [c, s]
        turn = torch.stack(turns, dim=1)
        if not phase.shape[1]:
            return turn[:, 1:]
        place = torch.cat([phase.cos(), phase.sin()], dim=1)
        return (place[:, :, None] * turn[:, None, :]).flatten(1)


ENCODINGS: dict[str, type[nn.Module]] = {"raw": RawPose, "fourier": FourierPose}
"""Name to encoding of poses (P, 5)."""

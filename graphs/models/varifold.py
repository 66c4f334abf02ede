r"""Oriented varifolds: the primitives of a picture as one vector, without learning anything.

A set of directed pieces with positions x, directions theta and lengths l is a measure on the plane
times the circle [1]_. Its inner product with another such measure, smoothed by a Gaussian in the
plane and by few harmonics of the angle, is that of two vectors: sums over the pieces of random
Fourier features of the position [2]_ times the harmonics of the direction, weighted by length.
Weighted by what the pieces turn by, the same sums are those of a curvature measure [3]_: where the
curve bends, and which way.

References
----------
.. [1] I. Kaltenmark, B. Charlier, N. Charon, "A general framework for curve and surface comparison
       and registration with oriented varifolds", CVPR 2017.
.. [2] A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NeurIPS 2007.
.. [3] P. Roussillon, J. A. Glaunes, "Kernel metrics on normal cycles and application to curve
       matching", SIAM Journal on Imaging Sciences 9(4), 2016.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch

LENGTH, TURNING = (list(ATTRIBUTES).index(name) for name in ("length", "turning"))
MEASURES = ("length", "turning")
"""What pieces are weighted by: their length, or the hyperbolic tangent of the angle that they turn
by, over 0 to the right. The tangent keeps a corner from outweighing the rest."""
MOST_SHEAR = 1.0
MOST_STRETCH = 2.0
LEAST_SPREAD = 1e-3  # square pixels; a picture of one point is not enlarged without end


def _sums(values: Tensor, batch: Tensor, n_graphs: int) -> Tensor:
    return values.new_zeros(n_graphs, *values.shape[1:]).index_add(0, batch, values)


def normalised_pose(
    position: Tensor, direction: Tensor, length: Tensor, batch: Tensor, n_graphs: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The pieces of each graph centred, upright and of unit size, by their moments.

    The mean of the positions, weighted by length, comes to lie at the origin. A shear along the
    columns takes their covariance of row and column away, at most MOST_SHEAR a row. The columns are
    stretched or compressed, at most by MOST_STRETCH, by the square root of what would make both
    variances the same: the shape of a digit's box says something, though less than it varies. One
    factor makes the mean of both variances 1. Directions and lengths follow by the same linear map.

    Parameters
    ----------
    position, direction : (N, 2)
        (row, column) and (sin theta, cos theta).
    length : (N,)
        In pixels, not negative.
    batch : (N,) int64
        Graph of each node.

    Returns
    -------
    position, direction, length
        Of the same shapes; lengths in units of the size.

    References
    ----------
    .. [1] M.-K. Hu, "Visual pattern recognition by moment invariants", IRE Trans. Information
           Theory, 1962 (normalisation by moments).
    """
    weight = length[:, None]
    total = _sums(weight, batch, n_graphs).clamp(min=1e-9)
    mean = _sums(weight * position, batch, n_graphs) / total
    step = position - mean[batch]
    row, column = step.T
    products = torch.stack([row * row, row * column, column * column], dim=1)
    rr, rc, cc = (_sums(weight * products, batch, n_graphs) / total).T
    shear = (-rc / rr.clamp(min=LEAST_SPREAD)).clamp(-MOST_SHEAR, MOST_SHEAR)
    upright = cc + 2 * shear * rc + shear.square() * rr
    ratio = (rr + LEAST_SPREAD) / (upright + LEAST_SPREAD)
    wider = ratio.pow(1 / 4).clamp(1 / MOST_STRETCH, MOST_STRETCH)
    size = ((rr + wider.square() * upright) / 2 + LEAST_SPREAD).rsqrt()

    def mapped(vector: Tensor) -> Tensor:
        across = wider[batch] * (vector[:, 1] + shear[batch] * vector[:, 0])
        return size[batch, None] * torch.stack([vector[:, 0], across], dim=1)

    along = mapped(direction)
    stretch = torch.hypot(*along.T)
    return mapped(step), along / stretch[:, None], length * stretch


class VarifoldEmbedding(nn.Module):
    """Unit vectors (G, width) for kinds of nodes and measures of each graph; zeros for nothing.

    Parameters
    ----------
    kinds : sequence of str
        Of NODE_KINDS; each is embedded by itself.
    measures : sequence of str
        Of MEASURES; each kind is embedded with each.
    scales : sequence of float
        Standard deviations of the Gaussians in the plane, in units of the picture's size.
    waves : int
        Random wave vectors of each scale.
    harmonics : int
        Of the direction, besides the constant.

    The wave vectors are drawn from torch's generator, like the first weights of a network.
    """

    wave: Tensor
    kind: Tensor

    def __init__(
        self,
        kinds: Sequence[str],
        measures: Sequence[str],
        scales: Sequence[float],
        waves: int,
        harmonics: int,
    ) -> None:
        super().__init__()
        check_names("kinds", kinds, NODE_KINDS)
        check_names("measures", measures, MEASURES)
        self.measures = tuple(measures)
        drawn = [torch.randn(2, waves) / scale for scale in scales]
        self.register_buffer("wave", torch.cat(drawn, dim=1))
        numbers = [NODE_KINDS.index(kind) for kind in kinds]
        self.register_buffer("kind", torch.tensor(numbers), persistent=False)
        self.harmonics = harmonics
        self.width = 2 * self.wave.shape[1] * (2 * harmonics + 1)
        self.channels = len(kinds) * len(measures)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Embeddings (G, channels, width): kind by kind, each with all measures."""
        return torch.cat([self._of_kind(batch, kind) for kind in self.kind], dim=1)

    def _of_kind(self, batch: GraphBatch, kind: Tensor) -> Tensor:
        """Embeddings (G, measures, width) of the nodes of one kind."""
        chosen = batch.kind == kind
        graph = batch.batch[chosen]
        length, turning = batch.attributes[chosen][:, [LENGTH, TURNING]].nan_to_num(0.0, 0.0, 0.0).T
        place, along, length = normalised_pose(
            batch.position[chosen], batch.direction[chosen], length.clamp(min=0), graph, len(batch)
        )
        weights = {"length": length, "turning": turning.tanh()}
        weight = torch.stack([weights[name] for name in self.measures], dim=1)
        phase = place @ self.wave
        waves = torch.cat([phase.cos(), phase.sin()], dim=1)
        theta = torch.atan2(along[:, 0], along[:, 1])
        turn = theta[:, None] * torch.arange(1, self.harmonics + 1, device=theta.device)
        angle = torch.cat([torch.ones_like(theta[:, None]), turn.cos(), turn.sin()], dim=1)
        total = torch.stack(
            [
                torch.cat([_sums(waves * part[:, None], graph, len(batch)) for part in parts], 1)
                for parts in (angle.T * each for each in weight.T)
            ],
            dim=1,
        )
        return total / total.norm(dim=2, keepdim=True).clamp(min=1e-9)

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the embeddings: two a wave for its phase, one a feature and node."""
        n_nodes = int(torch.isin(batch.kind.long(), self.kind).sum())
        return n_nodes * (2 * self.wave.shape[1] + len(self.measures) * self.width)


def check_names(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Raise ValueError unless these are some of the known names."""
    if not names or not set(names) <= set(known):
        raise ValueError(f"{what}: expected some of {', '.join(known)}, got {list(names)}")

"""A fixed model of primary visual cortex before a small learned CNN, on pixels."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from perceptgraph.stages.baselines.pixel_net import PixelNet
from perceptgraph.stages.baselines.pixels import PixelBatch
from perceptgraph.stages.baselines.views import check_view

SIGMA, ASPECT = 0.5, 0.6
"""Of a Gabor envelope: standard deviation across the stripes in wavelengths (a bandwidth of about
1.2 octaves), and that over the one along them."""
REACH = 2.0  # standard deviations along the stripes at which filters are cut off
STRIDE = 2
CELLS = 5
"""Channels of one filter: simple cells of four phases, and the complex cell."""
MIXED, KEPT, GRID = 16, 32, 4  # channels after mixing and of the convolutions; side of the readout


def gabor_pairs(orientations: int, wavelengths: Sequence[float]) -> Tensor:
    r"""Gabor filters in quadrature, (2, W O, 1, K, K): even ones, then odd ones.

    .. math:: e^{-(v^2 + \gamma^2 u^2) / 2 \sigma^2} \{\cos, \sin\}(2 \pi v / \lambda)

    with u along the stripes, which lie at j pi / O from the +column axis towards +row, and v across
    them. Each has mean 0 and Euclidean norm 1: an even ground gives nothing, white noise of
    variance 1 gives variance 1.

    Parameters
    ----------
    orientations : int
        O, over half a turn.
    wavelengths : sequence of float
        W wavelengths :math:`\lambda`, in pixels.
    """
    half = math.ceil(REACH * SIGMA / ASPECT * max(wavelengths))
    steps = torch.arange(-half, half + 1, dtype=torch.float64)
    row, column = torch.meshgrid(steps, steps, indexing="ij")
    filters = []
    for phase in (0.0, -math.pi / 2):
        for wavelength in wavelengths:
            for angle in torch.arange(orientations, dtype=torch.float64) * (math.pi / orientations):
                u = column * angle.cos() + row * angle.sin()
                v = column * angle.sin() - row * angle.cos()
                envelope = -(v**2 + (ASPECT * u) ** 2) / (2 * (SIGMA * wavelength) ** 2)
                wave = envelope.exp() * (2 * math.pi * v / wavelength + phase).cos()
                wave = wave - envelope.exp() * wave.sum() / envelope.exp().sum()
                filters.append(wave / wave.square().sum().sqrt())
    side = 2 * half + 1
    return torch.stack(filters).float().view(2, -1, 1, side, side)


class V1CNN(PixelNet):
    r"""Gabor simple and complex cells with noise, as in VOneNet [1]_, before a small CNN.

    Of the even and odd response e and o of each Gabor filter, at every second pixel, simple cells
    are the rectified e, o, -e, -o and the complex cell is :math:`\sqrt{(e^2 + o^2) / 2}`. While it
    learns, each response r gets Gaussian noise of standard deviation :math:`\nu \sqrt{r}`, as
    spikes of neurons have; [1]_ draws it at a test, too, where here logits are a function of the
    image. None of this is learned. Then: cells mixed at each place, two convolutions of 3 x 3, the
    first followed by pooling over 2 x 2, means over a grid of 4 x 4, logits. [1]_ draws the
    parameters of the filters from measured distributions; here they are a regular bank.

    Parameters
    ----------
    side : int
        Pixels, at least 16.
    view : str
        How it sees the squares: a name of `views.VIEWS`.
    orientations : int
        Of the filters, over half a turn.
    wavelengths : sequence of float
        Of the filters, in pixels.
    noise : float
        :math:`\nu`; 0 for none.

    References
    ----------
    .. [1] J. Dapello et al., "Simulating a primary visual cortex at the front of CNNs improves
           robustness to image perturbations", NeurIPS 2020.
    """

    filters: Tensor

    def __init__(
        self,
        class_names: tuple[str, ...],
        *,
        side: int,
        view: str,
        orientations: int,
        wavelengths: Sequence[float],
        noise: float,
        dropout: float,
    ) -> None:
        super().__init__()
        check_view(view)
        if side < 16:
            raise ValueError(f"side: expected at least 16 pixels, got {side}")
        if orientations < 1 or not wavelengths or not all(w >= 2 for w in wavelengths):
            raise ValueError(
                "expected orientations >= 1 and wavelengths of at least 2 pixels, got "
                f"{orientations} and {list(wavelengths)}"
            )
        if noise < 0:
            raise ValueError(f"noise: expected at least 0, got {noise}")
        self.noise, self.side = noise, -(-side // STRIDE)
        bank = gabor_pairs(orientations, wavelengths)
        self.register_buffer("filters", bank.flatten(0, 1), persistent=False)
        self.n_cells = CELLS * bank.shape[1]
        self.features = nn.Sequential(
            nn.Conv2d(self.n_cells, MIXED, 1),
            nn.ReLU(),
            nn.Conv2d(MIXED, KEPT, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(KEPT, KEPT, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(GRID),
            nn.Flatten(),
        )
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(KEPT * GRID**2, len(class_names))

    def cells(self, pixels: Tensor) -> Tensor:
        """Responses (G, n_cells, S', S'), at least 0, of standardised pixels (G, 1, S, S)."""
        reach = self.filters.shape[-1] // 2
        around = functional.pad(pixels, (reach,) * 4, mode="replicate")
        even, odd = functional.conv2d(around, self.filters, stride=STRIDE).chunk(2, dim=1)
        # The root has no derivative at 0.
        energy = ((even.square() + odd.square()) / 2 + 1e-12).sqrt()
        return torch.cat([even.relu(), odd.relu(), (-even).relu(), (-odd).relu(), energy], dim=1)

    def logits(self, batch: PixelBatch) -> Tensor:
        """Logits (G, C) of pixels (G, 1, S, S)."""
        cells = self.cells(self.standardised(batch))
        if self.training and self.noise:
            cells = cells + self.noise * cells.sqrt() * torch.randn_like(cells)
        logits: Tensor = self.classify(self.dropout(self.features(cells)))
        return logits

    def macs(self, batch: PixelBatch) -> int:
        """Multiply-adds of the logits, fixed filters included, from the standardised input on."""
        places, pooled = self.side**2, (self.side // 2) ** 2
        learned = [m.weight.numel() for m in self.features if isinstance(m, nn.Conv2d)]
        convolutions = places * (learned[0] + learned[1]) + pooled * learned[2]
        first = places * self.filters.numel()
        return len(batch) * (first + convolutions + self.classify.weight.numel())

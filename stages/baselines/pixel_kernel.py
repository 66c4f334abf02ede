"""Kernel ridge regression on pixels: what the kernel on primitives owes to kernel and warps."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perceptgraph.graphs.models.ridge import KernelMachine
from perceptgraph.stages.baselines.pixel_net import PixelModel
from perceptgraph.stages.baselines.pixels import PixelBatch
from perceptgraph.stages.baselines.views import check_view, deskewed


class PixelEmbedding(nn.Module):
    """Deskewed pictures as unit vectors, one channel for each blur; zeros where all is of one grey.

    Parameters
    ----------
    side : int
        Of the squares, in pixels.
    sigmas : sequence of float
        Standard deviations of the Gaussian blurs, in pixels; 0 for none.
    """

    def __init__(self, side: int, sigmas: Sequence[float]) -> None:
        super().__init__()
        if not sigmas or min(sigmas) < 0:
            raise ValueError(f"sigmas: expected some, none of them negative, got {list(sigmas)}")
        self.sigmas = tuple(sigmas)
        self.channels, self.width = len(sigmas), side * side

    def forward(self, batch: PixelBatch) -> Tensor:
        """Embeddings (G, channels, S * S)."""
        squares = [deskewed(pixels) for pixels in batch.pixels[:, 0].cpu().numpy()]
        views = [[blurred(square, sigma).ravel() for sigma in self.sigmas] for square in squares]
        values = torch.from_numpy(np.array(views, np.float32))
        values = values.view(len(batch), self.channels, self.width).to(batch.pixels.device)
        above = values - values.amin(dim=2, keepdim=True)
        return above / above.norm(dim=2, keepdim=True).clamp(min=1e-9)

    def macs(self, batch: PixelBatch) -> int:
        """Multiply-adds of the embeddings.

        Four a pixel for its grey between those of the old picture, and those of both passes of each
        blur, over four standard deviations either way.
        """
        taps = sum(2 * (8 * sigma + 1) for sigma in self.sigmas if sigma > 0)
        return len(batch) * self.width * (4 + round(taps))


def blurred(square: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """The square (S, S) under a Gaussian of this standard deviation, in pixels."""
    if sigma == 0:
        return square
    return np.asarray(cv2.GaussianBlur(square, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


class PixelKernel(PixelModel, KernelMachine):
    """Ridge regression in closed form on a Gaussian kernel of deskewed pictures.

    Every picture is deskewed when it is embedded (`views.deskewed`), so augmented copies are too,
    whatever the view that it is first seen in.

    Parameters
    ----------
    side : int
        Of the squares, in pixels.
    view : str
        Of `views.VIEWS`.
    sigmas : sequence of float
        Of the blurs, in pixels.
    gamma, ridge, copies, references
        See `ridge.KernelMachine`.
    """

    def __init__(
        self,
        class_names: tuple[str, ...],
        *,
        side: int,
        view: str,
        sigmas: Sequence[float],
        gamma: float,
        ridge: float,
        copies: int,
        references: int,
    ) -> None:
        check_view(view)
        super().__init__(
            PixelEmbedding(side, sigmas),
            len(class_names),
            gamma=gamma,
            ridge=ridge,
            copies=copies,
            references=references,
        )

"""Squares that pixel models see, with derivatives by the pixels of the image."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from perceptgraph.stages.baselines.pixels import pixels_in_memory
from perceptgraph.stages.baselines.views import LEVEL, check_view, uprighting

SLOPE = 10.0
"""Of the logistic function that stands for the threshold where a derivative is asked for."""


def soft_squares(images: Tensor, side: int, view: str) -> Tensor:
    """Squares (N, 1, S, S) of images (N, H, W), as `pixels.square` makes them.

    The values are those of the true squares, 8 bits a pixel. The derivatives are those of a
    resizing without rounding, of a steep logistic function in the place of the threshold, and of
    the map that sets the picture upright, which itself is taken to stay (a backward pass through a
    differentiable approximation [1]_).

    References
    ----------
    .. [1] A. Athalye, N. Carlini, D. Wagner, "Obfuscated gradients give a false sense of security:
           circumventing defenses to adversarial examples", ICML 2018, section 4.1.
    """
    check_view(view)
    shrinks = min(images.shape[1:]) >= side
    if shrinks:
        soft = functional.interpolate(images[:, None], (side, side), mode="area")
    else:
        soft = functional.interpolate(images[:, None], (side, side), mode="bilinear")
    if view == "thresholded":
        level = soft.detach()
        low, high = level.amin((1, 2, 3), keepdim=True), level.amax((1, 2, 3), keepdim=True)
        soft = (SLOPE * (soft - low - LEVEL * (high - low))).sigmoid()
    elif view == "binary":
        soft = (SLOPE * (soft - LEVEL)).sigmoid()
    elif view == "deskewed":
        soft = _upright(soft)
    store = pixels_in_memory(list(images.detach().numpy()), side, view)
    true = store.batch(np.arange(len(images))).pixels
    return soft + (true - soft).detach()


def _upright(squares: Tensor) -> Tensor:
    """Squares (N, 1, S, S) set upright, each by its own map."""
    side = squares.shape[-1]
    maps = [uprighting(square[0].numpy()) for square in squares.detach()]
    found = torch.from_numpy(np.stack([_for_grid(m, side) for m in maps])).to(squares.dtype)
    grid = functional.affine_grid(found, list(squares.shape), align_corners=True)
    return functional.grid_sample(squares, grid, padding_mode="border", align_corners=True)


def _for_grid(in_pixels: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """A map (2, 3) of (column, row) in pixels as one of coordinates from -1 to 1."""
    half = (side - 1) / 2
    linear, shift = in_pixels[:, :2], in_pixels[:, 2]
    return np.column_stack([linear, (linear @ [half, half] + shift) / half - 1])

"""Grey drawings of one edge, as tensors, for the tests of soft primitives."""

import numpy as np
import torch
from torch import Tensor


def half_plane(angle: float, offset: float = 0.0, side: int = 21) -> Tensor:
    """An edge (1, 1, side, side) along `angle` through the middle, bright to its left."""
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    left = column * np.sin(angle) - row * np.cos(angle) - offset
    return torch.from_numpy(np.clip(left + 0.5, 0, 1).astype(np.float32))[None, None]


def disc(row: float, column: float, radius: float, side: int = 28) -> Tensor:
    """A bright disc (1, 1, side, side), its border a ramp of two pixels."""
    rows, columns = np.mgrid[:side, :side]
    inside = radius - np.hypot(rows - row, columns - column)
    return torch.from_numpy(np.clip(inside / 2 + 0.5, 0, 1).astype(np.float32))[None, None]

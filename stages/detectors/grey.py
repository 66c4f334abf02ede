"""Grey levels and colours: what detectors work on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue, ITU-R BT.601."""


def grey(image: NDArray[Any]) -> NDArray[np.float32]:
    """Grey levels (H, W) in [0, 1] of an image.

    Parameters
    ----------
    image : (H, W) or (H, W, 1) grey, (H, W, 3) red, green, blue, (H, W, 4) with opacity
        bool, uint8 or uint16, or floating point in [0, 1]. Opacity is left out.

    Raises
    ------
    ValueError
        Another shape or type, no pixels, NaN or infinite pixels, or values outside [0, 1].
    """
    values = colour(image)
    if values.ndim == 2:
        return values
    return np.clip(values @ LUMA, 0, 1, dtype=np.float32)


def colour(image: NDArray[Any]) -> NDArray[np.float32]:
    """Red, green and blue (H, W, 3) in [0, 1] of an image; (H, W) of one that is grey.

    Takes and raises what `grey` does.
    """
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        raise ValueError(
            f"expected an image (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {image.shape}"
        )
    if image.size == 0:
        raise ValueError(f"expected at least one pixel, got shape {image.shape}")
    values = _unit(image)
    if values.ndim == 2:
        return values
    return np.ascontiguousarray(values[:, :, 0] if values.shape[2] == 1 else values[:, :, :3])


def _unit(image: NDArray[Any]) -> NDArray[np.float32]:
    """Values as share of full scale, in [0, 1]."""
    if image.dtype == np.bool_:
        return image.astype(np.float32)
    if image.dtype in (np.uint8, np.uint16):
        return np.divide(image, np.float32(np.iinfo(image.dtype).max), dtype=np.float32)
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"expected bool, uint8, uint16 or floating point, got {image.dtype}")
    if not np.isfinite(image).all():
        bad = int(np.count_nonzero(~np.isfinite(image)))
        raise ValueError(f"{bad} of {image.size} values are NaN or infinite")
    if image.min() < 0 or image.max() > 1:
        raise ValueError(
            f"expected floating point in [0, 1], got {image.min():g} to {image.max():g}; "
            "divide by full scale first"
        )
    return image.astype(np.float32)

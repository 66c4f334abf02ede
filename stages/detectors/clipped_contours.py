"""Contours that depend little on how dark the ground and how bright the strokes are."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import EdgeChains, no_edges
from perceptgraph.stages.detectors.contours import contours


def clipped_contours(
    image: NDArray[np.float32],
    *,
    share: float = 0.5,
    window: float = 0.3,
    log10_eps: float = 0.0,
) -> EdgeChains:
    """Contours of an image whose levels far from that of the contours are cut off.

    Cutting off moves no pixel to the other side of the level, so the lines pass between the same
    pixels as without. Where between them, how steep the image is there, and how lines go on where
    two meet, no longer depends on changes of what lies outside the window before and after.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    share : float
        Of the way from the lowest level of the image to the highest; half of it for drawings.
    window : float
        Share of the levels on either side that is kept, next to the level; in (0, 1].
    log10_eps : float
        Largest log10(NFA) of a line's best piece, in the image with its levels cut off.

    Returns
    -------
    EdgeChains
        As of `contours`; contrast and NFA are those of the image with its levels cut off.

    Examples
    --------
    >>> image = np.zeros((12, 12), np.float32)
    >>> image[4:8, 3:9] = 1
    >>> darker = image.copy()
    >>> darker[6, 6] = 0.7
    >>> one, other = (clipped_contours(x).points for x in (image, darker))
    >>> bool((one == other).all())
    True
    """
    if not 0 < window <= 1:
        raise ValueError(f"window: expected more than 0 and at most 1, got {window}")
    if min(image.shape) < 2:
        return no_edges()
    low, high = float(image.min()), float(image.max())
    level = low + share * (high - low)
    # The level is at the same share of what is kept.
    darkest = level - window * (level - low)
    brightest = level + window * (high - level)
    clipped = np.clip(image, np.float32(darkest), np.float32(brightest))
    spread = (clipped - np.float32(darkest)) / np.float32(max(brightest - darkest, 1e-6))
    return contours(np.asarray(spread, np.float32), share=share, log10_eps=log10_eps)

"""The one door to OpenCV's detectors: the same arrays from OpenCV 4 and 5, never None."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

REFINE_WITH_NFA = cv2.LSD_REFINE_ADV  # the only mode that computes the number of false alarms
OPENCV = cv2.__version__
ORDERING_BINS = 1024  # of gradient norms; changes the order in which seeds are tried, not more


def rows(result: NDArray[Any] | None, columns: int) -> NDArray[np.float64]:
    """Result (N, columns) of an OpenCV call.

    OpenCV 4 gives (N, 1, columns), OpenCV 5 (N, columns) or (N,), both None for nothing.
    """
    if result is None:
        return np.zeros((0, columns))
    return np.asarray(result, np.float64).reshape(-1, columns)


def line_segments(
    image: NDArray[np.float32],
    scale: float,
    sigma_scale: float,
    quantisation: float,
    angle_tolerance_deg: float,
    log10_eps: float,
    density: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Segments that OpenCV's LSD finds, in our conventions.

    Parameters
    ----------
    image : (H, W) float32
        In [0, 1]; LSD sees it in 256 grey levels.
    scale, sigma_scale, quantisation, angle_tolerance_deg, log10_eps, density
        See `perceptgraph.stages.detectors.lines.lines`.

    Returns
    -------
    endpoints : (N, 2, 2) float64
        (row, column), in pixels, (0, 0) the centre of the first pixel.
    width : (N,) float64
        Pixels.
    log10_nfa : (N,) float64
        Lower is more meaningful; LSD's own sign is the opposite.
    """
    detector = cv2.createLineSegmentDetector(
        REFINE_WITH_NFA,
        scale,
        sigma_scale,
        quantisation,
        angle_tolerance_deg,
        -log10_eps,
        density,
        ORDERING_BINS,
    )
    pixels = np.rint(image * np.float32(255)).astype(np.uint8)
    try:
        ends, width, _, minus_log10_nfa = detector.detect(pixels)
    except cv2.error as error:
        raise ValueError(f"OpenCV refuses an image of shape {image.shape}: {error}") from error
    # LSD's gradient lives on the corners of the pixels of the image reduced by `scale`: a corner
    # at x there is (x + 1) / scale - 1/2 in the full image, LSD returns (x + 1/2) / scale.
    shift = 0.5 / scale - 0.5
    endpoints = rows(ends, 4).reshape(-1, 2, 2)[:, :, ::-1] + shift
    return endpoints, rows(width, 1)[:, 0], -rows(minus_log10_nfa, 1)[:, 0]


def top_hat(image: NDArray[np.float32], diameter: int) -> NDArray[np.float32]:
    """How much (H, W) the image rises above its opening by a disc: what a disc does not fit into.

    Bright strokes narrower than `diameter` pixels, none of their surround.
    """
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter))
    rise: NDArray[Any] = np.asarray(cv2.morphologyEx(image, cv2.MORPH_TOPHAT, disc))
    return rise.astype(np.float32).reshape(image.shape)

"""Detectors of other libraries, at their best settings, in our conventions.

All take grey levels (H, W) uint8; points are (row, column), (0, 0) the centre of the first pixel.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import canny, corner_harris, corner_peaks

Grey = NDArray[np.uint8]
Points = NDArray[np.float64]

LSD_SHIFT = 0.127
"""Systematic shift of OpenCV's LSD at its scale 0.8, measured on synthetic edges, both axes."""
CANNY_LOW, CANNY_HIGH = 50, 150
"""Thresholds that OpenCV's own examples use, for speed and before Hough."""
BEST_SIGMA = 2.5
"""Blur before Canny with the highest BSDS500 score on validation images."""
LOW_TO_HIGH = 0.4
HARRIS_RELATIVE, HARRIS_DISTANCE = 0.01, 5
"""Least response, share of the largest, with the highest junction score in moderate noise."""
FEATURES_QUALITY, FEATURES_DISTANCE, MAX_FEATURES = 0.05, 5, 2000
HOUGH_VOTES, HOUGH_LENGTH, HOUGH_GAP = 50, 20, 3


def _rows(result: NDArray[Any] | None, columns: int) -> Points:
    """OpenCV 4 gives (N, 1, columns), OpenCV 5 (N, columns), both None for nothing."""
    if result is None:
        return np.zeros((0, columns))
    return np.asarray(result, np.float64).reshape(-1, columns)


def opencv_lsd(image: Grey) -> Points:
    """Segments (N, 2, 2) of OpenCV's LSD with its number of false alarms, shift corrected."""
    ends = _rows(cv2.createLineSegmentDetector(cv2.LSD_REFINE_ADV).detect(image)[0], 4)
    return ends.reshape(-1, 2, 2)[:, :, ::-1] + LSD_SHIFT


def opencv_hough(image: Grey) -> Points:
    """Segments (N, 2, 2) of OpenCV's probabilistic Hough transform of its Canny edges."""
    edges = cv2.Canny(image, CANNY_LOW, CANNY_HIGH)
    ends = cv2.HoughLinesP(
        edges, 1, np.pi / 180, HOUGH_VOTES, minLineLength=HOUGH_LENGTH, maxLineGap=HOUGH_GAP
    )
    return _rows(ends, 4).reshape(-1, 2, 2)[:, :, ::-1]


def opencv_canny(image: Grey) -> NDArray[np.bool_]:
    """Edge pixels (H, W) of OpenCV's Canny, without blur: the fastest."""
    return np.asarray(cv2.Canny(image, CANNY_LOW, CANNY_HIGH)) > 0


def skimage_canny(image: Grey) -> NDArray[np.bool_]:
    """Edge pixels (H, W) of scikit-image's Canny at its best scale."""
    high = 0.1
    return canny(
        image / 255.0, sigma=BEST_SIGMA, low_threshold=LOW_TO_HIGH * high, high_threshold=high
    )


def skimage_harris(image: Grey) -> Points:
    """Corners (N, 2): peaks of scikit-image's Harris response."""
    response = corner_harris(image / 255.0)
    peaks = corner_peaks(response, min_distance=HARRIS_DISTANCE, threshold_rel=HARRIS_RELATIVE)
    return np.asarray(peaks, np.float64).reshape(-1, 2)


def opencv_features(image: Grey) -> Points:
    """Corners (N, 2) of OpenCV's goodFeaturesToTrack."""
    corners = cv2.goodFeaturesToTrack(image, MAX_FEATURES, FEATURES_QUALITY, FEATURES_DISTANCE)
    return _rows(corners, 2)[:, ::-1]


def diplib_path_opening(image: Grey, length: int = 30) -> Grey:
    """Path opening (H, W) of DIPlib, on one thread; outside of the image paths may go on."""
    import diplib

    diplib.SetNumberOfThreads(1)
    return np.asarray(diplib.PathOpening(image, length=length))


LINE_PEERS: dict[str, Callable[[Grey], Points]] = {
    "opencv_lsd": opencv_lsd,
    "opencv_hough": opencv_hough,
}
JUNCTION_PEERS: dict[str, Callable[[Grey], Points]] = {
    "skimage_harris": skimage_harris,
    "opencv_features": opencv_features,
}
EDGE_PEERS: dict[str, Callable[[Grey], NDArray[np.bool_]]] = {
    "opencv_canny": opencv_canny,
    "skimage_canny": skimage_canny,
}
"""Name of a peer to the function that finds the family."""

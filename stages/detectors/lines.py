"""Line segments: OpenCV's LSD behind our contract, with polarity and contrast measured."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import LineSegments
from perceptgraph.stages.detectors.opencv import line_segments
from perceptgraph.stages.detectors.sides import left_minus_right, left_of, polarity_of

SAMPLES = 9
"""Places along a segment where both sides are looked at; odd, so that the middle is one."""
MARGIN = 0.1
"""Share of the segment left out at each end, where another edge may join."""
REACH = 1.5
"""Distance to either side, in pixels: past the steepest part of an edge blurred by sigma 1, and
still inside a stroke that is 3 pixels wide."""


def lines(
    image: NDArray[np.float32],
    *,
    scale: float = 0.8,
    sigma_scale: float = 0.6,
    quantisation: float = 2.0,
    angle_tolerance_deg: float = 22.5,
    log10_eps: float = 0.0,
    density: float = 0.7,
) -> LineSegments:
    r"""Meaningful line segments of an image.

    A rectangle of n pixels, of which k are aligned with it, counts

    .. math:: \mathrm{NFA} = 11\,(HW)^{5/2} \sum_{j=k}^{n} \binom{n}{j} p^j (1-p)^{n-j}

    false alarms, and is kept where that is at most eps.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    scale : float
        The image is reduced by this factor first, against staircases; at most 1.
    sigma_scale : float
        Gaussian blur before the reduction: sigma is `sigma_scale / scale` pixels.
    quantisation : float
        Error of the grey levels, of 255; gradients below quantisation / sin(tolerance) have no
        angle.
    angle_tolerance_deg : float
        A pixel is aligned if its level line is this close to the rectangle; p is a 180th of it.
    log10_eps : float
        Largest log10(NFA) of a segment; 0 is one false alarm per image of white noise.
    density : float
        Smallest share of aligned pixels in a rectangle.

    Returns
    -------
    LineSegments
        Most meaningful first. Ends are corrected for LSD's shift of 1/8 pixel at scale 0.8.

    Notes
    -----
    The promise of eps holds on white noise only. Blur makes neighbouring gradients agree, and so
    does enlarging: read `log10_nfa` of an enlarged image as an order, not as a count.

    References
    ----------
    .. [1] R. Grompone von Gioi, J. Jakubowicz, J.-M. Morel, G. Randall, "LSD: a Line Segment
           Detector", Image Processing On Line 2, 2012.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.float32)
    >>> image[:, 20:] = 1
    >>> found = lines(image)
    >>> len(found), found.endpoints[0, :, 1].round(1).tolist()
    (1, [19.5, 19.5])
    """
    if not 0 < scale <= 1:
        raise ValueError(f"expected a scale in (0, 1], got {scale}")
    endpoints, width, log10_nfa = line_segments(
        image, scale, sigma_scale, quantisation, angle_tolerance_deg, log10_eps, density
    )
    order = np.argsort(log10_nfa, kind="stable")
    difference = side_difference(image, endpoints[order])
    return LineSegments(
        endpoints=endpoints[order].astype(np.float32),
        width=width[order].astype(np.float32),
        polarity=polarity_of(difference),
        contrast=np.abs(difference),
        log10_nfa=log10_nfa[order].astype(np.float32),
    )


def side_difference(
    image: NDArray[np.float32], endpoints: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Median grey level on the left minus that on the right (N,) of segments (N, 2, 2)."""
    start, along = endpoints[:, 0], endpoints[:, 1] - endpoints[:, 0]
    length = np.maximum(np.hypot(*along.T), np.finfo(np.float32).tiny)
    at = np.linspace(MARGIN, 1 - MARGIN, SAMPLES)
    points = start[:, None] + at[:, None] * along[:, None]
    normal = np.repeat(left_of(along / length[:, None]), SAMPLES, axis=0)
    reach = np.full(len(normal), REACH)
    differences = left_minus_right(image, points.reshape(-1, 2), normal, reach)
    return np.median(differences.reshape(-1, SAMPLES), axis=1).astype(np.float32)

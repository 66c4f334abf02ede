"""Edge chains: where the gradient is largest across the edge, to sub-pixel accuracy, in order."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.filters import apply_hysteresis_threshold
from skimage.measure import find_contours

from perceptgraph.graphs.primitives import EdgeChains, no_edges
from perceptgraph.stages.detectors.nfa import curve_log10_nfa, independent_points
from perceptgraph.stages.detectors.sides import left_minus_right, left_of, polarity_of, sample
from perceptgraph.stores.arrays import offsets_of

Floats = NDArray[np.float32]
Curve = NDArray[np.float64]


def edges(
    image: NDArray[np.float32],
    *,
    sigma: float = 1.5,
    low: float = 0.01,
    high: float = 0.03,
    min_length: float = 8.0,
    log10_eps: float = 0.0,
) -> EdgeChains:
    """Meaningful edge chains of an image.

    Along the gradient, the second derivative of the smoothed image passes zero at an edge, from
    above to below; the zero level lines are the chains. Only where the gradient is above `low`,
    and connected to a place where it is above `high`, are they followed.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    sigma : float
        Of the Gaussian, in pixels.
    low, high : float
        Norm of the gradient, share of full scale per pixel.
    min_length : float
        Shortest chain, in pixels.
    log10_eps : float
        Largest log10(NFA) of a chain (`perceptgraph.stages.detectors.nfa.curve_log10_nfa`).

    Returns
    -------
    EdgeChains
        Most meaningful first.

    References
    ----------
    .. [1] T. Lindeberg, "Edge detection and ridge detection with automatic scale selection",
           International Journal of Computer Vision 30(2), 1998.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.float32)
    >>> image[:, 20:] = 1
    >>> found = edges(image)
    >>> len(found), found.points[:, 1].mean().round(2).item()
    (1, 19.5)
    """
    norm, second, third = along_gradient(image, sigma)
    strong = apply_hysteresis_threshold(norm, low, high)
    if min(image.shape) < 2 or not strong.any():
        return no_edges()
    curves = [
        piece
        for contour in find_contours(second, 0.0, mask=strong)
        for piece in _maxima(contour, third, min_length)
    ]
    if not curves:
        return no_edges()
    length = np.array([_length(curve) for curve in curves])
    weakest = np.array([sample(norm, curve).min() for curve in curves])
    n_independent = independent_points(length, sigma)
    log10_nfa = curve_log10_nfa(n_independent, weakest, norm[norm > 0])
    order = [i for i in np.argsort(log10_nfa, kind="stable") if log10_nfa[i] <= log10_eps]
    return _contract(image, [curves[i] for i in order], log10_nfa[order], 2 * sigma)


def along_gradient(image: Floats, sigma: float) -> tuple[Floats, Floats, Floats]:
    """Norm of the gradient, second derivative along it, and the change of that along it, (H, W).

    The second is multiplied by the squared norm, so that nothing is divided by zero; the third has
    its sign only.
    """
    r = gaussian_filter(image, sigma, order=(1, 0))
    c = gaussian_filter(image, sigma, order=(0, 1))
    rr = gaussian_filter(image, sigma, order=(2, 0))
    rc = gaussian_filter(image, sigma, order=(1, 1))
    cc = gaussian_filter(image, sigma, order=(0, 2))
    second = r * r * rr + 2 * r * c * rc + c * c * cc
    if min(image.shape) < 2:
        return np.hypot(r, c), second, np.zeros_like(second)
    slope_r, slope_c = np.gradient(second)
    return np.hypot(r, c), second, r * slope_r + c * slope_c


def _maxima(contour: Curve, third: Floats, min_length: float) -> list[Curve]:
    """Pieces of a zero line on which the gradient has a maximum, not a minimum, across."""
    maximum = sample(third, contour) < 0
    if maximum.all():
        pieces = [contour]
    else:
        cuts = np.flatnonzero(np.diff(maximum)) + 1
        pieces = [
            points
            for points, kept in zip(np.split(contour, cuts), maximum[np.r_[0, cuts]], strict=True)
            if kept
        ]
    return [piece for piece in pieces if len(piece) > 2 and _length(piece) >= min_length]


def _length(curve: Curve) -> float:
    return float(np.hypot(*np.diff(curve, axis=0).T).sum())


def _contract(
    image: Floats, curves: list[Curve], log10_nfa: NDArray[np.float64], reach: float
) -> EdgeChains:
    """The chains, with the grey levels `reach` pixels to either side measured."""
    difference = np.array([_side_difference(image, curve, reach) for curve in curves])
    return EdgeChains(
        points=np.concatenate([np.zeros((0, 2)), *curves]).astype(np.float32),
        offsets=offsets_of(np.array([len(curve) for curve in curves], np.int64)),
        closed=np.array([bool((curve[0] == curve[-1]).all()) for curve in curves], np.bool_),
        polarity=polarity_of(difference),
        contrast=np.abs(difference).astype(np.float32),
        log10_nfa=log10_nfa.astype(np.float32),
    )


def _side_difference(image: Floats, curve: Curve, reach: float) -> float:
    """Median grey level on the left minus that on the right."""
    middles, steps = (curve[1:] + curve[:-1]) / 2, np.diff(curve, axis=0)
    normal = left_of(steps / np.maximum(np.hypot(*steps.T), math.ulp(1.0))[:, None])
    return float(np.median(left_minus_right(image, middles, normal, np.full(len(normal), reach))))

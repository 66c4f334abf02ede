"""Edge chains: curves along which the gradient is largest across, that noise would not give."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import EdgeChains, no_edges
from perceptgraph.stages.detectors.chains import (
    Curves,
    arc_lengths,
    curves_log10_nfa,
    linked,
    side_differences,
)
from perceptgraph.stages.detectors.maxima import Field, Maxima, colour_gradient, gradient, maxima
from perceptgraph.stages.detectors.mixture import (
    correlation_length,
    gradient_energy,
    octaves,
    smoothed,
)
from perceptgraph.stages.detectors.nfa import SPACING
from perceptgraph.stages.detectors.noise import measure_noise
from perceptgraph.stores.arrays import offsets_of, ranges

NOISE_SHARE = 3.0
"""Points of chains are above the squared norm of the noise's gradient times this: one in eight
maxima of noise is."""
REACH = 2.0
"""How far to either side of a chain its contrast is looked for, pixels."""


def edges(
    image: NDArray[np.float32],
    *,
    sigma: float = 1.0,
    n_scales: int = 4,
    low: float = 0.7,
    log10_eps: float = 0.0,
) -> EdgeChains:
    r"""Meaningful edge chains of an image.

    The image is smoothed at several scales at once; maxima of the gradient across the edge are
    joined into curves; a curve is kept, whole, if one of its pieces is meaningful. Under the
    background model the gradient is Gaussian, with the mean norm that it has in this image, at
    least that of the image's noise. Its squared norm over the mean, x, then exceeds a value at a
    maximum with a probability of at most

    .. math:: P(x) = \sqrt{1 + 2 x} \, e^{-x}

    where the root is the selection of maxima, and points 4 t apart along a curve are independent,
    t being the blur of smoothing and noise together.

    Parameters
    ----------
    image : (H, W) grey or (H, W, 3) red, green, blue, float32
        In [0, 1]. Colours are compared in CIE Lab, 100 units being full scale.
    sigma, n_scales : float, int
        Of the finest Gaussian, in pixels, and how many there are, each twice as wide as the one
        before.
    low : float
        Least gradient of a chain's points, in units of the image's.
    log10_eps : float
        Largest log10(NFA) of a chain's best piece
        (`perceptgraph.stages.detectors.chains.curves_log10_nfa`).

    Returns
    -------
    EdgeChains
        Most meaningful first; points about a pixel apart. Contrast is that of the levels, or of
        the Lab colours, two pixels to either side.

    References
    ----------
    .. [1] A. Desolneux, L. Moisan, J.-M. Morel, "Edge detection by Helmholtz principle", Journal
           of Mathematical Imaging and Vision 14(3), 2001.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.float32)
    >>> image[:, 20:] = 1
    >>> found = edges(image)
    >>> len(found), found.points[:, 1].mean().round(2).item()
    (1, 19.5)
    """
    if min(image.shape[:2]) < 3:
        return no_edges()
    planes = (np.ascontiguousarray(image),) if image.ndim == 2 else lab_planes(image)
    sigmas = octaves(sigma, n_scales)
    smooth = [smoothed(plane, sigmas) for plane in planes]
    field = gradient(smooth[0]) if len(smooth) == 1 else colour_gradient(smooth)
    noises = [measure_noise(plane) for plane in planes]
    noise_energy = sum(gradient_energy(noise, sigmas) for noise in noises)
    if noise_energy == 0:
        return no_edges()
    energy = max(field_energy(field), noise_energy)
    points = maxima(field, math.sqrt(max(low**2 * energy, NOISE_SHARE * noise_energy)))
    curves = linked(points)
    spacing = SPACING * max(correlation_length(noise, sigmas) for noise in noises)
    strength = minus_log10_tail(points.norm[curves.order] ** 2 / np.float32(energy))
    log10_nfa = curves_log10_nfa(strength, arc_lengths(points, curves), curves.offsets, spacing)
    order = np.argsort(log10_nfa, kind="stable")
    return _contract(planes, points, curves, order[log10_nfa[order] <= log10_eps], log10_nfa)


def lab_planes(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Lightness, green-red and blue-yellow (H, W) of CIE Lab, in hundreds of its units."""
    lab = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2LAB) * np.float32(0.01)
    return tuple(np.asarray(plane, np.float32) for plane in cv2.split(lab))


def field_energy(field: Field) -> float:
    """Mean squared norm of the Gaussian field that has the mean norm of this gradient field.

    The norm is then Rayleigh's. Its mean heeds the few strongest edges less than its square does.
    """
    inner = field.norm[1:-1, 1:-1]
    return 4 / math.pi * float(inner.mean(dtype=np.float64)) ** 2


def minus_log10_tail(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """-log10 of the probability that a gradient maximum of noise exceeds x times the mean square.

    Examples
    --------
    >>> minus_log10_tail(np.array([0.0, 2.0, 8.0])).round(2).tolist()
    [0.0, 0.52, 2.86]
    """
    return (x - np.log1p(2 * x) / 2) * x.dtype.type(math.log10(math.e))


def _contract(
    planes: tuple[NDArray[np.float32], ...],
    points: Maxima,
    curves: Curves,
    chosen: NDArray[np.int64],
    log10_nfa: NDArray[np.float64],
) -> EdgeChains:
    """The chosen curves, with the levels on both sides measured."""
    difference = side_differences(
        np.stack(planes), points.position, curves.order, curves.offsets, chosen, REACH
    )
    counts = np.diff(curves.offsets)[chosen]
    places = ranges(curves.offsets[chosen], counts)
    return EdgeChains(
        points=points.position[curves.order[places]],
        offsets=offsets_of(counts),
        closed=curves.closed[chosen],
        polarity=_polarity(difference[:, 0]),
        contrast=np.minimum(np.hypot.reduce(difference, axis=1), 1).astype(np.float32),
        log10_nfa=log10_nfa[chosen].astype(np.float32),
    )


def _polarity(difference: NDArray[np.floating]) -> NDArray[np.int8]:
    """1 where the left is brighter, -1 the right, 0 where they differ by less than half a level."""
    return (np.sign(difference) * (np.abs(difference) > 0.5 / 255)).astype(np.int8)

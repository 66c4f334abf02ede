"""Edgelets: short pieces of edges all over a photograph, at several scales, weak ones as well."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import EdgeChains, no_edges
from perceptgraph.stages.detectors.chains import side_differences
from perceptgraph.stages.detectors.edges import minus_log10_tail
from perceptgraph.stages.detectors.maxima import Maxima, gradient, maxima
from perceptgraph.stages.detectors.mixture import gradient_energy, smoothed
from perceptgraph.stages.detectors.noise import Noise, measure_noise
from perceptgraph.stores.arrays import ranges
from perceptgraph.stores.compiled import njit

FLAT = 1e-7
"""Gradients below this share of the noise's are none: what float32 rounds."""
REACH = 2.0
"""How far to either side the levels are compared, in sigmas."""


def edgelets(
    image: NDArray[np.float32],
    *,
    sigmas: Sequence[float] = (1.0, 2.0, 4.0),
    cells: Sequence[int] = (4, 6, 9),
    log10_eps: float = 0.0,
) -> EdgeChains:
    r"""Short meaningful pieces of edges, one in each cell of a grid at most.

    At each scale the image is smoothed by a Gaussian and divided into square cells. The strongest
    maximum of the gradient across an edge stands for its cell. Its squared norm over that of the
    noise's gradient, x, is exceeded at a maximum of noise with a probability of at most
    :math:`P(x) = \sqrt{1 + 2 x} \, e^{-x}` (`perceptgraph.stages.detectors.edges`), so that

    .. math:: \mathrm{NFA} = N_T \, P(x)

    with one test for each pixel and scale. An edge of an object gives one edgelet in each cell
    that it passes; so does a gentle slope of the ground, which a chain of edges leaves out.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    sigmas : sequence of float
        Of the Gaussians, pixels.
    cells : sequence of int
        Side of the cells at each scale, pixels.
    log10_eps : float
        Largest log10(NFA); infinity keeps the strongest of all cells.

    Returns
    -------
    EdgeChains
        Most meaningful first: chains of two points, 2 sigma apart, the brighter side to their
        left. Their length is what tells the scale. Contrast: that of the smoothed levels 2 sigma
        to either side.

    References
    ----------
    .. [1] A. Desolneux, L. Moisan, J.-M. Morel, "Edge detection by Helmholtz principle", Journal
           of Mathematical Imaging and Vision 14(3), 2001.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.float32)
    >>> image[:, 20:] = 1
    >>> found = edgelets(image, sigmas=(1.0,), cells=(10,))
    >>> len(found), found.points[:, 1].round(2).tolist()
    (4, [19.5, 19.5, 19.5, 19.5, 19.5, 19.5, 19.5, 19.5])
    """
    if len(sigmas) != len(cells):
        raise ValueError(f"expected a cell for each sigma, got {len(cells)} for {len(sigmas)}")
    if not (all(sigma > 0 for sigma in sigmas) and all(cell >= 1 for cell in cells)):
        raise ValueError(f"expected positive sigmas and cells, got {sigmas} and {cells}")
    if min(image.shape) < 3:
        return no_edges()
    noise = measure_noise(image)
    log10_tests = math.log10(image.size * len(sigmas))
    scales = zip(sigmas, cells, strict=True)
    return _sorted([_of_scale(image, noise, s, c, log10_tests, log10_eps) for s, c in scales])


def _of_scale(
    image: NDArray[np.float32],
    noise: Noise,
    sigma: float,
    cell: int,
    log10_tests: float,
    log10_eps: float,
) -> EdgeChains:
    """The edgelets of one scale, in the order of their cells."""
    energy = gradient_energy(noise, (sigma,))
    if energy == 0:
        return no_edges()
    smooth = smoothed(np.ascontiguousarray(image), (sigma,))
    field = gradient(smooth)
    every = maxima(field, math.sqrt(energy) * FLAT)
    best = _strongest(every.pixel, every.norm, *image.shape, cell)
    log10_nfa = log10_tests - minus_log10_tail(every.norm[best] ** 2 / np.float32(energy))
    chosen = best[log10_nfa <= log10_eps]
    points = _ends(every, chosen, sigma)
    offsets = np.arange(0, 2 * len(chosen) + 1, 2)
    difference = side_differences(
        smooth[None],
        points,
        np.arange(len(points)),
        offsets,
        np.arange(len(chosen)),
        REACH * sigma,
    )
    return EdgeChains(
        points=points,
        offsets=offsets,
        closed=np.zeros(len(chosen), np.bool_),
        polarity=np.ones(len(chosen), np.int8),
        contrast=np.clip(np.abs(difference[:, 0]), 0, 1).astype(np.float32),
        log10_nfa=log10_nfa[log10_nfa <= log10_eps].astype(np.float32),
    )


def _ends(every: Maxima, chosen: NDArray[np.int64], sigma: float) -> NDArray[np.float32]:
    """Both ends (2 n, 2) of edgelets at these maxima, the gradient to their left."""
    down, across = every.normal[chosen].T
    along = np.stack([across, -down], axis=1) * np.float32(sigma)
    middle = every.position[chosen]
    return np.stack([middle - along, middle + along], axis=1).reshape(-1, 2)


@njit(cache=True, nogil=True)
def _strongest(
    pixel: NDArray[np.int32], norm: NDArray[np.float32], height: int, width: int, cell: int
) -> NDArray[np.int64]:
    """The strongest of the maxima in each cell that has any, cell by cell."""
    n_across = (width + cell - 1) // cell
    best = np.full((height + cell - 1) // cell * n_across, -1)
    for i in range(len(norm)):
        k = pixel[i, 0] // cell * n_across + pixel[i, 1] // cell
        if best[k] < 0 or norm[i] > norm[best[k]]:
            best[k] = i
    return best[best >= 0]


def _sorted(scales: Sequence[EdgeChains]) -> EdgeChains:
    """The edgelets of all scales, most meaningful first."""
    log10_nfa = np.concatenate([no_edges().log10_nfa, *(s.log10_nfa for s in scales)])
    points = np.concatenate([no_edges().points, *(s.points for s in scales)])
    contrast = np.concatenate([no_edges().contrast, *(s.contrast for s in scales)])
    order = np.argsort(log10_nfa, kind="stable")
    n = len(order)
    return EdgeChains(
        points=points[ranges(2 * order, np.full(n, 2))],
        offsets=np.arange(0, 2 * n + 1, 2),
        closed=np.zeros(n, np.bool_),
        polarity=np.ones(n, np.int8),
        contrast=contrast[order],
        log10_nfa=log10_nfa[order],
    )

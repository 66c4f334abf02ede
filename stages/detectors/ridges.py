"""Ridges: centre lines of bright and dark strokes, from the skeleton of what stands out."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve, distance_transform_edt, gaussian_filter
from scipy.ndimage import label as label_components
from skimage.morphology import skeletonize

from perceptgraph.graphs.primitives import Ridges
from perceptgraph.stages.detectors.nfa import curve_log10_nfa, independent_points
from perceptgraph.stages.detectors.opencv import top_hat
from perceptgraph.stores.arrays import offsets_of

Path = NDArray[np.int64]
ALL_AROUND = np.ones((3, 3), np.int64)


def ridges(
    image: NDArray[np.float32],
    *,
    sigma: float = 1.0,
    max_width: int = 15,
    threshold: float = 0.4,
    min_contrast: float = 0.04,
    min_length: int = 8,
    log10_eps: float = -1.0,
) -> Ridges:
    """Ridges of an image: centre lines of strokes.

    Bright strokes stand out from the opening of the smoothed image by a disc that does not fit
    into them, dark ones from its closing. What stands out by a share of the most that does is a
    stroke; its skeleton is cut where it branches.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    sigma : float
        Of the Gaussian that smooths the image first, in pixels.
    max_width : int
        Diameter of the disc: strokes are narrower, in pixels.
    threshold : float
        Share of the most that anything of the image stands out.
    min_contrast : float
        Least that a stroke stands out, share of full scale.
    min_length : int
        Shortest ridge, in points.
    log10_eps : float
        Largest log10(NFA) of a ridge (`perceptgraph.stages.detectors.nfa.curve_log10_nfa`).

    Returns
    -------
    Ridges
        Most meaningful first; points are pixels in order, a pixel or a diagonal apart. A closed
        ridge begins and ends at neighbouring points.

    Notes
    -----
    The disc does not fit into the corners of strokes that meet either, so that the ground between
    them can give short ridges of the other sign; an eps below 1 leaves most of them out.

    Examples
    --------
    >>> image = np.zeros((40, 40), np.float32)
    >>> image[18:21, 5:35] = 1
    >>> found = ridges(image)
    >>> len(found), found.bright.tolist(), found.points[:, 0].mean().round().item()
    (1, [True], 19.0)
    """
    smooth = gaussian_filter(image, sigma)
    rises = top_hat(smooth, max_width), top_hat(1 - smooth, max_width)
    level = max(threshold * max(float(rise.max()) for rise in rises), min_contrast)
    paths: list[Path] = []
    widths: list[float] = []
    weakest: list[float] = []
    bright: list[bool] = []
    for rise in rises:
        strokes = rise >= level
        # A pixel's own half counts on both sides: the distance runs between pixel centres.
        width = 2 * distance_transform_edt(np.pad(strokes, 1))[1:-1, 1:-1] - 1
        for path in skeleton_paths(skeletonize(strokes), min_length):
            at = tuple(path.T)
            paths.append(path)
            widths.append(float(width[at].mean()))
            weakest.append(float(rise[at].min()))
            bright.append(rise is rises[0])
    n_points = np.array([len(path) for path in paths], np.int64)
    contrast = np.maximum(*rises).ravel()
    n_independent = independent_points(n_points, sigma)
    log10_nfa = curve_log10_nfa(n_independent, np.array(weakest), contrast)
    order = [i for i in np.argsort(log10_nfa, kind="stable") if log10_nfa[i] <= log10_eps]
    return Ridges(
        points=np.concatenate([np.zeros((0, 2)), *(paths[i] for i in order)]).astype(np.float32),
        offsets=offsets_of(n_points[order]),
        width=np.array(widths, np.float32)[order],
        bright=np.array(bright, np.bool_)[order],
        log10_nfa=log10_nfa[order].astype(np.float32),
    )


def skeleton_paths(skeleton: NDArray[np.bool_], min_length: int) -> list[Path]:
    """Ordered pixels (P, 2) of each branch of a skeleton, cut at the pixels where branches meet."""
    n_neighbours = convolve(skeleton.astype(np.int64), ALL_AROUND, mode="constant") - 1
    branches, n_branches = label_components(skeleton & (n_neighbours <= 2), ALL_AROUND)
    pixels = np.argwhere(branches)
    owner = branches[tuple(pixels.T)]
    pixels = pixels[np.argsort(owner, kind="stable")]
    groups = np.split(pixels, np.cumsum(np.bincount(owner, minlength=n_branches + 1)[1:-1]))
    return [_in_order(group) for group in groups if len(group) >= min_length]


def _in_order(pixels: Path) -> Path:
    """Pixels of a branch from one end to the other; a closed one from its first pixel."""
    left = {(int(r), int(c)) for r, c in pixels}

    def neighbours(at: tuple[int, int]) -> list[tuple[int, int]]:
        # The four direct neighbours first, so that a corner is walked and not cut.
        steps = [(0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]
        return [(at[0] + r, at[1] + c) for r, c in steps if (at[0] + r, at[1] + c) in left]

    ends = [at for at in sorted(left) if len(neighbours(at)) <= 1]
    at = ends[0] if ends else min(left)
    path = [at]
    left.remove(at)
    while ahead := neighbours(path[-1]):
        path.append(ahead[0])
        left.remove(ahead[0])
    return np.array(path, np.int64)

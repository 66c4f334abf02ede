"""Line segments: regions of one orientation that noise as correlated as the image's never makes."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import LineSegments, no_lines
from perceptgraph.stages.detectors.collinear import merged
from perceptgraph.stages.detectors.level_lines import FREE, TAKEN, level_line_field
from perceptgraph.stages.detectors.line_fit import fitted
from perceptgraph.stages.detectors.line_support import N_COLUMNS, line_support_boxes
from perceptgraph.stages.detectors.noise import Noise, measure_noise
from perceptgraph.stages.detectors.rectangles import make_test
from perceptgraph.stores.compiled import njit

Boxes = NDArray[np.float64]
SCALES = (1, 2, 4)  # by which the image is reduced
MIN_SIDE = 4  # pixels
CORNER_BLUR = math.sqrt(0.2)
"""Sigma that a difference over 2 x 2 pixels is worth: it gives white noise of 1 a gradient of 1."""
PYRAMID_BLUR = 1.0  # sigma by which an image is smoothed before it is halved, pixels
KERNELS = [np.exp(-0.5 * (np.arange(-2, 4 - n) - (1 - n) / 2) ** 2) for n in range(2)]
KERNELS = [kernel / kernel.sum() for kernel in KERNELS]
"""Of that smoothing, for an even (0) and an odd (1) number of pixels: of an even number those
between the first and the second, the third and the fourth ... are taken, else the first, the third
..., so that an image and its mirror image are halved in the same way."""
NOISE_SHARE = 0.5
LEAST_SMOOTHING, MAX_SMOOTHING = 0.9, 2.0
"""Sigmas, pixels. Less finds more of clean drawn scenes, more finds the same again under noise of
10 grey levels: at 0.75, 0.9 and 1.0 F at half cover is 0.785, 0.774 and 0.767, on noisier scenes
0.726, 0.734 and 0.733, and repeatability 0.718, 0.746 and 0.765."""
COVER = 1.5  # corners to either side of a segment in which the coarse scale looks for nothing


def lines(
    image: NDArray[np.float32],
    *,
    quantisation: float = 2.0,
    angle_tolerance_deg: float = 22.5,
    density: float = 0.7,
    log10_eps: float = 0.0,
    max_gap: float = 20.0,
    max_offset: float = 1.0,
    merge_angle_deg: float = 3.0,
) -> LineSegments:
    r"""Meaningful line segments of an image.

    Crests of the gradient that run the same way are grown into chains, each with its rectangle. A
    rectangle is kept if two numbers of false alarms are at most eps: that of so many aligned
    corners among so many, were orientations independent and uniform [1]_ [2]_; and that of so large
    a sum of gradients across it in Gaussian noise as strong and as correlated as measured in this
    image. The second keeps the promise where noise is blurred and the first breaks it. What the
    scale of the image leaves over is looked for at half and a quarter of it. Collinear segments
    are merged where the merged one has the lower NFA.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    quantisation : float
        Error of a gradient by rounding, in steps of the grey levels; smaller ones, whose
        orientation it could turn beyond the angle tolerance, are left out.
    angle_tolerance_deg : float
        Of a level line to its region.
    density : float
        Crests of a chain, least share of the rows (or columns, the more) that it runs through.
    log10_eps : float
        Largest log10(NFA).
    max_gap, max_offset : float
        Between collinear segments that may become one: along and across, in pixels.
    merge_angle_deg : float
        Largest angle between them.

    Returns
    -------
    LineSegments
        Most meaningful first; the first end is the upper one (the left one of two as high).
        log10(NFA) is the larger of the two. Ends are in pixels of `image`, without shift.

    References
    ----------
    .. [1] A. Desolneux, L. Moisan, J.-M. Morel, "Meaningful alignments",
           International Journal of Computer Vision 40(1), 2000.
    .. [2] R. Grompone von Gioi, J. Jakubowicz, J.-M. Morel, G. Randall, "LSD: a fast line segment
           detector with a false detection control", IEEE TPAMI 32(4), 2010.

    Examples
    --------
    >>> image = np.zeros((64, 64), np.float32)
    >>> image[20:44, 20:44] = 1
    >>> found = lines(image)
    >>> len(found), found.contrast.round(1).tolist()
    (4, [1.0, 1.0, 1.0, 1.0])
    """
    if min(image.shape) < MIN_SIDE:
        return no_lines()
    tolerance = math.radians(angle_tolerance_deg)
    noise = measure_noise(image)
    if noise.step == 0:
        return no_lines()
    least_norm = quantisation * noise.step / math.sin(tolerance)
    level, noise = _calmed(image, noise, NOISE_SHARE * least_norm)
    found = np.zeros((0, N_COLUMNS + 1))
    first = np.zeros(2)  # where the first pixel of the reduced image is
    for scale in SCALES:
        if scale > 1:
            first += scale / 2 * _halved_at(level.shape)
            level, noise = _halved(level, noise)
        if min(level.shape) < MIN_SIDE:
            break
        gradient_std = noise.gradient_std(CORNER_BLUR)
        blur = noise.total_blur(CORNER_BLUR)
        test = make_test(image.shape, len(SCALES), tolerance, gradient_std, blur)
        field, order = level_line_field(level, max(least_norm, gradient_std))
        _take_covered(field, _in_corners(found, scale, first), COVER)
        boxes = line_support_boxes(field, order, test, density, log10_eps)
        reach = max_gap / scale, max_offset / scale, math.cos(math.radians(merge_angle_deg))
        boxes = merged(field, test, boxes, *reach)
        boxes = fitted(field, boxes, math.cos(tolerance))
        found = np.concatenate([found, _in_pixels(boxes, scale, first)])
    return _contract(found, image.shape)


def _calmed(
    image: NDArray[np.float32], noise: Noise, most: float
) -> tuple[NDArray[np.float32], Noise]:
    """The image smoothed so far that the gradient of its noise is below `most`, and its noise."""
    squared_blur = noise.density / (math.sqrt(8 * math.pi) * most)
    needed = squared_blur - noise.total_blur(CORNER_BLUR) ** 2
    sigma = min(max(math.sqrt(max(needed, 0.0)), LEAST_SMOOTHING), MAX_SMOOTHING)
    smooth: Any = cv2.GaussianBlur(image, (0, 0), sigma)
    return smooth, Noise(noise.density, noise.total_blur(sigma), noise.step)


def _halved(image: NDArray[np.float32], noise: Noise) -> tuple[NDArray[np.float32], Noise]:
    """The smoothed image at every second place of rows and columns; and its noise."""
    across, down = (KERNELS[n % 2] for n in image.shape[::-1])
    smooth: Any = cv2.sepFilter2D(image, -1, across, down, anchor=(2, 2))
    half = np.ascontiguousarray(smooth[::2, ::2])
    return half, Noise(noise.density / 2, noise.total_blur(PYRAMID_BLUR) / 2, noise.step)


def _halved_at(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Where the first pixel of the halved image is: the last is as far from the other end."""
    return np.where(np.array(shape) % 2 == 0, 0.5, 0.0)


def _in_pixels(boxes: Boxes, scale: int, first: NDArray[np.float64]) -> Boxes:
    """Boxes in pixels of the image: corner x of a reduced one is `first` + (x + 1/2) scale."""
    ends = scale * (boxes[:, :4] + 0.5) + np.tile(first, 2)
    return np.column_stack([ends, scale * boxes[:, 4], boxes[:, 5:]])


def _in_corners(boxes: Boxes, scale: int, first: NDArray[np.float64]) -> Boxes:
    return np.column_stack([(boxes[:, :4] - np.tile(first, 2)) / scale - 0.5, boxes[:, 4:]])


@njit(cache=True, nogil=True)  # fmt: skip
def _take_covered(field: Any, boxes: Any, reach: float) -> None:
    """Mark the corners within `reach` of segments as taken."""
    rows, columns = field.state.shape
    for i in range(len(boxes)):
        down, right = boxes[i, 2] - boxes[i, 0], boxes[i, 3] - boxes[i, 1]
        n_steps = int(max(abs(down), abs(right))) + 1
        for step in range(n_steps + 1):
            row = boxes[i, 0] + down * step / n_steps
            column = boxes[i, 1] + right * step / n_steps
            for r in range(max(int(row - reach + 1), 0), min(int(row + reach), rows - 1) + 1):
                for c in range(
                    max(int(column - reach + 1), 0), min(int(column + reach), columns - 1) + 1
                ):
                    if field.state[r, c] == FREE:
                        field.state[r, c] = TAKEN


def _in_image(ends: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Segments (N, 2, 2) that end at the rim of the outermost pixels if they ran beyond it."""
    along = ends[:, ::-1] - ends
    rim = np.clip(ends, -0.5, np.array(shape) - 0.5)
    steps = np.where(along == 0, 0.0, (rim - ends) / np.where(along == 0, 1.0, along))
    return np.asarray(ends + np.clip(steps.max(axis=2, keepdims=True), 0.0, 1.0) * along)


def _contract(boxes: Boxes, shape: tuple[int, ...]) -> LineSegments:
    """The segments, most meaningful first, each from its upper end (of two as high, the left)."""
    boxes = boxes[np.argsort(boxes[:, 5], kind="stable")]
    ends = _in_image(boxes[:, :4].reshape(-1, 2, 2), shape).astype(np.float32)
    (down, right) = (ends[:, 1] - ends[:, 0]).T
    swapped = (down < 0) | ((down == 0) & (right < 0))
    return LineSegments(
        endpoints=np.where(swapped[:, None, None], ends[:, ::-1], ends),
        width=boxes[:, 4].astype(np.float32),
        polarity=np.where(swapped, -1, 1).astype(np.int8),
        contrast=np.clip(boxes[:, 6], 0, 1).astype(np.float32),
        log10_nfa=boxes[:, 5].astype(np.float32),
    )

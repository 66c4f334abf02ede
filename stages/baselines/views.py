"""What a pixel model sees of a grey square: itself, set upright, or black and white."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

SPREAD = 0.2
"""Root mean square distance from the middle along the rows, as a share of the side, after
`deskewed`: the height of the digits of MNIST, which were made to fit a box."""
LEVEL = 0.5
"""Share of the range between the darkest and the brightest pixel that is the threshold."""
MOST_ZOOM = 2.0
"""Largest factor by which `deskewed` enlarges; its inverse is the smallest."""


def raw(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """The square as it is."""
    return square


def deskewed(square: NDArray[np.float32]) -> NDArray[np.float32]:
    r"""What is bright on dark, upright, in the middle and of one height: moments normalised.

    With the brightness above the darkest pixel as mass, the centre of mass goes to the middle of
    the square; the rows are sheared by :math:`-\mu_{rc} / \mu_{rr}`, so that rows and columns no
    longer vary together; and the picture is scaled in both directions alike, so that
    :math:`\sqrt{\mu_{rr}}` is SPREAD of the side. A picture without contrast stays as it is.

    Parameters
    ----------
    square : (S, S) float32
        Grey levels.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
           recognition", Proceedings of the IEEE 86(11), 1998, section III (deslanting).
    """
    side = len(square)
    mass = (square - square.min()).astype(np.float64)
    total = mass.sum()
    if total <= 0:
        return square
    place = np.arange(side)
    row, column = (mass.sum(1) @ place / total), (mass.sum(0) @ place / total)
    rows, columns = place - row, place - column
    along = mass.sum(1) @ rows**2 / total
    mixed = rows @ mass @ columns / total
    if along <= 0:
        return square
    slant = mixed / along
    zoom = float(np.clip(SPREAD * side / np.sqrt(along), 1 / MOST_ZOOM, MOST_ZOOM))
    # Where each pixel of the new picture is found in the old one, as OpenCV has it: (column, row).
    middle = (side - 1) / 2
    found = np.array([[1 / zoom, slant / zoom], [0, 1 / zoom]])
    shift = np.array([column, row]) - found @ [middle, middle]
    moved = cv2.warpAffine(
        square,
        np.column_stack([found, shift]),
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.float32)


def thresholded(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 where the square is brighter than half way between its darkest and brightest, else 0."""
    low, high = square.min(), square.max()
    return (square > low + LEVEL * (high - low)).astype(np.float32)


VIEWS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "raw": raw,
    "deskewed": deskewed,
    "thresholded": thresholded,
}
"""Name to view: (S, S) float32 in [0, 1] to the same."""


def check_view(name: str) -> None:
    """Raise ValueError unless this is a name of VIEWS."""
    if name not in VIEWS:
        raise ValueError(f"view: expected one of {', '.join(VIEWS)}, got {name!r}")

"""What a pixel model sees of a grey square: itself, set upright, or black and white."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 0.2, 0.15
"""Root mean square distances from the middle along rows and columns, as shares of the side, after
`deskewed`: a digit then fits its square with room to spare."""
LEVEL = 0.5
"""Share of the range between the darkest and the brightest pixel that is the threshold; of full
scale for `binary`."""
MOST_ZOOM = 2.5
"""Largest factor by which `deskewed` enlarges; its inverse is the smallest. A 1 stays thin."""


def raw(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """The square as it is."""
    return square


def deskewed(square: NDArray[np.float32]) -> NDArray[np.float32]:
    r"""What is bright on dark, upright, in the middle and of one size: moments normalised.

    With the brightness above the darkest pixel as mass, the centre of mass goes to the middle of
    the square; the rows are sheared by :math:`-\mu_{rc} / \mu_{rr}`, so that rows and columns no
    longer vary together; and rows and columns are scaled, so that their deviations
    :math:`\sqrt{\mu_{rr}}` and :math:`\sqrt{\mu_{cc}}` are HEIGHT and WIDTH of the side, as far as
    MOST_ZOOM allows. A picture without contrast stays as it is.

    Parameters
    ----------
    square : (S, S) float32
        Grey levels.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
           recognition", Proceedings of the IEEE 86(11), 1998, section III (deslanting).
    """
    moved = cv2.warpAffine(
        square,
        uprighting(square),
        (len(square), len(square)),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.float32)


def uprighting(square: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where `deskewed` finds each pixel of the new picture in the old one: a map (2, 3).

    It takes (column, row, 1) to (column, row); the identity where there is no contrast.
    """
    side = len(square)
    mass = (square - square.min()).astype(np.float64)
    total = mass.sum()
    if total <= 0:
        return np.eye(2, 3)
    place = np.arange(side)
    row, column = (mass.sum(1) @ place / total), (mass.sum(0) @ place / total)
    rows, columns = place - row, place - column
    along = mass.sum(1) @ rows**2 / total
    slant = rows @ mass @ columns / total / along if along > 0 else 0.0
    across = mass.sum(0) @ columns**2 / total - slant**2 * along
    height, width = _zoom(HEIGHT * side, along), _zoom(WIDTH * side, across)
    middle = (side - 1) / 2
    found = np.array([[1 / width, slant / height], [0, 1 / height]])
    shift = np.array([column, row]) - found @ [middle, middle]
    return np.column_stack([found, shift])


def _zoom(wanted: float, variance: float) -> float:
    """The factor from the deviation that there is to the one wanted, as far as MOST_ZOOM allows."""
    return float(np.clip(wanted / max(variance, 1e-6) ** 0.5, 1 / MOST_ZOOM, MOST_ZOOM))


def thresholded(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 where the square is brighter than half way between its darkest and brightest, else 0."""
    low, high = square.min(), square.max()
    return (square > low + LEVEL * (high - low)).astype(np.float32)


def binary(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 where the square is brighter than half of full scale, whatever else is in it, else 0."""
    return (square > LEVEL).astype(np.float32)


VIEWS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "raw": raw,
    "deskewed": deskewed,
    "thresholded": thresholded,
    "binary": binary,
}
"""Name to view: (S, S) float32 in [0, 1] to the same."""


def check_view(name: str) -> None:
    """Raise ValueError unless this is a name of VIEWS."""
    if name not in VIEWS:
        raise ValueError(f"view: expected one of {', '.join(VIEWS)}, got {name!r}")

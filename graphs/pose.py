"""Relative pose: where the target of an edge lies, seen in the frame of its source.

A rigid motion of the picture leaves it as it is; a change of scale multiplies u and v alone and
adds to the log distance. It follows from two frames, so that no store keeps it.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

POSE: dict[str, tuple[str, str]] = {
    "u": ("pixels", "from the source to the target, along the source's direction"),
    "v": ("pixels", "the same to the source's left"),
    "cos": ("cosine", "of the turn from the source's direction to the target's"),
    "sin": ("sine", "of that turn; positive to the left"),
    "log_distance": ("log of pixels", "from the source to the target"),
}
"""Columns of a relative pose: name to unit and meaning."""

CLOSEST = 0.1  # pixels, about what a position is good for; nearer nodes are taken as this far apart


def poses_between(
    position: NDArray[np.float32],
    direction: NDArray[np.float32],
    source: NDArray[np.integer[Any]],
    target: NDArray[np.integer[Any]],
) -> NDArray[np.float32]:
    r"""Relative poses of the targets in the frames of the sources.

    .. math::

        u = \langle p_t - p_s, d_s \rangle, \quad v = \langle p_t - p_s, l_s \rangle, \quad
        \cos = \langle d_t, d_s \rangle, \quad \sin = \langle d_t, l_s \rangle, \quad
        \log \max(|p_t - p_s|, 0.1)

    with positions p, directions d and unit normals l to the left of them.

    Parameters
    ----------
    position : (N, 2) float32
        (row, column), in pixels.
    direction : (N, 2) float32
        (sin theta, cos theta).
    source, target : (E,) integer
        Nodes, from 0 to N - 1.

    Returns
    -------
    (E, 5) float32
        The columns that POSE names.

    Examples
    --------
    >>> position = np.array([[0, 0], [-2, 0]], np.float32)
    >>> east, south = [0, 1], [1, 0]
    >>> direction = np.array([east, south], np.float32)
    >>> poses_between(position, direction, np.array([0]), np.array([1]))[0, :4].tolist()
    [0.0, 2.0, 0.0, -1.0]
    """
    poses = np.empty((len(source), len(POSE)), np.float32)
    _fill(position, direction, source, target, poses)
    return poses


@njit(cache=True, nogil=True)
def _fill(position, direction, source, target, poses):  # type: ignore[no-untyped-def]
    least = np.float32(CLOSEST * CLOSEST)
    for e in range(len(source)):
        s, t = source[e], target[e]
        row = position[t, 0] - position[s, 0]
        column = position[t, 1] - position[s, 1]
        sine, cosine = direction[s, 0], direction[s, 1]
        poses[e, 0] = row * sine + column * cosine
        poses[e, 1] = column * sine - row * cosine
        poses[e, 2] = direction[t, 0] * sine + direction[t, 1] * cosine
        poses[e, 3] = direction[t, 1] * sine - direction[t, 0] * cosine
        poses[e, 4] = np.float32(0.5) * math.log(max(row * row + column * column, least))

"""The Square attack in the Euclidean norm.

Written from the paper: version 1.20 of the toolbox that `square` uses divides by the norm which the
paper multiplies with (algorithm 3, line 12), and so leaves most of the budget unused.
"""

import math

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.attacks.search import Standing
from perceptgraph.stages.attacks.victim import Attacked, Images, Victim

FIRST_SHARE = 0.1
"""Share of the picture that the first windows cover, as in the paper."""
HALVED_AFTER = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Queries, of ten thousand, after which windows have half the area."""
TILES = 5
"""Along a side, of the first change."""
SMALLEST = 3
"""Side of a window, pixels."""

Floats = NDArray[np.float64]


def window_side(query: int, queries: int, pixels: int) -> int:
    """Side of the windows at this query, of all queries that there are; odd.

    Examples
    --------
    >>> [window_side(query, 5000, 28 * 28) for query in (1, 20, 200, 4999)]
    [9, 7, 3, 3]
    """
    part = query / queries * 10_000
    share = FIRST_SHARE / 2 ** sum(part > after for after in HALVED_AFTER)
    return max(round(math.sqrt(share * pixels)), SMALLEST) // 2 * 2 + 1


def hills(height: int, width: int) -> Floats:
    """A hill beside a valley, (height, width), of norm 1: each in one half of the rows.

    Their level at Chebyshev distance d from the middle is the sum of 1 / (k + 1)^2 for k from d on.
    """
    found = np.zeros((height, width))
    half = height // 2
    for rows, sign in ((slice(0, half), 1.0), (slice(half, height), -1.0)):
        n = rows.stop - rows.start
        row, column = np.arange(n)[:, None] - n // 2, np.arange(width) - width // 2
        far = np.maximum(np.abs(row), np.abs(column))
        steps = 1 / np.arange(1, max(n, width) // 2 + 2) ** 2
        found[rows] = sign * steps[::-1].cumsum()[::-1][far]
    return found / np.linalg.norm(found)


def square_l2(
    victim: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    eps: float,
    queries: int,
) -> Attacked:
    """Square attack [1]_ in the Euclidean norm: hills and valleys that move about the picture.

    At each query two windows are drawn; what the second has of the change goes to the first, where
    a hill beside a valley is added to what is there.

    Parameters
    ----------
    eps : float
        Norm of the change of an image, in shares of full scale, at most.
    queries : int
        Times that the victim is asked about an image, at most.

    References
    ----------
    .. [1] M. Andriushchenko, F. Croce, N. Flammarion, M. Hein, "Square attack: a query-efficient
           black-box adversarial attack via random search", ECCV 2020, algorithm 3.
    """
    standing = Standing(victim, images, labels)
    height, width = images.shape[1:]
    for query in range(1, queries):
        which = standing.which
        if not len(which):
            break
        clean = images[which].astype(np.float64)
        if query == 1:
            change = _tiled(len(which), height, width, rng)
        else:
            side = window_side(query, queries, height * width)
            change = standing.images[which] - clean
            change = _moved(change, min(side, height, width), eps, rng)
        norm = np.linalg.norm(change, axis=(1, 2), keepdims=True)
        tried = np.clip(clean + eps * change / np.maximum(norm, 1e-12), 0, 1)
        standing.try_out(which, tried.astype(np.float32))
    return standing.outcome()


def _tiled(n: int, height: int, width: int, rng: np.random.Generator) -> Floats:
    """A first change (n, height, width): hills of random sign on a grid of tiles."""
    tile = max(min(height, width) // TILES, 2)
    change = np.zeros((n, height, width))
    for row in range(0, height - tile + 1, tile):
        for column in range(0, width - tile + 1, tile):
            change[:, row : row + tile, column : column + tile] = _signed(n, tile, rng)
    return change


def _signed(n: int, side: int, rng: np.random.Generator) -> Floats:
    """Hills (n, side, side) of random sign, with rows and columns exchanged at random."""
    hill = hills(side, side)
    turned = np.where(rng.random((n, 1, 1)) < 0.5, hill, hill.T)
    return np.asarray(turned * rng.choice([-1.0, 1.0], (n, 1, 1)))


def _moved(change: Floats, side: int, eps: float, rng: np.random.Generator) -> Floats:
    """Changes (N, H, W) of which a window has got what another one had, and hills besides."""
    n, height, width = change.shape
    first, second = (_windows(n, height, width, side, rng) for _ in range(2))
    left = np.maximum(eps**2 - (change**2).sum((1, 2)), 0)
    there = change[first]
    norm = np.sqrt((there**2).sum((1, 2), keepdims=True))
    wanted = _signed(n, side, rng) + there / np.maximum(norm, 1e-10)
    rest = change.copy()
    rest[first] = 0
    rest[second] = 0
    taken = (change**2).sum((1, 2)) - (rest**2).sum((1, 2))
    size = np.sqrt((wanted**2).sum((1, 2), keepdims=True))
    rest[first] = wanted / np.maximum(size, 1e-10) * np.sqrt(taken + left)[:, None, None]
    return rest


def _windows(
    n: int, height: int, width: int, side: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Indices (image, row, column) of a random window of each of n images."""
    row = rng.integers(0, height - side + 1, (n, 1, 1)) + np.arange(side)[:, None]
    column = rng.integers(0, width - side + 1, (n, 1, 1)) + np.arange(side)
    return np.arange(n)[:, None, None], row, column

"""The sparse attack: a few pixels become black or white."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.attacks.search import Standing
from perceptgraph.stages.attacks.victim import Attacked, Images, Victim

SHARES = ((50, 2), (200, 4), (500, 5), (1000, 6), (2000, 8), (4000, 10), (6000, 12), (8000, 15))
"""Up to that query of ten thousand the share of pixels that move is that much smaller ..."""
LAST_SHARE = 20
"""... and after all of them."""
FIRST_SHARE = 0.3
"""Share of the pixels that would move at first, before SHARES."""


def n_moved(query: int, queries: int, pixels: int) -> int:
    """How many of the pixels move at this query, of all queries that there are; at least one.

    Examples
    --------
    >>> [n_moved(query, 5000, pixels=40) for query in (1, 100, 1000, 4999)]
    [6, 3, 1, 1]
    """
    part = query / queries * 10_000
    divisor = next((smaller for until, smaller in SHARES if part <= until), LAST_SHARE)
    return max(int(FIRST_SHARE * pixels / divisor), 1)


def sparse(
    victim: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    pixels: int,
    queries: int,
) -> Attacked:
    """Sparse random search [1]_: at most this many pixels change, by as much as they can.

    Each image has a set of pixels that are black or white at random. At each query some of them go
    to other places and get new levels, fewer and fewer (`n_moved`), and the change stays if the
    label's margin falls.

    Parameters
    ----------
    pixels : int
        That are changed in an image, at most: the budget in the count norm.
    queries : int
        Times that the victim is asked about an image, at most.

    Raises
    ------
    ValueError
        All pixels of an image, or none.

    References
    ----------
    .. [1] F. Croce, M. Andriushchenko, N. D. Singh, N. Flammarion, M. Hein, "Sparse-RS: a versatile
           framework for query-efficient sparse black-box adversarial attacks", AAAI 2022,
           algorithm 2 and appendix.
    """
    n, size = len(images), images[0].size if len(images) else 0
    if n and not 0 < pixels < size:
        raise ValueError(f"pixels: expected 1 to {size - 1} of an image, got {pixels}")
    standing = Standing(victim, images, labels)
    # Places of all pixels in a random order, of which the first ones are changed.
    places = rng.permuted(np.tile(np.arange(size), (n, 1)), axis=1)
    levels = rng.integers(0, 2, (n, pixels)).astype(np.float32)
    for query in range(1, queries):
        which = standing.which
        if not len(which):
            break
        place, level = places[which], levels[which]
        if query > 1:
            _move(place, level, min(n_moved(query, queries, pixels), size - pixels), rng)
        better = standing.try_out(which, _painted(images[which], place, level))
        places[which[better]], levels[which[better]] = place[better], level[better]
    return standing.outcome()


def _move(
    place: NDArray[np.int64], level: NDArray[np.float32], count: int, rng: np.random.Generator
) -> None:
    """Change places (N, P) and levels (N, K): `count` of the first K pixels go elsewhere."""
    n, pixels = level.shape
    gone = rng.random(level.shape).argpartition(count - 1, axis=1)[:, :count]
    others = rng.random((n, place.shape[1] - pixels)).argpartition(count - 1, axis=1)[:, :count]
    rows = np.arange(n)[:, None]
    come = pixels + others
    place[rows, gone], place[rows, come] = place[rows, come], place[rows, gone]
    level[rows, gone] = rng.integers(0, 2, gone.shape)


def _painted(images: Images, place: NDArray[np.int64], level: NDArray[np.float32]) -> Images:
    """The images with these levels (N, K) at the first K of the places (N, P)."""
    painted = images.reshape(len(images), -1).copy()
    painted[np.arange(len(images))[:, None], place[:, : level.shape[1]]] = level
    return painted.reshape(images.shape)

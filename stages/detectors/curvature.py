"""Curvature along edge chains."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import EdgeChains


def curvature(chains: EdgeChains, *, reach: int = 5) -> NDArray[np.float64]:
    """Signed curvature (P,) at each point of edge chains, 1 / pixels.

    That of the circle through the point and those `reach` points before and behind it: positive
    where the chain turns from the +column axis towards +row, NaN within `reach` points of an end.

    Parameters
    ----------
    chains : EdgeChains
    reach : int
        Points; the error of the points' places is divided by its square.

    References
    ----------
    .. [1] K. Menger, "Untersuchungen über allgemeine Metrik, Vierte Untersuchung: Zur Metrik der
           Kurven", Mathematische Annalen 103, 1930.
    """
    points = chains.points.astype(np.float64)
    counts = np.diff(chains.offsets)
    begin, count = np.repeat(chains.offsets[:-1], counts), np.repeat(counts, counts)
    is_closed = np.repeat(chains.closed, counts)
    place = np.arange(len(points)) - begin
    before, behind = place - reach, place + reach
    has_both = (count > 2 * reach) & (is_closed | ((before >= 0) & (behind < count)))
    values = np.full(len(points), np.nan)
    some = np.flatnonzero(has_both)
    a = points[begin[some] + before[some] % count[some]]
    b = points[some]
    c = points[begin[some] + behind[some] % count[some]]
    down, across = (b - a).T
    down2, across2 = (c - b).T
    sides = np.hypot(down, across) * np.hypot(down2, across2) * np.hypot(*(c - a).T)
    values[some] = 2 * (across * down2 - down * across2) / np.maximum(sides, 1e-12)
    return values

"""The k closest partners of each node, kept while pairs are looked at one after the other."""

from typing import NamedTuple

import numpy as np

from perceptgraph.graphs.edges import Edges, Floats, Nodes, closest_first
from perceptgraph.stores.compiled import njit


class Closest(NamedTuple):
    """R rows of up to k partners, the closest first; of equally close ones the first node."""

    closeness: Floats
    """(R, k): infinite where there is none yet."""
    partner: Nodes
    """(R, k): -1 where there is none yet."""


def nobody(n_rows: int, k: int) -> Closest:
    """Rows without partners; ValueError unless k is positive."""
    if k < 1:
        raise ValueError(f"k must be positive, got {k}")
    return Closest(np.full((n_rows, k), np.inf), np.full((n_rows, k), -1, np.int32))


@njit(cache=True, nogil=True)
def worst(closest: Closest, row: int) -> float:
    """Closeness that a further partner of this row must not exceed to be taken."""
    return closest.closeness[row, -1]


@njit(cache=True, nogil=True)
def offer(closest: Closest, row: int, partner: int, closeness: float) -> None:
    """Take the partner into its place of the row, if it is among the k closest so far."""
    values, partners = closest
    k = values.shape[1]
    place = k
    while place > 0 and (
        closeness < values[row, place - 1]
        or (closeness == values[row, place - 1] and partner < partners[row, place - 1])
    ):
        place -= 1
    for later in range(k - 1, place, -1):
        values[row, later] = values[row, later - 1]
        partners[row, later] = partners[row, later - 1]
    if place < k:
        values[row, place], partners[row, place] = closeness, partner


def one_way(closest: Closest, n_nodes: int) -> Edges:
    """Edges from each node to its partners; a node may have several rows, one after the other."""
    source, target, closeness = _listed(closest, n_nodes)
    return closest_first(source, target, closeness, n_nodes)


def both_ways(closest: Closest, n_nodes: int) -> Edges:
    """Edges between each node and its partners in both directions."""
    source, target, closeness = _listed(closest, n_nodes)
    return closest_first(
        np.concatenate([source, target]),
        np.concatenate([target, source]),
        np.concatenate([closeness, closeness]),
        n_nodes,
    )


def _listed(closest: Closest, n_nodes: int) -> tuple[Nodes, Nodes, Floats]:
    """Node, partner and closeness of all rows."""
    taken = closest.partner >= 0
    rows_of_a_node = max(len(taken) // max(n_nodes, 1), 1)
    node = np.arange(len(taken), dtype=np.int32) // np.int32(rows_of_a_node)
    source = np.repeat(node, taken.sum(axis=1))
    return source, closest.partner[taken], closest.closeness[taken]

"""The k closest partners of each node, kept while pairs are looked at one after the other."""

from typing import NamedTuple

import numpy as np

from perceptgraph.graphs.approach import Pieces, closeness_of
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
def offer(values: Floats, partners: Nodes, row: int, partner: int, closeness: float) -> None:
    """Take the partner into its place of the row of a Closest, if it is among the k closest."""
    place = values.shape[1] - 1
    if closeness > values[row, place]:
        return
    if closeness == values[row, place] and partner > partners[row, place] >= 0:
        return
    while place > 0 and (
        closeness < values[row, place - 1]
        or (closeness == values[row, place - 1] and partner < partners[row, place - 1])
    ):
        values[row, place] = values[row, place - 1]
        partners[row, place] = partners[row, place - 1]
        place -= 1
    values[row, place] = closeness
    partners[row, place] = partner


def one_way(closest: Closest, n_nodes: int) -> Edges:
    """Edges from each node to its partners; a node may have several rows, one after the other."""
    source, target = _listed(closest, n_nodes)
    return closest_first(source, target, closest.closeness[closest.partner >= 0], n_nodes)


def both_ways(closest: Closest, p: Pieces) -> Edges:
    """Edges between each node of `p` and its partners in both directions."""
    ends = _listed(closest, len(p.row))
    source, target = np.concatenate(ends), np.concatenate(ends[::-1])
    return closest_first(source, target, closeness_of(p, source, target), len(p.row))


def _listed(closest: Closest, n_nodes: int) -> tuple[Nodes, Nodes]:
    """Node and partner of all rows."""
    taken = closest.partner >= 0
    rows_of_a_node = max(len(taken) // max(n_nodes, 1), 1)
    node = np.arange(len(taken), dtype=np.int32) // np.int32(rows_of_a_node)
    return np.repeat(node, taken.sum(axis=1)), closest.partner[taken]

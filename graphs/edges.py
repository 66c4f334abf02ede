"""Edges: what one relation finds between the nodes of one image, or of several at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import check_array
from perceptgraph.stores.compiled import njit

Nodes = NDArray[np.int32]
Floats = NDArray[np.float64]

LAST_RANK = 255  # of a byte; edges that are further down share it


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """What one relation found: E directed edges."""

    source: Nodes
    """(E,): node that the edge leaves; in order of source, then target."""
    target: Nodes
    """(E,): node that the edge enters, another one; each pair is there once."""
    rank: NDArray[np.uint8]
    """(E,): slot of the edge among those of its source, 0 the closest or first; at most 255."""

    def __post_init__(self) -> None:
        n = len(self.source)
        check_array("source", self.source, (n,), np.int32)
        check_array("target", self.target, (n,), np.int32)
        check_array("rank", self.rank, (n,), np.uint8)

    def __len__(self) -> int:
        return len(self.source)

    @property
    def pairs(self) -> Nodes:
        """(E, 2): source, target."""
        return np.stack([self.source, self.target], axis=1)


def check_reach(reach: float) -> None:
    """ValueError unless it is a number of 0 or more; infinity is one."""
    if not reach >= 0:
        raise ValueError(f"reach must be 0 or more, got {reach}")


def edges_of(source: Nodes, target: Nodes, rank: NDArray[Any], n_nodes: int) -> Edges:
    """Edges between these nodes, in any order; of several between the same two, the first.

    Examples
    --------
    >>> zero = np.zeros(3, np.uint8)
    >>> found = edges_of(np.array([1, 0, 1], np.int32), np.array([0, 1, 0], np.int32), zero, 2)
    >>> found.pairs.tolist()
    [[0, 1], [1, 0]]
    """
    order = _order(source, target, n_nodes)
    return Edges(source[order], target[order], rank[order].astype(np.uint8))


def closest_first(source: Nodes, target: Nodes, closeness: Floats, n_nodes: int) -> Edges:
    """Edges whose rank is their place among those of their source: smallest closeness first.

    Equal ones are in order of target. `closeness`: (E,), the same for equal pairs.
    """
    order = _order(source, target, n_nodes)
    source, target = source[order], target[order]
    return Edges(source, target, _ranks(source, closeness[order]))


@njit(cache=True, nogil=True)
def _order(source: Nodes, target: Nodes, n_nodes: int) -> NDArray[np.int64]:
    """The edges in order of source, then target; of equal ones the first alone.

    Counting sort, by target and then by source: time is in proportion to edges and nodes.
    """
    by_source = _sorted(source, _sorted(target, np.arange(len(target)), n_nodes), n_nodes)
    n_kept = 0
    for place in range(len(by_source)):
        e, last = by_source[place], by_source[n_kept - 1]
        if n_kept == 0 or source[e] != source[last] or target[e] != target[last]:
            by_source[n_kept] = e
            n_kept += 1
    return by_source[:n_kept].copy()


@njit(cache=True, nogil=True)
def _sorted(node: Nodes, order: NDArray[np.int64], n_nodes: int) -> NDArray[np.int64]:
    """The edges of `order` by their nodes; those of one node stay in order."""
    begin = np.zeros(n_nodes + 1, np.int64)
    for i in node:
        begin[i + 1] += 1
    begin = np.cumsum(begin)
    result = np.empty(len(order), np.int64)
    for place in range(len(order)):
        i = node[order[place]]
        result[begin[i]] = order[place]
        begin[i] += 1
    return result


@njit(cache=True, nogil=True)
def _ranks(source: Nodes, closeness: Floats) -> NDArray[np.uint8]:
    """Edges of the same source, sorted by target, with a smaller closeness or as small before."""
    rank = np.zeros(len(source), np.uint8)
    first = 0
    while first < len(source):
        end = first
        while end < len(source) and source[end] == source[first]:
            end += 1
        for e in range(first, end):
            before = 0
            for f in range(first, end):
                if closeness[f] < closeness[e] or (closeness[f] == closeness[e] and f < e):
                    before += 1
            rank[e] = min(before, LAST_RANK)
        first = end
    return rank

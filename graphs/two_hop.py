"""Neighbourhoods of a graph, or of a batch of graphs side by side, as lists of ordered pairs.

N1 holds the neighbours of a node, N2 the nodes at a distance of *exactly* two hops [1]_. Graphs of
a batch have no edge in common, so neither neighbourhood ever joins two of them.

References
----------
.. [1] J. Zhu et al., "Beyond homophily in graph neural networks: current limitations and effective
       designs", NeurIPS 2020.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from perceptgraph.stores.arrays import distinct

Pairs = NDArray[np.int64]
"""(2, P): source and target."""


def adjacency_pairs(edge_index: Pairs, n_nodes: int) -> Pairs:
    """N1: the ordered pairs (2, P) of different nodes that edges of any type (2, E) join.

    Each pair is there once and in both directions, in order of source, then target.

    Examples
    --------
    >>> adjacency_pairs(np.array([[0, 0, 1, 2], [1, 1, 0, 2]]), 3).tolist()
    [[0, 1], [1, 0]]
    """
    source, target = np.asarray(edge_index, np.int64)
    different = source != target
    source, target = source[different], target[different]
    keys = distinct(np.concatenate([source * n_nodes + target, target * n_nodes + source]))
    return np.stack([keys // max(n_nodes, 1), keys % max(n_nodes, 1)])


def two_hop_pairs(pairs: Pairs, n_nodes: int) -> Pairs:
    r"""N2: the ordered pairs (2, P2) of nodes that are exactly two hops apart.

    .. math:: N_2 = \{(i, j) : (A^2)_{ij} > 0,\ A_{ij} = 0,\ i \ne j\}

    Parameters
    ----------
    pairs : (2, P) int64
        As `adjacency_pairs` gives them: both directions, no self-loop, sorted.
    n_nodes : int
        Nodes of the graph, isolated ones included.

    Returns
    -------
    (2, P2) int64
        Both directions, in order of source, then target.

    Examples
    --------
    >>> path = adjacency_pairs(np.array([[0, 1], [1, 2]]), 3)
    >>> two_hop_pairs(path, 3).tolist()
    [[0, 2], [2, 0]]
    """
    if pairs.shape[1] == 0:
        return np.zeros((2, 0), np.int64)
    source, target = pairs
    starts = np.searchsorted(source, np.arange(n_nodes + 1))
    # Booleans, so that no count of common neighbours can overflow or cancel.
    adjacency = csr_array((np.ones(len(source), bool), target, starts), shape=(n_nodes, n_nodes))
    reached = (adjacency @ adjacency).tocoo()
    near = source * n_nodes + target
    keys = np.sort(reached.row.astype(np.int64) * n_nodes + reached.col)
    place = np.minimum(np.searchsorted(near, keys), len(near) - 1)
    keys = keys[(near[place] != keys) & (keys // n_nodes != keys % n_nodes)]
    return np.stack([keys // n_nodes, keys % n_nodes])

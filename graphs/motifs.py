r"""Motif adjacencies of a graph, or of a batch of graphs side by side.

.. math:: W_M[i, j] = \text{number of instances of } M \text{ that contain both } i \text{ and } j

Edges have neither type nor direction here [1]_. An instance is *induced*: a set of three or four
nodes with all the edges between them, so that no set is an instance of two motifs. `not_induced`
gives the counts of those who ask for the edges of a motif and do not mind further ones. Two nodes
of an instance are at most two hops apart, therefore :math:`W_M` lives on N1 and N2, and graphs of
a batch never meet.

References
----------
.. [1] A. R. Benson, D. F. Gleich, J. Leskovec, "Higher-order organization of complex networks",
       Science 353(6295), 2016.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from perceptgraph.graphs.two_hop import Pairs
from perceptgraph.stores.arrays import check_array, distinct
from perceptgraph.stores.compiled import njit

Counts = NDArray[np.int64]

MOTIFS: dict[str, tuple[int, str]] = {
    "triangle": (3, "three nodes joined to each other"),
    "open_wedge": (3, "two nodes joined to a third, its centre, and not to each other"),
    "closed_wedge": (3, "a wedge whose ends are joined, one for each centre: three in a triangle"),
    "four_cycle": (4, "four nodes around a cycle, no chord"),
    "diamond": (4, "four nodes around a cycle, one chord"),
    "four_clique": (4, "four nodes joined to each other"),
}
"""Motif to its number of nodes and its meaning, in the order of columns."""


@dataclass(frozen=True, slots=True, eq=False)
class MotifAdjacency:
    """The adjacencies of all MOTIFS, on the P ordered pairs of nodes one or two hops apart."""

    n_nodes: int
    pairs: Pairs
    """(2, P): both directions, in order of source, then target."""
    weight: Counts
    """(P, M): instances of each of MOTIFS that contain both nodes; 0 is usual."""

    def __post_init__(self) -> None:
        check_array("pairs", self.pairs, (2, None), np.int64)
        check_array("weight", self.weight, (self.pairs.shape[1], len(MOTIFS)), np.int64)

    def matrix(self, motif: str) -> csr_array:
        """:math:`W_M`, sparse (N, N), symmetric, without stored zeros."""
        weight = self.weight[:, list(MOTIFS).index(motif)]
        held = weight > 0
        source, target = self.pairs[:, held]
        return csr_array((weight[held], (source, target)), shape=(self.n_nodes, self.n_nodes))


def motif_adjacency(pairs: Pairs, n_nodes: int) -> MotifAdjacency:
    r"""Adjacencies of MOTIFS.

    With the adjacency matrix A, the degrees d and the common neighbours :math:`T = A A`:

    .. math::
        W_\triangle = T \circ A \qquad
        W_\wedge = T \circ (1 - A - I) + A \circ (d 1^T + 1 d^T - 2 - 2 T)

    The motifs of four nodes are listed one by one, which takes time in proportion to the pairs of
    common neighbours of all pairs of nodes.

    Parameters
    ----------
    pairs : (2, P1) int64
        N1 as `adjacency_pairs` gives it: both directions, no self-loop, sorted.
    n_nodes : int
        Nodes of the graph, isolated ones included.

    Examples
    --------
    >>> from perceptgraph.graphs.two_hop import adjacency_pairs
    >>> square = adjacency_pairs(np.array([[0, 1, 2, 3], [1, 2, 3, 0]]), 4)
    >>> found = motif_adjacency(square, 4)
    >>> found.matrix("four_cycle").toarray().tolist()
    [[0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]]
    >>> dict(zip(MOTIFS, graph_counts(found, np.array([0, 4]))[0].tolist()))["open_wedge"]
    4
    """
    starts = np.searchsorted(pairs[0], np.arange(n_nodes + 1))
    reach, common, adjacent = _within_two_hops(pairs, starts, n_nodes)
    degree = np.diff(starts)
    wedge = np.where(adjacent, degree[reach[0]] + degree[reach[1]] - 2 - 2 * common, common)
    triangle = common * adjacent
    of_four = np.zeros((reach.shape[1], 3), np.int64)
    rows = np.searchsorted(reach[0], np.arange(n_nodes + 1))
    _list_motifs_of_four(starts, pairs[1], rows, reach[1], adjacent, of_four)
    # Listed for i < j alone; the pairs in order of target, then source, are the same turned round.
    of_four += of_four[np.lexsort(reach)]
    return MotifAdjacency(
        n_nodes, reach, np.column_stack([triangle, wedge, 3 * triangle, of_four]).astype(np.int64)
    )


def not_induced(weight: Counts) -> Counts:
    """Counts (..., M) of subgraphs, from those of induced ones: further edges do not matter.

    A triangle holds three wedges; a diamond one 4-cycle; a 4-clique three 4-cycles and six
    diamonds. Column `open_wedge` then counts all wedges, open or closed.
    """
    triangle, wedge, closed, cycle, diamond, clique = np.moveaxis(weight, -1, 0)
    counts = [
        triangle,
        wedge + closed,
        closed,
        cycle + diamond + 3 * clique,
        diamond + 6 * clique,
        clique,
    ]
    return np.stack(counts, axis=-1)


def node_counts(adjacency: MotifAdjacency) -> Counts:
    """Instances (N, M) of each of MOTIFS that contain a node."""
    rows = np.searchsorted(adjacency.pairs[0], np.arange(adjacency.n_nodes + 1))
    shared = _sums(adjacency.weight, rows)
    return shared // np.array([size - 1 for size, _ in MOTIFS.values()])


def graph_counts(adjacency: MotifAdjacency, offsets: NDArray[np.int64]) -> Counts:
    """Instances (G, M) of each of MOTIFS in the graphs whose nodes begin at `offsets` (G + 1,)."""
    shared = _sums(node_counts(adjacency), offsets)
    return shared // np.array([size for size, _ in MOTIFS.values()])


def _sums(values: Counts, offsets: NDArray[np.int64]) -> Counts:
    """Sums of runs of rows, some of which may be empty."""
    before = np.zeros((len(values) + 1, values.shape[1]), np.int64)
    np.cumsum(values, axis=0, out=before[1:])
    return np.diff(before[offsets], axis=0)


def _within_two_hops(
    pairs: Pairs, starts: Counts, n_nodes: int
) -> tuple[Pairs, Counts, NDArray[np.bool_]]:
    """N1 and N2 together, the common neighbours of each pair, and whether an edge joins it."""
    if pairs.shape[1] == 0:
        return np.zeros((2, 0), np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    ones = np.ones(pairs.shape[1], np.int64)
    adjacency = csr_array((ones, pairs[1], starts), shape=(n_nodes, n_nodes))
    product = (adjacency @ adjacency).tocoo()
    apart = product.row != product.col
    near = pairs[0] * n_nodes + pairs[1]
    shared = product.row[apart].astype(np.int64) * n_nodes + product.col[apart]
    keys = distinct(np.concatenate([near, shared]))
    common, adjacent = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    common[np.searchsorted(keys, shared)] = product.data[apart]
    adjacent[np.searchsorted(keys, near)] = True
    return np.stack([keys // n_nodes, keys % n_nodes]), common, adjacent


@njit(cache=True, nogil=True)
def _list_motifs_of_four(
    starts: Any, targets: Any, rows: Any, reach: Any, adjacent: Any, weight: Any
) -> None:
    """Add each 4-cycle, diamond and 4-clique to `weight` (P, 3) of its pairs (i, j), i < j.

    Neighbours of i are targets[starts[i] : starts[i + 1]]; nodes up to two hops away are
    reach[rows[i] : rows[i + 1]], joined to i where `adjacent`. Both in order.
    """
    both = np.empty(len(targets), np.int64)
    for i in range(len(starts) - 1):
        for chord in range(rows[i], rows[i + 1]):
            j = reach[chord]
            if j < i:
                continue
            n_both = _common_neighbours(starts, targets, i, j, both)
            for a in range(n_both):
                k = both[a]
                for b in range(a + 1, n_both):
                    l = both[b]  # noqa: E741
                    across = _place(rows, reach, k, l)
                    # Each is met once: a clique in the order of its nodes, a diamond at its
                    # chord, a cycle at the diagonal that holds its first node.
                    if adjacent[chord]:
                        motif = 2 if adjacent[across] else 1
                        is_first = motif == 1 or j < k
                    else:
                        motif = 0
                        is_first = not adjacent[across] and i < k
                    if is_first:
                        weight[chord, motif] += 1
                        weight[across, motif] += 1
                        weight[_place(rows, reach, i, k), motif] += 1
                        weight[_place(rows, reach, i, l), motif] += 1
                        weight[_place(rows, reach, j, k), motif] += 1
                        weight[_place(rows, reach, j, l), motif] += 1


@njit(cache=True, nogil=True)
def _common_neighbours(starts: Any, targets: Any, i: int, j: int, both: Any) -> int:
    """Write the nodes joined to i and to j into `both`, in order; how many they are."""
    n_both = 0
    a, b = starts[i], starts[j]
    while a < starts[i + 1] and b < starts[j + 1]:
        if targets[a] < targets[b]:
            a += 1
        elif targets[a] > targets[b]:
            b += 1
        else:
            both[n_both] = targets[a]
            n_both += 1
            a += 1
            b += 1
    return n_both


@njit(cache=True, nogil=True)
def _place(rows: Any, reach: Any, i: int, j: int) -> int:
    """Where the pair of the smaller and the larger of i and j stands."""
    row, column = min(i, j), max(i, j)
    low, high = rows[row], rows[row + 1] - 1
    while low < high:
        middle = (low + high) // 2
        if reach[middle] < column:
            low = middle + 1
        else:
            high = middle
    return low

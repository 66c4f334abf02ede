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

    No motif is listed: time goes with the pairs one or two hops apart, times their common
    neighbours, times the degree of those (`_weights_of_four`).

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
    triangle, wedge = _weights_of_three(starts, reach, common, adjacent)
    of_four = _weights_of_four(starts, pairs[1], reach, common, adjacent)
    weight = np.column_stack([triangle, wedge, 3 * triangle, *of_four])
    return MotifAdjacency(n_nodes, reach, weight.astype(np.int64))


def motifs_of_three(pairs: Pairs, n_nodes: int) -> tuple[Pairs, Counts, Counts]:
    """Triangles and open wedges alone: those of `motif_adjacency`, for graphs of many nodes.

    Returns
    -------
    pairs : (2, P) int64
        N1 and N2: both directions, in order of source, then target.
    triangle, open_wedge : (P,) int64
        Instances that contain both nodes.
    """
    starts = np.searchsorted(pairs[0], np.arange(n_nodes + 1))
    reach, common, adjacent = _within_two_hops(pairs, starts, n_nodes)
    return reach, *_weights_of_three(starts, reach, common, adjacent)


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


def _weights_of_three(
    starts: Counts, reach: Pairs, common: Counts, adjacent: NDArray[np.bool_]
) -> tuple[Counts, Counts]:
    """Instances of triangle and open wedge that contain both nodes of each pair (P,)."""
    degree = np.diff(starts)
    wedge = np.where(adjacent, degree[reach[0]] + degree[reach[1]] - 2 - 2 * common, common)
    return common * adjacent, wedge


def _weights_of_four(
    starts: Counts, targets: Counts, reach: Pairs, common: Counts, adjacent: NDArray[np.bool_]
) -> tuple[Counts, Counts, Counts]:
    r"""Instances of 4-cycle, diamond and 4-clique that contain both nodes of each pair (P,).

    Let S be the common neighbours of i and j, s their number and e the edges between them. Two
    nodes of S, with i and j, are a clique or a diamond where i and j are joined, a diamond or a
    cycle where they are not. What is left are motifs in which the edge i, j is on the rim: with
    :math:`h_{ij} = \sum_{k \in S} (T_{ik} - 1) - 2 e`, the diamonds whose chord ends in i and not
    in j, and :math:`g_{ij} = \sum_k (T_{ik} - 1)` over the neighbours k of j that i does not know,

    .. math::
        W_\text{diamond} = \binom{s}{2} - e + h_{ij} + h_{ji} \qquad
        W_\text{cycle} = g_{ij} - h_{ji}
    """
    rows = np.searchsorted(reach[0], np.arange(len(starts)))
    inside, through, beyond = np.zeros((3, len(common)), np.int64)
    _count_around_pairs(starts, targets, rows, reach[1], common, adjacent, inside, through, beyond)
    # The pairs in order of target, then source, are the same turned round.
    back = np.lexsort(reach)
    inside = (inside + inside[back]) // 2
    outside = common * (common - 1) // 2 - inside
    rim = through - common - 2 * inside
    cycle = np.where(adjacent, beyond - rim[back], outside)
    diamond = np.where(adjacent, outside + rim + rim[back], inside)
    return cycle, diamond, inside * adjacent


@njit(cache=True, nogil=True)
def _count_around_pairs(
    starts: Any,
    targets: Any,
    rows: Any,
    reach: Any,
    common: Any,
    adjacent: Any,
    inside: Any,
    through: Any,
    beyond: Any,
) -> None:
    """Three sums (P,) for each pair (i, j), with S the common neighbours of i and j.

    `inside`: twice the edges between nodes of S, where i < j; `through`: common neighbours of i
    and k, for all k of S; `beyond`: those but one, for all other neighbours k of j, where i and j
    are joined. Neighbours of i are targets[starts[i] : starts[i + 1]]; the nodes up to two hops
    away are reach[rows[i] : rows[i + 1]], with `common` neighbours, joined to i where `adjacent`.
    """
    n_nodes = len(starts) - 1
    is_near, shared = np.zeros(n_nodes, np.bool_), np.zeros(n_nodes, np.int64)
    pair_of, both = np.full(n_nodes, -1, np.int64), np.empty(n_nodes, np.int64)
    for i in range(n_nodes):
        for pair in range(rows[i], rows[i + 1]):
            is_near[reach[pair]], shared[reach[pair]] = adjacent[pair], common[pair]
        for pair in range(rows[i], rows[i + 1]):
            j, n_both = reach[pair], 0
            for place in range(starts[j], starts[j + 1]):
                k = targets[place]
                if is_near[k]:
                    pair_of[k] = pair
                    both[n_both] = k
                    n_both += 1
                    through[pair] += shared[k]
                elif k != i and adjacent[pair]:
                    beyond[pair] += shared[k] - 1
            if i < j:
                for k in both[:n_both]:
                    for place in range(starts[k], starts[k + 1]):
                        inside[pair] += pair_of[targets[place]] == pair
        for pair in range(rows[i], rows[i + 1]):
            is_near[reach[pair]], shared[reach[pair]] = False, 0

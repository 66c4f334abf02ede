"""Neighbours dealt out anew: every node keeps how many it has, and nothing else of its edges.

References
----------
.. [1] S. Maslov, K. Sneppen, "Specificity and stability in topology of protein networks",
       Science 296, 2002.
"""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.alignment import some_of
from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.stores.arrays import offsets_of
from perceptgraph.stores.compiled import njit

ROUNDS = 10
"""Swaps tried for each pair: after about as many nothing is left of who was paired with whom."""

KINDS = len(NODE_KINDS)


def swapped(
    index: NDArray[np.int64],
    kind: NDArray[np.uint8],
    node_offsets: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """The ends (2, E) of edges after this share of the pairs that they join is dealt out anew.

    A pair is two nodes with all edges between them, in either direction. Of two pairs a, b and
    c, d of one image, where b and d are of one kind, a, d and c, b become pairs. Such a swap is
    left out where it would pair a node with itself or with a neighbour that it has. Pairs are taken
    in turn, the other one at random, ROUNDS times [1]_. Then the edges of a pair come to be those
    of another, of any image, whose two nodes are of the same kinds: numbers of relations told what
    an image shows.

    Parameters
    ----------
    index : (2, E) int64
        Source and target, counted through all images.
    kind : (N,) uint8
        Kinds of all nodes.
    node_offsets : (G + 1,) int64
        Where the nodes of each image begin.
    share : float
        In [0, 1].
    rng : np.random.Generator
        Source of the draws.
    """
    n_nodes = len(kind)
    source, target = index
    flipped = (kind[source] > kind[target]) | ((kind[source] == kind[target]) & (source > target))
    ends = np.where(flipped, index[::-1], index)
    keys, pair = np.unique(ends[0] * n_nodes + ends[1], return_inverse=True)
    pairs = np.stack(np.divmod(keys, max(n_nodes, 1)))
    chosen = some_of(len(keys), share, rng)
    graph = np.searchsorted(node_offsets, pairs[0], side="right") - 1
    kinds = kind[pairs].astype(np.int64)
    # Runs of chosen pairs of one image that join the same kinds: any two of them can be swapped.
    chosen = chosen[np.lexsort((kinds[1, chosen], kinds[0, chosen], graph[chosen]))]
    group = np.stack([graph[chosen], *kinds[:, chosen]])
    begins = np.flatnonzero((np.diff(group, axis=1, prepend=-1) != 0).any(axis=0))
    runs = np.append(begins, len(chosen))
    order = np.argsort(graph, kind="stable")
    by_graph = offsets_of(np.bincount(graph, minlength=len(node_offsets) - 1))
    image_of_run = graph[chosen[begins]]
    draws = rng.integers(0, 2**32, (ROUNDS, len(chosen)), dtype=np.uint32)
    _swap(pairs, chosen, runs, image_of_run, order, by_graph, kind, node_offsets, draws)
    dealt = np.arange(len(keys))
    for code in np.unique(codes := kinds[0, chosen] * KINDS + kinds[1, chosen]):
        among = np.sort(chosen[codes == code])
        dealt[among] = rng.permutation(among)
    ends = pairs[:, dealt[pair.reshape(-1)]]
    return np.where(flipped, ends[::-1], ends)


@njit(cache=True, nogil=True)
def _swap(  # type: ignore[no-untyped-def]
    pairs, chosen, runs, image_of_run, order, by_graph, kind, node_offsets, draws
):
    """Swap the second ends of pairs (2, P), in place."""
    n_runs = len(image_of_run)
    run = 0
    while run < n_runs:
        image = image_of_run[run]
        first = node_offsets[image]
        n = node_offsets[image + 1] - first
        joined = np.zeros((n, n), np.bool_)
        for place in range(by_graph[image], by_graph[image + 1]):
            a, b = pairs[0, order[place]] - first, pairs[1, order[place]] - first
            joined[a, b] = joined[b, a] = True
        while run < n_runs and image_of_run[run] == image:
            begin, end = runs[run], runs[run + 1]
            alike = kind[pairs[0, chosen[begin]]] == kind[pairs[1, chosen[begin]]]
            for turn in range(len(draws)):
                for i in range(begin, end):
                    draw = draws[turn, i]
                    one = chosen[i]
                    other = chosen[begin + (draw >> 1) % (end - begin)]
                    # Where all four are of one kind, either end of the other one may be taken.
                    side = 1 - (draw & 1) if alike else 1
                    a, b = pairs[0, one] - first, pairs[1, one] - first
                    c, d = pairs[1 - side, other] - first, pairs[side, other] - first
                    if one == other or a == d or b == c or joined[a, d] or joined[b, c]:
                        continue
                    joined[a, b] = joined[b, a] = joined[c, d] = joined[d, c] = False
                    joined[a, d] = joined[d, a] = joined[b, c] = joined[c, b] = True
                    pairs[1, one], pairs[side, other] = d + first, b + first
            run += 1

"""Statistics of relation graphs: who is joined to whom, how often, and whether like meets like.

All functions take flat arrays of one graph or of several side by side.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def relation_counts(
    relation: Integers, edge_offsets: NDArray[np.int64], n_relations: int
) -> Counts:
    """Directed edges (G, R) of each relation in each graph.

    `relation` (E,) numbers the relations from 0 to R - 1; the edges of each graph begin at
    `edge_offsets` (G + 1,).

    Examples
    --------
    >>> relation_counts(np.array([0, 0, 1]), np.array([0, 1, 3]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    n_graphs = len(edge_offsets) - 1
    graph = np.repeat(np.arange(n_graphs), np.diff(edge_offsets))
    keys = graph * n_relations + relation
    return np.bincount(keys, minlength=n_graphs * n_relations).reshape(n_graphs, n_relations)


def degrees(source: Integers, relation: Integers, n_nodes: int, n_relations: int) -> Counts:
    """Edges (N, R) of each relation that leave a node; of in-degrees, give the targets."""
    keys = source.astype(np.int64) * n_relations + relation
    return np.bincount(keys, minlength=n_nodes * n_relations).reshape(n_nodes, n_relations)


def degree_histogram(degree: Counts, n_bins: int) -> Counts:
    """Nodes (R, n_bins) of each degree 0, 1, ... by relation; the last bin holds all higher ones.

    `degree` (N, R) is what `degrees` gives.
    """
    n_relations = degree.shape[1]
    keys = np.minimum(degree, n_bins - 1) + np.arange(n_relations) * n_bins
    counts = np.bincount(keys.ravel(), minlength=n_relations * n_bins)
    return counts.reshape(n_relations, n_bins)


def mixing(kind: Integers, source: Integers, target: Integers, n_kinds: int) -> Counts:
    """Directed edges (K, K) from nodes of one kind, by row, to nodes of another, by column.

    `kind` (N,) numbers the kinds from 0 to K - 1; an edge leaves `source` (E,) and enters `target`
    (E,). Edges of one relation give the mixing of that relation.
    """
    keys = kind[source].astype(np.int64) * n_kinds + kind[target]
    return np.bincount(keys, minlength=n_kinds**2).reshape(n_kinds, n_kinds)


def edge_homophily(mixed: Counts) -> float:
    """Share of the edges that join nodes of one kind, in [0, 1]; NaN without edges.

    `mixed` (K, K) is what `mixing` gives. The measure is that of [1]_.

    References
    ----------
    .. [1] J. Zhu et al., "Beyond homophily in graph neural networks: current limitations and
           effective designs", NeurIPS 2020.
    """
    return float(np.trace(mixed) / mixed.sum()) if mixed.any() else float("nan")


def homophily_by_kind(mixed: Counts) -> Floats:
    """The same of the edges that leave nodes of each kind (K,); NaN where there are none."""
    leaving = mixed.sum(axis=1)
    share = np.full(len(mixed), np.nan)
    np.divide(np.diag(mixed), leaving, out=share, where=leaving > 0)
    return share


def chance_homophily(mixed: Counts) -> float:
    """The edge homophily if ends of edges met at random, in [0, 1]; NaN without edges.

    That is the chance that an end which edges leave and one which they enter are of one kind;
    relations that take no heed of kinds come close to it.
    """
    if not mixed.any():
        return float("nan")
    return float(mixed.sum(axis=1) @ mixed.sum(axis=0) / mixed.sum() ** 2)

r"""How well graph, features and labels agree: the subspace alignment measure (SAM) [1]_.

Features, graph and labels each span a subspace of the space of nodes: X the scores of its first
:math:`k_X` principal components, A the first :math:`k_A` eigenvectors of
:math:`\tilde D^{-1/2} (A + I) \tilde D^{-1/2}`, Y all scores of the one-hot labels. With the
principal angles :math:`\theta_j` between two of them and the chordal distance d,

.. math::
    d = \Bigl(\sum_{j=1}^{\min(k, k')} \sin^2 \theta_j\Bigr)^{1/2} \qquad
    \mathrm{SAM} = \sqrt{2\,(d_{XA}^2 + d_{XY}^2 + d_{AY}^2)}

Small values mean alignment. A node is whatever has features and a class: for pictures, a picture
among those whose embeddings are nearest. Principal components without variance are left out, as
they have no direction. Where eigenvalues are equal (several components of the graph, at 1) a cut
between them is arbitrary: take all of them or none.

References
----------
.. [1] Y. Qian, P. Expert, T. Rieu, P. Panzarasa, M. Barahona, "Quantifying the alignment of graph
       and features in deep learning", IEEE Transactions on Neural Networks and Learning Systems
       33(4), 2022.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, svd

from perceptgraph.graphs.two_hop import Pairs, adjacency_pairs

Floats = NDArray[np.float64]


def alignment_measure(features: Floats, pairs: Pairs, labels: NDArray[np.int64]) -> Floats:
    r"""SAM for every number of dimensions.

    Parameters
    ----------
    features : (N, F) float
        One row for each node; rows are divided by the sum of their absolute values.
    pairs : (2, P) int64
        N1 as `adjacency_pairs` gives it: both directions, no self-loop, sorted.
    labels : (N,) int
        Class of each node.

    Returns
    -------
    (K, N) float64
        Entry :math:`[k_X - 1, k_A - 1]`, for all K components of the features that vary. At least
        0. Takes :math:`O(N^3)` time and :math:`O(N^2)` memory.

    Examples
    --------
    Two cliques, which are the two classes, and a feature that tells them: all agree.

    >>> cliques = adjacency_pairs(np.array([[0, 1, 2, 3], [1, 0, 3, 2]]), 4)
    >>> classes = np.array([0, 0, 1, 1])
    >>> sam = alignment_measure(np.eye(2)[classes], cliques, classes)
    >>> round(float(sam[0, 1]), 6)
    0.0
    """
    x, a, y = feature_basis(features), graph_basis(pairs, len(labels)), label_basis(labels)
    d_xa = chordal_distance(x, a)
    d_xy, d_ay = chordal_distance(x, y)[:, -1:], chordal_distance(a, y)[:, -1:]
    return np.sqrt(2 * (d_xa**2 + d_xy**2 + d_ay.T**2))


def feature_basis(features: Floats) -> Floats:
    """Orthonormal (N, K): principal component scores, first the ones of largest variance."""
    size = np.abs(features).sum(axis=1, keepdims=True)
    return _principal(features / np.where(size > 0, size, 1))


def label_basis(labels: NDArray[np.int64]) -> Floats:
    """Orthonormal (N, C - 1): principal component scores of the one-hot labels of C classes."""
    return _principal((labels[:, None] == np.unique(labels)).astype(np.float64))


def graph_basis(pairs: Pairs, n_nodes: int) -> Floats:
    r"""Eigenvectors (N, N) of :math:`\tilde D^{-1/2} (A + I) \tilde D^{-1/2}`, largest first."""
    adjacency = np.eye(n_nodes)
    adjacency[pairs[0], pairs[1]] = 1
    scale = adjacency.sum(axis=1) ** -0.5
    _, vectors = eigh(adjacency * scale[:, None] * scale[None, :])
    return vectors[:, ::-1]


def chordal_distance(first: Floats, second: Floats) -> Floats:
    r"""Chordal distance (K1, K2) between the spans of the first k and the first k' columns.

    The columns of both are orthonormal, so that

    .. math:: d^2 = \min(k, k') - \lVert Q_1^T Q_2 \rVert_F^2

    needs no principal angle, and running sums give all of them at once. A basis without columns
    is at distance 0 of all: it is taken for one column of zeros that meets everything.
    """
    if min(first.shape[1], second.shape[1]) == 0:
        return np.zeros((max(first.shape[1], 1), max(second.shape[1], 1)))
    shared = ((first.T @ second) ** 2).cumsum(axis=0).cumsum(axis=1)
    n_angles = np.minimum.outer(np.arange(1, len(shared) + 1), np.arange(1, shared.shape[1] + 1))
    return np.sqrt(np.clip(n_angles - shared, 0, None))


def shuffled_features(features: Floats, share: float, rng: np.random.Generator) -> Floats:
    """The features with this share of their rows, in [0, 1], permuted among themselves."""
    chosen = some_of(len(features), share, rng)
    shuffled = features.copy()
    shuffled[chosen] = features[rng.permutation(chosen)]
    return shuffled


def rewired(pairs: Pairs, n_nodes: int, share: float, rng: np.random.Generator) -> Pairs:
    """N1 after this share of the edges, in [0, 1], is cut and the ends are joined at random.

    The configuration model: no degree grows; self-loops and edges there already are dropped.
    """
    edges = pairs[:, pairs[0] < pairs[1]]
    chosen = some_of(edges.shape[1], share, rng)
    edges[:, chosen] = rng.permutation(edges[:, chosen].ravel()).reshape(2, -1)
    return adjacency_pairs(edges, n_nodes)


def randomised_alignment(
    features: Floats,
    pairs: Pairs,
    labels: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
) -> Floats:
    """`alignment_measure` after this share of rows is shuffled and of edges rewired."""
    return alignment_measure(
        shuffled_features(features, share, rng),
        rewired(pairs, len(labels), share, rng),
        labels,
    )


def best_dimensions(
    features: Floats,
    pairs: Pairs,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    n_draws: int = 5,
) -> tuple[int, int]:
    r""":math:`k_X, k_A` that tell the graph best from random ones.

    They maximise the SAM of the wholly randomised graph and features, averaged over draws, less
    the SAM of the true ones; of several the first.
    """
    true = alignment_measure(features, pairs, labels)
    drawn = [randomised_alignment(features, pairs, labels, 1.0, rng) for _ in range(n_draws)]
    best = int(np.argmax(np.mean(drawn, axis=0) - true))
    return best // true.shape[1] + 1, best % true.shape[1] + 1


def randomisation_curve(
    features: Floats,
    pairs: Pairs,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    dimensions: tuple[int, int],
    shares: Sequence[float] = tuple(np.linspace(0, 1, 11)),
    n_draws: int = 5,
) -> Floats:
    r"""SAM (S, D) of D draws at each share of randomised rows and edges, from 0 to 1.

    `dimensions` are :math:`k_X, k_A`, for instance those of `best_dimensions`.
    """
    place = dimensions[0] - 1, dimensions[1] - 1
    return np.array(
        [
            [
                randomised_alignment(features, pairs, labels, share, rng)[place]
                for _ in range(n_draws)
            ]
            for share in shares
        ]
    )


def some_of(n: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """As many of the numbers 0 to n - 1, in order, at random; ValueError outside [0, 1]."""
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1], got {share}")
    return np.sort(rng.permutation(n)[: round(share * n)])


def _principal(columns: Floats) -> Floats:
    """Orthonormal basis of the centred columns, without what has no variance."""
    u, s, _ = svd(columns - columns.mean(axis=0), full_matrices=False)
    noise = max(columns.shape) * np.finfo(np.float64).eps
    return u[:, s > noise * max(1.0, s.max(initial=0))]

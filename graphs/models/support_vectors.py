r"""Linear support vector machines with squared hinge loss, solved on the products of examples.

For each class against the others, with targets y = 1 or -1 and no constant,

.. math:: \min_w \tfrac12 |w|^2 + C \sum_i \max(0, 1 - y_i w^T x_i)^2,
          \qquad w = \sum_i y_i a_i x_i, \quad a_i \ge 0

References
----------
.. [1] C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi, S. Sundararajan, "A dual coordinate
       descent method for large-scale linear SVM", ICML 2008.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float64]

MOST_ROUNDS = 500
TOLERANCE = 1e-4
"""Largest step of a round, in units of the largest coefficient, below which it ends."""
FOLDS = 5


def targets(label: NDArray[np.int64], n_classes: int) -> Floats:
    """(N, C): 1 for the class of an example and -1 for the others."""
    return np.where(label[:, None] == np.arange(n_classes), 1.0, -1.0)


@njit(cache=True, nogil=True)
def support(products: Floats, target: Floats, cost: float) -> Floats:
    """Coefficients y a (N, C) of the examples for each class.

    Parameters
    ----------
    products : (N, N)
        Of the examples with each other.
    target : (N, C)
        1 or -1.
    cost : float
        C, positive.
    """
    n, n_classes = target.shape
    found = np.zeros((n, n_classes))
    for k in range(n_classes):
        score = np.zeros(n)
        for _ in range(MOST_ROUNDS):
            step, most = 0.0, 0.0
            for i in range(n):
                y, before = target[i, k], found[i, k]
                slope = y * score[i] - 1 + y * before / (2 * cost)
                after = y * max(y * before - slope / (products[i, i] + 1 / (2 * cost)), 0.0)
                if after != before:
                    found[i, k] = after
                    for j in range(n):
                        score[j] += (after - before) * products[i, j]
                step, most = max(step, abs(after - before)), max(most, abs(after))
            if step <= TOLERANCE * most:
                break
    return found


def best_cost(
    products: Floats, label: NDArray[np.int64], n_classes: int, costs: Sequence[float]
) -> float:
    """The cost with the most hits in cross-validation, the smallest of those that have as many.

    The n-th example of each class is left out in fold n modulo FOLDS. With fewer than FOLDS
    examples of some class nothing is compared and the first cost is taken.
    """
    counts = np.bincount(label)
    if len(costs) == 1 or counts[counts > 0].min() < FOLDS:
        return costs[0]
    fold = np.empty(len(label), np.int64)
    for name in np.unique(label):
        of_class = np.flatnonzero(label == name)
        fold[of_class] = np.arange(len(of_class)) % FOLDS
    target = targets(label, n_classes)
    hits = dict.fromkeys(sorted(costs), 0)
    for number in range(FOLDS):
        left, right = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        inner, across = products[np.ix_(left, left)], products[np.ix_(right, left)]
        for cost in hits:
            scores = across @ support(inner, target[left], cost)
            hits[cost] += int((scores.argmax(1) == label[right]).sum())
    return max(hits, key=lambda cost: hits[cost])

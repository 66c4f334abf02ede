"""Support vector machines: their optimum, and the cost that cross-validation takes."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from perceptgraph.graphs.models.support_vectors import best_cost, support, targets


def examples(seed: int, n: int = 40) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points in the plane, of three classes that overlap."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 3
    x = rng.normal(size=(n, 2)) + np.array([[2, 0], [-1, 2], [-1, -2]])[label]
    return np.column_stack([x, np.ones(n)]), label


@pytest.mark.parametrize("cost", [0.1, 1.0, 3.0])
def test_support_is_the_optimum_of_the_squared_hinge(cost: float) -> None:
    x, label = examples(0)
    target = targets(label, 3)

    found = x.T @ support(x @ x.T, target, cost)

    for k in range(3):

        def loss(w: NDArray[np.float64], y: NDArray[np.float64] = target[:, k]) -> float:
            return float(w @ w / 2 + cost * (np.maximum(0, 1 - y * (x @ w)) ** 2).sum())

        best = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-9}).fun
        assert loss(found[:, k]) == pytest.approx(best, rel=1e-3)


def test_coefficients_have_the_sign_of_their_class() -> None:
    x, label = examples(1)
    target = targets(label, 3)

    assert (support(x @ x.T, target, 1.0) * target >= 0).all()


def test_best_cost_is_the_one_with_the_most_hits() -> None:
    x, label = examples(2, 60)
    products = x @ x.T
    fold = np.arange(60) // 3 % 5

    def hits(cost: float) -> int:
        right = 0
        for number in range(5):
            left = fold != number
            weights = x[left].T @ support(
                products[np.ix_(left, left)], targets(label[left], 3), cost
            )
            right += int(((x[~left] @ weights).argmax(1) == label[~left]).sum())
        return right

    costs = (10.0, 1e-6, 0.1)
    expected = max(sorted(costs), key=hits)

    assert best_cost(products, label, 3, costs) == expected


def test_with_few_examples_of_a_class_the_first_cost_is_taken() -> None:
    x, label = examples(3, 12)

    assert best_cost(x @ x.T, label, 3, (7.0, 1.0)) == 7.0
    assert best_cost(x[:1] @ x[:1].T, label[:1], 3, (2.0,)) == 2.0

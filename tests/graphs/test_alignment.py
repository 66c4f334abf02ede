import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from strategies import edge_lists, generators

from perceptgraph.graphs.alignment import (
    alignment_measure,
    best_dimensions,
    chordal_distance,
    feature_basis,
    graph_basis,
    label_basis,
    randomisation_curve,
    rewired,
    shuffled_features,
)
from perceptgraph.graphs.two_hop import adjacency_pairs


def planted(rng, n_classes=3, per_class=20, inside=0.5, outside=0.02):
    """Features, edges and labels that all know the classes."""
    labels = np.repeat(np.arange(n_classes), per_class)
    same = labels[:, None] == labels[None, :]
    edges = rng.random(same.shape) < np.where(same, inside, outside)
    features = 4 * np.eye(n_classes)[labels] + rng.uniform(0, 1, (len(labels), n_classes))
    return features, adjacency_pairs(np.stack(np.nonzero(edges)), len(labels)), labels


def cliques(labels):
    return adjacency_pairs(np.stack(np.nonzero(labels[:, None] == labels[None, :])), len(labels))


@given(rng=generators(), sizes=st.tuples(*[st.integers(1, 6)] * 2))
def test_chordal_distance_is_that_of_the_principal_angles(rng, sizes) -> None:
    first, second = (np.linalg.qr(rng.normal(size=(8, k)))[0] for k in sizes)

    distance = chordal_distance(first, second)

    for k in range(sizes[0]):
        for m in range(sizes[1]):
            angles = subspace_angles(first[:, : k + 1], second[:, : m + 1])
            assert distance[k, m] == pytest.approx(np.sqrt((np.sin(angles) ** 2).sum()), abs=1e-6)


@given(graph=edge_lists(), rng=generators())
def test_bases_are_orthonormal(graph, rng) -> None:
    index, n = graph
    features, labels = rng.normal(size=(n, 4)), rng.integers(0, 3, n)

    bases = (
        feature_basis(features),
        graph_basis(adjacency_pairs(index, n), n),
        label_basis(labels),
    )

    for basis in bases:
        np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-9)
    assert bases[1].shape == (n, n)
    assert bases[2].shape[1] == len(np.unique(labels)) - 1


@given(graph=edge_lists())
def test_eigenvectors_are_those_of_the_graph_with_self_loops(graph) -> None:
    index, n = graph
    a = np.eye(n)
    a[index[0], index[1]] = a[index[1], index[0]] = 1
    root = np.diag(a.sum(axis=1) ** -0.5)

    basis = graph_basis(adjacency_pairs(index, n), n)

    found = basis.T @ (root @ a @ root) @ basis
    values = np.diag(found)
    np.testing.assert_allclose(found, np.diag(values), atol=1e-9)
    assert (np.diff(values) <= 1e-9).all()
    assert values[0] == pytest.approx(1)


def test_cliques_that_are_classes_and_features_that_tell_them_agree() -> None:
    labels = np.repeat(np.arange(4), 5)

    sam = alignment_measure(np.eye(4)[labels], cliques(labels), labels)

    assert sam.shape == (3, 20)
    assert sam[2, 3] == pytest.approx(0, abs=1e-6)
    assert sam[:, :3].min() > 1


def test_measure_is_the_norm_of_the_matrix_of_distances() -> None:
    rng = np.random.default_rng(1)
    features, pairs, labels = planted(rng)
    x, a, y = feature_basis(features)[:, :2], graph_basis(pairs, 60)[:, :7], label_basis(labels)
    d = np.zeros((3, 3))
    for i, j, first, second in ((0, 1, x, a), (0, 2, x, y), (1, 2, a, y)):
        d[i, j] = d[j, i] = np.linalg.norm(np.sin(subspace_angles(first, second)))

    assert alignment_measure(features, pairs, labels)[1, 6] == pytest.approx(np.linalg.norm(d))


def test_features_that_do_not_vary_and_a_single_class_are_legal() -> None:
    sam = alignment_measure(np.zeros((3, 2)), np.zeros((2, 0), np.int64), np.zeros(3, np.int64))

    np.testing.assert_array_equal(sam, 0)


@given(rng=generators(), share=st.floats(0, 1))
def test_shuffling_moves_no_more_rows_than_its_share(rng, share) -> None:
    features = np.arange(20.0).reshape(10, 2)

    shuffled = shuffled_features(features, share, rng)

    assert sorted(map(tuple, shuffled)) == sorted(map(tuple, features))
    assert (shuffled != features).any(axis=1).sum() <= round(10 * share)


@given(graph=edge_lists(), rng=generators(), share=st.floats(0, 1))
def test_rewiring_keeps_the_other_edges_and_lets_no_degree_grow(graph, rng, share) -> None:
    index, n = graph
    pairs = adjacency_pairs(index, n)
    before = set(zip(*pairs.tolist(), strict=True))

    after = rewired(pairs, n, share, rng)

    np.testing.assert_array_equal(after, adjacency_pairs(after, n))
    kept = before & set(zip(*after.tolist(), strict=True))
    assert len(kept) // 2 >= len(before) // 2 - round(share * (len(before) // 2))
    assert (np.bincount(after[0], minlength=n) <= np.bincount(pairs[0], minlength=n)).all()


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_beyond_its_range_is_refused(share) -> None:
    with pytest.raises(ValueError, match="share must be in"):
        shuffled_features(np.eye(3), share, np.random.default_rng(0))


def test_the_more_is_randomised_the_less_is_aligned() -> None:
    rng = np.random.default_rng(0)
    data = planted(rng)

    dimensions = best_dimensions(*data, rng)
    curve = randomisation_curve(*data, rng, dimensions=dimensions, shares=(0, 0.25, 0.5, 1))

    assert curve.shape == (4, 5)
    assert np.ptp(curve[0]) == 0
    assert (np.diff(curve.mean(axis=1)) > 0.1).all()


def test_a_graph_that_knows_nothing_has_a_flat_curve() -> None:
    rng = np.random.default_rng(0)
    features, pairs, labels = planted(rng)
    blind = rng.permutation(labels)

    curve, seeing = (
        randomisation_curve(features, pairs, y, rng, dimensions=(2, 3), shares=(0, 1)).mean(axis=1)
        for y in (blind, labels)
    )

    assert curve[1] - curve[0] < (seeing[1] - seeing[0]) / 2


def test_curves_follow_from_the_generator_alone() -> None:
    data = planted(np.random.default_rng(0))

    one, two = (
        randomisation_curve(*data, np.random.default_rng(3), dimensions=(1, 2), n_draws=1)
        for _ in range(2)
    )

    np.testing.assert_array_equal(one, two)

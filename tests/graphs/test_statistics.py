import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from strategies import edge_lists, generators

from perceptgraph.graphs.statistics import (
    chance_homophily,
    degree_histogram,
    degrees,
    edge_homophily,
    homophily_by_kind,
    mixing,
    relation_counts,
)


@given(graph=edge_lists(), rng=generators())
def test_homophily_and_mixing_are_those_of_networkx(graph, rng) -> None:
    (source, target), n = graph
    kind = rng.integers(0, 3, n).astype(np.uint8)
    drawn = nx.MultiDiGraph()
    drawn.add_nodes_from((i, {"kind": int(k)}) for i, k in enumerate(kind))
    drawn.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))

    mixed = mixing(kind, source, target, 3)

    wanted = nx.attribute_mixing_matrix(drawn, "kind", mapping={0: 0, 1: 1, 2: 2}, normalized=False)
    np.testing.assert_array_equal(mixed, wanted)
    same = [kind[i] == kind[j] for i, j in zip(source, target, strict=True)]
    if not same:
        assert math.isnan(edge_homophily(mixed))
        assert math.isnan(chance_homophily(mixed))
    else:
        assert edge_homophily(mixed) == pytest.approx(np.mean(same))
        # Newman's coefficient is the homophily beyond chance, as a share of what is possible.
        here, chance = edge_homophily(mixed), chance_homophily(mixed)
        if chance < 1:
            coefficient = nx.attribute_assortativity_coefficient(drawn, "kind")
            assert (here - chance) / (1 - chance) == pytest.approx(coefficient)


@given(graph=edge_lists(), rng=generators())
def test_homophily_is_the_mean_of_that_of_each_kind(graph, rng) -> None:
    (source, target), n = graph
    mixed = mixing(rng.integers(0, 4, n), source, target, 4)

    by_kind = homophily_by_kind(mixed)

    leaving = mixed.sum(axis=1)
    np.testing.assert_array_equal(np.isnan(by_kind), leaving == 0)
    if len(source):
        assert np.nansum(by_kind * leaving) / leaving.sum() == pytest.approx(edge_homophily(mixed))


@given(graph=edge_lists(), rng=generators())
def test_degrees_are_counted_by_relation(graph, rng) -> None:
    (source, _), n = graph
    relation = rng.integers(0, 3, len(source))

    found = degrees(source, relation, n, 3)
    histogram = degree_histogram(found, 4)

    for r in range(3):
        of_nodes = [int(((source == i) & (relation == r)).sum()) for i in range(n)]
        assert found[:, r].tolist() == of_nodes
        assert histogram[r].tolist() == [sum(min(d, 3) == k for d in of_nodes) for k in range(4)]


@given(rng=generators())
def test_relations_are_counted_by_graph(rng) -> None:
    n_edges = rng.integers(0, 5, 4)
    offsets = np.concatenate([[0], np.cumsum(n_edges)])
    relation = rng.integers(0, 3, n_edges.sum()).astype(np.uint8)

    counts = relation_counts(relation, offsets, 3)

    for g in range(4):
        mine = relation[offsets[g] : offsets[g + 1]]
        assert counts[g].tolist() == [int((mine == r).sum()) for r in range(3)]


def test_no_graph_and_no_relation_are_legal() -> None:
    nothing = np.zeros(0, np.int64)

    assert relation_counts(nothing, np.zeros(1, np.int64), 0).shape == (0, 0)
    assert degrees(nothing, nothing, 0, 2).shape == (0, 2)
    assert degree_histogram(np.zeros((0, 2), np.int64), 3).tolist() == [[0, 0, 0], [0, 0, 0]]

"""Motif adjacencies, against networkx and against the list of all sets of three and four nodes."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx.algorithms.isomorphism import GraphMatcher
from strategies import edge_lists, generators

from perceptgraph.graphs.motifs import (
    MOTIFS,
    graph_counts,
    motif_adjacency,
    node_counts,
    not_induced,
)
from perceptgraph.graphs.two_hop import adjacency_pairs

TRIANGLE = [(0, 1), (1, 2), (2, 0)]
CYCLE = [(0, 1), (1, 2), (2, 3), (3, 0)]
PATTERNS = {
    "triangle": nx.complete_graph(3),
    "open_wedge": nx.path_graph(3),
    "four_cycle": nx.cycle_graph(4),
    "diamond": nx.Graph([*CYCLE, (0, 2)]),
    "four_clique": nx.complete_graph(4),
}
"""The drawings of the motifs; a closed wedge is not one, since it has a centre."""


@st.composite
def crowded(draw, max_nodes):
    """Edges (2, E) between more than half of all pairs, so that cliques are not rare."""
    n, rng = draw(st.integers(2, max_nodes)), draw(generators())
    return np.stack(np.nonzero(rng.random((n, n)) < rng.uniform(0.3, 0.8))), n


def found_in(edges, n_nodes):
    index = np.array(edges, np.int64).reshape(-1, 2).T
    return motif_adjacency(adjacency_pairs(index, n_nodes), n_nodes)


def counted(edges, n_nodes):
    """Motifs of one graph that occur, with their number."""
    counts = graph_counts(found_in(edges, n_nodes), np.array([0, n_nodes]))[0]
    return {name: int(n) for name, n in zip(MOTIFS, counts, strict=True) if n}


def graph_of(index, n_nodes):
    graph = nx.Graph()
    graph.add_nodes_from(range(n_nodes))
    graph.add_edges_from((int(i), int(j)) for i, j in index.T if i != j)
    return graph


def adjacency_of(instances, n_nodes):
    """W of instances: sets of nodes."""
    weight = np.zeros((n_nodes, n_nodes), int)
    for nodes in instances:
        for i, j in combinations(nodes, 2):
            weight[i, j] += 1
            weight[j, i] += 1
    return weight


@pytest.mark.parametrize(
    ("edges", "n_nodes", "motifs"),
    [
        pytest.param([], 0, {}, id="no node"),
        pytest.param([], 1, {}, id="one isolated node"),
        pytest.param([(0, 0)], 1, {}, id="a self-loop"),
        pytest.param([(0, 2), (2, 0)], 4, {}, id="one edge, each way"),
        pytest.param([(0, 1), (1, 2)], 3, {"open_wedge": 1}, id="a path"),
        pytest.param(TRIANGLE, 3, {"triangle": 1, "closed_wedge": 3}, id="a triangle"),
        pytest.param(CYCLE, 4, {"open_wedge": 4, "four_cycle": 1}, id="a square"),
        pytest.param(
            [*CYCLE, (0, 2)],
            4,
            {"triangle": 2, "open_wedge": 2, "closed_wedge": 6, "diamond": 1},
            id="a square with one chord",
        ),
        pytest.param(
            [*CYCLE, (0, 2), (1, 3)],
            4,
            {"triangle": 4, "closed_wedge": 12, "four_clique": 1},
            id="a square with both chords",
        ),
        pytest.param([(0, 1), (0, 2), (0, 3)], 4, {"open_wedge": 3}, id="a star"),
    ],
)
def test_drawn_graphs_hold_the_motifs_that_one_sees(edges, n_nodes, motifs) -> None:
    assert counted(edges, n_nodes) == motifs


@given(graph=edge_lists(max_nodes=8) | crowded(8))
def test_adjacencies_equal_the_list_of_all_induced_subgraphs(graph) -> None:
    index, n = graph
    drawn = graph_of(index, n)
    found = motif_adjacency(adjacency_pairs(index, n), n)

    for name, pattern in PATTERNS.items():
        instances = [
            nodes
            for nodes in combinations(range(n), len(pattern))
            if nx.is_isomorphic(drawn.subgraph(nodes), pattern)
        ]
        np.testing.assert_array_equal(found.matrix(name).toarray(), adjacency_of(instances, n))
    np.testing.assert_array_equal(
        found.matrix("closed_wedge").toarray(), 3 * found.matrix("triangle").toarray()
    )


@given(graph=edge_lists(max_nodes=6) | crowded(5))
def test_subgraphs_that_are_not_induced_equal_the_matches_of_networkx(graph) -> None:
    index, n = graph
    drawn = graph_of(index, n)
    found = motif_adjacency(adjacency_pairs(index, n), n)
    weight = not_induced(found.weight)

    for name, pattern in PATTERNS.items():
        # Two matches are one subgraph where they use the same edges.
        matches = {
            frozenset(frozenset(match[i] for i in edge) for edge in pattern.edges)
            for match in (
                {image: node for node, image in found_match.items()}
                for found_match in GraphMatcher(drawn, pattern).subgraph_monomorphisms_iter()
            )
        }
        dense = np.zeros((n, n), int)
        dense[tuple(found.pairs)] = weight[:, list(MOTIFS).index(name)]
        instances = [frozenset().union(*edges) for edges in matches]
        np.testing.assert_array_equal(dense, adjacency_of(instances, n))


@given(graph=edge_lists(max_nodes=12) | crowded(10))
def test_triangles_and_cliques_are_those_of_networkx(graph) -> None:
    index, n = graph
    drawn = graph_of(index, n)
    found = motif_adjacency(adjacency_pairs(index, n), n)

    by_node = dict(zip(MOTIFS, node_counts(found).T, strict=True))
    assert by_node["triangle"].tolist() == [nx.triangles(drawn)[i] for i in range(n)]
    cliques = [c for c in nx.enumerate_all_cliques(drawn) if len(c) == 4]
    assert by_node["four_clique"].tolist() == [sum(i in c for c in cliques) for i in range(n)]
    totals = dict(zip(MOTIFS, graph_counts(found, np.array([0, n]))[0], strict=True))
    wedges = totals["open_wedge"] + totals["closed_wedge"]
    assert totals["closed_wedge"] == pytest.approx(nx.transitivity(drawn) * wedges)


@given(graph=edge_lists())
def test_wedge_adjacency_is_the_formula_on_dense_matrices(graph) -> None:
    index, n = graph
    a = np.zeros((n, n), int)
    a[index[0], index[1]] = a[index[1], index[0]] = 1
    np.fill_diagonal(a, 0)
    d, eye = a.sum(axis=1), np.eye(n, dtype=int)

    wedge = motif_adjacency(adjacency_pairs(index, n), n).matrix("open_wedge").toarray()

    ends = (a @ a) * (1 - a - eye)
    centre_to_end = a * (d[:, None] + d[None, :] - 2 - 2 * (a @ a))
    np.testing.assert_array_equal(wedge, ends + centre_to_end)


@given(first=edge_lists(), second=edge_lists())
def test_graphs_of_a_batch_are_counted_as_if_alone(first, second) -> None:
    (left, n_left), (right, n_right) = first, second
    n = n_left + n_right
    index = np.concatenate([left, right + n_left], axis=1)

    batch = motif_adjacency(adjacency_pairs(index, n), n)

    alone = [motif_adjacency(adjacency_pairs(e, k), k) for e, k in (first, second)]
    np.testing.assert_array_equal(
        node_counts(batch), np.concatenate([node_counts(one) for one in alone])
    )
    np.testing.assert_array_equal(
        graph_counts(batch, np.array([0, n_left, n_left, n])),
        np.concatenate(
            [
                graph_counts(alone[0], np.array([0, n_left])),
                np.zeros((1, len(MOTIFS)), int),
                graph_counts(alone[1], np.array([0, n_right])),
            ]
        ),
    )


@given(graph=edge_lists())
def test_order_of_nodes_does_not_matter(graph) -> None:
    index, n = graph
    order = np.random.default_rng(n).permutation(n)

    here = node_counts(motif_adjacency(adjacency_pairs(index, n), n))
    there = node_counts(motif_adjacency(adjacency_pairs(order[index], n), n))

    np.testing.assert_array_equal(here, there[order])

"""Motif adjacencies of relation graphs, against dense matrices and lists of instances."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from graph_samples import SCHEMA, random_graph, random_graphs
from hypothesis import given
from hypothesis import strategies as st
from strategies import edge_lists
from typed_graphs import typed_graphs

from perceptgraph.graphs import loader
from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.loader import graphs_in_memory
from perceptgraph.graphs.motif_pairs import MOTIF_SETS, MotifPairs, motif_names, motif_pairs
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.graphs.typed_motifs import TYPED_MOTIFS, typed_motifs

PATTERNS = {
    "edge": nx.path_graph(2),
    "triangle": nx.complete_graph(3),
    "open_wedge": nx.path_graph(3),
    "four_cycle": nx.cycle_graph(4),
    "diamond": nx.Graph([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]),
    "four_clique": nx.complete_graph(4),
}


def dense(found: MotifPairs, n_nodes: int, n_motifs: int) -> np.ndarray:
    """All adjacencies (M, N, N); an entry that is there twice would be seen."""
    matrix = np.zeros((n_motifs, n_nodes, n_nodes))
    np.add.at(matrix, (found.motif, *found.index), found.count)
    return matrix


def of_instances(instances, n_nodes: int) -> np.ndarray:
    matrix = np.zeros((n_nodes, n_nodes))
    for nodes in instances:
        for i, j in combinations(nodes, 2):
            matrix[i, j] += 1
            matrix[j, i] += 1
    return matrix


def nodes_only(n: int) -> Frames:
    return random_graph(np.random.default_rng(0), n, 0).frames


@given(graph=edge_lists(max_nodes=7))
def test_untyped_adjacencies_are_those_of_all_induced_subgraphs(graph) -> None:
    index, n = graph
    drawn = nx.Graph()
    drawn.add_nodes_from(range(n))
    drawn.add_edges_from((int(i), int(j)) for i, j in index.T if i != j)

    found = motif_pairs("untyped", nodes_only(n), {"near": index})

    matrices = dense(found, n, len(PATTERNS))
    assert motif_names("untyped", ("near",)) == tuple(PATTERNS)
    for matrix, pattern in zip(matrices, PATTERNS.values(), strict=True):
        instances = [
            nodes
            for nodes in combinations(range(n), len(pattern))
            if nx.is_isomorphic(drawn.subgraph(nodes), pattern)
        ]
        np.testing.assert_array_equal(matrix, of_instances(instances, n))


@given(graph=typed_graphs())
def test_typed_adjacencies_are_those_of_all_instances(graph) -> None:
    frames, edges = graph

    found = motif_pairs("typed", frames, edges)

    names = motif_names("typed", edges)
    matrices = dense(found, len(frames), len(names))
    assert names == ("edge", *TYPED_MOTIFS)
    pairs = {tuple(sorted(pair)) for ends in edges.values() for pair in ends.T.tolist()}
    np.testing.assert_array_equal(matrices[0], of_instances(pairs, len(frames)))
    for matrix, instances in zip(matrices[1:], typed_motifs(frames, edges).values(), strict=True):
        sets = np.split(instances.node, instances.offsets[1:-1])
        np.testing.assert_array_equal(matrix, of_instances(sets, len(frames)))


@pytest.mark.parametrize("motifs", MOTIF_SETS)
@given(graph=typed_graphs())
def test_entries_are_in_order_and_say_where_edges_are(motifs: str, graph) -> None:
    frames, edges = graph

    found = motif_pairs(motifs, frames, edges)

    joined = {pair for ends in edges.values() for pair in ends.T.tolist() for pair in both(pair)}
    assert [tuple(pair) in joined for pair in found.index.T.tolist()] == found.is_joined.tolist()
    keys = np.stack([found.index[0], found.motif, found.index[1]])
    np.testing.assert_array_equal(np.lexsort(keys[::-1]), np.arange(keys.shape[1]))
    assert (found.count >= 1).all()


def both(pair: list[int]) -> list[tuple[int, int]]:
    return [(pair[0], pair[1]), (pair[1], pair[0])]


@pytest.mark.parametrize("motifs", MOTIF_SETS)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_motifs_of_a_batch_are_those_of_its_graphs(motifs: str, seed: int, data) -> None:
    graphs = random_graphs(seed)
    indices = data.draw(st.lists(st.integers(0, len(graphs) - 1), min_size=1, max_size=9))

    store = graphs_in_memory(graphs, SCHEMA).with_motifs(motifs)

    first = 0
    batch, taken = store.batch(np.array(indices)), store.taken(np.array(indices))
    again = taken.batch(np.arange(len(indices)))
    index, count = [np.zeros((2, 0), np.int64)], [np.zeros(0, np.float32)]
    for graph in (graphs[i] for i in indices):
        found = alone(motifs, graph)
        index.append(found.index + first)
        count.append(found.count)
        first += len(graph.frames)
    np.testing.assert_array_equal(batch.motif_index.numpy(), np.concatenate(index, axis=1))
    np.testing.assert_array_equal(batch.motif_count.numpy(), np.concatenate(count))
    for name in ("motif_index", "motif", "motif_count", "motif_joined"):
        assert getattr(batch, name).equal(getattr(again, name)), name


def alone(motifs: str, graph: RelationGraph) -> MotifPairs:
    index = np.stack([graph.source, graph.target]).astype(np.int64)
    edges = {name: index[:, graph.relation == i] for i, name in enumerate(graph.relations)}
    return motif_pairs(motifs, graph.frames, edges)


def test_motifs_do_not_depend_on_how_many_graphs_are_searched_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = graphs_in_memory(random_graphs(3, n=30), SCHEMA)
    at_once = store.with_motifs("untyped")

    monkeypatch.setattr(loader, "HOP_NODES", 5)
    in_pieces = store.with_motifs("untyped")

    for name in ("motif", "motif_count", "motif_joined"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(in_pieces, name))
    np.testing.assert_array_equal(at_once.motif_pairs.index, in_pieces.motif_pairs.index)
    np.testing.assert_array_equal(at_once.motif_pairs.offsets, in_pieces.motif_pairs.offsets)

import numpy as np
import pytest
from drawn_nodes import lines

from perceptgraph.graphs.alterations import altered
from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.image_alignment import (
    RANDOM,
    alignment_of,
    dimensions_of,
    most_similar,
    node_statistics,
    relation_statistics,
)
from perceptgraph.graphs.loader import GraphSchema, GraphStore, graphs_in_memory
from perceptgraph.graphs.relation_graph import related

SCHEMA = GraphSchema(("near",), ("flat", "steep"))


def picture(label: int, rng: np.random.Generator) -> Frames:
    """Twelve segments, close to one direction, side by side or end to end."""
    along = np.array([np.sin(label), np.cos(label)])
    step = along if label else along[::-1] * [1, -1]
    middle = 4 * np.arange(12)[:, None] * step + rng.normal(0, 0.5, (12, 2))
    half = along * rng.uniform(1, 3, (12, 1)) + rng.normal(0, 0.3, (12, 2))
    return lines(*np.stack([middle - half, middle + half], axis=1).tolist())


@pytest.fixture(scope="module")
def graphs() -> GraphStore:
    rng = np.random.default_rng(0)
    drawn = [related(picture(i % 2, rng), {"near": {"k": 3}}, i % 2) for i in range(40)]
    return graphs_in_memory(drawn, SCHEMA)


def test_images_of_a_class_are_similar_until_they_are_randomised(graphs: GraphStore) -> None:
    pairs = most_similar(relation_statistics(graphs), 5)
    random = altered(graphs, np.random.default_rng(0), RANDOM)
    others = most_similar(relation_statistics(random), 5)

    same = [(graphs.label[p[0]] == graphs.label[p[1]]).mean() for p in (pairs, others)]
    assert same[0] > 0.95
    assert same[1] < 0.75


def test_alignment_is_lost_with_nodes_and_with_edges(graphs: GraphStore) -> None:
    dimensions = dimensions_of(graphs, draws=3)

    def mean(**shares: float) -> float:
        recipe = {name: {"share": share} for name, share in shares.items()}
        return float(alignment_of(graphs, recipe, dimensions, draws=3).mean())

    nodes, edges = mean(shuffled_nodes=1.0), mean(shuffled_edges=1.0)
    assert mean() < mean(shuffled_nodes=0.3) < nodes
    assert mean() < edges
    assert max(nodes, edges) <= mean(shuffled_nodes=1.0, shuffled_edges=1.0) + 0.2


def test_statistics_do_not_depend_on_the_order_of_the_images(graphs: GraphStore) -> None:
    order = np.random.default_rng(1).permutation(len(graphs))

    for statistics in (node_statistics, relation_statistics):
        np.testing.assert_allclose(
            statistics(graphs.taken(order)), statistics(graphs)[order], atol=1e-9
        )


def test_images_without_edges_are_all_alike(graphs: GraphStore) -> None:
    bare = altered(graphs, np.random.default_rng(0), {"without_edges": {}})

    assert relation_statistics(bare).shape == (len(graphs), 0)
    assert np.isfinite(alignment_of(bare, {}, (1, 1), draws=1)).all()
    assert most_similar(np.zeros((1, 3))).shape == (2, 0)

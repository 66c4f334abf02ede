"""What models are told of nodes: profiles beside a loop over edges."""

import numpy as np
from graph_samples import SCHEMA, random_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptgraph.graphs.encoding import SCALE_FREE
from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.loader import graphs_in_memory
from perceptgraph.graphs.models.features import SMALLEST, RelationProfile
from perceptgraph.graphs.relation_graph import RelationGraph

SIZES = [list(ATTRIBUTES).index(name) for name in ("length", "width", "scale")]


def seen(graph: RelationGraph, edge: int) -> list[float]:
    """The columns of SCALE_FREE of one edge, from complex numbers: column - i row."""
    frames, ends = graph.frames, (graph.source[edge], graph.target[edge])
    place, way = (
        [complex(values[n, 1], -values[n, 0]) for n in ends]
        for values in (frames.position.astype(float), frames.direction.astype(float))
    )
    here, there = (max(float(frames.attributes[n, SIZES].max()), SMALLEST) for n in ends)
    step = (place[1] - place[0]) / way[0] / ((here + there) / 2)
    turn = way[1] / way[0]
    return [
        float(np.log1p(abs(step.real))),
        float(np.sign(step.imag) * np.log1p(abs(step.imag))),
        float(np.arctan2(abs(turn.imag), abs(turn.real))),
        turn.real,
        float(np.log(there / here)),
        float(np.log1p(abs(step))),
    ]


def profile(graph: RelationGraph) -> NDArray[np.float64]:
    """(N, R (1 + 6)), edge by edge."""
    table = np.full((len(graph.frames), len(SCHEMA.relations), 1 + len(SCALE_FREE)), np.nan)
    for node in range(len(graph.frames)):
        for relation in range(len(SCHEMA.relations)):
            mine = (graph.source == node) & (graph.relation == relation)
            edges = np.flatnonzero(mine)
            table[node, relation, 0] = np.log1p(len(edges))
            if len(edges):
                table[node, relation, 1:] = np.mean([seen(graph, e) for e in edges], axis=0)
    return table.reshape(len(graph.frames), len(SCHEMA.relations) * (1 + len(SCALE_FREE)))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_profile_is_the_mean_of_what_the_edges_of_a_node_say(seed: int) -> None:
    graphs = random_graphs(seed)
    module = RelationProfile(SCHEMA)

    found = module(graphs_in_memory(graphs, SCHEMA).batch(np.arange(len(graphs)))).numpy()

    assert found.shape[1] == module.width == len(SCHEMA.relations) * (1 + len(SCALE_FREE))
    expected = np.concatenate([profile(graph) for graph in graphs])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)

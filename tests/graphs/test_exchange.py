import json

import networkx as nx
import numpy as np
from hypothesis import given
from strategies import drawn_primitives
from torch_geometric.data import Data

from perceptgraph.graphs.exchange import to_graphml, to_networkx, to_node_link, to_pyg
from perceptgraph.graphs.pose import POSE, poses_between
from perceptgraph.graphs.relation_graph import RelationGraph, relate


def poses_of(graph: RelationGraph) -> np.ndarray:
    frames = graph.frames
    return poses_between(frames.position, frames.direction, graph.source, graph.target)


@given(found=drawn_primitives(max_size=6))
def test_networkx_has_every_node_and_edge_with_its_rank_and_pose(found) -> None:
    graph = relate(found, label=1)

    there = to_networkx(graph)

    assert there.graph == {"label": 1}
    assert list(there) == list(range(len(graph.frames)))
    poses = poses_of(graph)
    by_number = {e["number"]: (i, j, k, e) for i, j, k, e in there.edges(keys=True, data=True)}
    assert sorted(by_number) == list(range(len(graph.source)))
    for number, (i, j, key, edge) in by_number.items():
        assert (i, j) == (graph.source[number], graph.target[number])
        assert key == edge["relation"] == graph.relations[graph.relation[number]]
        assert edge["rank"] == graph.rank[number]
        assert [edge[name] for name in POSE] == poses[number].tolist()


@given(found=drawn_primitives(max_size=6))
def test_node_link_json_and_graphml_come_back_as_the_same_graph(found) -> None:
    here = to_networkx(relate(found))

    from_json = nx.node_link_graph(
        json.loads(json.dumps(to_node_link(relate(found)))), edges="edges"
    )
    from_xml = nx.parse_graphml(
        to_graphml(relate(found)), node_type=int, edge_key_type=int, force_multigraph=True
    )

    assert dict(from_json.nodes(data=True)) == dict(here.nodes(data=True))
    assert list(from_json.edges(keys=True, data=True)) == list(here.edges(keys=True, data=True))
    assert dict(from_xml.nodes(data=True)) == dict(here.nodes(data=True))
    ends = {(i, j, e["number"], e["relation"]) for i, j, e in from_xml.edges(data=True)}
    assert ends == {(i, j, e["number"], e["relation"]) for i, j, e in here.edges(data=True)}


@given(found=drawn_primitives(max_size=6))
def test_pyg_data_is_valid_and_equal(found) -> None:
    graph = relate(found, label=4)

    data = to_pyg(graph)

    assert isinstance(data, Data)
    assert data.validate()
    assert data.num_nodes == len(graph.frames)
    np.testing.assert_array_equal(data.edge_index.numpy(), [graph.source, graph.target])
    np.testing.assert_array_equal(data.edge_attr.numpy(), poses_of(graph))
    np.testing.assert_array_equal(data.edge_rank.numpy(), graph.rank)
    np.testing.assert_array_equal(data.edge_type.numpy(), graph.relation)
    np.testing.assert_array_equal(data.x.numpy(), graph.frames.attributes)
    assert data.y.tolist() == [4]

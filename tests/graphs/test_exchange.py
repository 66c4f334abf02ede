import json

import networkx as nx
import numpy as np
from hypothesis import given
from strategies import drawn_primitives
from torch_geometric.data import Data

from perceptgraph.graphs.exchange import to_graphml, to_networkx, to_node_link, to_pyg
from perceptgraph.graphs.relation_graph import relate
from perceptgraph.graphs.relations import measures_of


@given(found=drawn_primitives(max_size=6))
def test_networkx_has_every_node_and_edge_with_its_measures(found) -> None:
    graph = relate(found, label=1)

    there = to_networkx(graph)

    assert there.graph == {"label": 1}
    assert list(there) == list(range(len(graph.frames)))
    by_number = {e["number"]: (i, j, k, e) for i, j, k, e in there.edges(keys=True, data=True)}
    assert sorted(by_number) == list(range(len(graph.source)))
    for number, (i, j, key, edge) in by_number.items():
        measures = measures_of(key)
        assert (i, j) == (graph.source[number], graph.target[number])
        assert key == edge["relation"] == graph.relations[graph.relation[number]]
        assert [edge[m] for m in measures] == graph.attributes[number, : len(measures)].tolist()


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
    np.testing.assert_array_equal(data.edge_attr.numpy(), graph.attributes)
    np.testing.assert_array_equal(data.edge_type.numpy(), graph.relation)
    np.testing.assert_array_equal(data.x.numpy(), graph.frames.attributes)
    assert data.y.tolist() == [4]

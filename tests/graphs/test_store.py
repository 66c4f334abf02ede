import numpy as np
import pytest
from hypothesis import given
from strategies import drawn_primitives

from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.primitives import primitives
from perceptgraph.graphs.relation_graph import SPARSE_RELATIONS, relate
from perceptgraph.graphs.store import (
    GRAPH_LAYOUT,
    graph_attributes,
    graph_of,
    graph_record,
    open_graphs,
    relation_names,
)
from perceptgraph.stores.ragged import StoreError, stack, write_store
from perceptgraph.stores.status import identity_record


def assert_equal_graphs(here, there) -> None:
    assert (here.relations, here.label) == (there.relations, there.label)
    for name in ("kind", "position", "direction", "attributes", "following", "curve", "around"):
        np.testing.assert_array_equal(getattr(here.frames, name), getattr(there.frames, name))
    for name in ("source", "target", "relation", "rank"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


@given(found=drawn_primitives())
def test_graph_survives_its_record(found) -> None:
    graph = relate(found, label=2)

    (record,) = stack(GRAPH_LAYOUT, [graph_record(graph, identity_record("one", 2, 0))]).records()

    assert_equal_graphs(graph_of(record, graph.relations), graph)


def test_store_tells_what_is_in_it(tmp_path) -> None:
    graph = relate(primitives())
    block = stack(GRAPH_LAYOUT, [graph_record(graph, identity_record("one", -1, 0))])

    def column(name: str) -> np.ndarray:
        level, _, count = name.partition("/")
        return block.counts[level] if count == "count" else block.columns[name]

    write_store(
        tmp_path / "g.zarr", block.layout, [column], graph_attributes(list(SPARSE_RELATIONS))
    )
    store = open_graphs(tmp_path / "g.zarr")

    assert relation_names(store.attributes) == tuple(SPARSE_RELATIONS)
    assert [a["name"] for a in store.attributes["node_attributes"]] == list(ATTRIBUTES)
    assert_equal_graphs(graph_of(store.record(0), tuple(SPARSE_RELATIONS)), graph)


def test_a_folder_that_is_no_store_is_refused(tmp_path) -> None:
    with pytest.raises(StoreError, match="run the stage that writes it first"):
        open_graphs(tmp_path)

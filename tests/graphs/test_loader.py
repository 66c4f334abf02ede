from pathlib import Path

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph, random_graphs, write_learnable_store
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data

from perceptgraph.graphs import loader
from perceptgraph.graphs.loader import GraphSchema, graphs_in_memory, read_graphs
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.graphs.two_hop import adjacency_pairs, two_hop_pairs
from perceptgraph.stores.ragged import StoreError

COLUMNS = (
    "kind",
    "position",
    "direction",
    "attributes",
    "edge_index",
    "relation",
    "rank",
    "label",
)


def data_of(graph: RelationGraph) -> Data:
    """The graph as torch_geometric keeps it, straight from its own arrays."""
    frames = graph.frames
    return Data(
        kind=torch.from_numpy(frames.kind),
        position=torch.from_numpy(frames.position),
        direction=torch.from_numpy(frames.direction),
        attributes=torch.from_numpy(frames.attributes),
        edge_index=torch.from_numpy(np.stack([graph.source, graph.target]).astype(np.int64)),
        relation=torch.from_numpy(graph.relation),
        rank=torch.from_numpy(graph.rank),
        label=torch.tensor([graph.label]),
        num_nodes=len(frames),
    )


def assert_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert torch.equal(found, expected)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_batch_is_that_of_torch_geometric_tensor_for_tensor(seed: int, data: st.DataObject) -> None:
    graphs = random_graphs(seed)
    indices = np.array(data.draw(st.lists(st.integers(0, len(graphs) - 1), min_size=1, max_size=9)))

    ours = graphs_in_memory(graphs, SCHEMA).batch(indices)
    theirs = Batch.from_data_list([data_of(graphs[i]) for i in indices])

    for name in (*COLUMNS, "batch", "ptr"):
        assert_same(getattr(ours, name), theirs[name])
    assert len(ours) == len(indices)


def test_edges_count_their_nodes_through_the_batch() -> None:
    rng = np.random.default_rng(0)
    first, empty, last = (random_graph(rng, n, 6) for n in (4, 0, 3))

    batch = graphs_in_memory([first, empty, last], SCHEMA).batch(np.arange(3))

    assert batch.ptr.tolist() == [0, 4, 4, 7]
    assert batch.batch.tolist() == [0, 0, 0, 0, 2, 2, 2]
    assert batch.edge_index[0].tolist() == [*first.source, *(last.source + 4)]
    assert batch.edge_index[1].tolist() == [*first.target, *(last.target + 4)]


def test_batch_of_empty_graphs_has_labels_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    graphs = [random_graph(rng, 0, 0, label) for label in (2, -1)]

    batch = graphs_in_memory(graphs, SCHEMA).with_hops().batch(np.array([0, 1]))

    assert batch.label.tolist() == [2, -1]
    assert batch.ptr.tolist() == [0, 0, 0]
    assert batch.edge_index.shape == batch.one_hop.shape == batch.two_hop.shape == (2, 0)
    assert batch.rank.shape == (0,)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_hops_of_a_batch_are_those_of_its_graphs(seed: int, data: st.DataObject) -> None:
    graphs = random_graphs(seed)
    indices = np.array(data.draw(st.lists(st.integers(0, len(graphs) - 1), min_size=1, max_size=9)))

    batch = graphs_in_memory(graphs, SCHEMA).with_hops().batch(indices)

    one, two, first = [np.zeros((2, 0), np.int64)], [np.zeros((2, 0), np.int64)], 0
    for graph in (graphs[i] for i in indices):
        n = len(graph.frames)
        near = adjacency_pairs(np.stack([graph.source, graph.target]), n)
        one.append(near + first)
        two.append(two_hop_pairs(near, n) + first)
        first += n
    assert_same(batch.one_hop, torch.from_numpy(np.concatenate(one, axis=1)))
    assert_same(batch.two_hop, torch.from_numpy(np.concatenate(two, axis=1)))


def test_hops_do_not_depend_on_how_many_graphs_are_searched_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = graphs_in_memory(random_graphs(3, n=30), SCHEMA)
    at_once = store.with_hops()

    monkeypatch.setattr(loader, "HOP_NODES", 5)
    in_pieces = store.with_hops()

    for name in ("one_hop", "two_hop"):
        a, b = getattr(at_once, name), getattr(in_pieces, name)
        np.testing.assert_array_equal(a.offsets, b.offsets)
        np.testing.assert_array_equal(a.index, b.index)


def test_store_without_hops_gives_none() -> None:
    batch = graphs_in_memory(random_graphs(0), SCHEMA).batch(np.arange(12))

    assert batch.one_hop.shape == batch.two_hop.shape == (2, 0)


def test_store_on_disk_gives_the_graphs_that_were_written(tmp_path: Path) -> None:
    write_learnable_store(tmp_path / "graphs.zarr", n=12)

    store = read_graphs(tmp_path / "graphs.zarr")

    assert len(store) == 13
    assert store.image_id == (*(f"image-{i}" for i in range(12)), "bad")
    assert store.label[:12].tolist() == [0, 1, 2] * 4
    assert store.split[:12].tolist() == [0] * 6 + [1] * 3 + [2] * 3
    assert store.ok.tolist() == [True] * 12 + [False]
    assert len(store.batch(np.array([12])).kind) == 0
    assert store.schema.relations == SCHEMA.relations
    assert store.facts["class_names"] == list(SCHEMA.class_names)


def test_folder_without_a_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"graphs\.zarr: expected a perceptgraph\.graphs store"):
        read_graphs(tmp_path / "graphs.zarr")


def test_schema_survives_its_facts() -> None:
    again = GraphSchema.of(SCHEMA.facts())

    assert again.relations == SCHEMA.relations
    assert again.class_names == SCHEMA.class_names

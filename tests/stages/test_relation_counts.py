"""The tables of relations and motifs: equal to counting image by image, class by class."""

import csv
import math
import pickle

import numpy as np
import pytest
from graph_samples import write_learnable_store

from perceptgraph.graphs import motifs
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.graphs.store import graph_of, open_graphs, relation_names
from perceptgraph.graphs.two_hop import adjacency_pairs
from perceptgraph.graphs.typed_motifs import edges_by_relation, typed_motifs
from perceptgraph.stages.relation_counts import (
    CLASS_FIELDS,
    CLASSES,
    N_DEGREES,
    RELATION_FIELDS,
    RELATIONS,
    chosen_images,
    columns_of,
    count_span,
    write_counts,
)
from perceptgraph.stores.mapper import TaskFailure, serial
from perceptgraph.stores.status import SPLITS


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Random graphs of three classes, half of them for training, and an image without a graph."""
    path = tmp_path_factory.mktemp("outputs") / "graphs.zarr"
    write_learnable_store(path, n=48)
    return path


def training_graphs(store) -> list[RelationGraph]:
    opened = open_graphs(store)
    names = relation_names(opened.attributes)
    return [
        graph_of(record, names)
        for record in opened.block().records()
        if record["status/ok"] and record["image/split"] == SPLITS.index("train")
    ]


def numbers_of(graph: RelationGraph) -> list[int]:
    """Nodes, edges of each relation and instances of each motif of one graph."""
    edges = edges_by_relation(graph)
    n = len(graph.frames)
    pairs = adjacency_pairs(np.stack([graph.source, graph.target]), n)
    untyped = motifs.graph_counts(motifs.motif_adjacency(pairs, n), np.array([0, n]))
    return [
        n,
        *(pairs.shape[1] for pairs in edges.values()),
        *(len(instances) for instances in typed_motifs(graph.frames, edges).values()),
        *untyped[0].tolist(),
    ]


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_of_each_class_the_first_training_images_are_chosen(store) -> None:
    opened = open_graphs(store)
    label, split = opened.column("image/label"), opened.column("image/split")
    good = (opened.column("status/ok") == 1) & (split == SPLITS.index("train"))

    for most in (1, 3, 1000):
        chosen = chosen_images(opened, most)

        first = [np.flatnonzero(good & (label == c))[:most] for c in range(label.max() + 1)]
        assert np.flatnonzero(chosen).tolist() == sorted(np.concatenate(first))


def test_images_of_a_span_are_counted_as_if_alone(store) -> None:
    graphs = training_graphs(store)

    counted = count_span((0, len(open_graphs(store))), store, 100)

    assert counted.label.tolist() == [graph.label for graph in graphs]
    assert counted.counts.tolist() == [numbers_of(graph) for graph in graphs]
    assert counted.mixed.sum() == sum(len(graph.source) for graph in graphs)
    n_nodes = sum(len(graph.frames) for graph in graphs)
    assert counted.degree.shape == (3, N_DEGREES)
    assert counted.degree.sum(axis=1).tolist() == [n_nodes] * 3


def test_rows_hold_the_means_of_each_class(store, tmp_path) -> None:
    write_counts(store, tmp_path / "counts", 7, 100, serial)

    graphs = training_graphs(store)
    rows = rows_of(tmp_path / "counts" / CLASSES)
    columns = columns_of(relation_names(open_graphs(store).attributes))
    assert tuple(rows[0]) == CLASS_FIELDS
    assert len(rows) == 3 * len(columns)
    for row in rows:
        mine = [numbers_of(graph) for graph in graphs if "abc"[graph.label] == row["class"]]
        values = np.array(mine, float)[:, columns.index((row["group"], row["name"]))]
        shares = values / np.array(mine)[:, 0]
        assert int(row["images"]) == len(mine)
        for name, of_images in (("count", values), ("per_node", shares)):
            assert float(row[name]) == pytest.approx(of_images.mean(), rel=1e-5)
            assert float(row[f"{name}_sd"]) == pytest.approx(of_images.std(), rel=1e-5)


def test_rows_of_relations_are_shares(store, tmp_path) -> None:
    write_counts(store, tmp_path / "counts", 100, 100, serial)

    rows = rows_of(tmp_path / "counts" / RELATIONS)

    assert tuple(rows[0]) == RELATION_FIELDS
    assert [row["relation"] for row in rows] == list(relation_names(open_graphs(store).attributes))
    for row in rows:
        degrees = [float(row[f"degree_{k}"]) for k in range(N_DEGREES)]
        assert sum(degrees) == pytest.approx(1, abs=1e-4)
        assert 0 <= float(row["homophily"]) <= 1
        assert 0 <= float(row["chance"]) <= 1


def test_tables_do_not_depend_on_the_size_of_parts_or_their_order(store, tmp_path) -> None:
    def backwards(function, items):
        """As in another process: what goes there and comes back is pickled."""
        far = pickle.loads(pickle.dumps(function))
        return pickle.loads(pickle.dumps(serial(far, items[::-1])))[::-1]

    write_counts(store, tmp_path / "one", 1000, 100, serial)
    write_counts(store, tmp_path / "many", 5, 100, backwards)

    for name in (CLASSES, RELATIONS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "many" / name).read_bytes()


def test_a_store_without_images_gives_tables_without_rows(tmp_path) -> None:
    write_learnable_store(tmp_path / "graphs.zarr", n=0)

    write_counts(tmp_path / "graphs.zarr", tmp_path / "counts", 5, 100, serial)

    assert rows_of(tmp_path / "counts" / CLASSES) == []
    rows = rows_of(tmp_path / "counts" / RELATIONS)
    assert all(math.isnan(float(row["homophily"])) for row in rows)


def test_what_a_worker_died_of_is_counted_here(store, tmp_path) -> None:
    def fragile(function, items):
        return [TaskFailure("killed"), *serial(function, items[1:])]

    write_counts(store, tmp_path / "one", 9, 100, serial)
    write_counts(store, tmp_path / "other", 9, 100, fragile)

    for name in (CLASSES, RELATIONS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()

"""Graphs for node classification, from files in the formats of the literature."""

import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.node_graphs import PARTS, node_graphs, read_npz

N = 6
X = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 1]], np.float32)
LABEL = np.array([0, 1, 0, 1, 0, 1])
EDGES = np.array([[0, 1], [1, 2], [3, 5]])
MASKS = {"train": [0, 1], "val": [2, 3], "test": [4, 5]}


def masks(n: int = N) -> dict[str, np.ndarray]:
    return {part: np.isin(np.arange(n), nodes) for part, nodes in MASKS.items()}


def write_splits(folder: Path, name: str, n_splits: int = 2, n: int = N) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(n_splits):
        arrays = {f"{part}_mask": np.roll(mask, k) for part, mask in masks(n).items()}
        np.savez(folder / f"{name}_split_0.6_0.2_{k}.npz", **arrays)


def write_geom_gcn(folder: Path, rows: list[str]) -> None:
    folder.mkdir(parents=True)
    lines = ["node_id\tfeature\tlabel"]
    # The files of Geom-GCN do not list nodes in order.
    lines += [f"{i}\t{rows[i]}\t{LABEL[i]}" for i in reversed(range(N))]
    (folder / "out1_node_feature_label.txt").write_text("\n".join(lines) + "\n")
    edges = ["node_id\tnode_id", *(f"{a}\t{b}" for a, b in EDGES)]
    (folder / "out1_graph_edges.txt").write_text("\n".join(edges) + "\n")


def write_planetoid(folder: Path, name: str, **extra: object) -> None:
    """Nodes 0 to 3 are known, 4 and 5 test; the file of test nodes is not in order."""
    folder.mkdir(parents=True, exist_ok=True)
    one_hot = np.eye(2, dtype=np.int32)[LABEL]
    neighbours = defaultdict(list, {i: [] for i in range(N)})
    for a, b in EDGES.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    content: dict[str, object] = {
        "x": csr_matrix(X[:2]),
        "y": one_hot[:2],
        "tx": csr_matrix(X[[5, 4]]),
        "ty": one_hot[[5, 4]],
        "allx": csr_matrix(X[:4]),
        "ally": one_hot[:4],
        "graph": neighbours,
        **extra,
    }
    for key, value in content.items():
        (folder / f"ind.{name}.{key}").write_bytes(pickle.dumps(value, protocol=2))
    (folder / f"ind.{name}.test.index").write_text("5\n4\n")


def test_npz_of_the_heterophilous_benchmark(tmp_path: Path) -> None:
    stacked = {f"{part}_masks": np.stack([mask, mask]) for part, mask in masks().items()}
    np.savez(tmp_path / "t.npz", node_features=X, node_labels=LABEL, edges=EDGES, **stacked)

    graph = node_graphs(tmp_path)["t"]()

    np.testing.assert_array_equal(graph.features.toarray(), X)
    np.testing.assert_array_equal(graph.edges, EDGES.T)
    np.testing.assert_array_equal(graph.label, LABEL)
    assert {part: graph.splits[part].shape for part in PARTS} == dict.fromkeys(PARTS, (2, N))


def test_geom_gcn_folder_with_splits_beside_it(tmp_path: Path) -> None:
    rows = [",".join(str(int(v)) for v in row) for row in X]
    write_geom_gcn(tmp_path / "new_data" / "texas", rows)
    write_splits(tmp_path / "splits", "texas", n_splits=11)

    graph = node_graphs(tmp_path)["texas"]()

    np.testing.assert_array_equal(graph.features.toarray(), X)
    np.testing.assert_array_equal(graph.label, LABEL)
    np.testing.assert_array_equal(graph.edges, EDGES.T)
    assert graph.splits["val"].shape == (11, N)
    # Split 10 stands after split 9, not after split 1.
    np.testing.assert_array_equal(graph.splits["test"][10], np.roll(masks()["test"], 10))


def test_film_lists_the_columns_that_are_one(tmp_path: Path) -> None:
    rows = ["0,7", "3", "1,2,7", "0", "5,5", "6"]
    write_geom_gcn(tmp_path / "film", rows)
    write_splits(tmp_path, "film")

    features = node_graphs(tmp_path)["film"]().features.toarray()

    assert features.shape == (N, 8)
    assert features.max() == 1
    assert [set(np.flatnonzero(row)) for row in features] == [
        {int(v) for v in row.split(",")} for row in rows
    ]


def test_geom_gcn_without_splits_says_what_lacks(tmp_path: Path) -> None:
    write_geom_gcn(tmp_path / "texas", ["1"] * N)

    with pytest.raises(MissingData, match=r"texas_split_0.6_0.2_0.npz"):
        node_graphs(tmp_path)["texas"]()


def test_planetoid_puts_test_rows_where_the_index_says(tmp_path: Path) -> None:
    write_planetoid(tmp_path, "cora")

    graph = node_graphs(tmp_path)["cora"]()

    np.testing.assert_array_equal(graph.features.toarray(), X)
    np.testing.assert_array_equal(graph.label, LABEL)
    assert {frozenset(e) for e in graph.edges.T.tolist()} == {frozenset(e) for e in EDGES.tolist()}
    # The public split: the nodes of y train, the next ones validate, the index tests.
    assert np.flatnonzero(graph.splits["train"][0]).tolist() == [0, 1]
    assert np.flatnonzero(graph.splits["test"][0]).tolist() == [4, 5]


def test_planetoid_takes_the_splits_of_geom_gcn(tmp_path: Path) -> None:
    write_planetoid(tmp_path / "data", "cora")
    write_splits(tmp_path / "splits", "cora", n_splits=3)

    assert node_graphs(tmp_path)["cora"]().splits["train"].shape == (3, N)


def test_nodes_that_no_file_describes_are_in_no_split(tmp_path: Path) -> None:
    write_planetoid(tmp_path, "citeseer")
    (tmp_path / "ind.citeseer.test.index").write_text("6\n4\n")
    write_splits(tmp_path, "citeseer", n=7)

    graph = node_graphs(tmp_path)["citeseer"]()

    assert graph.label.tolist() == [0, 1, 0, 1, 0, -1, 1]
    assert graph.features.toarray()[5].tolist() == [0, 0, 0]
    assert not any(graph.splits[part][:, 5].any() for part in PARTS)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("1 / 0",)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    write_planetoid(tmp_path, "cora", graph=Evil())

    with pytest.raises(ValueError, match=r"ind.cora.graph: expected .*eval"):
        node_graphs(tmp_path)["cora"]()


def test_a_folder_without_graphs_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"no zip")

    with pytest.raises(MissingData, match="found none"):
        node_graphs(tmp_path)
    with pytest.raises(MissingData, match="expected a folder"):
        node_graphs(tmp_path / "nowhere")


def test_an_npz_without_an_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", node_features=X, node_labels=LABEL)

    with pytest.raises(ValueError, match="expected the array edges"):
        read_npz(tmp_path / "t.npz")


def test_an_edge_to_a_node_that_is_not_there_is_refused(tmp_path: Path) -> None:
    stacked = {f"{part}_masks": mask for part, mask in masks().items()}
    edges = np.array([[0, N]])
    np.savez(tmp_path / "t.npz", node_features=X, node_labels=LABEL, edges=edges, **stacked)

    with pytest.raises(ValueError, match="edges between nodes 0 to 5"):
        read_npz(tmp_path / "t.npz")


def test_a_damaged_row_of_text_is_named(tmp_path: Path) -> None:
    write_geom_gcn(tmp_path / "texas", ["1,0"] * N)
    write_splits(tmp_path, "texas")
    with (tmp_path / "texas" / "out1_graph_edges.txt").open("a") as file:
        file.write("3\n")

    with pytest.raises(ValueError, match="line 5: expected 2 columns, found 1"):
        node_graphs(tmp_path)["texas"]()

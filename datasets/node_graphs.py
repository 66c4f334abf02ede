"""Graphs whose nodes are to be classified, from the files in which the literature shares them.

Three formats: the npz files of the heterophilous-graphs benchmark [1]_, the text folders of
Geom-GCN [2]_ and the `ind.*` files of Planetoid (`perceptgraph.datasets.planetoid`).

References
----------
.. [1] O. Platonov et al., "A critical look at the evaluation of GNNs under heterophily: are we
       really making progress?", ICLR 2023.
.. [2] H. Pei et al., "Geom-GCN: geometric graph convolutional networks", ICLR 2020.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.planetoid import planetoid_arrays, planetoid_splits
from perceptgraph.stores.arrays import ContractError, check_array

FEATURES, EDGES = "out1_node_feature_label.txt", "out1_graph_edges.txt"
PARTS = ("train", "val", "test")
Splits = Mapping[str, NDArray[np.bool_]]
"""Part to its masks (S, N), one row for each split."""


@dataclass(frozen=True, slots=True, eq=False)
class NodeGraph:
    """One graph with N labelled nodes and S ways to split them."""

    name: str
    features: csr_array
    """(N, F) float32."""
    edges: NDArray[np.int64]
    """(2, E): pairs of nodes as the file has them, in either or in both directions."""
    label: NDArray[np.int64]
    """(N,): 0 to C - 1; -1 where it is not known."""
    splits: Splits

    def __post_init__(self) -> None:
        n = len(self.label)
        check_array("label", self.label, (n,), np.int64)
        check_array("edges", self.edges, (2, None), np.int64)
        if self.features.shape[0] != n:
            raise ContractError(f"{self.name}: expected features of {n} nodes")
        if self.edges.size and not (self.edges.min() >= 0 and self.edges.max() < n):
            raise ContractError(f"{self.name}: expected edges between nodes 0 to {n - 1}")
        for part in PARTS:
            check_array(part, self.splits[part], (len(self.splits["train"]), n), np.bool_)
            if (self.label[self.splits[part].any(axis=0)] < 0).any():
                raise ContractError(f"{self.name}: expected a label for each node of a split")


def node_graphs(folder: Path) -> dict[str, Callable[[], NodeGraph]]:
    """Name to reader of each graph in any format at or below `folder`, in order of names.

    Raises
    ------
    MissingData
        The folder is not there, or holds no graph.
    """
    if not folder.is_dir():
        raise MissingData(f"{folder}: expected a folder with graphs, found none")
    found: dict[str, Callable[[], NodeGraph]] = {}
    for path in sorted(folder.rglob("*.npz")):
        if _is_graph(path):
            found[path.stem] = lambda p=path: read_npz(p)  # type: ignore[misc]
    for path in sorted(folder.rglob(FEATURES)):
        found[path.parent.name] = lambda p=path.parent: read_geom_gcn(p, folder)  # type: ignore[misc]
    for path in sorted(folder.rglob("ind.*.x")):
        name = path.name[len("ind.") : -len(".x")]
        found[name] = lambda p=path.parent, n=name: read_planetoid(p, n, folder)  # type: ignore[misc]
    if not found:
        raise MissingData(
            f"{folder}: expected graphs for node classification, found none: no npz with "
            f"node_features, no {FEATURES}, no ind.*.x"
        )
    return dict(sorted(found.items()))


def _is_graph(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as members:
            return "node_features.npy" in members.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def read_npz(path: Path) -> NodeGraph:
    """A graph of the heterophilous-graphs benchmark; ValueError where an array lacks."""
    with np.load(path, allow_pickle=False) as arrays:
        wanted = ("node_features", "node_labels", "edges", *(f"{part}_masks" for part in PARTS))
        if lacks := [name for name in wanted if name not in arrays]:
            raise ValueError(f"{path}: expected the array {lacks[0]}, found {sorted(arrays)}")
        return NodeGraph(
            path.stem,
            csr_array(arrays["node_features"].astype(np.float32)),
            np.ascontiguousarray(arrays["edges"].astype(np.int64).reshape(-1, 2).T),
            arrays["node_labels"].astype(np.int64),
            {part: np.atleast_2d(arrays[f"{part}_masks"].astype(np.bool_)) for part in PARTS},
        )


def read_geom_gcn(folder: Path, splits_below: Path) -> NodeGraph:
    """A graph in the text files of Geom-GCN, with its split files from anywhere below a folder.

    A row of features holds one number for each column, or, where rows differ in length or numbers
    exceed 1 ("film"), the columns that are 1.
    """
    node, labels, rows = [], [], []
    for number, features, label_text in _table(folder / FEATURES, 3):
        node.append(int(number))
        labels.append(int(label_text))
        rows.append(_Row.of(np.fromstring(features, np.float32, sep=",")))
    if not node or set(node) != set(range(len(node))):
        raise ValueError(f"{folder / FEATURES}: expected nodes 0, 1, ... once each")
    order = np.argsort(node)
    label = np.array(labels, np.int64)[order]
    ends = [(int(a), int(b)) for a, b in _table(folder / EDGES, 2)]
    splits = geom_gcn_splits(splits_below, folder.name)
    if splits is None:
        raise MissingData(
            f"{folder}: expected its splits as {folder.name}_split_0.6_0.2_0.npz, ..., found none "
            f"below {splits_below}"
        )
    edges = np.array(ends, np.int64).reshape(-1, 2).T
    features = _features([rows[i] for i in order])
    return NodeGraph(folder.name, features, np.ascontiguousarray(edges), label, splits)


def _table(path: Path, n_columns: int) -> Iterator[list[str]]:
    """Rows of a text file with one line of headings and columns apart by tabs."""
    with path.open() as lines:
        next(lines, None)
        for number, line in enumerate(lines, start=2):
            cells = line.rstrip().split("\t")
            if len(cells) != n_columns:
                raise ValueError(
                    f"{path}, line {number}: expected {n_columns} columns, found {len(cells)}"
                )
            yield cells


class _Row(NamedTuple):
    """A row of numbers of which most are 0; a table of them all may not fit into memory."""

    length: int
    place: NDArray[np.int64]
    """Where it is not 0."""
    value: NDArray[np.float32]
    """The numbers there."""

    @classmethod
    def of(cls, numbers: NDArray[np.float32]) -> Self:
        """The row of these numbers."""
        place = np.flatnonzero(numbers)
        return cls(len(numbers), place, numbers[place])

    def numbers(self) -> NDArray[np.float32]:
        """All of its numbers."""
        row = np.zeros(self.length, np.float32)
        row[self.place] = self.value
        return row


def _features(rows: list[_Row]) -> csr_array:
    lengths = {row.length for row in rows}
    is_listed = len(lengths) > 1 or any((row.value > 1).any() for row in rows)
    # A list says where ones are, and 0 may be in it; a table has its numbers in their places.
    columns = [row.numbers().astype(np.int64) if is_listed else row.place for row in rows]
    column = np.concatenate(columns)
    value = np.ones(len(column)) if is_listed else np.concatenate([row.value for row in rows])
    offsets = np.cumsum([0, *(len(there) for there in columns)])
    width = int(column.max(initial=0)) + 1 if is_listed else lengths.pop()
    table = csr_array((value.astype(np.float32), column, offsets), shape=(len(rows), width))
    if is_listed:
        table.sum_duplicates()
        table.data[:] = 1
    return table


def geom_gcn_splits(below: Path, name: str) -> Splits | None:
    """The masks in `<name>_split_0.6_0.2_<k>.npz`, in order of k; None where there are none."""
    pattern = re.compile(rf"{re.escape(name)}_split_0\.6_0\.2_(\d+)\.npz")
    files = {
        int(match[1]): path
        for path in sorted(below.rglob(f"{name}_split_*.npz"))
        if (match := pattern.fullmatch(path.name))
    }
    if not files:
        return None
    masks: dict[str, list[NDArray[np.bool_]]] = {part: [] for part in PARTS}
    for k in sorted(files):
        with np.load(files[k], allow_pickle=False) as arrays:
            for part in PARTS:
                masks[part].append(arrays[f"{part}_mask"].astype(np.bool_))
    return {part: np.stack(found) for part, found in masks.items()}


def read_planetoid(folder: Path, name: str, splits_below: Path) -> NodeGraph:
    """A graph in `ind.<name>.*`, with Geom-GCN's splits if there are any, else the public one.

    Nodes that no file describes are in no split.
    """
    features, edges, label, n_train, test = planetoid_arrays(folder, name)
    splits = geom_gcn_splits(splits_below, name)
    if splits is None:
        splits = planetoid_splits(len(label), n_train, test)
    splits = {part: masks & (label >= 0) for part, masks in splits.items()}
    return NodeGraph(name, features, edges, label, splits)

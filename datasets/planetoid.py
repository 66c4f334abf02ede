"""The `ind.<name>.*` files of Planetoid [1]_, read without running what a pickle may ask for.

Only arrays, sparse matrices and dictionaries of lists are built; any other class is refused.

References
----------
.. [1] Z. Yang, W. Cohen, R. Salakhutdinov, "Revisiting semi-supervised learning with graph
       embeddings", ICML 2016.
"""

import collections
import importlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from perceptgraph.datasets.catalog import MissingData

N_VAL = 500
"""Nodes of the public split that validate: those after the training nodes."""


class _SparseState:
    """What a pickled sparse matrix of any version of SciPy says of itself."""

    data: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]
    _shape: tuple[int, int]

    def array(self) -> csr_array:
        """As the arrays of today."""
        return csr_array((self.data, self.indices, self.indptr), shape=self._shape)


_ARRAY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
"""Where NumPy has had the functions that rebuild an array, before and since version 2."""


def _bytes_of(text: str, _: str) -> bytes:
    """Bytes that protocol 2 writes as text."""
    return text.encode("latin1")


class _DataUnpickler(pickle.Unpickler):
    """Builds arrays, sparse matrices and dictionaries of lists, and refuses all else."""

    def find_class(self, module: str, name: str) -> Any:
        """The class for a name in the file; UnpicklingError unless it only holds data."""
        if module in _ARRAY_MODULES and name in ("_reconstruct", "scalar"):
            return getattr(importlib.import_module("numpy._core.multiarray"), name)
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if module.startswith("scipy.sparse") and name in ("csr_matrix", "csr_array"):
            return _SparseState
        if (module, name) == ("_codecs", "encode"):
            return _bytes_of
        if (module, name) == ("collections", "defaultdict"):
            return collections.defaultdict
        if module in ("builtins", "__builtin__") and name in ("list", "dict", "int"):
            return {"list": list, "dict": dict, "int": int}[name]
        raise pickle.UnpicklingError(f"expected arrays and numbers, found {module}.{name}")


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            found = _DataUnpickler(file, encoding="latin1").load()
    except FileNotFoundError as error:
        raise MissingData(f"{path}: expected this file of Planetoid, found none") from error
    except (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected a file of Planetoid: {error}") from error
    return found.array() if isinstance(found, _SparseState) else found


def planetoid_arrays(
    folder: Path, name: str
) -> tuple[csr_array, NDArray[np.int64], NDArray[np.int64], int, NDArray[np.int64]]:
    """Features, edges, labels, number of training nodes and test nodes of `ind.<name>.*`.

    Returns
    -------
    features : (N, F) float32
        Of a node that no file describes (isolated ones of Citeseer): zeros.
    edges : (2, E)
        As the dictionary of neighbours has them.
    label : (N,)
        -1 where no file says it.
    n_train : int
        Nodes 0 to n_train - 1 train.
    test : (T,)
        Nodes of the public test set.

    Raises
    ------
    MissingData
        A file is not there.
    ValueError
        A file is damaged, or asks for a class that does not only hold data.
    """
    part = {key: _read(folder / f"ind.{name}.{key}") for key in ("y", "tx", "ty", "allx", "ally")}
    neighbours = _read(folder / f"ind.{name}.graph")
    index = folder / f"ind.{name}.test.index"
    if not index.is_file():
        raise MissingData(f"{index}: expected this file of Planetoid, found none")
    test = np.loadtxt(index, np.int64, ndmin=1)
    n_known = part["allx"].shape[0]
    n_nodes = max(int(test.max()) + 1, n_known, max(neighbours, default=-1) + 1)
    described = vstack([part["allx"], part["tx"]]).tocsr()
    # The rows of tx belong to the nodes in test.index, in its order; some nodes have no row.
    row_of = np.full(n_nodes, -1)
    row_of[:n_known] = np.arange(n_known)
    row_of[test] = n_known + np.arange(len(test))
    has = row_of >= 0
    place = csr_array(
        (np.ones(has.sum(), np.float32), (np.flatnonzero(has), row_of[has])),
        shape=(n_nodes, described.shape[0]),
    )
    classes = np.concatenate([part["ally"], part["ty"]])
    label = np.full(n_nodes, -1, np.int64)
    label[has] = np.where(classes.any(axis=1), classes.argmax(axis=1), -1)[row_of[has]]
    ends = [(int(a), int(b)) for a, found in neighbours.items() for b in found]
    edges = np.ascontiguousarray(np.array(ends, np.int64).reshape(-1, 2).T)
    features = (place @ described).astype(np.float32).tocsr()
    return features, edges, label, len(part["y"]), test


def planetoid_splits(
    n_nodes: int, n_train: int, test: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    """The public split: masks (1, N)."""
    splits = {part: np.zeros((1, n_nodes), np.bool_) for part in ("train", "val", "test")}
    splits["train"][0, :n_train] = True
    splits["val"][0, n_train : n_train + N_VAL] = True
    splits["test"][0, test] = True
    return splits

"""Ragged zarr groups: flat arrays and offsets, one run of rows per image.

A *level* is a kind of row ("node", "edge", "pixel"); the level "image" has one row per image. A
column belongs to one level; the offsets of a level are stored as `<level>/ptr`. Same input, same
bytes: nothing here depends on time, host or the number of writers.
"""

import hashlib
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec

from perceptgraph.stores.arrays import ContractError, check_array, offsets_of, ranges

IMAGE = "image"
CHUNK_BYTES = 512 * 1024  # inner chunks of 0.25-1 MB read fast and compress well
CHUNKS_PER_SHARD = 32  # shards of 16 MB: few files, each written whole by one process

Record = Mapping[str, Any]
"""The columns of one image: (rows, ...) each, () or (...) at the level "image"."""


class StoreError(ValueError):
    """A store is missing, of another version, or damaged."""


@dataclass(frozen=True, slots=True)
class Column:
    """One flat array of a store."""

    level: str
    dtype: str
    shape: tuple[int, ...] = ()
    """Of one row."""
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Name, version and columns of a store; `columns` maps "group/name" to its Column."""

    format: str
    version: int
    columns: Mapping[str, Column]

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that need offsets, in order of name."""
        return tuple(sorted({c.level for c in self.columns.values()} - {IMAGE}))

    def schema(self) -> dict[str, dict[str, Any]]:
        """Unit, meaning, type and shape of each column, as kept in the store's attributes."""
        return {
            name: {
                "level": c.level,
                "dtype": c.dtype,
                "shape": list(c.shape),
                "unit": c.unit,
                "meaning": c.meaning,
            }
            for name, c in sorted(self.columns.items())
        }


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The columns of consecutive images, flat, with the rows that each image has."""

    layout: Layout
    n_images: int
    counts: Mapping[str, NDArray[np.int64]]
    """Level to (n_images,)."""
    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        for level in self.layout.levels:
            check_array(f"{level} counts", self.counts[level], (self.n_images,), np.int64)
        for name, column in self.layout.columns.items():
            check_array(name, self.columns[name], (self.rows(column), *column.shape), column.dtype)

    def read(self, name: str) -> NDArray[Any]:
        """A column, or the counts of level "x" under the name "x/count"; what is written."""
        level, _, rest = name.rpartition("/")
        return self.counts[level] if rest == "count" else self.columns[name]

    def rows(self, column: Column) -> int:
        """Rows that `column` has in this block."""
        return self.n_images if column.level == IMAGE else int(self.counts[column.level].sum())

    def records(self) -> Iterator[dict[str, Any]]:
        """The columns of each image, in order."""
        offsets = {level: offsets_of(n) for level, n in self.counts.items()}
        for i in range(self.n_images):
            yield {
                name: self.columns[name][i]
                if column.level == IMAGE
                else self.columns[name][offsets[column.level][i] : offsets[column.level][i + 1]]
                for name, column in self.layout.columns.items()
            }


def stack(layout: Layout, records: Sequence[Record]) -> Block:
    """Records of consecutive images as one block; ContractError where one does not fit."""
    counts: dict[str, NDArray[np.int64]] = {}
    columns: dict[str, NDArray[Any]] = {}
    for name, column in layout.columns.items():
        dtype = np.dtype(column.dtype)
        if column.level == IMAGE:
            rows = [np.asarray(record[name], dtype)[None] for record in records]
        else:
            rows = [np.asarray(record[name], dtype) for record in records]
            length = np.array([len(r) for r in rows], np.int64)
            if (counts.setdefault(column.level, length) != length).any():
                raise ContractError(f"{name}: its rows differ in number from its level's")
        empty = np.zeros((0, *column.shape), dtype)
        columns[name] = np.concatenate([empty, *rows]) if rows else empty
    for level in layout.levels:
        counts.setdefault(level, np.zeros(0, np.int64))
    return Block(layout, len(records), counts, columns)


def taken(block: Block, indices: NDArray[np.int64]) -> Block:
    """These images of a block, in this order."""
    rows = {}
    for level, counts in block.counts.items():
        rows[level] = ranges(offsets_of(counts)[indices], counts[indices])
    columns = {
        name: block.columns[name].take(indices if c.level == IMAGE else rows[c.level], axis=0)
        for name, c in block.layout.columns.items()
    }
    few = {level: counts[indices] for level, counts in block.counts.items()}
    return Block(block.layout, len(indices), few, columns)


class RaggedStore:
    """A store opened for reading."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open `path`; StoreError if it is not a finished store of this format and version."""
        self.path = path
        self.layout = layout
        try:
            self._group = zarr.open_group(path, mode="r")
        except (FileNotFoundError, ValueError) as error:
            raise StoreError(
                f"{path}: expected a {layout.format} store, found none; run the stage that "
                "writes it first"
            ) from error
        self.attributes: dict[str, Any] = dict(self._group.attrs)
        found = (self.attributes.get("format"), self.attributes.get("version"))
        if found != (layout.format, layout.version):
            raise StoreError(
                f"{path}: holds {found[0]} version {found[1]}, this code reads {layout.format} "
                f"version {layout.version}; remove it and run the stage again"
            )
        self.n_images = int(self.attributes["n_images"])
        self.digest = str(self.attributes["digest"])
        self._offsets = {level: self._read(f"{level}/ptr") for level in layout.levels}

    def __len__(self) -> int:
        return self.n_images

    def _read(self, name: str, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        array = self._group.get(name)
        if not isinstance(array, zarr.Array):
            raise StoreError(f"{self.path}: {name} is missing")
        return np.asarray(array[start:stop])

    def offsets(self, level: str) -> NDArray[np.int64]:
        """(n_images + 1,): where the rows of each image begin."""
        return self._offsets[level]

    def column(self, name: str) -> NDArray[Any]:
        """One whole column."""
        return self._read(name)

    def block(self, start: int = 0, stop: int | None = None) -> Block:
        """All columns of images `start` to `stop`."""
        stop = self.n_images if stop is None else stop
        counts = {k: np.diff(v[start : stop + 1]) for k, v in self._offsets.items()}
        columns = {}
        for name, column in self.layout.columns.items():
            if column.level == IMAGE:
                columns[name] = self._read(name, start, stop)
            else:
                offsets = self._offsets[column.level]
                columns[name] = self._read(name, int(offsets[start]), int(offsets[stop]))
        return Block(self.layout, stop - start, counts, columns)

    def record(self, index: int) -> dict[str, Any]:
        """The columns of one image."""
        return next(self.block(index, index + 1).records())


def write_store(
    path: Path,
    layout: Layout,
    blocks: Sequence[Callable[[str], NDArray[Any]]],
    attributes: Mapping[str, Any],
) -> None:
    """Write blocks, one after the other, as one store that appears at `path` whole or not at all.

    Parameters
    ----------
    path : Path
        Folder of the store; replaced if it exists.
    layout : Layout
        What is written.
    blocks : sequence of callables
        Each gives a column, or the counts of level "x" under the name "x/count", of one block.
        Called column by column, so that memory stays bounded by one block and one shard.
    attributes : mapping
        JSON values for the group's attributes.
    """
    partial = path.with_name(path.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    group = zarr.open_group(partial, mode="w")
    digest = hashlib.sha256()
    counts = {
        level: np.concatenate([np.zeros(0, np.int64), *(b(f"{level}/count") for b in blocks)])
        for level in layout.levels
    }
    for level in layout.levels:
        offsets = offsets_of(counts[level])
        n_images = len(counts[level])
        _write_column(group, f"{level}/ptr", offsets.dtype, (), len(offsets), [offsets], digest)
    for name, column in sorted(layout.columns.items()):
        if column.level == IMAGE:
            n_rows = sum(len(b(name)) for b in blocks)
            n_images = n_rows
        else:
            n_rows = int(counts[column.level].sum())
        rows = (b(name) for b in blocks)
        _write_column(group, name, np.dtype(column.dtype), column.shape, n_rows, rows, digest)
    group.attrs.update(
        {
            "format": layout.format,
            "version": layout.version,
            "n_images": n_images,
            "digest": digest.hexdigest(),
            "schema": layout.schema(),
            **attributes,
        }
    )
    with warnings.catch_warnings():
        # Consolidated metadata is a convention, not yet part of the zarr 3 specification.
        warnings.filterwarnings("ignore", "Consolidated metadata", category=UserWarning)
        zarr.consolidate_metadata(partial)
    shutil.rmtree(path, ignore_errors=True)
    partial.rename(path)


def _write_column(
    group: zarr.Group,
    name: str,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    n_rows: int,
    pieces: Iterator[NDArray[Any]] | Sequence[NDArray[Any]],
    digest: "hashlib._Hash",
) -> None:
    """Write one column in whole shards; a shard that is written twice is slow and unsafe."""
    row_bytes = dtype.itemsize * int(np.prod(shape, dtype=int))
    chunk = max(1, min(CHUNK_BYTES // row_bytes, max(n_rows, 1)))
    # A shard of a short column ends with its last chunk, so that small stores stay small.
    shard = chunk * max(1, min(CHUNKS_PER_SHARD, -(-n_rows // chunk)))
    array = group.create_array(
        name,
        shape=(n_rows, *shape),
        chunks=(chunk, *shape),
        shards=(shard, *shape),
        dtype=dtype,
        compressors=ZstdCodec(level=1),
        fill_value=0,
    )
    digest.update(f"{name} {dtype.str} {shape} {n_rows}".encode())
    waiting: list[NDArray[Any]] = []
    n_waiting = start = 0
    for piece in pieces:
        rows = np.ascontiguousarray(piece, dtype)
        digest.update(rows.data)
        waiting.append(rows)
        n_waiting += len(rows)
        if n_waiting < shard:
            continue
        joined = np.concatenate(waiting)
        whole = n_waiting - n_waiting % shard
        array[start : start + whole] = joined[:whole]
        start, waiting, n_waiting = start + whole, [joined[whole:]], n_waiting - whole
    if n_waiting:
        array[start:] = np.concatenate(waiting)
        start += n_waiting
    if start != n_rows:
        raise StoreError(f"{name}: expected {n_rows} rows, the parts hold {start}")

"""Work on a store part by part: each part is a file, so that nothing finished is ever lost.

A part is a fixed run of images. Its file is written under a temporary name, flushed and renamed,
so it is whole or absent; a run that starts again finds the finished ones. Parts live in a folder
named after everything they depend on (`key`), so parts of other parameters are never mixed in.
"""

import hashlib
import json
import math
import os
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.mapper import Mapper, TaskFailure
from perceptgraph.stores.ragged import Block, Layout, Record, stack, write_store

Span = tuple[int, int]
"""First image and the one after the last."""
LayoutOf = Callable[[Sequence[Record]], Layout]
"""Layout of one part, where the records decide it: columns may be narrower than in the store."""


Convert = Callable[[str, NDArray[Any]], NDArray[Any]]
"""A column of a part, with its name, to that column as the store keeps it."""

LENGTHS_AT = 26  # in the header of a zip file's entry: lengths of its name and of what follows


def key_of(facts: Mapping[str, Any], packages: Sequence[Path]) -> str:
    """Digest of JSON facts (parameters, digests of the inputs) and of the code in `packages`."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
    for package in packages:
        for source in sorted(package.rglob("*.py")):
            digest.update(source.relative_to(package).as_posix().encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def spans(n_images: int, part_images: int) -> list[Span]:
    """Runs of `part_images` images; they depend on nothing but these two numbers."""
    return [(i, min(i + part_images, n_images)) for i in range(0, n_images, part_images)]


def write_part(path: Path, block: Block) -> None:
    """Write one part atomically: whole and flushed to disk, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {n.replace("/", "|"): np.ascontiguousarray(a) for n, a in block.columns.items()}
    arrays |= {f"{level}|count": n for level, n in block.counts.items()}
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a column lies in the file of a part, which is not compressed."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    """First byte."""


def _places(path: Path) -> dict[str, _Place]:
    """Where the columns of a part lie: a merge reads each column of each part by itself."""
    found = {}
    with zipfile.ZipFile(path) as part, path.open("rb") as raw:
        for entry in part.infolist():
            with part.open(entry) as file:
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                header = file.tell()
            raw.seek(entry.header_offset + LENGTHS_AT)
            name_length, extra_length = struct.unpack("<HH", raw.read(4))
            start = entry.header_offset + LENGTHS_AT + 4 + name_length + extra_length + header
            name = entry.filename.removesuffix(".npy").replace("|", "/")
            found[name] = _Place(dtype, shape, start)
    return found


def _column_of(
    name: str, path: Path, places: Mapping[str, _Place], convert: Convert | None
) -> NDArray[Any]:
    place = places[name]
    column = np.fromfile(path, place.dtype, math.prod(place.shape), offset=place.start)
    column = column.reshape(place.shape)
    return column if convert is None else convert(name, column)


def dtype_of(path: Path, name: str) -> str:
    """Type of one column of a part ("u1", "f4", ...), without reading the column."""
    return _places(path)[name].dtype.str[1:]


def _make(
    span: Span,
    folder: Path,
    layout: Layout | LayoutOf,
    read: Callable[[Span], Sequence[Record]],
) -> Path:
    """Make the part of `span`, unless its file is there."""
    path = folder / f"part-{span[0]:08d}-{span[1]:08d}.npz"
    if not path.exists():
        records = read(span)
        write_part(path, stack(layout if isinstance(layout, Layout) else layout(records), records))
    return path


def make_parts(
    folder: Path,
    layout: Layout | LayoutOf,
    todo: Sequence[Span],
    read: Callable[[Span], Sequence[Record]],
    crashed: Callable[[int, str], Record],
    mapper: Mapper,
) -> list[Path]:
    """Files of all parts, in order of their images.

    `read` gives the records of a span. Where it kills its process, the span is tried again image
    by image, then each image with no other beside it, since a scheduler blames all tasks that its
    dead process held; the image that does it alone becomes `crashed(index, reason)`.
    """
    make = partial(_make, folder=folder, layout=layout, read=read)
    paths: list[Path] = []
    for span, made in zip(todo, mapper(make, todo), strict=True):
        if not isinstance(made, TaskFailure):
            paths.append(made)
        elif span[1] - span[0] > 1:
            images = [(i, i + 1) for i in range(*span)]
            paths += make_parts(folder, layout, images, read, crashed, mapper)
        elif len(todo) > 1:
            paths += make_parts(folder, layout, [span], read, crashed, mapper)
        else:
            reason = made.reason
            paths.append(
                _make(span, folder, layout, lambda s, r=reason: [crashed(s[0], r)])  # type: ignore[misc]
            )
    return paths


def merge_parts(
    paths: Sequence[Path],
    out: Path,
    layout: Layout,
    attributes: Mapping[str, Any],
    convert: Convert | None = None,
) -> None:
    """One ordered merge of all parts into the store `out`; the parts are removed after.

    `convert` turns a column of a part, given by name, into the layout's type, where they differ.
    """
    blocks = [
        partial(_column_of, path=path, places=_places(path), convert=convert) for path in paths
    ]
    write_store(out, layout, blocks, attributes)
    for folder in {path.parent for path in paths}:
        shutil.rmtree(folder)


def remove_parts(root: Path, stage: str) -> None:
    """Remove what runs with other parameters left, and `parts` where no other stage uses it."""
    shutil.rmtree(root / "parts" / stage, ignore_errors=True)
    with suppress(OSError):
        (root / "parts").rmdir()

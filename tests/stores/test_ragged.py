"""Ragged zarr groups: what is written is read, and the bytes depend on the data only."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptgraph.stores import ragged
from perceptgraph.stores.arrays import ContractError
from perceptgraph.stores.ragged import (
    IMAGE,
    Block,
    Column,
    Layout,
    RaggedStore,
    StoreError,
    stack,
    taken,
    write_store,
)

LAYOUT = Layout(
    "test.store",
    1,
    {
        "image/label": Column(IMAGE, "i4"),
        "node/position": Column("node", "f4", (2,), "pixels", "(row, column)"),
        "node/kind": Column("node", "u1"),
        "edge/index": Column("edge", "i4", (2,)),
    },
)


def record(label: int, n_nodes: int, n_edges: int) -> dict[str, Any]:
    rng = np.random.default_rng(label)
    return {
        "image/label": label,
        "node/position": rng.random((n_nodes, 2), np.float32),
        "node/kind": rng.integers(0, 9, n_nodes, np.uint8),
        "edge/index": rng.integers(0, 99, (n_edges, 2), np.int32),
    }


def write(path: Path, blocks: list[Block]) -> RaggedStore:
    write_store(path, LAYOUT, [block.read for block in blocks], {"note": "here"})
    return RaggedStore(path, LAYOUT)


def digest_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(folder).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


@given(
    sizes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=8),
    cut=st.integers(0, 8),
)
def test_records_come_back_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[tuple[int, int]], cut: int
) -> None:
    records = [record(i, *size) for i, size in enumerate(sizes)]
    path = tmp_path_factory.mktemp("store") / "a.zarr"

    store = write(path, [stack(LAYOUT, records[:cut]), stack(LAYOUT, records[cut:])])

    assert len(store) == len(records)
    for i, want in enumerate(records):
        found = store.record(i)
        for name in LAYOUT.columns:
            np.testing.assert_array_equal(found[name], want[name])


def test_bytes_do_not_depend_on_how_images_are_cut_into_blocks(tmp_path: Path) -> None:
    records = [record(i, i % 4, i % 3) for i in range(20)]

    one = write(tmp_path / "one.zarr", [stack(LAYOUT, records)])
    many = write(
        tmp_path / "many.zarr", [stack(LAYOUT, records[i : i + 3]) for i in range(0, 20, 3)]
    )

    assert one.digest == many.digest
    assert digest_of(tmp_path / "one.zarr") == digest_of(tmp_path / "many.zarr")


def test_columns_longer_than_a_shard_are_written_in_whole_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ragged, "CHUNK_BYTES", 64)
    monkeypatch.setattr(ragged, "CHUNKS_PER_SHARD", 3)
    records = [record(i, 7, 5) for i in range(40)]

    store = write(tmp_path / "a.zarr", [stack(LAYOUT, [r]) for r in records])

    want = np.concatenate([r["node/position"] for r in records])
    np.testing.assert_array_equal(store.column("node/position"), want)
    assert len(list((tmp_path / "a.zarr/node/position/c").rglob("*"))) > 2


def test_schema_and_attributes_are_kept(tmp_path: Path) -> None:
    store = write(tmp_path / "a.zarr", [stack(LAYOUT, [record(0, 1, 1)])])

    assert store.attributes["note"] == "here"
    assert store.attributes["schema"]["node/position"]["unit"] == "pixels"


def test_other_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr", [stack(LAYOUT, [])])

    with pytest.raises(StoreError, match=r"version 1, this code reads test\.store version 2"):
        RaggedStore(tmp_path / "a.zarr", Layout("test.store", 2, LAYOUT.columns))


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr", [stack(LAYOUT, [record(1, 3, 2)])])
    wider = replace(LAYOUT, columns={**LAYOUT.columns, "node/colour": Column("node", "u1")})

    with pytest.raises(StoreError, match="node/colour is missing"):
        RaggedStore(tmp_path / "a.zarr", wider).column("node/colour")


@pytest.mark.parametrize("make", ["nothing", "file", "empty folder"])
def test_what_is_no_store_is_refused(tmp_path: Path, make: str) -> None:
    path = tmp_path / "a.zarr"
    if make == "file":
        path.write_text("not a store")
    if make == "empty folder":
        path.mkdir()

    with pytest.raises(StoreError, match=r"expected a test\.store store"):
        RaggedStore(path, LAYOUT)


def test_rows_that_differ_within_a_level_are_refused() -> None:
    wrong = record(0, 3, 1) | {"node/kind": np.zeros(2, np.uint8)}

    with pytest.raises(ContractError, match="node/kind"):
        stack(LAYOUT, [wrong])


def test_a_killed_write_leaves_the_old_store(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    write(path, [stack(LAYOUT, [record(0, 1, 1)])])

    def broken(name: str) -> NDArray[Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_store(path, LAYOUT, [broken], {})

    assert len(RaggedStore(path, LAYOUT)) == 1


@given(
    counts=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=6),
    data=st.data(),
)
def test_taken_images_are_those_records(counts: list[tuple[int, int]], data: st.DataObject) -> None:
    records = [record(i, *n) for i, n in enumerate(counts)]
    chosen = data.draw(st.lists(st.integers(0, len(records) - 1), max_size=8))

    few = taken(stack(LAYOUT, records), np.array(chosen, np.int64))

    expected = stack(LAYOUT, [records[i] for i in chosen])
    assert few.n_images == len(chosen)
    for name in [*LAYOUT.columns, "node/count", "edge/count"]:
        np.testing.assert_array_equal(few.read(name), expected.read(name))

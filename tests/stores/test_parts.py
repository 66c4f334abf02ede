"""Parts: whole or absent, made once, merged in order."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptgraph.stores.mapper import TaskFailure, serial
from perceptgraph.stores.parts import Span, key_of, make_parts, merge_parts, spans
from perceptgraph.stores.ragged import IMAGE, Column, Layout, RaggedStore

LAYOUT = Layout(
    "test.parts", 1, {"image/index": Column(IMAGE, "i4"), "row/value": Column("row", "i4")}
)


def read(span: Span, log: list[Span] | None = None) -> list[dict[str, Any]]:
    if log is not None:
        log.append(span)
    return [{"image/index": i, "row/value": np.full(i % 3, i, np.int32)} for i in range(*span)]


def crashed(index: int, reason: str) -> dict[str, Any]:
    return {"image/index": -1, "row/value": np.zeros(0, np.int32)}


def test_spans_cover_every_image_once() -> None:
    assert spans(7, 3) == [(0, 3), (3, 6), (6, 7)]
    assert spans(0, 3) == []


def test_parts_merge_into_the_store_and_go_away(tmp_path: Path) -> None:
    parts = make_parts(tmp_path / "parts", LAYOUT, spans(10, 4), read, crashed, serial)
    merge_parts(parts, tmp_path / "a.zarr", LAYOUT, {})

    store = RaggedStore(tmp_path / "a.zarr", LAYOUT)
    np.testing.assert_array_equal(store.column("image/index"), np.arange(10))
    assert not (tmp_path / "parts").exists()


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(0, 4), max_size=6), part_images=st.integers(1, 3))
def test_columns_of_any_type_and_order_in_memory_come_back(
    sizes: list[int], part_images: int
) -> None:
    layout = Layout(
        "test.parts",
        1,
        {
            "image/flag": Column(IMAGE, "u1"),
            "point/at": Column("point", "f4", (2,)),
            "point/frame": Column("point", "f8", (2, 3)),
        },
    )
    rng = np.random.default_rng(len(sizes))
    records = [
        {
            "image/flag": i % 2,
            "point/at": np.asfortranarray(rng.random((n, 2), np.float32)),
            "point/frame": np.asfortranarray(rng.random((n, 2, 3))),
        }
        for i, n in enumerate(sizes)
    ]

    with TemporaryDirectory() as folder:
        parts = make_parts(
            Path(folder) / "parts",
            layout,
            spans(len(sizes), part_images),
            lambda span: records[slice(*span)],
            crashed,
            serial,
        )
        merge_parts(parts, Path(folder) / "a.zarr", layout, {})
        again = list(RaggedStore(Path(folder) / "a.zarr", layout).block().records())

    for record, came_back in zip(records, again, strict=True):
        for name, value in record.items():
            np.testing.assert_array_equal(came_back[name], value)


def test_finished_parts_are_not_made_again(tmp_path: Path) -> None:
    log: list[Span] = []
    folder = tmp_path / "parts"
    make_parts(folder, LAYOUT, spans(10, 4)[:2], partial(read, log=log), crashed, serial)

    make_parts(folder, LAYOUT, spans(10, 4), partial(read, log=log), crashed, serial)

    assert log == [(0, 4), (4, 8), (8, 10)]


def test_an_error_keeps_the_finished_parts(tmp_path: Path) -> None:
    def fails_late(span: Span) -> list[dict[str, Any]]:
        if span[0] >= 8:
            raise RuntimeError("power cut")
        return read(span)

    folder = tmp_path / "parts"
    with pytest.raises(RuntimeError):
        make_parts(folder, LAYOUT, spans(10, 4), fails_late, crashed, serial)

    assert len(list(folder.iterdir())) == 2


def test_an_image_that_kills_its_process_is_marked_alone(tmp_path: Path) -> None:
    def deadly(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return [
            TaskFailure("killed") if start <= 5 < stop else function((start, stop))
            for start, stop in items
        ]

    parts = make_parts(tmp_path / "parts", LAYOUT, spans(10, 4), read, crashed, deadly)
    merge_parts(parts, tmp_path / "a.zarr", LAYOUT, {})

    found = RaggedStore(tmp_path / "a.zarr", LAYOUT).column("image/index").tolist()
    assert found == [0, 1, 2, 3, 4, -1, 6, 7, 8, 9]


def test_key_changes_with_facts_and_with_code(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("x = 1")
    before = key_of({"a": 1}, [tmp_path])

    assert key_of({"a": 1}, [tmp_path]) == before
    assert key_of({"a": 2}, [tmp_path]) != before
    (tmp_path / "module.py").write_text("x = 2")
    assert key_of({"a": 1}, [tmp_path]) != before

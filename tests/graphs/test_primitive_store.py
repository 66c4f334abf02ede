"""primitives.zarr: what is written comes back."""

from dataclasses import fields
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import drawn_primitives

from perceptgraph.graphs.primitive_store import (
    PRIMITIVE_LAYOUT,
    open_primitives,
    primitive_record,
    primitives_of,
)
from perceptgraph.graphs.primitives import Blobs, Primitives, Ridges, primitives
from perceptgraph.stores.ragged import stack, write_store
from perceptgraph.stores.status import identity_record


def assert_same(found: Primitives, again: Primitives) -> None:
    for family in fields(Primitives):
        one, other = getattr(found, family.name), getattr(again, family.name)
        for field in fields(one):
            a, b = getattr(one, field.name), getattr(other, field.name)
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@given(drawn=st.lists(drawn_primitives(max_size=4), min_size=1, max_size=4))
def test_records_of_a_block_give_the_primitives_back(drawn: list[Primitives]) -> None:
    records = [primitive_record(p, identity_record("x", 0, 0), 5, 6) for p in drawn]

    block = stack(PRIMITIVE_LAYOUT, records)

    for found, record in zip(drawn, block.records(), strict=True):
        assert_same(found, primitives_of(record))


def test_a_store_gives_the_primitives_back(tmp_path: Path) -> None:
    one, point = np.ones(1, np.float32), np.full((4, 2), 2, np.float32)
    moments = np.ones((1, 3), np.float32)
    blobs = Blobs(point[:1], moments, one, point, np.array([0, 4], np.int64), one)
    ridges = Ridges(point, np.array([0, 4], np.int64), point[:, 0], np.array([True]), one)
    drawn = [primitives(), primitives(blobs=blobs, ridges=ridges)]
    records = [primitive_record(p, identity_record("x", 0, 0), 5, 6) for p in drawn]
    block = stack(PRIMITIVE_LAYOUT, records)

    def column(name: str) -> np.ndarray:
        level, _, what = name.partition("/")
        return block.counts[level] if what == "count" else block.columns[name]

    write_store(tmp_path / "primitives.zarr", PRIMITIVE_LAYOUT, [column], {})

    store = open_primitives(tmp_path / "primitives.zarr")
    for index, found in enumerate(drawn):
        assert_same(found, primitives_of(store.record(index)))
    assert store.record(1)["image/width"] == 6

"""Tables of studies: what is written is read, and taken up again as it was."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from study_rungs import axes_of, sections

from perceptgraph.stages import few_shot_runs, study, train
from perceptgraph.stages.study import Row, Sections, rows_of
from perceptgraph.stages.tables import (
    RESULTS,
    Cost,
    Finished,
    Result,
    TableError,
    packed,
    read_cells,
    read_costs,
    read_results,
    unpacked,
    write_tables,
)


def finished(right: NDArray[np.bool_], queries: float | None = None) -> Finished:
    n = len(right)
    result = Result("5", round(100 * right.mean(), 4), 50.0, 10, 1.5, n, queries, packed(right))
    return Finished(result, Cost(0.5, 0.25, 1.0, 0.001, 2.0, 7.0, "modelled-generic", "here"))


@pytest.fixture
def rows() -> list[Row]:
    section = sections()
    what = Sections(
        section("study", study.Params),
        section("few_shot", few_shot_runs.Params),
        section("train", train.Params),
    )
    labels = {"labels": lambda v: study.Level("half", study.Change(wrong_labels=v), v)}
    return rows_of("shapes", axes_of(labels=[0.5]), labels, what)


@given(st.lists(st.booleans(), min_size=1, max_size=300).map(np.array))
def test_packed_images_are_unpacked(right: NDArray[np.bool_]) -> None:
    text = packed(right)

    np.testing.assert_array_equal(unpacked(text, len(right)), right)
    assert "\n" not in text


def test_what_is_written_is_read(rows: list[Row], tmp_path: Path) -> None:
    right = np.array([True, False, True])
    cells = {"one": finished(right), "two": finished(~right, queries=12.5)}
    keyed = [("one", rows[0]), ("two", rows[-1]), ("missing", rows[1]), ("one", rows[2])]

    write_tables(tmp_path, keyed, cells)
    table, costs = read_results(tmp_path), read_costs(tmp_path)

    assert list(table["key"]) == ["one", "two", "one"]
    assert list(table["axis"]) == ["controls", "labels", "labels"]
    assert list(table["role"]) == ["control", "subject", "subject"]
    assert table["value"].isna().tolist() == [True, False, True]
    assert table["value"][1] == 0.5
    assert table["queries"].isna().tolist() == [True, False, True]
    np.testing.assert_array_equal(table["right"][1], ~right)
    assert list(costs["key"]) == ["one", "two"]
    assert read_cells(tmp_path) == cells


def test_a_study_without_rows_has_tables_without_lines(tmp_path: Path) -> None:
    write_tables(tmp_path, [], {})

    assert len(read_results(tmp_path)) == len(read_costs(tmp_path)) == 0
    assert read_cells(tmp_path) == {}


def test_tables_that_are_none_are_named(tmp_path: Path) -> None:
    assert read_cells(tmp_path) == {}
    with pytest.raises(TableError, match=r"results.csv: expected the table of a study, found none"):
        read_results(tmp_path)
    (tmp_path / RESULTS).write_text("key,axis\n1,2\n")
    with pytest.raises(TableError, match="expected the columns key, axis, level"):
        read_results(tmp_path)
    (tmp_path / RESULTS).write_text("")
    with pytest.raises(TableError, match="expected a table, found none"):
        read_results(tmp_path)

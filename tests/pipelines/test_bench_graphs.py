"""Benches of graphs: small, for their names and their sense."""

import json
from pathlib import Path
from typing import Any

import pytest

from perceptgraph.benchmarks import relate_speed, rotation, streamed
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.pipelines import graph_builds
from perceptgraph.pipelines.bench import tables_of
from perceptgraph.pipelines.bench_graphs import SUITES, Settings, bench_graphs
from perceptgraph.stages.params import ParamsError

PARAMS = Path(__file__).parents[2] / "params.yaml"


def test_suites_named_are_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results" / "graphs.json"

    bench_graphs(["loader"], None, Settings(None, 300, PARAMS), out)

    assert "loader/graphs_per_s/pyg" in json.loads(out.read_text())
    assert "loader/graphs_per_s" in capsys.readouterr().out


def test_relations_are_timed_by_size_and_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relate_speed, "SIZES", {18: 3})
    monkeypatch.setattr(relate_speed, "ROUND_S", 0.0)

    found = relate_speed.measure()

    assert "relate/us/18/ours" in found
    assert "relate/near/us/18/ours" in found
    assert all(value > 0 for value in found.values())


def test_streamed_store_is_built_and_visited_in_processes_of_their_own() -> None:
    found = streamed.measure(2_000)

    assert found["stream/graphs"] == 2_000
    assert found["stream/graphs_per_s/ours"] > 0
    for step in ("build", "visit"):
        assert found[f"stream/{step}_peak_mb/ours"] >= found["stream/imports_mb"] > 50


def test_stores_are_built_by_one_worker_and_by_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rung `shapes`, drawn small, stands for the public sets, which tests do not read."""
    drawn = PARAMS.read_text().replace("train_per_class: 200", "train_per_class: 1")
    drawn = drawn.replace("val_per_class: 50", "val_per_class: 1")
    drawn = drawn.replace("test_per_class: 100", "test_per_class: 1")
    params = tmp_path / "params.yaml"
    params.write_text(drawn)
    monkeypatch.setattr(graph_builds, "SETS", ("shapes",))
    monkeypatch.setattr(graph_builds, "LOCAL", graph_builds.SYNC)  # parallel is tested elsewhere

    found = graph_builds.measure(6, params)

    assert found["build/shapes/images"] == 6
    assert found["build/shapes/same_bytes"] == 1
    assert found["store/bytes_of_pixels/shapes"] == 96 * 96
    assert all(value > 0 for value in found.values())


def test_images_of_each_set_that_is_there_are_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_drawn(recipes: dict[str, tuple[Any, Any]], n_images: int) -> dict[str, float]:
        ((name, (find, connect)),) = recipes.items()
        if name != "shapes":
            raise MissingData(f"{name} is nowhere")
        assert "lines" in find.families
        assert "lines" in connect.kinds
        return {"rotation/shapes/90/nodes/ours": float(n_images)}

    monkeypatch.setattr(rotation, "measure", of_drawn)

    assert SUITES["rotation"](Settings(3, None, PARAMS)) == {"rotation/shapes/90/nodes/ours": 3}


def test_stores_without_any_data_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str, *_: object) -> dict[str, float]:
        raise MissingData(f"{name} is nowhere")

    monkeypatch.setattr(graph_builds, "of_set", nothing)

    with pytest.raises(MissingData, match="mnist is nowhere; scene15 is nowhere"):
        graph_builds.measure(1, PARAMS)


def test_an_unknown_suite_is_an_error() -> None:
    with pytest.raises(ParamsError, match=f"did you mean '{next(iter(SUITES))}'"):
        bench_graphs(["relat"], None, Settings(1, 1, PARAMS), None)


def test_table_has_a_row_for_a_measure_and_a_column_for_each() -> None:
    figures = {"a/b/ours": 1.0, "a/b/peer": 2.0, "a/ratio/peer": 3.0, "a/c/ours": 4.0}

    tables = tables_of("t", figures)

    headers = [[column.header for column in table.columns] for table in tables]
    assert headers == [["measure", "ours", "peer"], ["measure", "ours"]]
    assert [table.row_count for table in tables] == [2, 1]

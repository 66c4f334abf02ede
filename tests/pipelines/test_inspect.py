"""Command `inspect`: which graphs are chosen, and what is written of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import networkx as nx
import numpy as np
import pytest
from small_graphs import four_nodes, joined_by, together

from perceptgraph.datasets.image_set import Sample, image_layout, record_of
from perceptgraph.graphs.exchange import to_networkx, to_pyg
from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.store import GRAPH_LAYOUT, graph_at, graph_attributes, graph_record
from perceptgraph.pipelines.inspect import (
    WRITERS,
    by_kinds,
    by_recipe,
    inspect_graphs,
    numbers_of,
    subjects_of,
)
from perceptgraph.stages.params import ParamsError
from perceptgraph.stores.ragged import stack, write_store
from perceptgraph.stores.status import BadImage, Status, identity_record

ROOT = Path(__file__).parents[2]
BAD = 2
SEGMENTS = by_kinds(["lines", "junctions"])


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs with a rung of five images; image BAD was left out."""
    folder = tmp_path_factory.mktemp("outputs")
    root = folder / "toys"
    images, graphs = [], []
    for i in range(5):
        sample = Sample(np.full((40, 64), 40 * i, np.uint8), i % 2, f"toy-{i}", 0, {})
        images.append(record_of(sample, "u1"))
        identity = identity_record(f"toy-{i}", i % 2, 0)
        if i == BAD:
            identity = identity_record(f"toy-{i}", i % 2, 0, Status.CRASHED, "it broke")
        graph = joined_by(together(), near=[], parallel=[]) if i == BAD else four_nodes()
        graphs.append(graph_record(replace(graph, label=i % 2), identity))
    classes = {"class_names": ["cross", "square"]}
    for name, block, attributes in (
        ("images", stack(image_layout("u1"), images), {}),
        ("graphs", stack(GRAPH_LAYOUT, graphs), graph_attributes(("near", "parallel"))),
    ):
        write_store(root / f"{name}.zarr", block.layout, [block.read], {**attributes, **classes})
    return folder


def test_numbers_ranges_and_all_choose_images_once() -> None:
    assert numbers_of("toys", ["4", "1:3", "2"], 5) == [4, 1, 2]
    assert numbers_of("toys", ["3:"], 5) == [3, 4]
    assert numbers_of("toys", ["all"], 5) == [0, 1, 2, 3, 4]
    assert numbers_of("toys", [":"], 5) == numbers_of("toys", ["0:99"], 5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", ["five", "-1", "5", "7:9", "3:1", "1-3"])
def test_what_the_rung_does_not_have_is_an_error(text: str) -> None:
    with pytest.raises(ParamsError, match=r"toys: expected"):
        numbers_of("toys", [text], 5)


def test_a_folder_of_pages_has_an_index_and_leaves_out_what_failed(
    outputs: Path, tmp_path: Path
) -> None:
    lines = list(inspect_graphs("toys", ["all"], {"html": tmp_path}, outputs, SEGMENTS))

    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "index.html",
        *(f"toys-{i}.html" for i in range(5) if i != BAD),
    ]
    assert lines[-1] == f"index: {tmp_path / 'index.html'}"
    middle = (tmp_path / "toys-3.html").read_text()
    assert 'href="index.html"' in middle
    assert 'href="toys-1.html"' in middle
    assert 'href="toys-4.html"' in middle
    assert (tmp_path / "index.html").read_text().count("<li data-place") == 4


@pytest.mark.parametrize("ending", WRITERS)
def test_one_image_goes_to_the_file_that_is_named(
    ending: str, outputs: Path, tmp_path: Path
) -> None:
    target = tmp_path / "deep" / f"one.{ending}"

    lines = list(inspect_graphs("toys", ["1"], {ending: target}, outputs, SEGMENTS))

    assert target.stat().st_size > 500
    assert lines[0] == "toys 1"
    assert "  class: square" in lines


def test_json_holds_the_facts_and_the_graph_that_networkx_reads(
    outputs: Path, tmp_path: Path
) -> None:
    targets = {ending: tmp_path / f"one.{ending}" for ending in ("json", "graphml")}
    list(inspect_graphs("toys", ["1"], targets, outputs, SEGMENTS))

    values = json.loads(targets["json"].read_text())
    graph = nx.node_link_graph(values, edges="edges")
    same = nx.read_graphml(targets["graphml"], force_multigraph=True)

    assert values["graph"]["pairs_of"] == {"near": 3, "parallel": 1}
    assert graph.graph["class"] == "square"
    for read in (graph, same):
        assert (read.number_of_nodes(), read.number_of_edges()) == (4, 5)


def test_three_lines_give_a_graph_to_networkx_and_to_torch_geometric(outputs: Path) -> None:
    graph = graph_at(outputs / "toys" / "graphs.zarr", 1)
    to_their_networkx = to_networkx(graph)
    to_their_torch = to_pyg(graph)

    assert isinstance(to_their_networkx, nx.Graph)
    assert to_their_networkx.number_of_edges() == to_their_torch.num_edges == 5
    assert to_their_torch.y.item() == 1


@pytest.mark.browser
def test_page_of_an_image_file_counts_what_the_text_counts(
    tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    image = np.zeros((64, 80), np.uint8)
    image[20:44, 20:44] = 255
    picture, target = tmp_path / "a square.png", tmp_path / "page.html"
    cv2.imwrite(str(picture), image)

    lines = list(inspect_graphs(str(picture), [], {"html": target}, tmp_path, SEGMENTS))

    shown = open_page(target)
    boxes = shown.locator("[data-count-relation]").all()
    counts = [(box.get_attribute("data-count-relation"), box.inner_text()) for box in boxes]
    pairs = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts if n != "0")
    assert f"  pairs: {pairs}" in lines
    assert shown.locator("[data-count-kind]").all_inner_texts() == ["4", "4"]


def test_an_image_that_was_left_out_says_why(outputs: Path) -> None:
    with pytest.raises(ParamsError, match="toys 2: it was left out: it broke"):
        list(inspect_graphs("toys", [str(BAD)], {}, outputs, SEGMENTS))


def test_what_is_neither_a_file_nor_a_rung_is_an_error(outputs: Path) -> None:
    with pytest.raises(ParamsError, match="did you mean 'toys'"):
        list(inspect_graphs("toy", [], {}, outputs, SEGMENTS))


def test_a_damaged_image_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()

    with pytest.raises(BadImage, match=r"empty\.png: the file is empty"):
        list(subjects_of(str(tmp_path / "empty.png"), [], tmp_path, by_kinds(["lines"])))


def test_an_image_file_may_have_nodes_of_every_family() -> None:
    image = np.zeros((64, 64), np.uint8)
    image[20:44, 20:44] = 255

    graph = by_kinds(["lines", "edges", "blobs"])(image)

    assert {"line", "arc"} <= {NODE_KINDS[k] for k in graph.frames.kind}
    with pytest.raises(ParamsError, match="did you mean 'lines'"):
        by_kinds(["line"])


def test_an_image_file_is_treated_as_the_recipe_says() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[6:22, 12:15] = 255

    graph = by_recipe("strokes", ROOT / "params.yaml")(image)

    assert {NODE_KINDS[k] for k in graph.frames.kind} == {"arc", "dart"}

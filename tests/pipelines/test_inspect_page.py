"""The page of one relation graph: what it shows, filters and highlights, without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perceptgraph.graphs.frames import ATTRIBUTES, Frames, lone_nodes
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.pipelines.inspect_page import curve, figure, is_clear, page, pairs_of
from perceptgraph.stages.drawing import png_bytes, svg_bytes

LENGTH, TURNING = (list(ATTRIBUTES).index(name) for name in ("length", "turning"))


def frames_at(
    positions: list[list[float]], kind: list[int], length: list[float], turning: list[float]
) -> Frames:
    n = len(positions)
    attributes = np.zeros((n, len(ATTRIBUTES)), np.float32)
    attributes[:, LENGTH], attributes[:, TURNING] = length, turning
    return lone_nodes(
        kind=np.array(kind, np.uint8),
        position=np.array(positions, np.float32).reshape(n, 2),
        direction=np.tile(np.array([0, 1], np.float32), (n, 1)),
        attributes=attributes,
    )


@pytest.fixture
def graph() -> RelationGraph:
    """Two lines, an arc and a junction; `near` joins all, `parallel` the lines both ways."""
    frames = frames_at(
        [[10, 20], [30, 20], [30, 50], [10, 50]], [0, 0, 1, 2], [20, 20, 15, 0], [0, 0, 1.5, 0]
    )
    frames.attributes[2, list(ATTRIBUTES).index("log10_nfa")] = np.nan
    return RelationGraph(
        frames=frames,
        relations=("near", "parallel"),
        source=np.array([0, 0, 0, 0, 1], np.int32),
        target=np.array([1, 2, 3, 1, 0], np.int32),
        relation=np.array([0, 0, 0, 1, 1], np.uint8),
        rank=np.zeros(5, np.uint8),
    )


@pytest.fixture
def shown(graph: RelationGraph, tmp_path: Path, open_page: Callable[..., Any]) -> Any:
    image = np.full((40, 64), 200, np.uint8)
    path = tmp_path / "page.html"
    path.write_text(page(image, graph, "</script><b>odd & name", [("class", "<i>")]))
    return open_page(path, viewport={"width": 1200, "height": 800})


def test_pairs_name_each_pair_of_a_relation_once(graph: RelationGraph) -> None:
    near, parallel = pairs_of(graph)

    assert near.ends.tolist() == [[0, 1], [0, 2], [0, 3]]
    assert parallel.ends.tolist() == [[0, 1]]


def test_curve_of_a_line_ends_half_its_length_from_the_middle() -> None:
    frames = frames_at([[10, 20]], [0], [20], [0])

    np.testing.assert_allclose(curve(frames, 0), [[10, 10], [10, 30]], atol=1e-5)


def test_curve_of_a_turning_piece_lies_on_its_circle() -> None:
    length, turning = 30.0, 1.5
    frames = frames_at([[0, 0]], [1], [length], [turning])

    points = curve(frames, 0)

    radius = length / turning
    centre = np.array([radius, 0])  # to the side that theta turns to
    np.testing.assert_allclose(np.hypot(*(points - centre).T), radius, rtol=0.005)


def test_a_relation_that_hides_the_image_waits_until_asked_for(graph: RelationGraph) -> None:
    near, parallel = pairs_of(graph)

    assert not is_clear(near, 4)
    assert is_clear(parallel, 4)


def test_figure_of_a_graph_and_of_none_can_be_written(graph: RelationGraph) -> None:
    nothing = RelationGraph(
        frames_at([], [], [], []),
        (),
        *(np.zeros(0, np.int32),) * 2,
        *(np.zeros(0, np.uint8),) * 2,
    )

    for one in (graph, nothing):
        drawing = figure(np.zeros((40, 64), np.uint8), one)
        assert png_bytes(drawing).startswith(b"\x89PNG")
        assert b"<svg" in svg_bytes(drawing)
        assert "<svg" in page(np.zeros((40, 64), np.uint8), one, "none", [])


@pytest.mark.browser
def test_page_shows_the_graph_and_escapes_names(shown: Any) -> None:
    assert shown.inner_text("h1") == "</script><b>odd & name"
    assert shown.inner_text(".facts dd") == "<i>"
    assert shown.locator(".node").count() == 4
    assert shown.locator("image").get_attribute("href").startswith("data:image/png")
    counts = {
        e.get_attribute("data-count-relation"): e.inner_text()
        for e in shown.locator("[data-count-relation]").all()
    }
    assert counts == {"near": "3", "parallel": "1"}


@pytest.mark.browser
def test_checkboxes_filter_relations_and_primitives(shown: Any) -> None:
    near, parallel = ('.edge[data-relation="near"]', '.edge[data-relation="parallel"]')
    assert not shown.locator(near).first.is_visible()
    assert shown.locator(parallel).first.is_visible()

    shown.check('[data-toggle-relation="near"]')
    shown.uncheck('[data-toggle-kind="junction"]')

    visible = [e.get_attribute("data-b") for e in shown.locator(near).all() if e.is_visible()]
    assert visible == ["1", "2"]
    assert not shown.locator('.node[data-kind="junction"]').first.is_visible()


@pytest.mark.browser
def test_a_click_keeps_a_node_and_fades_all_but_its_neighbours(shown: Any) -> None:
    shown.locator('.node[data-id="0"] .hit').click(force=True)

    kept = [e.get_attribute("data-id") for e in shown.locator(".node.is-kept").all()]
    assert kept == ["0", "1"]
    assert shown.inner_text("#panel h3") == "line L0"
    assert "20 px" in shown.inner_text("#panel")
    shown.locator('#panel [data-go="2"]').click()
    assert shown.inner_text("#panel h3") == "arc A2"
    assert "none" in shown.inner_text("#panel")
    shown.keyboard.press("Escape")
    assert shown.locator(".is-fading").count() == 0


@pytest.mark.browser
def test_keys_and_search_reach_nodes(shown: Any) -> None:
    shown.fill("#find", "j3")
    assert shown.inner_text("#panel h3").endswith("junction J3")
    shown.keyboard.press("Escape")

    shown.locator('.node[data-id="1"]').focus()
    shown.keyboard.press("Enter")

    assert shown.inner_text("#panel h3") == "line L1"


@pytest.mark.browser
def test_wheel_zooms_and_button_shows_the_whole_image(shown: Any) -> None:
    whole = shown.locator("#picture").get_attribute("viewBox")
    shown.locator("#picture").hover()
    shown.mouse.wheel(0, -400)
    shown.wait_for_function(
        "w => +document.getElementById('picture').viewBox.baseVal.width < w * 0.9", arg=64
    )

    shown.click('[data-zoom="0"]')

    assert shown.locator("#picture").get_attribute("viewBox") == whole

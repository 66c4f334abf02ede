"""The page of one relation graph: what it shows, filters and highlights, without a network."""

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from small_graphs import four_nodes, joined_by, node, together

from perceptgraph.pipelines.inspect_page import MOST_SIDE, page, page_data

BRIGHT = 25, 40
"""A bright pixel of the image, (row, column)."""


@pytest.fixture
def shown(tmp_path: Path, open_page: Callable[..., Any]) -> Any:
    image = np.full((40, 64), 90, np.uint8)
    image[BRIGHT] = 255
    path = tmp_path / "page.html"
    known = {"class": "<i>"}
    path.write_text(
        page(image, four_nodes(), "</script><b>odd & name", known, {"all": "index.html"})
    )
    opened = open_page(path, viewport={"width": 1200, "height": 800}, color_scheme="light")
    opened.wait_for_function("drawnAt !== null")
    return opened


def hover(shown: Any, row: float, column: float) -> None:
    """Move the pointer over a place of the image."""
    place = shown.evaluate(f"inspector.placeOf({row}, {column})")
    shown.mouse.move(place["x"], place["y"])


def click(shown: Any, row: float, column: float) -> None:
    hover(shown, row, column)
    shown.mouse.down()
    shown.mouse.up()


def colours_at(shown: Any, row: float, column: float) -> Any:
    """Screen (9, 9, 3) around a place of the image, when all is drawn."""
    shown.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    place = shown.evaluate(f"inspector.placeOf({row}, {column})")
    picture = imread(io.BytesIO(shown.screenshot()))[..., :3]
    x, y = round(place["x"]), round(place["y"])
    return picture[y - 4 : y + 5, x - 4 : x + 5]


def counts(shown: Any, what: str) -> dict[str, str]:
    found = shown.locator(f"[data-count-{what}]").all()
    return {e.get_attribute(f"data-count-{what}"): e.inner_text() for e in found}


def test_data_of_a_page_is_json_and_says_rank_and_relative_pose() -> None:
    data = json.loads(json.dumps(page_data(four_nodes(), (40, 64)), allow_nan=False))

    assert data["nodes"]["name"] == ["L0", "L1", "A2", "J3"]
    assert data["nodes"]["form"] == ["", "", "", "L"]
    edges = data["edges"]
    assert (edges["source"][3], edges["target"][3], edges["rank"][3]) == (0, 1, 0)
    assert (edges["along"][3], edges["left"][3], edges["turn"][3]) == (0, -20, 0)


def test_a_page_of_nothing_can_be_made() -> None:
    made = page(np.zeros((40, 64), np.uint8), joined_by(together()), "none")

    assert "No primitive was found" in made


def test_a_large_image_is_made_smaller_for_the_page_only() -> None:
    made = page(np.zeros((20, 2 * MOST_SIDE), np.uint8), four_nodes(), "wide")

    picture = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", made)[1])  # type: ignore[index]
    assert imread(io.BytesIO(picture)).shape[:2] == (10, MOST_SIDE)
    assert f'"width":{2 * MOST_SIDE}' in made


@pytest.mark.browser
@pytest.mark.parametrize("frames", [together(), node("blob", 4, 4, length=3, width=2)])
def test_a_page_of_nothing_and_of_one_node_opens(
    frames: Any, tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(np.zeros((8, 8), np.uint8), joined_by(frames, near=[]), "few"))

    opened = open_page(path)

    assert opened.evaluate("inspector.shown().length") == len(frames)
    assert not opened.locator("#nfa-row").is_visible()


@pytest.mark.browser
def test_page_shows_the_graph_and_escapes_names(shown: Any) -> None:
    assert shown.inner_text("h1") == "</script><b>odd & name"
    assert shown.inner_text(".facts dd >> nth=0") == "<i>"
    assert shown.locator("#image").get_attribute("src").startswith("data:image/png")
    assert counts(shown, "kind") == {"line": "2", "arc": "1", "junction": "1"}
    assert counts(shown, "relation") == {"near": "3", "parallel": "1"}


@pytest.mark.browser
def test_image_and_nodes_lie_in_the_same_pixels(shown: Any) -> None:
    shown.fill("#fade", "1")

    pixel = colours_at(shown, *BRIGHT)
    beside = colours_at(shown, BRIGHT[0], BRIGHT[1] + 1)
    line = colours_at(shown, 10, 12)

    assert (pixel > 0.95).all()  # sixteen pixels of the screen for one of the image
    assert (beside < 0.5).all()
    blue = line[..., 2] - line[..., 0]
    assert np.argmax(blue.sum(axis=1)) in (3, 4, 5)
    assert blue.max() > 0.5


@pytest.mark.browser
def test_boxes_filter_relations_and_primitives(shown: Any) -> None:
    assert not shown.is_checked('[data-toggle-relation="near"]')
    assert shown.is_checked('[data-toggle-relation="parallel"]')
    middle = shown.evaluate("(controlOf(0)[0] + nodes.position[0][1]) / 2")  # of the way L0 to L1
    before = colours_at(shown, 20, middle)

    shown.check('[data-toggle-relation="near"]')
    shown.uncheck('[data-toggle-kind="junction"]')

    assert shown.evaluate("inspector.shown()") == [0, 1, 2]
    assert counts(shown, "relation") == {"near": "2 of 3", "parallel": "1"}
    assert counts(shown, "kind")["junction"] == "0 of 1"
    assert np.abs(colours_at(shown, 20, middle) - before).max() > 0.05


@pytest.mark.browser
def test_slider_keeps_what_is_meaningful_enough_or_has_no_nfa(shown: Any) -> None:
    shown.fill("#nfa", "1")

    assert shown.inner_text("#nfa-value") == "≤ \u221210.0"
    assert shown.evaluate("inspector.shown()") == [0, 1, 3]
    assert counts(shown, "relation") == {"near": "2 of 3", "parallel": "1"}
    shown.fill("#nfa", "0")
    assert counts(shown, "relation") == {"near": "1 of 3", "parallel": "0 of 1"}


@pytest.mark.browser
def test_pointing_at_a_node_tells_every_attribute(shown: Any) -> None:
    hover(shown, 10, 14)

    tip = shown.inner_text("#tip")
    assert tip.startswith("line L0\n")
    for text in ("row, column 10.0, 20.0 px", "length 20 px", "width 2 px", "log10 NFA \u221230"):
        assert text in tip
    hover(shown, 35, 35)
    assert not shown.is_visible("#tip")


@pytest.mark.browser
def test_pointing_at_an_edge_tells_its_pose_and_rank_both_ways(shown: Any) -> None:
    bend = shown.evaluate("controlOf(3)[0]") - 20

    hover(shown, 20, 20 + bend / 2)

    tip = shown.inner_text("#tip").split("\n")
    assert tip[0] == "parallel"
    assert tip[1] == "L0 → L1: along 0, left \u221220 px, turn 0°, 20 px away, rank 0"
    assert tip[2].startswith("L1 → L0: along 0, left 20 px")


@pytest.mark.browser
def test_a_click_keeps_a_node_with_its_neighbours(shown: Any) -> None:
    click(shown, 10, 14)

    assert shown.evaluate("inspector.kept()") == [0, 1]
    assert "is-faded" in shown.locator("#scene").get_attribute("class")
    assert shown.inner_text("#panel h3") == "line L0"
    rows = shown.locator('#panel [data-relation="near"] tr').all_inner_texts()
    assert rows[0] == "near (3), not drawn"
    assert [re.split(r"\s+", row.strip())[:2] for row in rows[1:]] == [
        ["→", "L1"],
        ["→", "A2"],
        ["→", "J3"],
    ]
    shown.click('#panel [data-relation="near"] [data-go="2"]')
    assert shown.inner_text("#panel h3") == "arc A2"
    assert "←" in shown.inner_text('#panel [data-relation="near"]')
    shown.keyboard.press("Escape")
    assert shown.evaluate("inspector.kept()") is None


@pytest.mark.browser
def test_neighbours_may_be_two_steps_away(shown: Any) -> None:
    shown.check('[data-toggle-relation="near"]')
    shown.uncheck('[data-toggle-relation="parallel"]')
    click(shown, 30, 14)
    assert shown.evaluate("inspector.kept()") == [0, 1]

    shown.select_option("#hops", "2")

    assert shown.evaluate("inspector.kept()") == [0, 1, 2, 3]


@pytest.mark.browser
def test_search_goes_by_name_number_and_kind(shown: Any) -> None:
    for text, title in (("j3", "L junction J3"), ("2", "arc A2"), ("line", "line L0")):
        shown.fill("#find", text)
        assert shown.inner_text("#panel h3") == title
    shown.press("#find", "Enter")
    assert shown.inner_text("#panel h3") == "line L1"
    shown.fill("#find", "nothing like it")
    assert shown.inner_text("#panel") == "No node is called so."


@pytest.mark.browser
def test_keys_alone_reach_every_node(shown: Any) -> None:
    shown.focus("#stage")
    walked = []
    for _ in range(4):
        shown.keyboard.press("n")
        walked.append(shown.inner_text("#panel h3")[-2:])
    assert walked == ["L0", "L1", "A2", "J3"]

    shown.keyboard.press("ArrowDown")
    assert shown.inner_text("#panel h3") == "arc A2"
    shown.keyboard.press("ArrowLeft")
    assert shown.inner_text("#panel h3") == "line L1"
    shown.keyboard.press("Enter")
    assert shown.evaluate("pinned") == 1
    shown.keyboard.press("/")
    assert shown.evaluate("document.activeElement.id") == "find"


@pytest.mark.browser
def test_wheel_zooms_keys_too_and_a_button_shows_the_whole_image(shown: Any) -> None:
    whole = shown.evaluate("view.s")
    shown.hover("#stage")
    shown.mouse.wheel(0, -400)
    shown.wait_for_function("s => view.s > 1.1 * s", arg=whole)
    before = shown.evaluate("inspector.placeOf(0, 0)")
    shown.mouse.down()
    shown.mouse.move(400, 300)
    shown.mouse.up()
    assert shown.evaluate("inspector.placeOf(0, 0)") != before
    shown.focus("#stage")
    shown.keyboard.press("+")
    assert shown.evaluate("view.s") > 1.2 * whole

    shown.click('[data-zoom="0"]')

    assert shown.evaluate("view.s") == whole


@pytest.mark.browser
def test_light_and_dark_differ_and_can_be_chosen(shown: Any) -> None:
    def paper() -> Any:
        return colours_at(shown, -3, 5).mean()

    assert paper() > 0.9
    light = shown.evaluate("inks.kinds[0]")
    shown.click("#theme")
    assert paper() < 0.2
    assert shown.evaluate("inks.kinds[0]") != light
    shown.emulate_media(color_scheme="dark")
    shown.click("#theme")
    assert paper() > 0.9


@pytest.mark.browser
def test_three_thousand_nodes_open_move_and_answer(
    tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 1000, (3000, 2))
    places[0] = 1
    frames = together(*(node("line", r, c, length=15, log10_nfa=-r) for r, c in places))
    pairs = [(int(a), int(b)) for a, b in rng.integers(0, 3000, (30_000, 2)) if a != b]
    path = tmp_path / "page.html"
    path.write_text(page(np.zeros((1000, 1000), np.uint8), joined_by(frames, near=pairs), "many"))

    opened = open_page(path, viewport={"width": 1200, "height": 800})
    opened.check('[data-toggle-relation="near"]')
    opened.fill("#nfa", "100")
    opened.wait_for_function("drawnAt !== null")
    place = opened.evaluate("inspector.placeOf(500, 500)")
    for step in range(5):
        opened.mouse.move(place["x"] + step, place["y"])
    opened.fill("#find", "L0")
    assert "not shown" in opened.inner_text("#panel")
    opened.fill("#nfa", "199")
    opened.fill("#find", "L2999")

    assert path.stat().st_size < 3_000_000
    assert opened.inner_text("#panel h3") == "line L2999"
    slowest = opened.evaluate(
        "Math.max(...[1, 2, 3].map(() => { const t = performance.now(); filter(); drawScene();"
        " return performance.now() - t; }))"
    )
    assert slowest < 2000  # milliseconds; 30 on an idle core

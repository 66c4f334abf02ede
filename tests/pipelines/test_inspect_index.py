"""The index of several graphs: small pictures, found and ordered without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perceptgraph.pipelines import inspect_index
from perceptgraph.pipelines.inspect_index import Card, index_name, index_pages

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
"""A PNG of one pixel."""


def cards(n: int) -> list[Card]:
    return [
        Card(
            title=f"shapes {i}",
            place=f"shapes-{i}.html",
            picture=DOT,
            image_id=f"<{i}>",
            class_name=("cross", "square")[i % 2],
            split="test",
            nodes=10 * i,
            edges=100 - i,
        )
        for i in range(n)
    ]


def test_many_cards_go_to_several_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect_index, "CARDS_PER_PAGE", 4)

    pages = index_pages("shapes", cards(9))

    assert [page.count("<li data-place") for page in pages] == [4, 4, 1]
    assert f'href="{index_name(2)}"' in pages[0]
    assert "&lt;8&gt;" in pages[2]


def test_an_index_of_nothing_is_a_page() -> None:
    (page,) = index_pages("shapes", [])

    assert "No graph was chosen" in page


@pytest.mark.browser
def test_cards_are_found_chosen_and_ordered(tmp_path: Path, open_page: Callable[..., Any]) -> None:
    path = tmp_path / "index.html"
    path.write_text(index_pages("shapes", cards(6))[0])
    page = open_page(path)

    def titles() -> list[str]:
        # Not inner_text: cards that are not drawn yet have none.
        return [c.text_content() for c in page.locator("#cards b").all() if c.is_visible()]

    assert titles() == [f"shapes {i}" for i in range(6)]
    page.select_option("#class", "square")
    page.select_option("#order", "nodes")
    assert titles() == ["shapes 5", "shapes 3", "shapes 1"]
    assert page.inner_text("#count") == "3 of 6 graphs"
    page.fill("#find", "<3>")
    assert titles() == ["shapes 3"]
    assert page.locator("#cards a:visible").get_attribute("href") == "shapes-3.html"

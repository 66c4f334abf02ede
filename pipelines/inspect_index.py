"""Index of several relation graphs: a page of small pictures that lead to their pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from perceptgraph.pipelines.inspect_page import template
from perceptgraph.stages.drawing import data_uri

CARDS_PER_PAGE = 1000
"""More small pictures than this go to a further page: one of a thousand has about 5 MB."""


@dataclass(frozen=True, slots=True)
class Card:
    """What an index shows of one graph."""

    title: str
    place: str
    """Of the graph's page, seen from the index."""
    picture: bytes
    """PNG."""
    image_id: str
    class_name: str
    split: str
    nodes: int
    edges: int


def index_name(page: int) -> str:
    """Name of the file of a page of an index; the first is index.html."""
    return "index.html" if page == 0 else f"index-{page + 1}.html"


def index_pages(title: str, cards: Sequence[Card]) -> list[str]:
    """HTML of the pages of an index, CARDS_PER_PAGE cards on each; one page of no cards at all.

    Parameters
    ----------
    title : str
        Heading of the pages.
    cards : sequence of Card
        In the order in which they are shown.
    """
    starts = range(0, max(len(cards), 1), CARDS_PER_PAGE)
    made = template("inspect_index.html.jinja")
    return [
        made.render(
            title=title,
            total=len(cards),
            start=start,
            pages=[index_name(k) for k in range(len(starts))],
            page=page,
            cards=[
                (card, data_uri(card.picture, "image/png"))
                for card in cards[start : start + CARDS_PER_PAGE]
            ],
            classes=sorted({card.class_name for card in cards} - {""}),
            splits=sorted({card.split for card in cards} - {""}),
        )
        for page, start in enumerate(starts)
    ]

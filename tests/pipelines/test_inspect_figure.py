"""The figure of a relation graph, and the small picture of an index."""

import cv2
import numpy as np
import pytest
from small_graphs import four_nodes, joined_by, node, together

from perceptgraph.pipelines.inspect_figure import THUMBNAIL_SIDE, figure, thumbnail
from perceptgraph.stages.drawing import png_bytes, svg_bytes


@pytest.mark.parametrize("graph", [four_nodes(), joined_by(together())], ids=["four", "none"])
def test_figure_can_be_written_and_stays_the_same(graph) -> None:  # type: ignore[no-untyped-def]
    image = np.zeros((40, 64), np.uint8)

    assert png_bytes(figure(image, graph)).startswith(b"\x89PNG")
    assert svg_bytes(figure(image, graph)) == svg_bytes(figure(image, graph))


def test_figure_says_what_it_shows_and_how_often() -> None:
    drawing = figure(np.zeros((40, 64), np.uint8), four_nodes())

    (legend,) = drawing.legends
    texts = {text.get_text() for text in legend.get_texts()}
    assert texts == {"parallel (1)", "line (2)", "arc (1)", "junction (1)"}


def test_the_image_keeps_its_shape_above_the_legend() -> None:
    drawing = figure(np.zeros((40, 64), np.uint8), four_nodes())

    box = drawing.axes[0].get_position()
    width, height = drawing.get_size_inches()
    assert box.width * width / (box.height * height) == pytest.approx(64 / 40)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(10, 20), (400, 300, 3)])
def test_thumbnail_fits_its_side_and_shows_the_node(dtype: type, shape: tuple[int, ...]) -> None:
    graph = joined_by(node("line", (shape[0] - 1) / 2, (shape[1] - 1) / 2, length=shape[1]))

    picture = cv2.imdecode(np.frombuffer(thumbnail(np.zeros(shape, dtype), graph), np.uint8), 1)

    assert max(picture.shape) == THUMBNAIL_SIDE
    middle = picture[picture.shape[0] // 2 - 2 : picture.shape[0] // 2 + 3, picture.shape[1] // 2]
    assert (middle.max(axis=1) - middle.min(axis=1)).max() > 60  # a colour, on grey ground

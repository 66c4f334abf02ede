"""Drawings of primitives: every family shows, every file can be read back."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import (
    Blobs,
    EdgeChains,
    Junctions,
    LineSegments,
    Primitives,
    Ridges,
    primitives,
)
from perceptgraph.stages.drawing import (
    COLOURS,
    draw_primitives,
    png_bytes,
    primitives_json,
    shown,
    svg_bytes,
)


def column(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


@pytest.fixture
def one_of_each() -> Primitives:
    path = np.array([[2, 2], [4, 8], [9, 9]], np.float32)
    ends = np.array([0, 3], np.int64)
    return primitives(
        lines=LineSegments(
            np.array([[[1, 2], [1, 12]]], np.float32),
            column(2),
            np.array([1], np.int8),
            column(0.5),
            column(-20),
        ),
        edges=EdgeChains(
            path, ends, np.array([True]), np.array([0], np.int8), column(0.25), column(np.nan)
        ),
        junctions=Junctions(
            column(8, 8)[None],
            column(0, np.pi / 2),
            np.array([0, 2], np.int64),
            np.array([0], np.uint8),
            column(3),
            column(-3),
        ),
        ridges=Ridges(path, ends, path[:, 0] / 8, np.array([True]), column(-4)),
        blobs=Blobs(
            column(5, 5)[None], column(1, 0, 1)[None], column(-0.5), path, ends, column(-1)
        ),
    )


def test_json_says_what_each_field_is_and_has_no_nan(one_of_each: Primitives) -> None:
    values = primitives_json(one_of_each, (16, 16))

    text = json.dumps(values, allow_nan=False)
    assert json.loads(text) == values
    assert values["image"] == {"height": 16, "width": 16}
    assert values["lines"][0]["endpoints"] == [[1, 2], [1, 12]]
    assert values["edges"][0]["log10_nfa"] is None
    assert values["junctions"][0]["kind"] == "L"
    assert values["junctions"][0]["branch_angle"] == [0.0, 1.5708]
    assert len(values["ridges"][0]["width"]) == len(values["ridges"][0]["points"])
    for family, units in values["units"].items():
        assert set(values[family][0]) == set(units)


@pytest.mark.parametrize("family", COLOURS)
def test_every_family_is_drawn_in_its_colour(one_of_each: Primitives, family: str) -> None:
    image = np.full((16, 16), 128, np.uint8)

    svg = svg_bytes(draw_primitives(image, one_of_each)).decode()
    without = svg_bytes(draw_primitives(image, primitives())).decode()

    assert ET.fromstring(svg).tag.endswith("svg")
    assert COLOURS[family] in svg
    assert COLOURS[family] not in without


def test_same_picture_gives_the_same_bytes(one_of_each: Primitives) -> None:
    image = np.zeros((16, 24), np.float32)

    first, second = (draw_primitives(image, one_of_each) for _ in range(2))

    assert svg_bytes(first) == svg_bytes(second)
    assert png_bytes(first) == png_bytes(second)


def test_png_shows_a_line_where_it_lies(one_of_each: Primitives, tmp_path: Path) -> None:
    only_line = primitives(lines=one_of_each.lines)
    (tmp_path / "a.png").write_bytes(
        png_bytes(draw_primitives(np.zeros((16, 16), np.uint8), only_line))
    )

    picture = imread(tmp_path / "a.png")[..., :3]

    blue = np.abs(picture - [0, 0x72 / 255, 0xB2 / 255]).max(axis=2) < 0.02
    rows, columns = np.nonzero(blue)
    per_pixel = len(picture) / 16
    assert abs(rows.mean() / per_pixel - 1.5) < 0.1
    assert columns.min() / per_pixel < 2.6
    assert columns.max() / per_pixel > 12.4


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (3, 2, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_odd_images_are_drawn(shape: tuple[int, ...], dtype: type) -> None:
    figure = draw_primitives(np.zeros(shape, dtype), primitives())

    assert png_bytes(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_white_is_white_in_every_type(dtype: type, white: int) -> None:
    image = np.array([[0, white]], dtype)

    assert shown(image).tolist() == [[0, 255]]

"""Enlarging, and the way back."""

import numpy as np
import pytest
from drawings import SQUARE, edge, strokes

from perceptgraph.stages.detect import detect
from perceptgraph.stages.detectors.zoom import enlarged, zoom_factor


@pytest.mark.parametrize("zoom", [1, 2, 3, 4])
def test_enlarged_pixels_lie_where_the_convention_says(zoom: int) -> None:
    larger = enlarged(edge(24, 0.7, 11.2, 11.9, blur=1.5), zoom)

    centre = zoom * (np.array([11.2, 11.9]) + 0.5) - 0.5
    true = edge(24 * zoom, 0.7, *centre, blur=1.5 * zoom)
    assert larger.shape == true.shape
    assert np.abs(larger - true)[zoom * 4 : -zoom * 4, zoom * 4 : -zoom * 4].max() < 0.02


def test_factors_are_whole_and_bounded() -> None:
    assert [zoom_factor((n, 500), 112, 4) for n in (1, 28, 56, 64, 111, 112, 300)] == [
        4, 4, 2, 2, 2, 1, 1,
    ]  # fmt: skip


def test_enlarging_does_not_move_what_is_found() -> None:
    image = strokes(64, SQUARE, 4)
    families = {"lines": {}, "edges": {}, "junctions": {}, "ridges": {}}

    plain = detect(image, families, min_side=1)
    zoomed = detect(image, families, min_side=128)

    for found in (plain, zoomed):
        middle = found.lines.endpoints.mean(axis=(0, 1))
        np.testing.assert_allclose(middle, 31.5, atol=0.3)
        np.testing.assert_allclose(found.junctions.position.mean(axis=0), 31.5, atol=0.5)
        np.testing.assert_allclose(found.ridges.points.mean(axis=0), 31.5, atol=0.6)
        np.testing.assert_allclose(np.median(found.ridges.width), 4, atol=1.2)


def test_a_single_row_survives() -> None:
    assert enlarged(np.zeros((1, 5), np.float32), 4).shape == (4, 20)
    assert enlarged(np.zeros((5, 1), np.float32), 2).shape == (10, 2)

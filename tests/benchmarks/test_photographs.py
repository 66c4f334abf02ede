import os

import numpy as np
import pytest

from perceptgraph.benchmarks.photographs import BSDS, VGA, grey_levels, photographs


@pytest.fixture(autouse=True)
def without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERCEPTGRAPH_DATA", raising=False)
    photographs.cache_clear()


@pytest.mark.parametrize("size", [VGA, BSDS])
def test_without_data_the_photographs_of_skimage_stand_in(size: tuple[int, int]) -> None:
    found = photographs(10, size)

    assert len(found) == 6
    assert {image.shape for image in found} == {(size[1], size[0], 3)}
    assert all(image.dtype == np.uint8 and image.flags.c_contiguous for image in found)
    assert all(image.std() > 20 for image in found)


def test_no_more_than_asked() -> None:
    assert len(photographs(2, BSDS)) == 2


def test_grey_levels_are_those_of_the_detectors() -> None:
    colour = np.zeros((2, 2, 3), np.uint8)
    colour[..., 0] = 255

    np.testing.assert_array_equal(grey_levels(colour), np.full((2, 2), round(0.299 * 255)))


@pytest.mark.data
@pytest.mark.skipif("PERCEPTGRAPH_DATA" not in os.environ, reason="PERCEPTGRAPH_DATA is not set")
def test_of_bsds_the_training_images_are_taken_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    photographs.cache_clear()

    found = photographs(4, BSDS)

    assert {image.shape for image in found} == {(321, 481, 3)}

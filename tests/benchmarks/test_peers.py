import diplib
import numpy as np
import pytest

from perceptgraph.benchmarks.peers import (
    EDGE_PEERS,
    JUNCTION_PEERS,
    LINE_PEERS,
    diplib_path_opening,
)
from perceptgraph.benchmarks.rasters import painted

ROWS, COLUMNS = (30.5, 90.5), (25.5, 100.5)


@pytest.fixture
def rectangle() -> np.ndarray:
    corners = np.array([(r, c) for r in ROWS for c in COLUMNS])[[0, 1, 3, 2]]
    return np.rint(painted(np.full((120, 130), 60.0), corners, 190.0)).astype(np.uint8)


@pytest.mark.parametrize("name", LINE_PEERS)
def test_line_peers_find_the_sides_of_a_rectangle(name: str, rectangle: np.ndarray) -> None:
    found = LINE_PEERS[name](rectangle)

    assert found.shape[1:] == (2, 2)
    for axis, places in ((0, ROWS), (1, COLUMNS)):
        for place in places:
            apart = np.abs(found[:, :, axis] - place).max(axis=1)
            tolerance = 0.1 if name == "opencv_lsd" else 1.5
            assert apart.min() < tolerance


@pytest.mark.parametrize("name", JUNCTION_PEERS)
def test_junction_peers_find_the_corners(name: str, rectangle: np.ndarray) -> None:
    found = JUNCTION_PEERS[name](rectangle)

    for row in ROWS:
        for column in COLUMNS:
            assert np.hypot(*(found - (row, column)).T).min() < 3


@pytest.mark.parametrize("name", EDGE_PEERS)
def test_edge_peers_mark_the_outline(name: str, rectangle: np.ndarray) -> None:
    found = EDGE_PEERS[name](rectangle)

    assert found.shape == rectangle.shape
    assert found.dtype == np.bool_
    assert found[29:32, 50].any()
    assert not found[60, 50:70].any()


@pytest.mark.parametrize("name", [*LINE_PEERS, *JUNCTION_PEERS])
def test_nothing_on_a_blank_image(name: str) -> None:
    found = {**LINE_PEERS, **JUNCTION_PEERS}[name](np.full((40, 40), 100, np.uint8))

    assert len(found) == 0


def test_path_opening_of_the_peer_keeps_long_lines_only() -> None:
    image = np.zeros((60, 60), np.uint8)
    image[30, 10:50] = 200
    image[45, 20:30] = 200

    opened = diplib_path_opening(image, 30)

    assert opened[30, 10:50].min() == 200
    assert opened[45].max() == 0
    assert diplib.GetNumberOfThreads() == 1

"""Path openings against every path of small images, and against DIPlib away from the border."""

from typing import Any

import diplib
import numpy as np
import pytest
from numpy.typing import NDArray

from perceptgraph.stages.detectors import path_openings
from perceptgraph.stages.detectors.path_openings import ORIENTATIONS, path_opening

Path = list[tuple[int, int]]


def paths(shape: tuple[int, int], length: int) -> list[Path]:
    """Every path of `length` pixels inside an image, one step at a time."""
    found: list[Path] = []
    for steps in ORIENTATIONS:
        grown: list[Path] = [[(r, c)] for r in range(shape[0]) for c in range(shape[1])]
        for _ in range(length - 1):
            longer = [
                [*path, (path[-1][0] + r, path[-1][1] + c)] for path in grown for r, c in steps
            ]
            grown = [
                path
                for path in longer
                if 0 <= path[-1][0] < shape[0] and 0 <= path[-1][1] < shape[1]
            ]
        found += grown
    return found


def opening_by_all_paths(image: NDArray[Any], length: int, gaps: int) -> NDArray[Any]:
    out = np.full(image.shape, image.min())
    for path in paths(image.shape, length):
        at = tuple(np.array(path).T)
        level = np.sort(image[at])[gaps]
        out[at] = np.maximum(out[at], np.minimum(level, image[at]))
    return out


def noise(shape: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(6, 7), (9, 4), (1, 9), (9, 1), (1, 1)])
@pytest.mark.parametrize(
    ("length", "gaps"), [(1, 0), (2, 1), (3, 0), (5, 0), (5, 1), (6, 2), (5, 4)]
)
def test_equals_all_paths_including_the_border(
    shape: tuple[int, int], length: int, gaps: int, dtype: type
) -> None:
    image = noise(shape, seed=length).astype(dtype)

    opened = path_opening(image, length=length, gaps=gaps)

    assert opened.dtype == dtype
    np.testing.assert_array_equal(opened, opening_by_all_paths(image, length, gaps))


def test_equals_diplib_away_from_the_border() -> None:
    image, length = noise((90, 120)), 17

    opened = path_opening(image, length=length)

    peer = np.asarray(diplib.PathOpening(image, length=length, polarity="opening"))
    inside = slice(length, -length), slice(length, -length)
    np.testing.assert_array_equal(opened[inside], peer[inside])


@pytest.mark.parametrize("gaps", [0, 2])
def test_bands_and_threads_change_nothing(gaps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    image = noise((200, 40))
    whole = path_opening(image, length=9, gaps=gaps)

    monkeypatch.setattr(path_openings, "BAND_BYTES", 1)

    np.testing.assert_array_equal(path_opening(image, length=9, gaps=gaps), whole)
    np.testing.assert_array_equal(path_opening(image, length=9, gaps=gaps, threads=4), whole)


@pytest.mark.parametrize("gaps", [0, 1])
def test_it_is_an_opening(gaps: int) -> None:
    image, brighter = noise((40, 50)), np.maximum(noise((40, 50)), noise((40, 50), seed=1))

    opened = path_opening(image, length=8, gaps=gaps)

    assert (opened <= image).all()
    assert (opened <= path_opening(brighter, length=8, gaps=gaps)).all()
    assert (opened >= path_opening(image, length=9, gaps=gaps)).all()
    if gaps == 0:
        np.testing.assert_array_equal(path_opening(opened, length=8), opened)


@pytest.mark.parametrize("turn", [np.rot90, np.flipud, np.transpose])
def test_the_pose_of_the_picture_does_not_matter(turn: Any) -> None:
    image = noise((31, 42))

    there = path_opening(turn(image), length=8, gaps=1)

    np.testing.assert_array_equal(there, turn(path_opening(image, length=8, gaps=1)))


def test_a_bent_curve_stays_and_a_spot_goes() -> None:
    image = np.zeros((60, 60), np.uint8)
    columns = np.arange(5, 55)
    rows = np.rint(30 + 12 * np.sin(columns / 12)).astype(int)
    image[rows, columns] = 200
    image[8:13, 8:13] = 250

    opened = path_opening(image, length=40)

    assert (opened[rows, columns] == 200).all()
    assert opened[8:13, 8:13].max() == 0


@pytest.mark.parametrize(("length", "gaps"), [(0, 0), (5, 5), (5, -1)])
def test_impossible_paths_are_refused(length: int, gaps: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        path_opening(noise((8, 8)), length=length, gaps=gaps)


def test_an_image_without_pixels_stays_so() -> None:
    assert path_opening(np.zeros((0, 7), np.float32), length=3).shape == (0, 7)

import numpy as np
import pytest

from perceptgraph.benchmarks import ours
from perceptgraph.benchmarks.false_alarms import KINDS, MEAN, STD, mean_detections


@pytest.mark.parametrize("kind", ["white", "blur1", "blur2"])
def test_noise_has_the_mean_and_deviation_that_it_should(kind: str) -> None:
    image = KINDS[kind](512, np.random.default_rng(0)).astype(float)

    assert abs(image.mean() - MEAN) < 1
    assert abs(image.std() - STD) < 1.5  # a hundredth is clipped


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("white", 0.0), ("blur1", np.exp(-1 / 4)), ("blur2", np.exp(-1 / 16))],
)
def test_neighbours_are_correlated_as_the_blur_makes_them(kind: str, expected: float) -> None:
    image = KINDS[kind](512, np.random.default_rng(1)).astype(float)

    found = np.corrcoef(image[:, 1:].ravel(), image[:, :-1].ravel())[0, 1]

    assert abs(found - expected) < 0.02


def test_camera_noise_is_what_a_camera_gives() -> None:
    grey = KINDS["jpeg"](64, np.random.default_rng(0))
    colour = KINDS["demosaiced"](64, np.random.default_rng(0))

    assert grey.shape == (64, 64)
    assert colour.shape == (64, 64, 3)
    assert grey.dtype == colour.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_every_family_and_peer_is_counted(kind: str) -> None:
    found = mean_detections(kind, 64, 2, np.random.default_rng(0))

    expected = {f"false_alarms/{family}/{kind}/64/ours" for family in ours.families()}
    assert expected <= set(found)
    assert f"false_alarms/lines/{kind}/64/opencv_lsd" in found
    assert all(value >= 0 for value in found.values())


def test_peers_break_their_promise_where_noise_is_correlated() -> None:
    """The published finding that the project answers, and so a check that the bench sees it."""
    white = mean_detections("white", 256, 4, np.random.default_rng(0))
    blurred = mean_detections("blur2", 256, 2, np.random.default_rng(0))

    assert white["false_alarms/lines/white/256/opencv_lsd"] < 1
    assert blurred["false_alarms/lines/blur2/256/opencv_lsd"] > 50

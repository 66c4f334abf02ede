"""Line segments: position, shift, polarity, contrast, false alarms."""

import math

import numpy as np
import pytest
from drawings import SQUARE, edge, strokes

from perceptgraph.graphs.primitives import LineSegments
from perceptgraph.stages.detectors.lines import lines
from perceptgraph.stages.detectors.sides import left_of


def best(found: LineSegments) -> tuple[np.ndarray, np.ndarray]:
    """Middle and unit direction of the first segment, brighter side to the left."""
    first, second = found.endpoints[0].astype(float)
    along = (second - first) / np.hypot(*(second - first))
    return (first + second) / 2, along * found.polarity[0]


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.0])
def test_edges_have_no_systematic_shift(scale: float) -> None:
    rng = np.random.default_rng(0)
    normals, offsets = [], []
    for theta in np.linspace(0, 2 * np.pi, 24, endpoint=False):
        centre = 40 + rng.uniform(-0.5, 0.5, 2)
        noise = rng.normal(0, 2 / 255, (81, 81)).astype(np.float32)
        image = np.clip(edge(81, theta, *centre) + noise, 0, 1)

        middle, _ = best(lines(image, scale=scale))

        normals.append([math.cos(theta), -math.sin(theta)])
        offsets.append((middle - centre) @ normals[-1])
    shift, *_ = np.linalg.lstsq(np.array(normals), np.array(offsets), rcond=None)
    assert np.abs(shift).max() < 0.02
    assert np.sqrt(np.mean(np.square(offsets))) < 0.03


@pytest.mark.parametrize("theta", np.linspace(0, 2 * np.pi, 9))
def test_brighter_side_is_left_of_the_polar_direction(theta: float) -> None:
    image = edge(64, theta, 31.5, 31.5)

    _, along = best(lines(image))
    _, along_inverted = best(lines(1 - image))

    right_is_bright = np.array([math.sin(theta), math.cos(theta)])
    assert along @ right_is_bright == pytest.approx(-1, abs=1e-3)
    assert along_inverted @ right_is_bright == pytest.approx(1, abs=1e-3)


def test_left_of_a_way_to_the_right_is_up() -> None:
    np.testing.assert_array_equal(left_of(np.array([[0.0, 1.0]])), [[-1.0, 0.0]])


def test_contrast_is_the_step_of_the_edge() -> None:
    found = lines(edge(64, 0.4, 31.5, 31.5, blur=0.5))

    assert found.contrast[0] == pytest.approx(0.6, abs=0.02)


def test_a_square_of_strokes_gives_both_edges_of_each_stroke() -> None:
    image = strokes(128, [((36, 36), (36, 90)), ((90, 36), (90, 90))], width=5)

    found = lines(image)

    rows = np.sort(found.endpoints.mean(axis=1)[:, 0])
    np.testing.assert_allclose(rows, [33.5, 38.5, 87.5, 92.5], atol=0.3)
    assert (found.polarity != 0).all()


def test_most_meaningful_comes_first_and_inversion_changes_only_polarity() -> None:
    image = strokes(64, SQUARE, 5)

    found, inverted = lines(image), lines(1 - image)

    assert len(found) >= 8
    assert (np.diff(found.log10_nfa) >= 0).all()
    assert found.log10_nfa.max() <= 0
    assert len(found) == len(inverted)


def test_white_noise_keeps_the_promise_of_eps() -> None:
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(0.5, 0.2, (20, 128, 128)), 0, 1).astype(np.float32)

    n_found = [len(lines(image)) for image in images]

    assert np.mean(n_found) <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (3, 3), (1, 5000), (5000, 1), (64, 64)])
def test_blank_and_tiny_images_have_no_lines(shape: tuple[int, int]) -> None:
    assert len(lines(np.zeros(shape, np.float32))) == 0
    assert len(lines(np.ones(shape, np.float32))) == 0


def test_a_scale_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="scale in"):
        lines(np.zeros((8, 8), np.float32), scale=1.5)

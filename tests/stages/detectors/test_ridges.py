"""Ridges: centre line, width and sign of drawn strokes."""

import numpy as np
import pytest
from drawings import PLUS, ring, strokes

from perceptgraph.stages.detectors.ridges import ridges, skeleton_paths


@pytest.mark.parametrize("width", [3.0, 5.0])
@pytest.mark.parametrize("bright", [True, False])
def test_a_stroke_is_one_ridge_on_its_centre_line(width: float, bright: bool) -> None:
    image = strokes(64, [((20, 10), (20, 54))], width)

    found = ridges(image if bright else 1 - image)

    assert len(found) == 1
    assert found.bright[0] == bright
    assert np.abs(np.median(found.points[:, 0]) - 20) <= 0.5
    assert found.width[0] == pytest.approx(width, abs=1.2)


def test_a_cross_is_cut_into_its_four_arms() -> None:
    found = ridges(strokes(64, PLUS, 3.0))

    assert len(found) == 4


def test_points_follow_one_another() -> None:
    found = ridges(ring(64, radius=20, width=3))

    steps = np.abs(np.diff(found.points, axis=0)).max(axis=1)
    assert len(found) == 1
    assert steps.max() == 1
    assert len(found.points) > 100


def test_short_branches_are_left_out() -> None:
    skeleton = np.zeros((9, 20), bool)
    skeleton[4, 2:18] = True

    assert [len(path) for path in skeleton_paths(skeleton, 16)] == [16]
    assert skeleton_paths(skeleton, 17) == []


def test_white_noise_has_few_ridges() -> None:
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(0.5, 0.2, (10, 128, 128)), 0, 1).astype(np.float32)

    n_found = [len(ridges(image)) for image in images]

    assert np.mean(n_found) <= 1


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 5000), (64, 64)])
def test_blank_images_have_no_ridges(shape: tuple[int, int]) -> None:
    assert len(ridges(np.full(shape, 0.3, np.float32))) == 0

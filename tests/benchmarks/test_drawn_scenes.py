import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from perceptgraph.benchmarks.drawn_scenes import (
    LEVEL,
    SHAPE,
    drawn_scene,
    pile,
    uppermost,
    visible_edges,
)

SQUARE = np.array([[100.0, 100.0], [100.0, 200.0], [200.0, 200.0], [200.0, 100.0]])
FAR = SQUARE + 1000


def lengths(segments: np.ndarray) -> np.ndarray:
    return np.hypot(*(segments[:, 1] - segments[:, 0]).T)


def test_scene_is_a_function_of_the_seed() -> None:
    one, again = (drawn_scene(np.random.default_rng(3)) for _ in range(2))

    assert one.image.shape == SHAPE
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(one.segments, again.segments)


def test_true_segments_lie_on_steps_of_the_image() -> None:
    scene = drawn_scene(np.random.default_rng(0))
    smooth = gaussian_filter(scene.image.astype(float), 0.7)
    start, along = scene.segments[:, 0], scene.segments[:, 1] - scene.segments[:, 0]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / lengths(scene.segments)[:, None]
    at = start[:, None] + np.linspace(0.2, 0.8, 41)[:, None] * along[:, None]

    def step(aside: float) -> np.ndarray:
        sides = [
            map_coordinates(smooth, np.moveaxis(at + (aside + side) * normal[:, None], -1, 0))
            for side in (-1.0, 1.0)
        ]
        return np.abs((sides[1] - sides[0]).mean(axis=1))

    assert len(scene.segments) > 50
    assert np.median(step(0.0)) > 8
    assert (step(0.0) > step(5.0)).mean() > 0.8 < (step(0.0) > step(-5.0)).mean()


def test_edges_of_a_square_on_the_ground_are_its_sides() -> None:
    segments = visible_edges([SQUARE], np.array([LEVEL + 50]), [FAR])

    np.testing.assert_allclose(np.sort(lengths(segments)), np.full(4, 100.0))


def test_what_is_hidden_or_faint_is_no_edge() -> None:
    half = np.array([[50.0, 150.0], [50.0, 300.0], [300.0, 300.0], [300.0, 150.0]])

    faint = visible_edges([SQUARE], np.array([LEVEL + 1]), [FAR])
    hidden = visible_edges([SQUARE, half], np.array([200.0, 60.0]), [FAR])
    covered = visible_edges([SQUARE], np.array([LEVEL + 50]), [half])

    assert len(faint) == 0
    np.testing.assert_allclose(lengths(hidden).sum(), 50 + 100 + 50 + 2 * (150 + 250), atol=3)
    np.testing.assert_allclose(lengths(covered).sum(), 200, atol=3)


def test_the_last_polygon_is_uppermost() -> None:
    points = np.array([[150.0, 150.0], [110.0, 110.0], [5.0, 5.0]])

    top = uppermost(points, pile([SQUARE, SQUARE[::-1] + 30]))

    assert top.tolist() == [1, 0, -1]

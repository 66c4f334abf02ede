import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from strategies import generators

from perceptgraph.benchmarks.junction_scores import (
    BORDER,
    MIN_GAP,
    MIN_STEP,
    SIDE,
    matched,
    measure,
    partition,
    scores,
)


def test_partition_is_flat_cells_that_meet_at_its_vertices() -> None:
    image, vertices = partition(np.random.default_rng(0))

    flat = [np.unique(image[r : r + 2, c : c + 2].round(6)) for r, c in pixels_between(image)]
    levels = np.unique([tones[0] for tones in flat if len(tones) == 1])
    for row, column in vertices:
        window = image[int(row) - 4 : int(row) + 6, int(column) - 4 : int(column) + 6].round(6)
        tones = sorted(set(np.unique(window)) & set(levels))
        assert len(tones) >= 3
    assert 20 <= levels.min() <= levels.max() <= 235
    assert (cdist(vertices, vertices) + 99 * np.eye(len(vertices))).min() >= MIN_GAP
    assert vertices.min() >= BORDER
    assert vertices.max() <= SIDE - 1 - BORDER


def pixels_between(image: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).integers(0, image.shape[0] - 2, (3000, 2))


@given(seed=st.integers(0, 50))
def test_neighbouring_cells_differ(seed: int) -> None:
    image, _ = partition(np.random.default_rng(seed))

    far = np.abs(np.diff(image[:, ::4], axis=1))

    # Four pixels apart lie two cells, or one: a step as large as promised, or none; at three
    # cells, or on an edge, anything may be.
    assert ((far < 1e-6) | (far > MIN_STEP - 1e-6)).mean() > 0.85


@given(rng=generators(), n=st.integers(1, 6), m=st.integers(0, 8))
def test_pairs_are_one_to_one_within_three_pixels(rng: np.random.Generator, n: int, m: int) -> None:
    truth, found = rng.uniform(0, 12, (n, 2)), rng.uniform(0, 12, (m, 2))

    distances = matched(truth, found)

    assert len(distances) <= min(n, m)
    assert (distances <= 3).all()
    near = cdist(truth, found) <= 3
    assert len(distances) == most_pairs(near)


def most_pairs(near: np.ndarray, row: int = 0, used: frozenset[int] = frozenset()) -> int:
    """By trying all."""
    if row == len(near):
        return 0
    best = most_pairs(near, row + 1, used)
    for column in np.flatnonzero(near[row]):
        if column not in used:
            best = max(best, 1 + most_pairs(near, row + 1, used | {int(column)}))
    return best


def test_the_truth_scores_one_and_a_second_answer_costs_precision() -> None:
    truth = np.array([[50.0, 50.0], [100.0, 80.0]])
    twice = np.concatenate([truth + np.array([0.3, 0.4]), truth[:1] + 1])

    once, more = scores([truth], [truth]), scores([truth], [twice])

    assert once == {"precision": 1, "recall": 1, "f": 1, "error_px": 0}
    np.testing.assert_allclose((more["precision"], more["recall"], more["f"]), (2 / 3, 1, 0.8))
    np.testing.assert_allclose(more["error_px"], 0.5)


def test_answers_at_the_border_do_not_count() -> None:
    truth = np.array([[50.0, 50.0]])

    found = scores([truth], [np.array([[50.0, 50.0], [2.0, 100.0]])])

    assert found["f"] == 1


def test_the_bench_gives_f_at_every_noise_for_all() -> None:
    found = measure(2)

    for who in ("ours", "skimage_harris", "opencv_features"):
        for noise in (2, 8, 16):
            assert 0 <= found[f"junctions/f/noise{noise}/{who}"] <= 1
    assert found["junctions/f/noise2/opencv_features"] > 0.7

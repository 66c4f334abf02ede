import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from skimage.morphology import thin

from perceptgraph.benchmarks.boundaries import (
    Counts,
    area,
    best_f,
    count_pixels,
    evaluate,
    f_measure,
    score,
    thresholds,
)
from perceptgraph.benchmarks.boundary_matching import matched_pixels, steps_within
from perceptgraph.benchmarks.thinning import thinned


def masks(seed: int, share: float, shape: tuple[int, int] = (14, 17)) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) < share


def square() -> NDArray[np.bool_]:
    """The outline of a square."""
    mask = np.zeros((40, 40), bool)
    mask[10:31, 10:31] = True
    mask[11:30, 11:30] = False
    return mask


def best_pairing(
    detected: NDArray[np.bool_], drawn: NDArray[np.bool_], radius: float
) -> tuple[int, float]:
    """Pairs of the nearest of the largest pairings, and the sum of their lengths: dense."""
    lengths = cdist(np.argwhere(detected), np.argwhere(drawn))
    cost = np.where(lengths <= radius, lengths, 1e6)
    chosen = linear_sum_assignment(cost)
    paired = lengths[chosen] <= radius
    return int(paired.sum()), float(lengths[chosen][paired].sum())


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_thinning_is_that_of_guo_and_hall(seed: int, share: float) -> None:
    mask = masks(seed, share)

    found = thinned(mask)

    np.testing.assert_array_equal(found, thin(mask))
    np.testing.assert_array_equal(found, thinned(found))


def test_thinning_does_not_mind_how_an_array_lies_in_memory() -> None:
    mask = masks(0, 0.6)

    np.testing.assert_array_equal(thinned(np.asfortranarray(mask)), thinned(mask))


@given(
    seed=st.integers(0, 10_000),
    shares=st.tuples(st.floats(0, 0.6), st.floats(0, 0.6)),
    radius=st.floats(0, 5),
)
def test_as_many_pixels_are_paired_as_can_be_and_then_as_near(
    seed: int, shares: tuple[float, float], radius: float
) -> None:
    detected, drawn = masks(seed, shares[0]), masks(seed + 1, shares[1])

    matched = matched_pixels(detected, drawn, radius)
    matched_drawn = matched_pixels(drawn, detected, radius)

    most, least = best_pairing(detected, drawn, radius)
    assert matched.sum() == matched_drawn.sum() == most
    assert not (matched & ~detected).any()
    assert not (matched_drawn & ~drawn).any()
    assert best_pairing(matched, matched_drawn, radius)[1] == pytest.approx(least)


def test_a_map_matches_itself_and_one_beyond_the_radius_matches_nothing() -> None:
    mask = np.zeros((20, 30), bool)
    mask[:, 10] = True

    for shift, n in ((0, 20), (4, 20), (5, 0)):
        matched = matched_pixels(mask, np.roll(mask, shift, axis=1), radius=4.0)

        assert matched.sum() == n


def test_steps_rise_in_length_and_fill_the_disc() -> None:
    steps = steps_within(math.sqrt(5))

    assert len(steps) == 21
    lengths = (steps**2).sum(1)
    assert (np.diff(lengths) >= 0).all()


def test_maps_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        matched_pixels(np.zeros((3, 4), bool), np.zeros((4, 3), bool), 1.0)


def test_the_drawing_itself_scores_one() -> None:
    drawn = thinned(square())

    scores = evaluate([(drawn.astype(float), [drawn, drawn])], thresholds(3))

    assert scores.ods == scores.ois == 1
    assert scores.best.recall == scores.best.precision == 1


def test_a_pixel_is_right_if_one_person_drew_it_and_recall_is_over_all_people() -> None:
    here = np.zeros((200, 200), bool)
    here[40, 20:120] = True
    there = np.roll(here, 100, axis=0)

    counts = count_pixels([here], [here, there, there])

    assert counts.precision == 1
    assert counts.recall == pytest.approx(1 / 3)


def test_thick_boundaries_are_thinned_before_they_are_counted() -> None:
    thick = np.zeros((60, 60), bool)
    thick[20:25, 10:50] = True

    counts = count_pixels([thick], [thinned(thick)])

    assert counts.n_detected == counts.n_right == counts.n_found == thinned(thick).sum()


@given(seed=st.integers(0, 1000), factor=st.floats(0.01, 100))
def test_scores_do_not_see_the_unit_of_the_map(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    soft = rng.integers(0, 12, (20, 20)).astype(float)
    drawings = [rng.random((20, 20)) < 0.1 for _ in range(2)]
    levels = np.linspace(0.5, 10.5, 6)

    here = evaluate([(soft, drawings)], levels)
    there = evaluate([(soft * factor, drawings)], levels * factor)

    assert (here.ods, here.ois, here.ap) == (there.ods, there.ois, there.ap)
    assert there.best.threshold == pytest.approx(here.best.threshold * factor)


def counts_of(recall: list[float], precision: list[float], n: int = 1000) -> Counts:
    r, p = np.array(recall), np.array(precision)
    full = np.full(len(r), n)
    return Counts((r * n).astype(np.int64), full, (p * n).astype(np.int64), full)


def test_own_thresholds_do_at_least_as_well_as_one_for_all() -> None:
    levels = thresholds(3)
    low = counts_of([0.9, 0.5, 0.1], [0.8, 0.5, 0.5])
    high = counts_of([0.9, 0.7, 0.6], [0.1, 0.2, 0.9])

    scores = score(levels, [low, high])

    assert [one.threshold for one in scores.images] == [0.25, 0.75]
    assert scores.ois_recall == 0.75
    assert scores.ois_precision == pytest.approx(0.85)
    assert scores.ois > scores.ods


def test_best_f_is_sought_between_thresholds_too() -> None:
    best = best_f(np.array([0.2, 0.4]), counts_of([1.0, 0.2], [0.2, 1.0]))

    assert best.recall + best.precision == pytest.approx(1.2)
    assert best.f == pytest.approx(0.6, abs=1e-4)
    assert best.threshold == pytest.approx(0.3, abs=0.002)


def test_area_of_a_straight_line_is_that_of_the_trapezium() -> None:
    recall = np.array([0.8, 0.6, 0.4, 0.2])

    found = area(recall, 1 - recall)

    assert found == pytest.approx(0.3, abs=0.006)  # 61 samples of a step of 0.01
    assert area(recall[:1], recall[:1]) == 0


def test_nothing_detected_and_nothing_drawn_score_zero_without_a_warning() -> None:
    blank = np.zeros((12, 15))

    scores = evaluate([(blank, [blank.astype(bool)])], thresholds(4))

    assert (scores.ods, scores.ois, scores.ap) == (0, 0, 0)
    assert f_measure(0.0, 0.0) == 0


def test_an_image_without_people_and_a_set_without_images_are_refused() -> None:
    with pytest.raises(ValueError, match="one person"):
        count_pixels([square()], [])
    with pytest.raises(ValueError, match="one image"):
        evaluate([], thresholds(3))

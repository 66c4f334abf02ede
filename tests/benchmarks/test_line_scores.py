import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.benchmarks.line_scores import covered, f_at_shares, line_scores, mean_f

LONG = np.array([[[10.0, 0.0], [10.0, 100.0]]])


def along(*spans: tuple[float, float], row: float = 10.0, turn_deg: float = 0.0) -> np.ndarray:
    """Segments on one row, each turned about its middle."""
    middles = np.array([[row, (a + b) / 2] for a, b in spans]).reshape(-1, 2)
    half = np.array([(b - a) / 2 for a, b in spans])[:, None]
    step = half * np.array([math.sin(math.radians(turn_deg)), math.cos(math.radians(turn_deg))])
    return np.stack([middles - step, middles + step], axis=1)


@given(rng=generators(), n=st.integers(1, 8), share=st.floats(0.1, 1))
def test_the_truth_itself_scores_one(rng: np.random.Generator, n: int, share: float) -> None:
    truth = rng.uniform(0, 100, (n, 2, 2))

    np.testing.assert_allclose(line_scores(truth, truth, share), (1, 1))
    np.testing.assert_allclose(line_scores(truth, truth[:, ::-1], share), (1, 1))


@given(rng=generators(), n=st.integers(1, 6), m=st.integers(0, 6))
def test_scores_are_shares_and_a_stricter_share_finds_no_more(
    rng: np.random.Generator, n: int, m: int
) -> None:
    truth = along(*rng.uniform(0, 100, (n, 2)))
    found = along(*rng.uniform(0, 100, (m, 2)), row=10.5)

    loose, strict = line_scores(truth, found, 0.5), line_scores(truth, found, 0.75)

    assert 0 <= strict[1] <= loose[1] <= 1
    assert 0 <= strict[0] == loose[0] <= 1 + 1e-9


@pytest.mark.parametrize(
    ("row", "turn_deg", "matches"),
    [(10.99, 0, True), (11.01, 0, False), (10.5, 4.9, True), (10.5, 5.1, False)],
)
def test_tolerances_are_one_pixel_and_five_degrees(
    row: float, turn_deg: float, matches: bool
) -> None:
    found = along((20, 90), row=row, turn_deg=turn_deg)

    precision, recall = line_scores(LONG, found, 0.5)

    assert recall == float(matches)
    assert (precision > 0.99) == matches


def test_pieces_count_together_and_overlaps_once() -> None:
    pieces = along((0, 30), (20, 50), (25, 40), (60, 80))

    for share, expected in ((0.70, 1.0), (0.71, 0.0)):
        assert line_scores(LONG, pieces, share) == (1.0, expected)


def test_one_long_segment_over_short_ones_pays_for_the_gaps() -> None:
    precision, recall = line_scores(along((0, 20), (30, 50)), along((0, 50)), 0.75)

    np.testing.assert_allclose((precision, recall), (0.8, 1.0))


@given(rng=generators(), n=st.integers(1, 7))
def test_coverage_of_intervals_is_that_of_a_fine_grid(rng: np.random.Generator, n: int) -> None:
    spans = rng.uniform(-30, 130, (n, 2))
    at = (np.arange(100_000) + 0.5) / 1000
    inside = ((at[:, None] > spans.min(axis=1)) & (at[:, None] < spans.max(axis=1))).any(axis=1)

    share = covered(LONG, along(*spans), np.ones((1, n), bool))

    np.testing.assert_allclose(share, [inside.mean()], atol=2e-4)


def test_nothing_found_scores_zero_and_no_truth_is_an_error() -> None:
    assert line_scores(LONG, np.zeros((0, 2, 2)), 0.5) == (0.0, 0.0)
    with pytest.raises(ValueError, match="true segment"):
        line_scores(np.zeros((0, 2, 2)), LONG, 0.5)


def test_f_is_of_the_mean_precision_and_the_mean_recall() -> None:
    found = [along((0, 60)), np.concatenate([along((0, 40)), along((0, 40), row=50)])]

    f = mean_f([LONG, LONG], found, 0.5)

    np.testing.assert_allclose(f, 2 * 0.75 * 0.5 / (0.75 + 0.5))


def test_the_best_length_cut_is_never_worse() -> None:
    noise = along(*[(i, i + 4.0) for i in range(0, 100, 5)], row=50)

    scores = f_at_shares([LONG], [np.concatenate([along((0, 90)), noise])], "l")

    assert set(scores) == {"l50", "l50_cut", "l75", "l75_cut"}
    assert scores["l50"] < scores["l50_cut"] == scores["l75_cut"] == pytest.approx(1.0)

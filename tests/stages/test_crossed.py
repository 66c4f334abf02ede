import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import bootstrap, kstest
from strategies import generators

from perceptgraph.stages.crossed import estimate, mean_squares, standard_error


def differences(
    rng: np.random.Generator, seeds: int, images: int, between_seeds: float, gain: float = 0.0
) -> NDArray[np.float64]:
    """Two models on the same images, the same seeds: who is right where the other is not."""
    hard = rng.normal(0, 2, images)
    drawn = rng.normal(0, 0.3, (seeds, 1))
    one, other = (
        rng.random((seeds, images))
        < expit(3 + more + hard + drawn + rng.normal(0, between_seeds, (seeds, 1)))
        for more in (gain, 0.0)
    )
    return one.astype(np.float64) - other


def effects(
    rng: np.random.Generator, seeds: int, images: int, sd: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Normal effects of seeds, of images and of what is left."""
    of_seeds, of_images, rest = sd
    return (
        rng.normal(0, of_seeds, (seeds, 1))
        + rng.normal(0, of_images, images)
        + rng.normal(0, rest, (seeds, images))
    )


@pytest.mark.parametrize("between_seeds", [0.0, 0.1, 0.5])
def test_interval_holds_the_truth_as_often_as_it_says(between_seeds: float) -> None:
    rng = np.random.default_rng(0)

    found = [estimate(differences(rng, 5, 400, between_seeds), -1, 1) for _ in range(1000)]

    covered = np.mean([each.low <= 0 <= each.high for each in found])
    assert covered > 0.935
    assert covered < 0.985 or between_seeds < 0.5  # below it knows too few seeds, and says more


def test_p_is_uniform_where_seeds_differ_and_nothing_else_does() -> None:
    rng = np.random.default_rng(1)

    p = [estimate(effects(rng, 5, 100, (0.02, 0.05, 0.1)), -1, 1).p for _ in range(1000)]

    assert kstest(p, "uniform", alternative="greater").pvalue > 0.01


def test_a_real_difference_is_found() -> None:
    rng = np.random.default_rng(2)

    found = [estimate(differences(rng, 5, 2000, 0.05, gain=0.5), -1, 1) for _ in range(200)]

    assert np.mean([each.p < 0.05 for each in found]) > 0.95


@pytest.mark.filterwarnings("ignore")  # its modules use what pandas deprecates
def test_error_is_that_of_a_mixed_model_with_crossed_effects() -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    score = effects(np.random.default_rng(3), 6, 25, (0.5, 0.8, 0.6))
    rows = pd.DataFrame(
        [(s, i, v) for (s, i), v in np.ndenumerate(score)], columns=["seed", "image", "score"]
    )

    model = MixedLM.from_formula(
        "score ~ 1",
        rows,
        groups=np.ones(len(rows)),
        re_formula="0",
        vc_formula={"seed": "0 + C(seed)", "image": "0 + C(image)"},
    ).fit()

    assert standard_error(score)[0] == pytest.approx(model.bse_fe.iloc[0], rel=1e-3)


def test_crossed_bootstrap_has_the_variance_that_the_mean_squares_foretell() -> None:
    score = effects(np.random.default_rng(4), 6, 30, (0.5, 0.8, 0.6))
    found = mean_squares(score)
    n_seeds, n_images = score.shape
    parts = [
        (found.seeds - found.rest) * (n_seeds - 1) / n_seeds,
        (found.images - found.rest) * (n_images - 1) / n_images,
        found.rest * (3 - 3 / n_seeds - 3 / n_images + 3 / (n_seeds * n_images)),
    ]

    again = bootstrap(
        (np.arange(n_seeds), np.arange(n_images)),
        lambda seeds, images: score[np.ix_(seeds, images)].mean(),
        vectorized=False,
        n_resamples=4000,
        method="percentile",
        rng=np.random.default_rng(5),
    )

    assert again.standard_error**2 == pytest.approx(sum(parts) / score.size, rel=0.1)


@given(rng=generators(), seeds=st.integers(1, 6), images=st.integers(1, 30), share=st.floats(0, 1))
def test_interval_is_around_the_mean_and_within_reach(
    rng: np.random.Generator, seeds: int, images: int, share: float
) -> None:
    score = (rng.random((seeds, images)) < share).astype(np.float64)

    found = estimate(score, 0, 1)

    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1
    assert found.low < found.high
    assert 0 <= found.p <= 1
    assert (found.seeds, found.images) == (seeds, images)


@given(rng=generators(), seeds=st.integers(1, 6), images=st.integers(1, 30))
def test_who_is_set_against_whom_turns_the_sign_alone(
    rng: np.random.Generator, seeds: int, images: int
) -> None:
    score = differences(rng, seeds, images, 0.3)

    here, there = estimate(score, -1, 1), estimate(-score, -1, 1)

    assert (here.value, here.low, here.high) == pytest.approx(
        (-there.value, -there.high, -there.low)
    )
    assert here.p == pytest.approx(there.p)


def test_no_difference_on_few_images_is_little_known() -> None:
    few, many = (estimate(np.zeros((5, n)), -1, 1) for n in (20, 10000))

    assert few.high > 0.1
    assert many.high < 0.001
    assert few.p == many.p == 1


def test_empty_scores_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"seeds and images.*\(5, 0\)"):
        estimate(np.zeros((5, 0)), 0, 1)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import generators

from perceptgraph.stages.equal_accuracy import best_of, curves, needed, worth
from perceptgraph.stages.headlines import QUESTIONS, headlines

RELATIONS, IMAGES, ROTATION, ATTACKS, ENERGY = QUESTIONS
NUMBERS = [1, 5, 10, 50]


def learning(subject: str, role: str, shift: float, seeds: int = 5) -> pd.DataFrame:
    """Accuracy that grows by ten points with each doubling of the images."""
    return pd.DataFrame(
        [
            {
                "axis": "images_per_class",
                "level": f"{number} a class",
                "value": float(number),
                "subject": subject,
                "role": role,
                "seed": seed,
                "accuracy": 30 + 10 * np.log2(number) + shift + 0.1 * (seed % 2),
            }
            for number in NUMBERS
            for seed in range(seeds)
        ]
    )


def turned(subject: str, role: str, share: float) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {
                "key": f"{subject}-{seed}",
                "axis": "rotation",
                "level": "turned by any angle",
                "value": np.nan,
                "subject": subject,
                "role": role,
                "seed": seed,
                "accuracy": 100 * right.mean(),
                "right": right,
            }
            for seed in range(5)
            for right in [rng.random(1000) < share]
        ]
    )


def test_curves_ten_points_apart_are_a_doubling_of_images_apart() -> None:
    table = pd.concat([learning("kernel", "subject", 10.0), learning("lenet", "control", 0.0)])

    found = worth(curves(table, "kernel"), curves(table, "lenet"))

    assert [each.per_class for each in found] == NUMBERS
    for each in found[:-1]:
        assert each.ratio == pytest.approx(2, rel=0.01)
        assert each.low <= each.ratio <= each.high
        assert not each.beyond
    assert found[-1].beyond
    assert found[-1].high == np.inf


@given(rng=generators(), at=st.floats(0, 1))
def test_needed_number_is_where_the_curve_has_the_accuracy(
    rng: np.random.Generator, at: float
) -> None:
    numbers = np.sort(rng.uniform(1, 500, 6))
    theirs = np.sort(rng.uniform(50, 99, 6))
    accuracy = theirs[0] + at * (theirs[-1] - theirs[0])

    number, beyond = needed(accuracy, numbers, theirs)

    assert not beyond or at == 1
    assert np.interp(np.log2(number), np.log2(numbers), theirs) == pytest.approx(accuracy)


def test_a_curve_that_falls_stays_at_its_highest() -> None:
    numbers: NDArray[np.float64] = np.array([1.0, 2.0, 4.0])

    assert needed(70.0, numbers, np.array([50.0, 80.0, 60.0]))[1] is False
    assert needed(80.0, numbers, np.array([50.0, 80.0, 60.0])) == (2.0, False)
    assert needed(81.0, numbers, np.array([50.0, 80.0, 60.0]))[1] is True


def test_the_best_is_chosen_at_each_number() -> None:
    early = learning("lenet_deskewed", "control", 0.0)
    late = learning("lenet_augmented", "control", 0.0)
    late["accuracy"] += np.where(late["value"] > 5, 3.0, -3.0)

    best = best_of(pd.concat([early, late]), ["lenet_deskewed", "lenet_augmented"])

    expected = curves(early, "lenet_deskewed")
    expected[[10.0, 50.0]] += 3.0
    pd.testing.assert_frame_equal(best, expected, check_names=False)


def test_one_seed_says_nothing_of_what_images_are_worth() -> None:
    table = learning("kernel", "subject", 0.0, seeds=1)

    assert worth(curves(table, "kernel"), curves(table, "kernel")) == []


def test_images_are_weighed_against_the_best_pixel_net() -> None:
    table = pd.concat(
        [
            learning("kernel", "subject", 10.0),
            learning("lenet_deskewed", "control", 0.0),
            learning("pixel_kernel", "control", 30.0),
        ]
    )

    found = headlines({"mnist": {"ablate_data": table}})

    assert [each.question for each in found] == [IMAGES]
    assert found[0].parts[0].startswith("images of kernel are worth 2 times (2 to 2, at 1")
    assert "more than 1 times (at 50 a class) as many of lenet deskewed" in found[0].parts[0]


def test_the_best_of_both_sides_meet_at_any_angle() -> None:
    table = pd.concat(
        [
            turned("relative_pose", "subject", 0.6),
            turned("relative_pose_free", "subject", 0.95),
            turned("lenet_augmented", "control", 0.4),
            turned("lenet_rotated", "control", 0.8),
        ],
        ignore_index=True,
    )

    found = headlines({"mnist": {"robustness": table}})

    assert [each.question for each in found] == [ROTATION]
    assert found[0].parts[0].startswith("relative pose free, the best of 2, gets 95.")
    assert "points ahead of the best of 2 controls, lenet rotated (" in found[0].parts[0]


def test_who_is_level_at_any_angle_is_told_neither_ahead_nor_behind() -> None:
    nets = [f"net_{number}" for number in range(3)]
    table = pd.concat(
        [turned(net, "control", 0.5) for net in nets] + [turned("relative_pose", "subject", 0.5)],
        ignore_index=True,
    )
    table["key"] += [str(number) for number in range(len(table))]

    found = headlines({"mnist": {"robustness": table}})

    assert "not measurably apart from the best of 3 controls" in found[0].parts[0]


def test_what_was_not_measured_is_not_answered() -> None:
    only_ours = turned("relative_pose", "subject", 0.6)

    assert headlines({"mnist": {"robustness": only_ours}}) == []
    assert headlines({"mnist": {}}) == []
    assert headlines({}) == []

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_samples import study_tables

from perceptgraph.stages.comparisons import COLUMNS, compared
from perceptgraph.stages.verdicts import amount, bound, changes, course, meeting, standing, verdicts

CLAIM = re.compile(
    r"\b(loses|gains|rises|falls|is ahead (at|by)|is behind (at|by)|points ahead|points behind)\b"
)


def comparisons(*rows: dict[str, object]) -> pd.DataFrame:
    """Comparisons of one subject, each by what is told of it."""
    told: dict[str, object] = {
        "kind": "level",
        "axis": "relations",
        "level": "without next",
        "value": np.nan,
        "subject": "relative_pose",
        "against": "relative_pose",
        "difference": -1.2,
        "low": -1.5,
        "high": -0.9,
        "p": 0.001,
        "p_holm": 0.01,
        "measurable": True,
        "effect": -0.1,
        "accuracy": 90.0,
        "against_accuracy": 91.2,
        "seeds": 5,
        "images": 1000,
    }
    return pd.DataFrame([told | row for row in rows])[list(COLUMNS)]


def unsure(level: str, low: float = -0.3, high: float = 0.4) -> dict[str, object]:
    return {
        "level": level,
        "difference": (low + high) / 2,
        "low": low,
        "high": high,
        "p_holm": 1.0,
        "measurable": False,
    }


def test_levels_are_told_from_the_largest_difference_down() -> None:
    rows = comparisons(
        {},
        {"level": "only near", "difference": -5.0, "low": -5.6, "high": -4.4},
        {"level": "more of them", "difference": 2.0, "low": 1.5, "high": 2.5},
        unsure("without hole"),
        unsure("without inside", low=-0.8),
    )

    assert changes("relative_pose", rows) == (
        "relative pose loses 5.0 ± 0.6 points (only near) and 1.2 ± 0.3 points (without next), "
        "gains 2.0 ± 0.5 points (more of them) and shows no measurable difference (without hole "
        "and without inside; at most 0.8 points)"
    )


def test_further_levels_are_counted() -> None:
    rows = comparisons(
        *({"level": f"{k}", "difference": -k, "low": -k - 0.3, "high": -k + 0.3} for k in (4, 3)),
        *({"level": f"{k}", "difference": -k, "low": -k - 0.3, "high": -k + 0.3} for k in (7, 5)),
        *({"level": f"{k}", "difference": -k, "low": -k - 0.3, "high": -k + 0.3} for k in (6,)),
        *(unsure(name) for name in "abcd"),
    )

    assert changes("set", rows) == (
        "set loses 7.0 ± 0.3 points (7), 6.0 ± 0.3 points (6), 5.0 ± 0.3 points (5) and at least "
        "3.0 at 2 more and shows no measurable difference at 4 levels (at most 0.4 points)"
    )


def values(*accuracies: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "value": range(len(accuracies)),
            "level": [f"{k} px" for k in range(len(accuracies))],
            "accuracy": accuracies,
        }
    )


def test_a_trend_is_told_from_end_to_end() -> None:
    trend = comparisons({"kind": "trend", "difference": -17.0, "low": -18.0, "high": -16.0})
    rows = comparisons(unsure("0 px"), {"level": "1 px"}, {"level": "2 px"})

    assert course("kernel", trend.iloc[0], rows, values(97.0, 95.0, 80.0)) == (
        "kernel falls from 97.0 % at 0 px to 80.0 % at 2 px (17.0 ± 1.0 points on a straight line) "
        "and shows no measurable difference (0 px; at most 0.4 points)"
    )


def test_a_trend_that_leaves_out_what_is_as_it_is_names_it() -> None:
    trend = comparisons({"kind": "trend", "difference": 40.0, "low": 39.0, "high": 41.0})
    rows = comparisons(*({"level": f"{k} px", "against_accuracy": 98.0} for k in (1, 2, 3)))

    assert course("kernel", trend.iloc[0], rows, values(40.0, 50.0, 80.0, 90.0)[1:]) == (
        "kernel rises from 50.0 % at 1 px to 90.0 % at 3 px, with 98.0 % as it is (40.0 ± 1.0 "
        "points on a straight line)"
    )


def test_what_falls_and_rises_again_is_told_by_its_levels() -> None:
    trend = comparisons({"kind": "trend", "difference": 2.0, "low": 1.0, "high": 3.0})
    dip = comparisons({"level": "1 px", "difference": -50.0, "low": -51.0, "high": -49.0})

    found = course("kernel", trend.iloc[0], dip, values(95.0, 45.0, 97.0))

    assert found == "kernel loses 50.0 ± 1.0 points (1 px)"


def test_a_flat_course_says_what_may_have_been_overlooked() -> None:
    trend = comparisons({"kind": "trend", **unsure("trend", low=-0.9)})
    rows = comparisons(unsure("0 px"), unsure("1 px"))

    assert course("kernel", trend.iloc[0], rows, values(95.0, 95.1)) == (
        "kernel shows no measurable change between 0 px and 1 px (at most 0.9 points)"
    )


def test_a_trend_needs_nothing_as_it_is() -> None:
    table, _ = study_tables()
    attacked = table[(table["axis"] == "noise") & (table["level"] != "as is")]

    found = verdicts(attacked, compared(attacked))

    assert list(found) == ["noise"]
    assert "relative pose" in found["noise"][0]


def test_a_control_is_met_level_by_level() -> None:
    rows = comparisons(
        {"level": "0.1", "difference": -0.5, "low": -0.7, "high": -0.3},
        unsure("0.2"),
        {"level": "0.3", "difference": 3.0, "low": 2.0, "high": 4.0},
        {"level": "0.4", "difference": 12.0, "low": 11.0, "high": 13.0},
    )

    assert meeting("it", rows.assign(against="lenet_augmented"), n_controls=1) == (
        "against its control, lenet augmented, it is ahead at 2 levels, by up to 12.0 ± 1.0 points "
        "(0.4), behind by 0.5 ± 0.2 points (0.1) and not measurably apart (0.2; at most 0.4 points)"
    )


def test_where_the_best_control_changes_each_level_names_its_own() -> None:
    rows = comparisons(
        {"level": "1", "against": "lenet", "difference": 3.0, "low": 2.0, "high": 4.0},
        {"level": "2", "against": "gcn", "difference": -0.5, "low": -0.7, "high": -0.3},
    )

    assert meeting("it", rows, n_controls=3) == (
        "against the best of 3 controls at each level, it is ahead by 3.0 ± 1.0 points (1, lenet) "
        "and behind by 0.5 ± 0.2 points (2, gcn)"
    )


def test_the_best_control_of_a_level_is_the_most_accurate_there() -> None:
    theirs = [("1", "lenet", 90.0), ("1", "gcn", 80.0), ("2", "lenet", 70.0), ("2", "gcn", 75.0)]
    rows = comparisons(
        *(
            {"kind": "control", "level": level, "against": against, "against_accuracy": accuracy}
            for level, against, accuracy in theirs
        )
    )
    table = pd.DataFrame([{"axis": "relations", "subject": "relative_pose", "role": "subject"}])

    assert verdicts(table, rows)["relations"] == (
        "Relations: against the best of 2 controls at each level, relative pose is behind at all "
        "levels, by up to 1.2 ± 0.3 points (1, lenet).",
    )


def test_of_all_controls_the_best_is_named() -> None:
    rows = comparisons(
        {"against": "set", "against_accuracy": 80.0, "difference": 10.0, "low": 9.0, "high": 11.0},
        {"against": "lenet", "against_accuracy": 93.0, "difference": -3.0, "low": -4, "high": -2},
        {"against": "gcn", "against_accuracy": 90.0, **unsure("as is")},
    )

    assert standing("kernel", rows) == (
        "kernel is ahead of 1 and behind 1 of 3 controls, 3.0 ± 1.0 points behind lenet, the best "
        "of them"
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"difference": 0.03, "low": 0.02, "high": 0.04}, "0.03 ± 0.01"),
        ({"difference": 12.14, "low": 11.54, "high": 12.74}, "12.1 ± 0.6"),
        ({"difference": -90.0, "low": -98.0, "high": -70.0}, "90.0 (70.0 to 98.0)"),
    ],
)
def test_amounts_have_the_digits_that_they_deserve(row: dict[str, float], words: str) -> None:
    assert amount(pd.Series(row)) == words


@given(low=st.floats(-100, 100), width=st.floats(0.01, 50), at=st.floats(0.05, 0.95))
def test_words_reach_as_far_as_the_interval(low: float, width: float, at: float) -> None:
    row = pd.Series({"difference": low + at * width, "low": low, "high": low + width})

    numbers = [float(text) for text in re.findall(r"-?\d+\.\d+", amount(row))]

    sign = -1 if row["difference"] < 0 else 1
    ends = sorted([sign * low, sign * (low + width)])
    middle, margin = numbers[:2]
    told = [middle - margin, middle + margin] if len(numbers) == 2 else numbers[1:]
    assert told == pytest.approx(ends, abs=0.06 * width + 0.11)
    assert float(re.findall(r"[\d.]+", bound(row.to_frame().T))[0]) >= max(map(abs, ends)) - 0.05


def test_what_is_claimed_was_measured() -> None:
    table, _ = study_tables()
    found = compared(table)
    rng = np.random.default_rng(0)

    for share in (0.0, 0.03, 0.1, 0.5, 1.0):
        found["measurable"] = rng.random(len(found)) < share
        for axis, sentences in verdicts(table, found).items():
            was_measured = found[found["axis"] == axis]["measurable"].any()
            assert was_measured or not CLAIM.search(sentences[0])


def test_every_axis_has_its_verdict_in_order() -> None:
    table, _ = study_tables()

    found = verdicts(table, compared(table))

    assert list(found) == ["controls", "noise", "relations"]
    assert all(sentences[0].endswith(".") for sentences in found.values())
    assert all("3 seeds" in sentences[1] for sentences in found.values())


def test_an_axis_of_equal_cells_has_nothing_to_compare() -> None:
    table, _ = study_tables()
    same = table[(table["axis"] == "relations") & (table["level"] == "as is")]
    same = same[same["role"] == "subject"]
    again = pd.concat([same, same.assign(level="the same")])

    assert verdicts(again, compared(again)) == {
        "relations": ("Relations: nothing was measured to compare.",)
    }


def test_one_seed_is_told() -> None:
    table, _ = study_tables()
    one = table[table["seed"] == 0]

    found = verdicts(one, compared(one))

    assert all("One seed" in sentences[1] for sentences in found.values())

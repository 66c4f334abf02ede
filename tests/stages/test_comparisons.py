from time import process_time

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests
from study_samples import study_tables

from perceptgraph.stages.comparisons import AnswersError, accuracies, compared


def answers(
    level: str,
    share: float,
    subject: str = "kernel",
    axis: str = "noise",
    role: str = "subject",
    value: float = np.nan,
    seeds: int = 5,
    images: int = 400,
) -> pd.DataFrame:
    """Rows of a table; what is as it is has the same key on every axis."""
    place = f"{subject}-{level}" if level == "as is" else f"{subject}-{axis}-{level}"
    rng = np.random.default_rng(list(place.encode()))
    hard = rng.random(images)
    return pd.DataFrame(
        {
            "key": [f"{place}-{seed}" for seed in range(seeds)],
            "axis": axis,
            "level": level,
            "value": value,
            "subject": subject,
            "role": role,
            "seed": range(seeds),
            "parameters": 10,
            "macs": 20.0,
            "queries": np.nan,
            "right": [0.8 * hard + 0.2 * rng.random(images) < share for _ in range(seeds)],
        }
    )


def table(*rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(rows, ignore_index=True)


def right_of(rows: pd.DataFrame) -> NDArray[np.bool_]:
    return np.stack(list(rows["right"]))


def test_a_level_stands_against_the_same_subject_as_it_is() -> None:
    base, worse = answers("as is", 0.9), answers("0.3", 0.7, value=0.3)

    found = compared(table(base, worse)).iloc[0]

    change = 100 * (right_of(worse).mean() - right_of(base).mean())
    assert (found["kind"], found["level"], found["against"]) == ("level", "0.3", "kernel")
    assert found["difference"] == pytest.approx(change)
    assert found["low"] < change < found["high"] < 0
    assert found["measurable"]
    assert found["effect"] < 0
    assert (found["seeds"], found["images"]) == (5, 400)


def test_each_subject_as_it_is_stands_against_every_control() -> None:
    rows = table(
        answers("as is", 0.6, "lenet", "controls", "control"),
        answers("as is", 0.5, "set", "controls", "control"),
        answers("as is", 0.9),
        answers("as is", 0.8, "gcn", "blur"),
    )

    found = compared(rows)

    assert set(found["kind"]) == {"control"}
    assert set(found["axis"]) == {"controls"}
    assert sorted(zip(found["subject"], found["against"], strict=True)) == [
        ("gcn", "lenet"), ("gcn", "set"), ("kernel", "lenet"), ("kernel", "set"),
    ]  # fmt: skip


def test_a_control_on_an_axis_is_met_at_each_level() -> None:
    lenet = {"subject": "lenet", "role": "control"}
    rows = table(
        answers("as is", 0.9),
        answers("0.3", 0.7, value=0.3),
        answers("as is", 0.8, **lenet),
        answers("0.3", 0.4, value=0.3, **lenet),
    )

    found = compared(rows)

    assert found[["kind", "level", "subject", "against"]].to_numpy().tolist() == [
        ["level", "0.3", "kernel", "kernel"],
        ["level", "0.3", "lenet", "lenet"],
        ["control", "0.3", "kernel", "lenet"],
    ]


def test_equal_cells_are_not_compared() -> None:
    base = answers("as is", 0.9)
    same = base.assign(level="next to it")

    assert compared(table(base, same)).empty


def test_an_attack_on_fewer_images_stands_against_clean_ones_on_the_same_images() -> None:
    rows = table(
        answers("as is", 0.9, axis="square"),
        answers("clean", 0.9, axis="square", value=0.0, images=50),
        answers("eps 0.3", 0.2, axis="square", value=0.3, images=50),
    )

    found = compared(rows)

    assert found["level"].tolist() == ["eps 0.3"]
    assert found["images"].tolist() == [50]
    assert found["against_accuracy"].item() == 100 * right_of(rows[5:10]).mean()


def test_a_level_at_nought_is_not_what_is_unchanged() -> None:
    rows = table(
        answers("0 rounds", 0.5, axis="depth", value=0.0),
        answers("1 round", 0.9, axis="depth", value=1.0),
    )

    assert compared(rows).empty


def test_trend_is_the_change_from_the_lowest_to_the_highest_value() -> None:
    shares = {"0.4": 0.5, "0.1": 0.8, "0.2": 0.7, "0.3": 0.6}
    rows = table(*(answers(level, share, value=float(level)) for level, share in shares.items()))

    found = compared(rows)

    means = [100 * right_of(rows[rows["level"] == level]).mean() for level in sorted(shares)]
    line = np.polyfit(range(4), means, 1)
    assert found["kind"].tolist() == ["trend"]
    assert found["difference"].item() == pytest.approx(3 * line[0])
    assert found["measurable"].item()
    assert found["accuracy"].item() == pytest.approx(means[-1])
    assert found["against_accuracy"].item() == pytest.approx(means[0])


def test_holm_counts_what_is_asked_of_one_subject_on_one_axis() -> None:
    results, _ = study_tables()

    found = compared(results)

    for _, family in found.groupby(["axis", "kind", "subject"]):
        holm = multipletests(family["p"], method="holm")[1]
        np.testing.assert_allclose(family["p_holm"], holm)
    np.testing.assert_array_equal(found["measurable"], found["p_holm"] < 0.05)


def test_nothing_is_measurable_more_often_than_promised_where_nothing_differs() -> None:
    wrong = 0
    for draw in range(30):
        rng = np.random.default_rng(draw)
        hard = rng.random(100)
        rows = [
            answers("as is" if k == 0 else f"level {k}", 0.0, images=100).assign(
                right=[0.5 * hard + 0.5 * rng.random(100) < 0.7 for _ in range(5)]
            )
            for k in range(8)
        ]
        wrong += int(compared(table(*rows))["measurable"].any())

    assert wrong <= 4


def test_only_seeds_of_both_are_compared() -> None:
    base, worse = answers("as is", 0.9), answers("0.3", 0.7, seeds=3)

    found = compared(table(base, worse)).iloc[0]

    assert found["seeds"] == 3
    assert found["against_accuracy"] == pytest.approx(100 * right_of(base[:3]).mean())


def test_order_of_seeds_does_not_matter() -> None:
    base, worse = answers("as is", 0.9), answers("0.3", 0.7)

    found = compared(table(base, worse))
    turned = compared(table(base, worse[::-1]))

    pd.testing.assert_frame_equal(found, turned)


def test_rows_without_a_seed_in_common_are_an_error() -> None:
    base, other = answers("as is", 0.9), answers("0.3", 0.7)

    with pytest.raises(AnswersError, match=r"seed that all have.*noise, 0\.3, kernel: \[5"):
        compared(table(base, other.assign(seed=other["seed"] + 5)))


def test_seeds_scored_on_different_images_are_an_error() -> None:
    rows = table(answers("as is", 0.9, images=50)[:2], answers("as is", 0.9)[2:])

    with pytest.raises(AnswersError, match=r"as is, kernel: .*\[50, 400\].*again"):
        accuracies(rows)


def test_accuracy_of_each_level_has_its_interval() -> None:
    results, _ = study_tables()

    found = accuracies(results)

    places = results.groupby(["axis", "level", "subject"], sort=False)
    assert found[["axis", "level", "subject"]].to_numpy().tolist() == [list(p) for p, _ in places]
    np.testing.assert_allclose(found["accuracy"], places["accuracy"].mean())
    assert (found["low"] < found["accuracy"]).all()
    assert (found["accuracy"] < found["high"]).all()
    assert found["queries"].isna().all()


def test_no_rows_make_no_comparisons() -> None:
    results, _ = study_tables()

    assert compared(results[:0]).empty
    assert accuracies(results[:0]).empty


def test_a_hundred_comparisons_of_ten_thousand_images_take_seconds() -> None:
    rows = table(*(answers(f"{k}", 0.8, images=10_000) for k in ["as is", *range(100)]))
    start = process_time()

    assert len(compared(rows)) == 100

    assert process_time() - start < 20

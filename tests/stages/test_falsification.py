import numpy as np
import pandas as pd
import pytest

from perceptgraph.stages.falsification import CLAIMS, decided, findings

RELATIONS, PIXELS, THRESHOLDS, ENERGY = CLAIMS


def rows(
    subject: str,
    share: float,
    axis: str = "noise",
    level: str = "as is",
    role: str = "subject",
    value: float = np.nan,
) -> pd.DataFrame:
    """Five seeds that are right on that share of 2000 images, most of them the same ones."""
    rng = np.random.default_rng(0)
    right = [0.95 * rng.random(2000) + 0.05 * rng.random(2000) < share for _ in range(5)]
    place = f"{subject}-{axis if level != 'as is' else ''}-{level}"
    return pd.DataFrame(
        {
            "key": [f"{place}-{seed}" for seed in range(5)],
            "axis": axis,
            "level": level,
            "value": value,
            "subject": subject,
            "role": role,
            "seed": range(5),
            "right": right,
        }
    )


def control(
    subject: str,
    share: float,
    axis: str = "controls",
    level: str = "as is",
    value: float = np.nan,
) -> pd.DataFrame:
    return rows(subject, share, axis, level, "control", value)


def found(claim: str, stage: str, *tables: pd.DataFrame) -> tuple[str, str]:
    """Outcome and sentence of a claim on digits."""
    all_found = findings({"mnist": {stage: pd.concat(tables, ignore_index=True)}})
    meant = [each for each in all_found if each.claim == claim]
    assert len(meant) == 1
    return meant[0].outcome, "; ".join(meant[0].parts)


def test_relations_that_help_without_pose_keep_the_thesis() -> None:
    outcome, sentence = found(
        RELATIONS,
        "ablate_model",
        control("no_edges", 0.9),
        control("no_edges_free", 0.7),
        rows("relative_pose", 0.9),
        rows("relative_pose", 0.9).assign(axis="pose", level="absolute"),
        rows("relative_pose_free", 0.85),
    )

    assert outcome == "not falsified"
    assert sentence.startswith("relations add 16.")
    assert "points when nodes carry no pose; no measurable difference when nodes carry" in sentence


def test_modes_are_read_from_the_axis_of_poses() -> None:
    _, sentence = found(
        RELATIONS,
        "ablate_model",
        control("no_edges", 0.9),
        rows("relative_pose", 0.9),
        rows("relative_pose", 0.9).assign(axis="pose", level="absolute"),
        control("no_edges", 0.9).assign(axis="pose", level="absolute"),
        rows("relative_pose", 0.9, "pose", "free"),
        control("no_edges", 0.5, "pose", "free"),
        rows("relative_pose", 0.9, "pose", "canonical"),
        control("no_edges", 0.8, "pose", "canonical"),
    )

    assert sentence.index("no pose") < sentence.index("in a canonical frame")
    assert "no measurable difference when nodes carry their pose" in sentence


@pytest.mark.parametrize("mode", ["free", "absolute"])
def test_what_is_as_it_is_has_the_mode_whose_cells_it_shares(mode: str) -> None:
    other = {"free": "absolute", "absolute": "free"}[mode]
    words = {"free": "when nodes carry no pose", "absolute": "when nodes carry their pose"}

    _, sentence = found(
        RELATIONS,
        "ablate_model",
        control("no_edges", 0.5),
        rows("relative_pose", 0.9),
        rows("relative_pose", 0.9).assign(axis="pose", level=mode),
        control("no_edges", 0.5).assign(axis="pose", level=mode),
        rows("relative_pose", 0.9, "pose", other),
        control("no_edges", 0.7, "pose", other),
    )
    _, unknown = found(
        RELATIONS, "ablate_model", control("no_edges", 0.5), rows("relative_pose", 0.9)
    )

    assert sentence.startswith("relations add 4")
    assert sentence.index(words[mode]) < sentence.index(words[other])
    assert unknown.endswith("points in the model as it is")


def test_relations_that_nowhere_help_falsify_the_thesis() -> None:
    outcome, _ = found(
        RELATIONS,
        "ablate_model",
        control("no_edges", 0.9),
        control("no_edges_free", 0.75),
        rows("relative_pose", 0.9),
        rows("relative_pose_free", 0.7),
    )

    assert outcome == "falsified"


def test_pixels_are_met_at_each_number_of_images() -> None:
    outcome, sentence = found(
        PIXELS,
        "ablate_data",
        control("pixel_kernel", 0.9),
        rows("kernel", 0.9),
        rows("kernel", 0.8, "images_per_class", "5", value=5),
        control("pixel_kernel", 0.7, "images_per_class", "5", value=5),
    )

    assert outcome == "not falsified"
    assert "ahead by 10." in sentence
    assert "not measurably apart (as is; " in sentence


def attacked(subject: str, share: float, others: float = 0.9) -> list[pd.DataFrame]:
    """A hardened contender under Square, and under attacks where it is as good as it can be."""
    return [
        rows(subject, share, "square_linf", "eps 0.3", value=0.3),
        rows(subject, others, "sparse", "12 pixels", value=12),
        rows(subject, 0.1, "transfer", "eps 0.3", value=0.3),
        rows(subject, 0.1, "square_linf", "clean", value=0.0),
        rows(subject, 0.8, "square_l2", "eps 2", value=2.0),
    ]


def thresholded(name: str = "lenet_thresholded") -> list[pd.DataFrame]:
    return [
        control(name, 0.8, "square_linf", "eps 0.3", value=0.3),
        control(name, 0.8, "sparse", "12 pixels", value=12),
        control(name, 0.8, "transfer", "eps 0.3", value=0.3),
        control(name, 0.8, "square_linf", "clean", value=0.0),
        control(name, 0.8, "square_l2", "eps 2", value=2.0),
    ]


@pytest.mark.parametrize(
    ("ours", "others", "outcome"),
    [
        (0.9, 0.9, "not falsified"),
        (0.8, 0.9, "not falsified"),
        (0.8, 0.8, "undecided"),
        (0.7, 0.9, "falsified"),
    ],
)
def test_hardened_primitives_must_be_behind_under_no_attack(
    ours: float, others: float, outcome: str
) -> None:
    told, sentence = found(
        THRESHOLDS,
        "robustness",
        *attacked("relative_pose_hardened", ours, others),
        *thresholded(),
    )

    assert told == outcome
    assert "against lenet thresholded, relative pose hardened is" in sentence
    assert "(square linf, " in sentence
    assert "transfer" not in sentence


def test_one_hardened_contender_that_withstands_is_enough() -> None:
    told, sentence = found(
        THRESHOLDS,
        "robustness",
        *attacked("relative_pose_hardened", 0.7),
        *attacked("kernel_hardened", 0.9),
        *thresholded(),
    )

    assert told == "not falsified"
    assert "kernel hardened is ahead by" in sentence
    assert "relative pose hardened is behind by" in sentence


def test_who_has_not_met_an_attack_that_another_failed_is_undecided() -> None:
    told, _ = found(
        THRESHOLDS,
        "robustness",
        *attacked("relative_pose_hardened", 0.9)[:-1],
        *attacked("kernel_hardened", 0.9)[:-1],
        *thresholded()[:-1],
        rows("kernel_hardened", 0.2, "square_l2", "eps 2 in 5000 queries", value=2.0),
        rows("lenet_thresholded", 0.5, "square_l2", "eps 2 in 5000 queries", "control", value=2.0),
    )

    assert told == "undecided"


def test_who_has_not_met_all_attacks_is_undecided_and_they_are_named() -> None:
    told, sentence = found(
        THRESHOLDS, "robustness", *attacked("kernel_hardened", 0.9)[:-1], *thresholded()[:-1]
    )

    assert told == "undecided"
    assert "kernel hardened has not met square l2" in sentence


@pytest.mark.parametrize(
    ("share", "outcome"), [(0.85, "not falsified"), (0.8, "not falsified"), (0.5, "falsified")]
)
def test_our_own_gradients_are_followed_with_the_same_budget(share: float, outcome: str) -> None:
    told, sentence = found(
        THRESHOLDS,
        "robustness",
        *attacked("kernel_hardened", 0.9),
        rows("kernel_hardened", share, "adaptive", "eps 0.3 from soft primitives", value=0.3),
        *thresholded(),
    )
    _, without = found(THRESHOLDS, "robustness", *attacked("kernel_hardened", 0.9), *thresholded())

    assert told == outcome
    assert "along its own gradients, the control searched blindly, eps 0.3" in sentence
    assert "gradients of kernel hardened were not followed" not in sentence
    assert "gradients of kernel hardened were not followed" in without


def test_thresholds_may_be_hardened_too() -> None:
    told, _ = found(
        THRESHOLDS,
        "robustness",
        *attacked("kernel_hardened", 0.85),
        *thresholded(),
        control("lenet_thresholded_hardened", 0.9, "square_linf", "eps 0.3", value=0.3),
    )

    assert told == "falsified"


def to_target(ours: float, theirs: float, host: str = "one") -> pd.DataFrame:
    """The cheapest ways to 95 %, CPU-seconds give or take a tenth."""
    cost = pd.Series([ours, theirs])
    return pd.DataFrame(
        {
            "target": [95.0, 95.0],
            "model": ["kernel", "lenet_augmented"],
            "role": ["subject", "control"],
            "cpu_s": cost,
            "cpu_s_low": 0.9 * cost,
            "cpu_s_high": 1.1 * cost,
            "joules": 4 * cost,
            "joules_low": 2 * cost,
            "joules_high": 8 * cost,
            "method": "modelled",
            "host": ["one", host],
        }
    )


@pytest.mark.parametrize(
    ("ours", "host", "outcome"),
    [
        (1.0, "one", "not falsified"),
        (1.9, "one", "undecided"),
        (4.0, "one", "falsified"),
        (0.4, "other", "undecided"),  # seconds of unlike machines
    ],
)
def test_energy_is_set_against_the_cheapest_control(ours: float, host: str, outcome: str) -> None:
    told = findings({"mnist": {"to_target": to_target(ours, 2.0, host)}})[-1]

    assert told.claim == ENERGY
    assert told.outcome == outcome
    assert f"95 % takes kernel {ours:.2g} CPU-s" in told.parts[0]


def test_targets_that_nobody_reached_decide_nothing() -> None:
    unreached = to_target(1.0, 2.0).assign(cpu_s=np.nan)

    assert findings({"mnist": {"to_target": unreached}})[-1].outcome == "not measured"


def test_claims_without_figures_are_not_measured() -> None:
    told = findings({})

    assert [each.claim for each in told] == list(CLAIMS)
    assert {each.outcome for each in told} == {"not measured"}


def test_each_data_set_has_its_finding() -> None:
    tables = {"ablate_model": pd.concat([control("no_edges", 0.5), rows("relative_pose", 0.9)])}

    told = findings({"mnist": tables, "shapes": tables})

    assert [each.dataset for each in told if each.claim == RELATIONS] == ["mnist", "shapes"]


@pytest.mark.parametrize(
    ("better", "not_better", "outcome"),
    [
        ([True, False], [False, True], "not falsified"),
        ([False, False], [True, True], "falsified"),
        ([False, False], [True, False], "undecided"),
    ],
)
def test_one_place_where_we_are_better_refutes_that_there_is_none(
    better: list[bool], not_better: list[bool], outcome: str
) -> None:
    assert decided(better, not_better) == outcome

"""Tables of a study as they would come out if accuracies were drawn at random."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from perceptgraph.stages.alignment_table import OUT as ALIGNMENT
from perceptgraph.stages.tables import COSTS, RESULTS, packed

SEEDS, IMAGES = 3, 60
SUBJECTS = {"relative_pose": 0.9, "kernel": 0.85}
CONTROLS = {"no_edges": 0.6, "lenet_augmented": 0.8}
AXES: Mapping[str, Mapping[str, tuple[float | None, float]]] = {
    "noise": {"0.1": (0.1, 0.02), "0.2": (0.2, 0.1), "0.3": (0.3, 0.3)},
    "relations": {"without next": (None, 0.0), "only near": (None, 0.2)},
}
"""Axis to its levels, each with where it stands and what it costs in accuracy."""
TARGETS = {
    "target": ["95", "95", "resnet", None],
    "model": ["kernel", "lenet_augmented", "kernel", "kernel"],
    "role": ["subject", "control", "subject", "subject"],
    "per_class": ["4", "25", "9", "1"],
    "trial": ["4 images, 50 copies", "25 images, 600 steps", "9 images", "1 image, 50 copies"],
    "images": [40, 250, 90, 10],
    "development": [95.2, 95.1, 91.0, 80.0],
    "accuracy": [95.4, 95.3, None, None],
    "low": [95.0, 95.0, None, None],
    "high": [95.8, 95.6, None, None],
    **{f"cpu_s{end}": [1.1, 4.0, None, 0.5] for end in ("", "_low", "_high")},
    "extraction_s": [0.1, 0.0, None, 0.1],
    "fit_s": [1.0, 4.0, None, 0.4],
    **{f"joules{end}": [4.4, 16.0, None, 2.0] for end in ("", "_low", "_high")},
    "macs": [8e6, 4e5, None, 8e6],
    "fit_macs": [8e9, 4e8, None, 8e9],
    "parameters": [5e6, 61_706, None, 5e6],
    "score_s": [0.002, 0.001, None, 0.002],
    "score_joules": [0.008, 0.004, None, 0.008],
    "draws": [5, 5, 5, 5],
    "method": ["modelled-generic"] * 4,
    "host": ["abc"] * 4,
}
"""Of to_target.csv: a model, a control, a model that reaches no target, and a trial."""


def study_tables(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Results and costs as `tables.read_results` and `tables.read_costs` give them."""
    rng = np.random.default_rng(seed)
    places: list[tuple[str, str, float | None, str, str, float]] = [
        ("controls", "as is", None, name, "control", share) for name, share in CONTROLS.items()
    ]
    for axis, levels in AXES.items():
        for (level, (value, loss)), (name, share) in product(
            ({"as is": (None, 0.0)} | dict(levels)).items(),
            (SUBJECTS | {"lenet_augmented": 0.8}).items(),
        ):
            role = "control" if name in CONTROLS else "subject"
            places.append((axis, level, value, name, role, share - loss))
    rows = []
    for (axis, level, value, name, role, share), draw in product(places, range(SEEDS)):
        key = f"{name}-{'' if level == 'as is' else axis}-{level}-{draw}".replace(" ", "")
        right = np.random.default_rng([seed, *key.encode()]).random(IMAGES) < share
        rows.append(
            {
                "key": key,
                "axis": axis,
                "level": level,
                "value": np.nan if value is None else value,
                "subject": name,
                "role": role,
                "seed": draw,
                "per_class": "100",
                "accuracy": 100 * right.mean(),
                "mean_per_class": 100 * right.mean(),
                "parameters": 1000 * (1 + len(name)),
                "macs": 50_000 * (1 + len(name)),
                "images": IMAGES,
                "queries": np.nan,
                "right": right,
            }
        )
    table = pd.DataFrame(rows)
    keys = table["key"].unique()
    costs = pd.DataFrame(
        {
            "key": keys,
            "extraction_s": 1.5,
            "open_s": 0.1,
            "fit_s": rng.uniform(1, 20, len(keys)),
            "score_s": 0.002,
            "wall_s": 10.0,
            "joules": rng.uniform(4, 80, len(keys)),
            "method": "modelled-generic",
            "host": "abc",
        }
    )
    return table, costs


def alignment_table() -> pd.DataFrame:
    """Two draws of the alignment at each level of axis `noise`, as `alignment_table` has them."""
    levels = list(AXES["noise"])
    rows = [("noise", "as is", 0.0, 0, 1.0)]
    rows += [
        ("noise", name, float(name), draw, 2 + i + draw)
        for i, name in enumerate(levels)
        for draw in range(2)
    ]
    table = pd.DataFrame(rows, columns=["axis", "level", "value", "draw", "sam"])
    return table.assign(key="key")[["key", *table.columns]]


def write_study(folder: Path, seed: int = 0) -> None:
    """Tables of a study below a folder, as its stage leaves them there."""
    table, costs = study_tables(seed)
    folder.mkdir(parents=True)
    right = table["right"].map(packed)
    table.assign(right=right).to_csv(folder / RESULTS, index=False, lineterminator="\n")
    costs.to_csv(folder / COSTS, index=False, lineterminator="\n")
    if folder.name == "ablate_data":
        alignment_table().to_csv(folder / ALIGNMENT, index=False)


def write_targets(folder: Path) -> None:
    """Table of what targets cost below the folder of a data set."""
    pd.DataFrame(TARGETS).to_csv(folder / "to_target.csv", index=False)


def statistics_of(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracies and comparisons with the columns of `stages.comparisons`, by rough formulas."""
    groups = {
        place: np.stack(list(rows["right"]))
        for place, rows in table.groupby(["axis", "level", "subject"], sort=False)
    }
    accuracies = [
        {
            "axis": axis,
            "level": level,
            "subject": subject,
            "accuracy": 100 * right.mean(),
            "low": 100 * right.mean() - 3,
            "high": 100 * right.mean() + 3,
        }
        for (axis, level, subject), right in groups.items()
    ]
    comparisons = [
        _compared("level", place, subject, right, groups[axis, "as is", subject])
        for place, right in groups.items()
        for axis, level, subject in [place]
        if level != "as is"
    ] + [
        _compared(
            "control",
            ("controls", "as is", subject),
            control,
            groups["noise", "as is", subject],
            groups["controls", "as is", control],
        )
        for subject in SUBJECTS
        for control in CONTROLS
    ]
    return pd.DataFrame(accuracies), pd.DataFrame(comparisons)


def _compared(
    kind: str,
    place: tuple[str, str, str],
    against: str,
    right: np.ndarray,
    other: np.ndarray,
) -> dict[str, object]:
    points = 100 * (right.mean() - other.mean())
    axis, level, subject = place
    return {
        "kind": kind,
        "axis": axis,
        "level": level,
        "subject": subject,
        "against": against,
        "difference": points,
        "low": points - 4,
        "high": points + 4,
        "p": 0.001 if abs(points) > 4 else 0.5,
        "p_holm": 0.01 if abs(points) > 4 else 1.0,
        "measurable": abs(points) > 4,
        "effect": points / 50,
    }


def verdicts_of(axes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """A sentence for each axis."""
    return {axis: (f"Of {axis} nothing is known.",) for axis in axes}

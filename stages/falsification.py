"""What would have shown the thesis wrong, and what was found for each.

The thesis: spatial relations of primitives carry what a picture shows, and are cheaper and sturdier
than pixels. Each of these claims against it can be decided by the tables of the studies; where the
intervals leave room for both it is not.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from perceptgraph.stages.attacks import ATTACKS
from perceptgraph.stages.comparisons import CONTROL, compared
from perceptgraph.stages.study import AS_IS, CONTROLS_AXIS
from perceptgraph.stages.verdicts import MIN_SEEDS, amount, bound, listed, meeting, spoken

Outcome = Literal["falsified", "not falsified", "undecided", "not measured"]
Answer = tuple[Outcome, list[str]]
"""What was found for a claim, and why: parts of a sentence."""
Tables = Mapping[str, pd.DataFrame]
"""Stage to its results, and TO_TARGET to the cheapest ways to a target, of one data set."""

TO_TARGET = "to_target"
STUDIES = ("ablate_model", "ablate_data", "robustness")
ALIKE = 0.3
"""Points within which two accuracies count as one."""
WITHOUT_RELATIONS = (
    ("relative_pose", "no_edges"),
    ("relative_pose_free", "no_edges_free"),
    ("fisher_light", "fisher_light_alone"),
)
"""Contender and the control that sees the same nodes and no relation."""
MODES = {
    "absolute": "when nodes carry their pose",
    "free": "when nodes carry no pose",
    "canonical": "in a canonical frame",
    AS_IS.name: "in the model as it is",
}
"""Levels of the axis `pose`; of whom it tells nothing, as they are."""
MODE_OF = {"relative_pose_free": "free", "fisher_light": "absolute"}
"""Of contenders as they are, where the axis `pose` does not tell."""
KERNELS = ("kernel", "pixel_kernel")
HARDENED = ("kernel_hardened", "relative_pose_hardened")
"""Contenders that were made to withstand attacks: one that does is enough."""
THRESHOLDED = ("lenet_thresholded", "lenet_thresholded_hardened", "lenet_binary")
"""Controls, the others hardened by the same noise; the last one's threshold no pixel moves."""
GRADIENTS, BLIND = "adaptive", "square_linf"
"""Attacks with the same budget: along our gradients, and without any."""
NOT_ADAPTIVE = ("pgd", "transfer")
"""Attacks on another net than the one that is scored, or on pixel nets alone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one claim on one data set."""

    claim: str
    """If it holds, the thesis is wrong."""
    dataset: str
    """Empty where no data set has the figures."""
    outcome: Outcome
    parts: tuple[str, ...]
    """Of the sentence that says why."""


def met(tables: Tables, pairs: Collection[tuple[str, str]]) -> pd.DataFrame:
    """Comparisons of contenders with the controls that matter, each once.

    Whoever is met is tested in company of these alone, stage by stage; what is as it is in several
    stages is told once.
    """
    names = {name for pair in pairs for name in pair}
    found = []
    for stage in STUDIES:
        if stage in tables:
            table = tables[stage]
            rows = compared(table[table["subject"].isin(names)])
            both = zip(rows["subject"], rows["against"], strict=True)
            meant = np.array([pair in pairs for pair in both], bool)
            found.append(rows[meant & (rows["kind"] == CONTROL)])
    if not found:
        return compared(pd.DataFrame(columns=["axis", "level", "subject"]))
    rows = pd.concat(found, ignore_index=True)
    return rows.drop_duplicates(["axis", "level", "subject", "against"], ignore_index=True)


def decided(better: Sequence[bool], not_better: Sequence[bool]) -> Outcome:
    """Of a claim that we are nowhere better: one place where we are refutes it."""
    if any(better):
        return "not falsified"
    return "falsified" if all(not_better) else "undecided"


def relations_add_nothing(tables: Tables) -> Answer | None:
    """Whether the model without edges comes within ALIKE points in every mode."""
    rows = met(tables, WITHOUT_RELATIONS)
    rows = rows[rows["axis"].isin([CONTROLS_AXIS, "pose"])]
    if rows.empty:
        return None
    modes = rows["level"].where(rows["axis"] == "pose", rows["subject"].map(_modes_as_is(tables)))
    rows = rows.assign(mode=modes.fillna(AS_IS.name)).drop_duplicates(["mode"])
    better = rows["measurable"] & (rows["low"] > ALIKE)
    parts = []
    for word, some in (
        ("add", rows[rows["measurable"] & (rows["difference"] > 0)]),
        ("cost", rows[rows["measurable"] & (rows["difference"] < 0)]),
    ):
        told = [f"{amount(row)} points {_mode(row)}" for _, row in some.iterrows()]
        if told:
            parts.append(f"{word} {listed(told)}")
    text = [f"relations {listed(parts)}"] if parts else []
    unsure = rows[~rows["measurable"]]
    where = [f"{_mode(r)} ({r['low']:.1f} to {r['high']:.1f} points)" for _, r in unsure.iterrows()]
    text += [f"no measurable difference {listed(where)}"] if where else []
    return decided(better.tolist(), (rows["high"] < ALIKE).tolist()), text


def _modes_as_is(tables: Tables) -> dict[str, str]:
    """Mode of each contender as it is: the level of the axis `pose` that came to the same cells."""
    modes = dict(MODE_OF)
    for stage in STUDIES:
        if stage in tables:
            table = tables[stage]
            as_is = table[table["level"] == AS_IS.name]
            posed = table[(table["axis"] == "pose") & (table["level"] != AS_IS.name)]
            same = posed.merge(as_is[["key", "subject"]].drop_duplicates(), on=["key", "subject"])
            modes |= dict(zip(same["subject"], same["level"], strict=True))
    return modes


def _mode(row: pd.Series) -> str:
    return MODES[row["mode"]]


def pixels_do_as_well(tables: Tables) -> Answer | None:
    """Whether the kernel of deskewed pixels is level with that of primitives."""
    rows = met(tables, [KERNELS])
    rows = rows[rows["axis"].isin([CONTROLS_AXIS, "images_per_class"])]
    if rows.empty:
        return None
    better = rows["measurable"] & (rows["low"] > 0)
    text = meeting(KERNELS[0], rows, n_controls=1)
    return decided(better.tolist(), (rows["high"] < ALIKE).tolist()), [text]


def thresholds_resist_better(tables: Tables) -> Answer | None:
    """Whether LeNet on thresholded pixels withstands adaptive attacks better than we hardened.

    A contender refutes it that is behind no such control under any attack, and ahead under one; nor
    may it be behind where its own gradients are followed, and the control, which has none, was
    searched blindly with the same budget. Who has not met all attacks, the one along gradients
    apart, is undecided at best.
    """
    rows = met(tables, list(product(HARDENED, THRESHOLDED)))
    adaptive = [name for name in ATTACKS if name not in NOT_ADAPTIVE]
    rows = rows[rows["axis"].isin(adaptive) & (rows["value"] > 0)]
    rows = pd.concat([rows, _along_gradients(tables)], ignore_index=True)
    outcomes: list[Outcome] = []
    parts = []
    for name, of_name in rows.groupby("subject", sort=False):
        sure = of_name[of_name["measurable"]]
        if (sure["difference"] < 0).any():
            outcomes.append("falsified")
        else:
            met_all = set(of_name["axis"]) >= set(adaptive) - {GRADIENTS}
            outcomes.append("not falsified" if met_all and not sure.empty else "undecided")
        told = of_name.assign(level=_under(of_name["axis"]) + ", " + of_name["level"])
        parts += [
            f"against {spoken(str(control))}, {spoken(str(name))} is "
            f"{listed(_under_attack(row) for _, row in some.iterrows())}"
            for control, some in told.groupby("against", sort=False)
        ]
        if GRADIENTS not in set(of_name["axis"]):
            parts.append(f"the gradients of {spoken(str(name))} were not followed")
        if missed := sorted(set(adaptive) - {GRADIENTS} - set(of_name["axis"])):
            parts.append(f"{spoken(str(name))} has not met {listed(map(spoken, missed))}")
    if not rows.empty and (fewest := int(rows["seeds"].min())) < MIN_SEEDS:
        many = "one seed" if fewest == 1 else f"{fewest} seeds"
        share = "all" if rows["seeds"].max() == fewest else "some"
        parts.append(f"{share} of {many} alone, other trainings may differ")
    order: tuple[Outcome, ...] = ("not falsified", "undecided", "falsified")
    return (min(outcomes, key=order.index), parts) if parts else None


def _under_attack(row: pd.Series) -> str:
    if row["measurable"]:
        word = "ahead" if row["difference"] > 0 else "behind"
        return f"{word} by {amount(row)} points ({row['level']})"
    return f"not measurably apart ({row['level']}; {bound(row.to_frame().T)})"


def _under(attacks: pd.Series) -> pd.Series:
    return attacks.map(spoken).where(
        attacks != GRADIENTS, "along its own gradients, the control searched blindly"
    )


def _along_gradients(tables: Tables) -> pd.DataFrame:
    """Hardened contenders under GRADIENTS against controls under BLIND, budget by budget."""
    table = tables.get("robustness", pd.DataFrame(columns=["axis", "role", "value", "subject"]))
    ours = table[(table["axis"] == GRADIENTS) & table["subject"].isin(HARDENED)]
    theirs = table[(table["axis"] == BLIND) & table["subject"].isin(THRESHOLDED)]
    shared = set(ours["value"]) & set(theirs["value"])
    both = pd.concat([ours, theirs])
    both = both[both["value"].isin(shared) & (both["value"] > 0)]
    met_there = both.assign(axis=GRADIENTS, level=[f"eps {value:g}" for value in both["value"]])
    found = compared(met_there)
    return found[found["kind"] == CONTROL]


def energy_is_no_lower(tables: Tables) -> Answer | None:
    """Whether no target accuracy is reached with less than the cheapest control takes.

    CPU-seconds are compared, of one host and method; the intervals are those of the draws.
    """
    if TO_TARGET not in tables:
        return None
    reached = tables[TO_TARGET].dropna(subset=["target", "cpu_s"])
    better, not_better, parts = [], [], []
    for target, rows in reached.groupby("target"):
        roles = {role: some.loc[some["cpu_s"].idxmin()] for role, some in rows.groupby("role")}
        if set(roles) != {"subject", "control"}:
            continue
        ours, theirs = roles["subject"], roles["control"]
        alike = (ours[["host", "method"]] == theirs[["host", "method"]]).all()
        better.append(alike and ours["cpu_s_high"] < theirs["cpu_s_low"])
        not_better.append(alike and ours["cpu_s_low"] >= theirs["cpu_s_high"])
        word = "less" if better[-1] else "more" if not_better[-1] else "no measurable difference"
        word = word if alike else "on unlike machines, which is not compared"
        parts.append(f"{_goal(str(target))} takes {_cost(ours)} against {_cost(theirs)}, {word}")
    return (decided(better, not_better), parts) if parts else None


def _goal(target: str) -> str:
    """An accuracy in per cent, or the model whose best is meant."""
    is_number = target.replace(".", "", 1).isdigit()
    return f"{float(target):g} %" if is_number else f"the best of {spoken(target)}"


def _cost(row: pd.Series) -> str:
    return (
        f"{spoken(row['model'])} {row['cpu_s']:.2g} CPU-s "
        f"({row['cpu_s_low']:.2g} to {row['cpu_s_high']:.2g}; {row['joules']:.2g} J "
        f"{row['method'].partition('-')[0]})"
    )


CLAIMS: dict[str, Callable[[Tables], Answer | None]] = {
    f"A model without edges is within {ALIKE} points of the relational one in every mode.": (
        relations_add_nothing
    ),
    "A kernel on deskewed pixels is level with the kernel on primitives.": pixels_do_as_well,
    "LeNet on thresholded pixels withstands adaptive attacks better than we do after hardening.": (
        thresholds_resist_better
    ),
    "Reaching a target accuracy takes no less energy than from pixels.": (energy_is_no_lower),
}
"""What would falsify the thesis to what decides it: None where the figures are missing."""


def findings(tables: Mapping[str, Tables]) -> list[Finding]:
    """What was found for each claim on each data set that has the figures.

    Parameters
    ----------
    tables : mapping
        Data set to stage to results, as `tables.read_results` gives them; of `to_target` the table
        of the cheapest ways to each target.

    Returns
    -------
    list of Finding
        In the order of CLAIMS; a claim without figures is `not measured`.
    """
    found = []
    for claim, decide in CLAIMS.items():
        here = [
            Finding(claim, dataset, outcome, tuple(parts))
            for dataset, of_set in tables.items()
            for outcome, parts in [decide(of_set) or ("not measured", [])]
            if outcome != "not measured"
        ]
        found += here or [Finding(claim, "", "not measured", ())]
    return found

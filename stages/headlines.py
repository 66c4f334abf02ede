"""The questions that the studies are made for, answered from their tables in a sentence each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from perceptgraph.stages.comparisons import CONTROL, compared
from perceptgraph.stages.equal_accuracy import AXIS, Worth, best_of, curves, worth
from perceptgraph.stages.falsification import (
    Answer,
    Tables,
    energy_is_no_lower,
    relations_add_nothing,
    thresholds_resist_better,
)
from perceptgraph.stages.verdicts import amount, bound, listed, spoken

PIXEL_NETS = ("lenet_augmented", "lenet_deskewed", "lenet_thresholded", "v1_cnn", "resnet")
"""Controls that learn convolutions."""
FEW = 100
"""Images of a class up to which a number is told."""
ROTATION, ANY_ANGLE = "rotation", "turned by any angle"


@dataclass(frozen=True, slots=True)
class Headline:
    """An answer for one data set."""

    question: str
    dataset: str
    parts: tuple[str, ...]
    """Of a sentence."""


def worth_of_images(tables: Tables) -> list[str]:
    """How many images of a class the best pixel net needs for the accuracy of each contender."""
    table = tables.get("ablate_data")
    if table is None:
        return []
    rows = table[table["axis"] == AXIS]
    nets = [net for net in PIXEL_NETS if (rows["subject"] == net).any()]
    theirs = best_of(rows, nets)
    if theirs.empty:
        return []
    whom = f"the best of {listed(map(spoken, nets))}" if len(nets) > 1 else spoken(nets[0])
    parts = []
    for subject in rows[rows["role"] == "subject"]["subject"].unique():
        few = [each for each in worth(curves(rows, subject), theirs) if each.per_class <= FEW]
        if few:
            told = listed(_told(each) for each in few)
            parts.append(f"images of {spoken(subject)} are worth {told} as many of {whom}")
    return parts


def _told(found: Worth) -> str:
    where = f"at {found.per_class:g} a class"
    if found.beyond:
        return f"more than {found.low:.2g} times ({where})"
    return f"{found.ratio:.2g} times ({found.low:.2g} to {found.high:.2g}, {where})"


def any_rotation(tables: Tables) -> list[str]:
    """How well pictures at any angle are recognised by what learned from upright ones."""
    table = tables.get("robustness")
    if table is None:
        return []
    turned = table[(table["axis"] == ROTATION) & (table["level"] == ANY_ANGLE)]
    means = turned.groupby(["role", "subject"])["accuracy"].mean()
    if {"subject", "control"} - set(means.index.get_level_values("role")):
        return []
    ours, theirs = (str(means[role].idxmax()) for role in ("subject", "control"))
    rows = compared(table[table["axis"] == ROTATION])
    meant = (rows["subject"] == ours) & (rows["against"] == theirs) & (rows["kind"] == CONTROL)
    row = rows[meant & (rows["level"] == ANY_ANGLE)].iloc[0]
    how = "not measurably apart from"
    if row["measurable"]:
        how = f"{amount(row)} points {'ahead of' if row['difference'] > 0 else 'behind'}"
    n_ours, n_theirs = len(means["subject"]), len(means["control"])
    best = f", the best of {n_ours}," if n_ours > 1 else ""
    control = f"the best of {n_theirs} controls" if n_theirs > 1 else "its control"
    unsure = "" if row["measurable"] else f"; {bound(row.to_frame().T)}"
    return [
        f"{spoken(ours)}{best} gets {row['accuracy']:.1f} % right, {how} {control}, "
        f"{spoken(theirs)} ({row['against_accuracy']:.1f} %{unsure})"
    ]


def _why(answer: Answer | None) -> list[str]:
    return answer[1] if answer else []


QUESTIONS: Mapping[str, Callable[[Tables], list[str]]] = {
    "What do relations contribute, with and without pose?": (
        lambda tables: _why(relations_add_nothing(tables))
    ),
    "How many images does the best pixel net need for the same accuracy?": worth_of_images,
    "What is left when pictures are turned by any angle?": any_rotation,
    "Who withstands adaptive attacks better, hardened primitives or thresholded pixels?": (
        lambda tables: _why(thresholds_resist_better(tables))
    ),
    "What does a target accuracy cost?": lambda tables: _why(energy_is_no_lower(tables)),
}
"""Question to what answers it from the tables of a data set: nothing where figures are missing."""


def headlines(tables: Mapping[str, Tables]) -> list[Headline]:
    """The answers that there are, question by question.

    Parameters
    ----------
    tables : mapping
        Data set to stage to results, as for `falsification.findings`.
    """
    return [
        Headline(question, dataset, tuple(parts))
        for question, answer in QUESTIONS.items()
        for dataset, of_set in tables.items()
        if (parts := answer(of_set))
    ]

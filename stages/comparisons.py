"""The rows of a study against each other: differences with their intervals, tests and sizes.

Three questions are asked of each axis. What does a level change (`level`: a subject there against
itself as it is)? How does a subject stand against a control (`control`: both at the same level)?
Does accuracy rise or fall along numeric levels (`trend`)? All tests of one of these
questions for one subject on one axis are a family, and Holm's correction is made within it.
"""

import gc
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_effectsize

from perceptgraph.stages.crossed import CONFIDENCE, Estimate, estimate
from perceptgraph.stages.study import AS_IS, CLEAN, CONTROLS_AXIS

LEVEL, CONTROL, TREND = "level", "control", "trend"
MIN_TREND = 3
"""Values of a trend; two are a difference."""


class AnswersError(ValueError):
    """Rows of a table that cannot be set against each other."""


class Answers(NamedTuple):
    """What one subject got right at one level."""

    axis: str
    level: str
    value: float
    """NaN where the level has no number."""
    subject: str
    role: str
    keys: tuple[str, ...]
    seeds: tuple[int, ...]
    right: NDArray[np.bool_]
    """(S, I): seed, image."""


class Question(NamedTuple):
    """Two sets of answers; a trend has its highest value here and its lowest against it."""

    kind: str
    axis: str
    here: Answers
    against: Answers
    scores: NDArray[np.float64]
    """(S, I): difference, in [-1, 1], or contrast of a trend."""
    reach: float
    """How far from 0 a score can be."""


def all_answers(table: pd.DataFrame) -> list[Answers]:
    """Rows of a table of results side by side, one for each axis, level and subject, in order.

    Raises
    ------
    AnswersError
        Seeds of one level that were scored on different numbers of images.
    """
    found = []
    for (axis, level, subject), rows in table.groupby(["axis", "level", "subject"], sort=False):
        rows = rows.sort_values("seed")
        images = sorted({len(right) for right in rows["right"]})
        if len(images) > 1:
            raise AnswersError(
                f"{axis}, {level}, {subject}: expected one number of images for all seeds, got "
                f"{images}; measure this axis again"
            )
        first = rows.iloc[0]
        found.append(
            Answers(
                axis,
                level,
                float(first["value"]),
                subject,
                first["role"],
                tuple(rows["key"]),
                tuple(int(seed) for seed in rows["seed"]),
                np.stack([np.asarray(right, bool) for right in rows["right"]]),
            )
        )
    return found


def side_by_side(answers: list[Answers]) -> NDArray[np.float64]:
    """Answers to the same images by the same seeds, (K, S, I).

    Raises
    ------
    AnswersError
        No seed that all have, or different numbers of images.
    """
    if len({each.right.shape[1] for each in answers}) > 1:
        places = "; ".join(f"{_place(each)}: {each.right.shape[1]}" for each in answers)
        raise AnswersError(f"expected as many images for all, got {places}; measure them again")
    seeds = sorted(set.intersection(*(set(each.seeds) for each in answers)))
    if not seeds:
        places = "; ".join(f"{_place(each)}: {list(each.seeds)}" for each in answers)
        raise AnswersError(f"expected a seed that all have, got {places}")
    rows = [[each.seeds.index(seed) for seed in seeds] for each in answers]
    return np.stack([each.right[at] for at, each in zip(rows, answers, strict=True)]).astype(float)


def _place(answers: Answers) -> str:
    return f"{answers.axis}, {answers.level}, {answers.subject}"


def _difference(kind: str, axis: str, here: Answers, against: Answers) -> Question:
    one, other = side_by_side([here, against])
    return Question(kind, axis, here, against, one - other, 1.0)


def _level_questions(places: list[Answers], as_is: dict[str, Answers]) -> Iterator[Question]:
    for here in places:
        base = _unchanged(here, places, as_is)
        if base is not None and base.keys != here.keys:
            yield _difference(LEVEL, here.axis, here, base)


def _unchanged(here: Answers, places: list[Answers], as_is: dict[str, Answers]) -> Answers | None:
    """The subject as it is, or CLEAN where fewer images are scored, as under an attack."""
    clean = [each for each in places if (each.subject, each.level) == (here.subject, CLEAN)]
    known = [as_is[here.subject]] if here.subject in as_is else []
    same = [a for a in [*known, *clean] if a.right.shape[1] == here.right.shape[1]]
    return same[0] if same else None


def _control_questions(axis: str, places: list[Answers]) -> Iterator[Question]:
    for here in places:
        for other in places:
            if (
                here.level == other.level
                and (here.role, other.role) == ("subject", "control")
                and here.keys != other.keys
            ):
                yield _difference(CONTROL, axis, here, other)


def _trend_questions(places: list[Answers]) -> Iterator[Question]:
    for subject in dict.fromkeys(each.subject for each in places):
        levels = [a for a in places if a.subject == subject and np.isfinite(a.value)]
        levels.sort(key=lambda each: each.value)
        if len({each.value for each in levels}) == len(levels) >= MIN_TREND:
            ranks = np.arange(len(levels)) - (len(levels) - 1) / 2
            weights = ranks / np.square(ranks).sum() * (len(levels) - 1)
            scores = np.tensordot(weights, side_by_side(levels), axes=1)
            reach = float(weights[weights > 0].sum())
            yield Question(TREND, levels[0].axis, levels[-1], levels[0], scores, reach)


def questions(answers: list[Answers]) -> Iterator[Question]:
    """All that is asked of the answers of a stage, axis by axis.

    Levels that came to the same cells as what they would be set against are left out: there is
    nothing to compare. Each contender as it is is set against all controls, on their axis.
    """
    as_is: dict[str, Answers] = {}
    for each in answers:
        if each.level == AS_IS.name:
            as_is.setdefault(each.subject, each)
    for axis in dict.fromkeys(each.axis for each in answers):
        if axis == CONTROLS_AXIS:
            yield from _control_questions(axis, list(as_is.values()))
            continue
        places = [each for each in answers if each.axis == axis]
        levels = [each for each in places if each.level != AS_IS.name]
        yield from _level_questions(levels, as_is)
        yield from _control_questions(axis, levels)
        yield from _trend_questions(levels)


def _line(question: Question) -> dict[str, object]:
    kind, axis, here, against, scores, reach = question
    found = estimate(scores, -reach, reach)
    both = [100 * each.mean() for each in side_by_side([here, against])]
    trend = kind == TREND
    return {
        "kind": kind,
        "axis": axis,
        "level": TREND if trend else here.level,
        "value": np.nan if trend else here.value,
        "subject": here.subject,
        "against": against.subject,
        **_points(found, "difference"),
        "p": found.p,
        "effect": float(proportion_effectsize(both[0] / 100, both[1] / 100)),
        "accuracy": both[0],
        "against_accuracy": both[1],
        "seeds": found.seeds,
        "images": found.images,
    }


def _points(found: Estimate, name: str) -> dict[str, float]:
    return {name: 100 * found.value, "low": 100 * found.low, "high": 100 * found.high}


def _corrected(found: pd.DataFrame) -> pd.Series:
    """Holm's correction within what is asked of one subject on one axis."""
    corrected = found["p"].copy()
    gc.freeze()  # statsmodels collects garbage in each call; else among all objects that there are
    try:
        for _, family in found.groupby(["axis", "kind", "subject"], sort=False):
            corrected.loc[family.index] = multipletests(family["p"], method="holm")[1]
    finally:
        gc.unfreeze()
    return corrected


COLUMNS = (
    *("kind", "axis", "level", "value", "subject", "against"),
    *("difference", "low", "high", "p", "p_holm", "measurable"),
    *("effect", "accuracy", "against_accuracy", "seeds", "images"),
)


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """All comparisons of a stage.

    Parameters
    ----------
    table : DataFrame
        Results of a stage, as `tables.read_results` gives them.

    Returns
    -------
    DataFrame
        A line for each question: its `kind` (level, control or trend), `axis`, `level`, `value`,
        `subject` and the subject `against` which it stands; `difference` with `low` and `high` of
        its interval of 95 %, in points of per cent (of a trend: the change that a straight line
        through the levels, evenly spaced, makes from the lowest value to the highest); `p` alone
        and `p_holm` among all of that kind that are asked of the subject on the axis [2]_;
        `measurable`, p_holm under 0.05; `effect`, Cohen's h [1]_ of the two accuracies; both
        accuracies in per cent (of a trend those of its highest and lowest value), and the numbers
        of `seeds` and `images` that both have.

    Raises
    ------
    AnswersError
        Rows that cannot be set against each other.

    References
    ----------
    .. [1] J. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988, chapter 6.
    .. [2] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
           of Statistics 6(2), 1979.
    """
    lines = [_line(question) for question in questions(all_answers(table))]
    found = pd.DataFrame(lines, columns=[c for c in COLUMNS if c not in ("p_holm", "measurable")])
    found["p_holm"] = _corrected(found)
    found["measurable"] = found["p_holm"] < 1 - CONFIDENCE
    return found[list(COLUMNS)]


def accuracies(table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of each subject at each level, with its interval.

    Parameters
    ----------
    table : DataFrame
        Results of a stage, as `tables.read_results` gives them.

    Returns
    -------
    DataFrame
        A line for each `axis`, `level` (with its `value`), `subject` (with its `role`), in order:
        `accuracy` with `low` and `high` of its interval of 95 %, in per cent; numbers of `seeds`
        and `images`; means over seeds of `parameters`, `macs` an image, and `queries` of an attack.
    """
    groups = table.groupby(["axis", "level", "subject"], sort=False)
    means = groups[["parameters", "macs", "queries"]].mean()
    lines = []
    for each in all_answers(table):
        found = estimate(each.right.astype(np.float64), 0.0, 1.0)
        lines.append(
            {
                "axis": each.axis,
                "level": each.level,
                "value": each.value,
                "subject": each.subject,
                "role": each.role,
                **_points(found, "accuracy"),
                "seeds": found.seeds,
                "images": found.images,
                **means.loc[(each.axis, each.level, each.subject)].to_dict(),
            }
        )
    return pd.DataFrame(lines)

"""What the comparisons of an axis come to, in a sentence that is never stronger than they are.

Somebody *loses*, *gains*, *rises*, *falls*, is *ahead* or *behind* only where Holm's corrected test
finds it; what stands behind ± is the interval of 95 %, and where nothing is found the sentence says
how large a difference could have been overlooked.
"""

from collections.abc import Iterable

import pandas as pd

from perceptgraph.stages.comparisons import CONTROL, LEVEL, TREND
from perceptgraph.stages.study import CONTROLS_AXIS

NAMED = 3
"""Levels or controls that a clause names; further ones are counted."""
MIN_SEEDS = 5
STEADY = 0.75
"""Share of the whole swing between the first and the last value of what rises or falls."""


def listed(names: Iterable[str]) -> str:
    """Names in a sentence.

    >>> listed(["noise", "blur", "contrast"])
    'noise, blur and contrast'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def spoken(name: str) -> str:
    """A contender or an axis as it is called in a sentence.

    >>> spoken("relative_pose")
    'relative pose'
    """
    return name.replace("_", " ")


def amount(row: pd.Series) -> str:
    """How large a difference is, whatever its direction: with ±, or with the ends if askew.

    >>> amount(pd.Series({"difference": -12.1, "low": -12.7, "high": -11.5}))
    '12.1 ± 0.6'
    >>> amount(pd.Series({"difference": 90.0, "low": 70.0, "high": 98.0}))
    '90.0 (70.0 to 98.0)'
    """
    sign = -1 if row["difference"] < 0 else 1
    ends = sorted([sign * row["low"], sign * row["high"]])
    margin = (ends[1] - ends[0]) / 2
    digits = 1 if margin >= 0.095 else 2
    middle = abs(row["difference"])
    if abs(sum(ends) / 2 - middle) <= 0.1 * margin:
        return f"{middle:.{digits}f} ± {margin:.{digits}f}"
    return f"{middle:.{digits}f} ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})"


def bound(rows: pd.DataFrame) -> str:
    """The largest difference that the intervals leave room for."""
    most = float(rows[["low", "high"]].abs().to_numpy().max())
    return f"at most {most:.1f} points" if most >= 0.095 else "at most 0.1 points"


def verdicts(table: pd.DataFrame, comparisons: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """What was found on each axis of a stage.

    Parameters
    ----------
    table : DataFrame
        Results of the stage, as `tables.read_results` gives them.
    comparisons : DataFrame
        What `comparisons.compared` makes of them.

    Returns
    -------
    dict
        Axis, in the order of the table, to one sentence on all its subjects and the best control
        that was measured on it; a second one where seeds are few.
    """
    found = {}
    for axis in table["axis"].unique():
        rows = table[table["axis"] == axis]
        about = comparisons[comparisons["axis"] == axis]
        clauses = [
            clause
            for subject in about["subject"].unique()
            if (rows[rows["subject"] == subject]["role"] == "subject").any()
            or axis == CONTROLS_AXIS
            for clause in _clauses(rows, about[about["subject"] == subject])
        ]
        if clauses:
            sentence = f"{spoken(axis).capitalize()}: {'; '.join(clauses)}."
            found[axis] = (sentence, *_caveats(int(about["seeds"].min())))
        else:
            found[axis] = (f"{spoken(axis).capitalize()}: nothing was measured to compare.",)
    return found


def _caveats(seeds: int) -> tuple[str, ...]:
    if seeds >= MIN_SEEDS:
        return ()
    if seeds == 1:
        return ("One seed says nothing of other trainings: the intervals are those of the images.",)
    return (f"With {seeds} seeds much more than this may have been overlooked.",)


def _clauses(table: pd.DataFrame, about: pd.DataFrame) -> list[str]:
    """What is said of one subject on one axis."""
    subject = str(about["subject"].iloc[0])
    kinds = {kind: about[about["kind"] == kind] for kind in (LEVEL, CONTROL, TREND)}
    if (about["axis"] == CONTROLS_AXIS).all():
        return [standing(subject, about)]
    clauses = []
    if not kinds[TREND].empty:
        places = _places(table[table["subject"] == subject])
        clauses.append(course(subject, kinds[TREND].iloc[0], kinds[LEVEL], places))
    elif not kinds[LEVEL].empty:
        clauses.append(changes(subject, kinds[LEVEL]))
    if not kinds[CONTROL].empty:
        met = kinds[CONTROL]
        best = met.loc[met.groupby("level", sort=False)["against_accuracy"].idxmax()]
        who = "it" if clauses else spoken(subject)
        clauses.append(meeting(who, best, met["against"].nunique()))
    return clauses


def _places(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracies of a subject at the values of an axis, the lowest first."""
    numbered = rows[rows["value"].notna()]
    means = numbered.groupby(["value", "level"], as_index=False)["accuracy"].mean()
    return means.sort_values("value", ignore_index=True)


def changes(subject: str, rows: pd.DataFrame) -> str:
    """What the levels of an axis change for a subject, the largest differences first."""
    sure = rows[rows["measurable"]]
    parts = [
        f"{verb} {_named_differences(some)}"
        for verb, some in (
            ("loses", sure[sure["difference"] < 0]),
            ("gains", sure[sure["difference"] > 0]),
        )
        if not some.empty
    ]
    parts += _not_found(rows[~rows["measurable"]])
    return f"{spoken(subject)} {listed(parts)}"


def _named_differences(rows: pd.DataFrame) -> str:
    order = rows["difference"].abs().sort_values(ascending=False, kind="stable").index
    named = [f"{amount(rows.loc[i])} points ({rows.loc[i, 'level']})" for i in order[:NAMED]]
    rest = order[NAMED:]
    if len(rest):
        least = rows.loc[rest, "difference"].abs().min()
        named.append(f"at least {least:.1f} at {len(rest)} more")
    return listed(named)


def _not_found(rows: pd.DataFrame) -> list[str]:
    return [] if rows.empty else [f"shows no measurable difference{_where(rows, bound(rows))}"]


def _where(rows: pd.DataFrame, size: str) -> str:
    """Levels in brackets with what is said of them, or how many there are."""
    if len(rows) <= NAMED:
        return f" ({listed(rows['level'])}; {size})"
    return f" at {len(rows)} levels ({size})"


def course(subject: str, trend: pd.Series, rows: pd.DataFrame, places: pd.DataFrame) -> str:
    """How the accuracy of a subject goes along the values of an axis.

    Parameters
    ----------
    subject : str
    trend : Series
        Its comparison of kind trend.
    rows : DataFrame
        Those of kind level.
    places : DataFrame
        Its accuracy in per cent at each value, the lowest first.
    """
    first, last = places.iloc[0], places.iloc[-1]
    swing = places["accuracy"].max() - places["accuracy"].min()
    if trend["measurable"] and abs(last["accuracy"] - first["accuracy"]) >= STEADY * swing:
        verb = "rises" if trend["difference"] > 0 else "falls"
        parts = [
            f"{verb} from {first['accuracy']:.1f} % at {first['level']} to "
            f"{last['accuracy']:.1f} % at {last['level']}{_before(rows, places)} "
            f"({amount(trend)} points on a straight line)",
            *_not_found(rows[~rows["measurable"]]),
        ]
        return f"{spoken(subject)} {listed(parts)}"
    if rows["measurable"].any():
        return changes(subject, rows)
    most = bound(pd.concat([rows[["low", "high"]], trend[["low", "high"]].to_frame().T]))
    return (
        f"{spoken(subject)} shows no measurable change between {first['level']} and "
        f"{last['level']} ({most})"
    )


def _before(rows: pd.DataFrame, places: pd.DataFrame) -> str:
    """Accuracy of a subject as it is, where that is none of the places."""
    if rows.empty or (places["value"] == 0).any():
        return ""
    return f", with {rows['against_accuracy'].iloc[0]:.1f} % as it is"


def meeting(who: str, rows: pd.DataFrame, n_controls: int) -> str:
    """How somebody stands against the best of so many controls, level by level.

    Where it is not the same one at all levels, each level names its own.
    """
    controls = rows["against"].unique()
    best = "its control" if n_controls == 1 else f"the best of {n_controls} controls"
    if len(controls) == 1:
        best = f"{best}, {spoken(str(controls[0]))}"
    else:
        best = f"{best} at each level"
        rows = rows.assign(level=rows["level"] + ", " + rows["against"].map(spoken))
    parts = []
    for word, sign in (("ahead", 1), ("behind", -1)):
        some = rows[rows["measurable"] & (sign * rows["difference"] > 0)]
        some = some.loc[(-some["difference"].abs()).sort_values(kind="stable").index]
        if len(some) == 1:
            parts.append(f"{word} by {amount(some.iloc[0])} points ({some.iloc[0]['level']})")
        elif len(some):
            where = "all levels" if len(some) == len(rows) else f"{len(some)} levels"
            most = f"{amount(some.iloc[0])} points ({some.iloc[0]['level']})"
            parts.append(f"{word} at {where}, by up to {most}")
    rest = rows[~rows["measurable"]]
    if not rest.empty:
        parts.append(f"not measurably apart{_where(rest, bound(rest))}")
    return f"against {best}, {who} is {listed(parts)}"


def standing(subject: str, rows: pd.DataFrame) -> str:
    """How a subject as it is stands against all controls, and against the best of them."""
    sure = rows[rows["measurable"]]
    ahead, behind = (sure["difference"] > 0).sum(), (sure["difference"] < 0).sum()
    best = rows.loc[rows["against_accuracy"].idxmax()]
    name = f"{spoken(best['against'])}, the best of them"
    if best["measurable"]:
        found = f"{amount(best)} points {'ahead of' if best['difference'] > 0 else 'behind'} {name}"
    else:
        found = f"not measurably apart from {name} ({bound(best.to_frame().T)})"
    won = f"ahead of {ahead} and behind {behind} of {len(rows)} controls"
    return f"{spoken(subject)} is {won}, {found}"

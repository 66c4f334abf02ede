"""How many images of a class others need for the same accuracy, from their learning curves."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from perceptgraph.stages.crossed import CONFIDENCE

AXIS = "images_per_class"


@dataclass(frozen=True, slots=True)
class Worth:
    """What images are worth in images of others."""

    per_class: float
    """Images of a class that were learned from."""
    ratio: float
    """So many times as many the others need; the geometric mean over the seeds."""
    low: float
    """Of the interval of 95 %: seeds are drawn, images stay."""
    high: float
    beyond: bool
    """Whether a seed of the others never gets there: then there are more, and `ratio` and `low` are
    those of the largest number that was measured, and `high` is infinite."""


def curves(table: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Accuracy in per cent of a subject along AXIS: seeds by images of a class."""
    rows = table[(table["axis"] == AXIS) & (table["subject"] == subject) & table["value"].notna()]
    return rows.pivot_table(index="seed", columns="value", values="accuracy")


def best_of(table: pd.DataFrame, subjects: list[str]) -> pd.DataFrame:
    """The curve of whoever is best on average at each number of images."""
    of_each = {subject: curves(table, subject) for subject in subjects}
    means = pd.DataFrame({name: curve.mean() for name, curve in of_each.items() if curve.size})
    chosen = means.idxmax(axis=1) if means.size else {}
    return pd.DataFrame({value: of_each[name][value] for value, name in chosen.items()})


def needed(
    accuracy: float, numbers: NDArray[np.float64], theirs: NDArray[np.float64]
) -> tuple[float, bool]:
    """Images at which a learning curve reaches an accuracy, and whether it never does.

    Linear in the logarithm of the number between two that were measured; a curve that falls is
    taken to stay at its highest. Below the first number it is that number: fewer were not tried.

    Examples
    --------
    >>> needed(85.0, np.array([1.0, 4.0, 16.0]), np.array([60.0, 80.0, 90.0]))
    (8.0, False)
    >>> needed(95.0, np.array([1.0, 4.0, 16.0]), np.array([60.0, 80.0, 90.0]))
    (16.0, True)
    """
    highest, first = np.unique(np.maximum.accumulate(theirs), return_index=True)
    log = np.interp(accuracy, highest, np.log2(numbers[first]))
    return float(2**log), bool(accuracy > highest[-1])


def worth(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[Worth]:
    """What each number of our images is worth in theirs, seed by seed.

    Parameters
    ----------
    ours, theirs : DataFrame
        Accuracies: seeds by images of a class, ascending; only seeds of both count.

    Returns
    -------
    list of Worth
        None where there are fewer than two seeds.
    """
    seeds = ours.dropna().index.intersection(theirs.dropna().index)
    if len(seeds) < 2:
        return []
    numbers = theirs.columns.to_numpy(float)
    found = []
    for per_class in ours.columns:
        reached = [
            needed(ours.at[seed, per_class], numbers, theirs.loc[seed].to_numpy(float))
            for seed in seeds
        ]
        log = np.log2([number / per_class for number, _ in reached])
        spread = float(log.std(ddof=1)) / len(seeds) ** 0.5
        margin = spread * float(student.isf((1 - CONFIDENCE) / 2, len(seeds) - 1))
        beyond = any(never for _, never in reached)
        found.append(
            Worth(
                float(per_class),
                float(2 ** log.mean()),
                float(2 ** (log.mean() - margin)),
                np.inf if beyond else float(2 ** (log.mean() + margin)),
                beyond,
            )
        )
    return found

"""Few-shot runs of a data set as figures, with what they cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from perceptgraph.stages.few_shot import Rung, Score
from perceptgraph.stages.few_shot_runs import PerClass, Run

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Costs:
    """What does not depend on the run."""

    extraction_s: Mapping[str, float]
    """CPU-seconds for an image of each store, from its pixels on; NaN where it is not known."""
    watts: float
    """Modelled, of one busy core."""


def figures_of(
    dataset: str,
    per_class: PerClass,
    label: str,
    scores: Sequence[Score],
    extraction_s: float,
    watts: float,
) -> Figures:
    """Figures over the draws: means, the deviation of the accuracy, and what one draw costs.

    `cpu_s` is extraction, reading and learning of the training images, as the median over the
    draws, because the first one may compile; `joules` are modelled from it.
    """
    accuracy = [score.accuracy for score in scores]
    costs = [score.images * extraction_s + score.open_s + score.fit_s for score in scores]
    cpu_s = float(np.median(costs))
    found = {
        "accuracy": float(np.mean(accuracy)),
        "mean_per_class": float(np.mean([score.mean_per_class for score in scores])),
        "sd": float(np.std(accuracy, ddof=min(1, len(accuracy) - 1))),
        "params": float(np.mean([score.parameters for score in scores])),
        "cpu_s": cpu_s,
        "macs": float(np.mean([score.macs for score in scores])),
        "joules": cpu_s * watts,
    }
    return {f"{dataset}/{per_class}/{label}/{name}": value for name, value in found.items()}


def measure(rung: Rung, runs: Sequence[Run], costs: Costs) -> Iterator[Figures]:
    """Figures of each number of images and label, as soon as its draws are done.

    Parameters
    ----------
    rung : Rung
        Where the stores are and the scores are kept.
    runs : sequence of Run
        The draws of one number of images and label stand together.
    """
    for (per_class, label), draws in groupby(runs, key=lambda run: (run.per_class, run.label)):
        todo = list(draws)
        scores = [rung.score(run) for run in todo]
        each = costs.extraction_s[todo[0].setting.cls.STORE]
        yield figures_of(rung.root.name, per_class, label, scores, each, costs.watts)

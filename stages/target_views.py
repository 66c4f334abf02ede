"""The table of what a target accuracy costs, as pages show it."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from perceptgraph.stages.study_views import HEADER_LINES

TABLE = "to_target.csv"


@dataclass(frozen=True, slots=True)
class Target:
    """The cheapest way of a model to a target; NaN where the table has no figure."""

    target: str
    """Per cent, or the model whose best is meant; empty of a trial that is no answer."""
    subject: str
    role: str
    trial: str
    """Images and training, in words."""
    per_class: str
    images: float
    """That were learned from."""
    development: float
    """Accuracy on validation images; of the best trial where none reaches the target."""
    accuracy: float
    """On the test images, and on those of validation for a trial; NaN where none reaches it."""
    low: float
    """Ends of its 95 % interval."""
    high: float
    cpu_s: float
    """CPU-seconds to learn: extraction, augmentation and fit."""
    cpu_s_low: float
    cpu_s_high: float
    joules: float
    joules_low: float
    joules_high: float
    parameters: float
    macs: float
    """Multiply-adds an image."""
    score_s: float
    """CPU-seconds an image, extraction included."""
    score_joules: float
    method: str
    """How joules came about."""
    line: int
    """Of the table, from 1."""

    @property
    def is_control(self) -> bool:
        """Whether it stands there as a control."""
        return self.role == "control"

    @property
    def is_reached(self) -> bool:
        """Whether it is the answer for a target, and there is one."""
        return self.target != "" and not math.isnan(self.accuracy)


def read_targets(folder: Path) -> pd.DataFrame | None:
    """`to_target.csv` of the folder of a data set; None where it was not measured."""
    if not (folder / TABLE).exists():
        return None
    text = dict.fromkeys(("target", "model", "role", "trial", "per_class", "method"), str)
    return pd.read_csv(folder / TABLE, dtype=text)


def target_views(table: pd.DataFrame) -> list[Target]:
    """Lines of the table, in order."""
    rows = table.rename(columns={"model": "subject"}).fillna({"target": ""})
    rows["accuracy"] = rows["accuracy"].where(rows["target"] != "", rows["development"])
    names = [name for name in Target.__slots__ if name != "line"]
    return [
        Target(**values, line=i + 1 + HEADER_LINES)
        for i, values in enumerate(rows[names].to_dict("records"))
    ]

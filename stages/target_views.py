"""The table of what a target accuracy costs: its lines, and as pages show them."""

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from perceptgraph.stages.study_views import HEADER_LINES
from perceptgraph.stages.tables import TableError, check_columns

TABLE = "to_target.csv"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what a model takes to reach a target, or one of its trials.

    Costs are means over the draws; intervals are those of the mean, 95 %, by Student's t, and
    empty of one draw. Joules have a band instead: it holds what the watts of a core may be.
    """

    target: str
    """Percent or a model's name; empty for a trial, which is scored on validation images alone."""
    model: str
    role: Literal["subject", "control"]
    per_class: str
    trial: str
    """Images and training, in words."""
    images: float
    development: float
    """Accuracy on validation images, percent."""
    accuracy: float
    """On test images, percent; empty for a trial, and where no trial reaches the target."""
    low: float
    high: float
    cpu_s: float
    """Of extraction, augmentation and fit."""
    cpu_s_low: float
    cpu_s_high: float
    extraction_s: float
    fit_s: float
    joules: float
    joules_low: float
    """Of the lower end of the CPU-seconds, at the fewest watts that a core may take."""
    joules_high: float
    macs: float
    """Multiply-adds to classify an image, from what the model reads on."""
    fit_macs: float
    """Multiply-adds of learning."""
    parameters: float
    score_s: float
    """CPU-seconds to classify an image, from its pixels on."""
    score_joules: float
    draws: int
    method: str
    host: str

    def row(self) -> dict[str, Any]:
        """As a line of a CSV file: rounded, and empty for what is not known."""
        return {
            name: ("" if np.isnan(value) else float(f"{value:.6g}"))
            if isinstance(value, float)
            else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Target(Line):
    """A line as pages show it: `accuracy` of a trial is that on validation images."""

    line: int
    """Of the table, from 1."""

    @property
    def subject(self) -> str:
        """The model, as rows of studies call it."""
        return self.model

    @property
    def is_control(self) -> bool:
        """Whether it stands there as a control."""
        return self.role == "control"

    @property
    def is_reached(self) -> bool:
        """Whether it is the answer for a target, and there is one."""
        return self.target != "" and not math.isnan(self.accuracy)


def read_targets(folder: Path) -> pd.DataFrame | None:
    """`to_target.csv` of the folder of a data set; None where it was not measured.

    Raises
    ------
    TableError
        A file that is no such table.
    """
    if not (folder / TABLE).exists():
        return None
    text = ("target", "model", "role", "trial", "per_class", "method", "host")
    try:
        table = pd.read_csv(folder / TABLE, dtype=dict.fromkeys(text, str))
    except ValueError as error:
        raise TableError(f"{folder / TABLE}: expected a table, found none: {error}") from error
    check_columns(folder / TABLE, table, [each.name for each in fields(Line)])
    return table


def target_views(table: pd.DataFrame) -> list[Target]:
    """Lines of the table, in order."""
    rows = table.fillna({"target": ""})
    rows["accuracy"] = rows["accuracy"].where(rows["target"] != "", rows["development"])
    return [
        Target(**values, line=i + 1 + HEADER_LINES)
        for i, values in enumerate(rows.to_dict("records"))
    ]

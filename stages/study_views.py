"""A study as its pages show it: by axis, by level, by who was measured."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from perceptgraph.stages.study import AS_IS

HEADER_LINES = 1  # of a CSV file, above its first row


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two accuracies on the same images, paired by image and seed; in points."""

    points: float
    low: float
    """Ends of its 95 % interval."""
    high: float
    p: float
    """Corrected for all comparisons of the subject on the axis."""
    is_sure: bool
    """Whether that p is small enough to be called a difference."""
    effect: float
    """Cohen's h."""
    line: int
    """Of comparisons.csv, from 1."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Means over the seeds of a place; NaN where nothing is known."""

    extraction_s: float
    """CPU-seconds, of the images that were learned from."""
    fit_s: float
    """CPU-seconds, augmentation included."""
    score_s: float
    """CPU-seconds for one image, extraction included."""
    joules: float
    methods: tuple[str, ...]
    """How joules came about."""
    lines: tuple[int, int]
    """First and last of costs.csv, from 1; (0, 0) without any."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Who was measured at a level of an axis: all seeds together."""

    level: str
    value: float
    """NaN where the level is no number."""
    subject: str
    role: str
    accuracy: float
    """Per cent of the scored images."""
    low: float
    """Ends of its 95 % interval."""
    high: float
    mean_per_class: float
    per_class: str
    """Images of each class that were learned from."""
    seeds: int
    images: int
    queries: float
    """Mean per image of an attack, else NaN."""
    parameters: float
    macs: float
    """Multiply-adds an image."""
    lines: tuple[int, int]
    """First and last of results.csv, from 1."""
    costs: Costs
    difference: Difference | None
    """From the subject as it is; None there, and where it was not compared."""

    @property
    def is_control(self) -> bool:
        """Whether it stands in the tables as a control."""
        return self.role == "control"

    @property
    def half(self) -> float:
        """Half of the interval of its accuracy."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class AxisView:
    """One axis: its cells by level and subject, and the sentences that they support."""

    name: str
    levels: tuple[str, ...]
    subjects: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    """Level and subject to the cell; some may be missing."""
    controls: tuple[Cell, ...]
    """All controls as they are."""
    verdicts: tuple[str, ...]
    lines: tuple[int, int]
    """First and last of its comparisons in comparisons.csv, from 1; (0, 0) without any."""
    alignment: Mapping[str, float]
    """Level to how nodes, relations and classes agree there; empty where it was not measured."""

    @property
    def title(self) -> str:
        """The name in words."""
        return words_of(self.name).capitalize()

    @property
    def is_numeric(self) -> bool:
        """Whether most of its levels are places on a scale, no two of them at the same place."""
        values = {level: cell.value for (level, _), cell in self.cells.items()}
        levels = [value for level, value in values.items() if level != AS_IS.name]
        places = [value for value in levels if math.isfinite(value)]
        return 1 < len(places) == len(set(places)) and 2 * len(places) > len(levels)

    @property
    def has_differences(self) -> bool:
        """Whether any level was compared with what is as it is."""
        return any(cell.difference is not None for cell in self.cells.values())

    @property
    def has_queries(self) -> bool:
        """Whether any cell is an attack."""
        return any(math.isfinite(cell.queries) for cell in self.cells.values())

    def of(self, subject: str) -> list[Cell]:
        """The cells of a subject by level, the one as it is left out."""
        found = (self.cells.get((level, subject)) for level in self.levels)
        return [cell for cell in found if cell is not None and cell.level != AS_IS.name]

    def as_is(self, subject: str) -> Cell | None:
        """The cell of a subject without a change."""
        return self.cells.get((AS_IS.name, subject))

    def best_control(self) -> Cell | None:
        """The control that does best as it is."""
        return max(self.controls, key=lambda cell: cell.accuracy, default=None)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A subject against a control, both as they are."""

    subject: str
    control: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class StudyView:
    """What one stage found on one data set."""

    dataset: str
    stage: str
    everyone: tuple[Cell, ...]
    """Subjects and then controls, as they are."""
    contrasts: tuple[Contrast, ...]
    axes: tuple[AxisView, ...]
    """Those that have a level which was measured."""
    waiting: tuple[str, ...]
    """Names of the others, in words."""
    machines: tuple[tuple[str, str], ...]
    """Host and method of joules of all costs; where there are several they do not compare."""
    table: pd.DataFrame
    """The results that all of it is made of."""
    comparisons: pd.DataFrame

    @property
    def seeds(self) -> int:
        """The most that any cell has."""
        return max((cell.seeds for cell in self.cells()), default=0)

    @property
    def n_cells(self) -> int:
        """Places of the table, seeds taken together."""
        return sum(1 for _ in self.cells())

    @property
    def images(self) -> tuple[int, int]:
        """Fewest and most images that a cell was scored on."""
        numbers = [cell.images for cell in self.cells()]
        return min(numbers), max(numbers)

    def cells(self) -> Iterator[Cell]:
        """Those of all axes, and the controls."""
        yield from (cell for cell in self.everyone if cell.is_control)
        for axis in self.axes:
            yield from axis.cells.values()


def words_of(name: str) -> str:
    """A name of the parameters as words.

    >>> words_of("images_per_class")
    'images per class'
    """
    return name.replace("_", " ")

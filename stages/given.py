"""What a stage that runs a grid is given besides its own section of params.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from perceptgraph.stages.outcome import Power
from perceptgraph.stages.params import StageParams

Section = TypeVar("Section", bound=StageParams)


class SectionOf(Protocol):
    """Gives a section of params.yaml."""

    def __call__(self, name: str, model: type[Section]) -> Section:
        """Section `name` as its model; ParamsError where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """What all grids of a run share."""

    section: SectionOf
    """Gives the other sections of params.yaml."""
    power: Power
    """What turns CPU-seconds into joules."""
    landed: Path
    """Folder of tables that were landed: `landed/<dataset>/<stage>`."""
    axes: Sequence[str] = ()
    """Those that are measured, all if none is named. Rows of others are in the tables where their
    cells are finished."""

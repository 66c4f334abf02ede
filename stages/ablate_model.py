"""Stage `ablate_model`: what each part of a model contributes, beside the controls."""

from collections.abc import Sequence
from pathlib import Path

from perceptgraph.stages.grid import SectionOf, run_grid
from perceptgraph.stages.model_axes import AXES
from perceptgraph.stages.outcome import Outcome, Power
from perceptgraph.stages.study import GridParams
from perceptgraph.stores.mapper import Mapper

OUT = "ablate_model"


class Params(GridParams):
    """Section `ablate_model` of params.yaml."""


def run(
    params: Params,
    root: Path,
    mapper: Mapper,
    section: SectionOf,
    power: Power,
    landed: Path,
    axes: Sequence[str] = (),
) -> Outcome:
    """Read the stores of a rung, write `root/ablate_model/`; see `grid.run_grid`."""
    return run_grid(OUT, AXES, params, root, mapper, section, power, landed, axes)

"""Stage `ablate_model`: what each part of a model contributes, beside the controls."""

from pathlib import Path

from perceptgraph.stages.given import Given
from perceptgraph.stages.grid import run_grid
from perceptgraph.stages.model_axes import AXES
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.study import GridParams
from perceptgraph.stores.mapper import Mapper

OUT = "ablate_model"


class Params(GridParams):
    """Section `ablate_model` of params.yaml."""


def run(
    params: Params,
    root: Path,
    mapper: Mapper,
    given: Given,
) -> Outcome:
    """Read the stores of a rung, write `root/ablate_model/`; see `grid.run_grid`."""
    return run_grid(OUT, AXES, params, root, mapper, given)

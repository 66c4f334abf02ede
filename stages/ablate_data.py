"""Stage `ablate_data`: how much data there must be, what of it, and how good, beside controls."""

from pathlib import Path

from perceptgraph.stages import study
from perceptgraph.stages.alignment_table import Place, write_alignment
from perceptgraph.stages.data_axes import AXES
from perceptgraph.stages.given import Given
from perceptgraph.stages.grid import folder_of, run_grid
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.study import GridParams
from perceptgraph.stores.mapper import Mapper

OUT = "ablate_data"
ALIGNED = ("randomised_features", "randomised_edges", "randomised")
"""Axes along which nodes, relations and classes come to agree less."""


class Params(GridParams):
    """Section `ablate_data` of params.yaml."""


def run(
    params: Params,
    root: Path,
    mapper: Mapper,
    given: Given,
) -> Outcome:
    """Read the stores of a rung, write `root/ablate_data/`; see `grid.run_grid`.

    Where an axis of ALIGNED is measured there is alignment.csv too (`alignment_table`), with all
    levels of all of them.
    """
    outcome = run_grid(OUT, AXES, params, root, mapper, given)
    settings = given.section("study", study.Params)
    chosen = params.axes.get(settings.recipe_of[root.name], {})
    places = [
        Place(axis, AXES[axis](value))
        for axis in ALIGNED
        if axis in chosen and (not given.axes or set(given.axes) & set(ALIGNED))
        for value in chosen[axis].levels(params.ablate)
    ]
    if places:
        write_alignment(
            root, folder_of(root, OUT, settings), places, given.landed / root.name / OUT
        )
    return outcome

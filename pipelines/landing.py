"""Land what was measured: small tables of finished cells, to commit and to go on from."""

import importlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from perceptgraph.pipelines.bench_target import land_table
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.running import GRIDS
from perceptgraph.stages.grid import land_grid
from perceptgraph.stages.params import check_choices


def land_stages(
    dataset: str,
    stages: Sequence[str],
    overrides: Sequence[str],
    params: Path,
    outputs: Path,
    results: Path,
    *,
    unfinished: bool,
    replace: bool = False,
) -> Iterator[str]:
    """Land the grids of a rung, all if none is named, then with what targets cost; lines about it.

    Raises
    ------
    ParamsError
        An unknown stage, or a value that params.yaml should not hold.
    UnfinishedError
        Cells are missing, and `unfinished` is false; or landed ones would go, and `replace` is.
    """
    check_choices("--stage", stages, dict.fromkeys(GRIDS))
    values = load_params(params, overrides)
    if not stages and (table := land_table(outputs, results, dataset)):
        yield f"{table}: what it takes to reach an accuracy"
    for stage in stages or GRIDS:
        module = importlib.import_module(f"perceptgraph.stages.{stage}")
        landed, cells = land_grid(
            stage,
            module.AXES,
            section_of(values, stage, module.Params),
            outputs / dataset,
            partial(section_of, values),
            results,
            unfinished=unfinished,
            replace=replace,
        )
        yield f"{results / dataset / stage}: {landed} of {cells} cells"

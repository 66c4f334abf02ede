"""Run the grid of a stage: every cell once, finished ones never again, in any number of processes.

A cell is named after a digest of its images, parameters and code. What was finished is found below
outputs/<dataset>/cells/, or in the tables that were landed; the rest is made in three rounds on
the mapper: data sets that are prepared otherwise, variants, and jobs of cells that share what is
learned. A run that is killed loses the cells that were not finished, and nothing else.
"""

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from perceptgraph.datasets.image_set import open_images
from perceptgraph.graphs.store import open_graphs
from perceptgraph.stages import (
    cells,
    detect,
    few_shot_runs,
    prepare,
    relate,
    study,
    train,
    variants,
)
from perceptgraph.stages.cell_keys import Rung, key_of
from perceptgraph.stages.cells import CELLS
from perceptgraph.stages.given import Given, SectionOf
from perceptgraph.stages.jobs import jobs_of, known_of, results_of, variants_of
from perceptgraph.stages.outcome import Outcome, Power
from perceptgraph.stages.params import ParamsError, check_choices
from perceptgraph.stages.study import Axis, Cell, GridParams, Row, Sections, rows_of
from perceptgraph.stages.tables import COSTS, RESULTS, Finished, read_cells, write_tables
from perceptgraph.stages.variants import Recipes, Variant
from perceptgraph.stores.mapper import Mapper

VARIANTS = "variants"
"""Below outputs/<dataset>/, outside of what DVC keeps; may be removed at any time."""
TABLES = (RESULTS, COSTS)
"""Those of cells; what else a stage writes is landed as it is."""


class UnfinishedError(ValueError):
    """Cells that are to be landed are not finished, or landed ones would be lost."""


def run_grid(
    stage: str,
    table: Mapping[str, Axis],
    params: GridParams,
    root: Path,
    mapper: Mapper,
    given: Given,
) -> Outcome:
    """Measure the cells of a stage, write `root/<stage>/results.csv` and `costs.csv`.

    Parameters
    ----------
    stage : str
        Its name, also that of its folder.
    table : mapping
        Its axes.
    given : Given
        The rest.
    """
    rung, rows = planned(table, params, root, given.section)
    check_choices("--axis", given.axes, {row.axis: row for _, row in rows})
    finished = found_before([key for key, _ in rows], root, given.landed / root.name / stage)
    every = {key: row.cell for key, row in rows}
    asked = {key for key, row in rows if not given.axes or row.axis in given.axes}
    todo = asked - finished.keys()
    if todo:
        measure(rung, every, todo, root / VARIANTS / stage, mapper, given.power)
        finished |= cells.kept(root / CELLS, sorted(todo))
    write_tables(folder_of(root, stage, given.section("study", study.Params)), rows, finished)
    return Outcome({"cells": len(every), "measured": len(todo)})


def land_grid(
    stage: str,
    table: Mapping[str, Axis],
    params: GridParams,
    root: Path,
    section: SectionOf,
    landed: Path,
    *,
    unfinished: bool,
    replace: bool = False,
) -> tuple[int, int]:
    """Write the tables of all cells that are finished into `landed/<dataset>/<stage>`.

    Other tables of the stage are copied beside them.

    Parameters
    ----------
    stage, table, params, root
        As for `run_grid`.
    section, landed
        As of `Given`.
    unfinished : bool
        Land also where cells are missing; a run that goes on takes those that are there.
    replace : bool
        Land also where cells that were landed belong to another grid, or to other code, and go.

    Returns
    -------
    (int, int)
        Cells that are landed, and all of the grid.

    Raises
    ------
    UnfinishedError
        Cells are missing, or landed ones would go.
    ParamsError
        Figures for choices, which are not to be published.
    """
    if section("study", study.Params).in_development:
        raise ParamsError(
            "land: expected figures of the test split, found study.in_development: true"
        )
    _, rows = planned(table, params, root, section)
    out = landed / root.name / stage
    keys = {key for key, _ in rows}
    finished = found_before(list(keys), root, out)
    if len(finished) < len(keys) and not unfinished:
        raise UnfinishedError(
            f"land: expected {len(keys)} finished cells of {stage} on {root.name}, found "
            f"{len(finished)}; run the stage to its end, or land with --unfinished"
        )
    lost = len(read_cells(out).keys() - keys)
    if lost and not replace:
        raise UnfinishedError(
            f"land: {out} holds {lost} cells of another grid or of other code, which would be "
            "lost; land with the --set that they were run with, or with --replace"
        )
    write_tables(out, rows, finished)
    for other in sorted(set((root / stage).glob("*.csv")) - {root / stage / t for t in TABLES}):
        shutil.copy(other, out / other.name)
    return len(finished), len(keys)


def folder_of(root: Path, stage: str, params: study.Params) -> Path:
    """Folder of a stage's tables; figures for choices have one of their own."""
    return root / (f"{stage}_development" if params.in_development else stage)


def planned(
    table: Mapping[str, Axis], params: GridParams, root: Path, section: SectionOf
) -> tuple[Rung, list[tuple[str, Row]]]:
    """The rung of a stage, and its rows with the keys of their cells.

    Raises
    ------
    ParamsError
        A cell that cannot be, or graphs that were made by other recipes than params.yaml has.
    """
    sections = Sections(
        section("study", study.Params),
        section("few_shot", few_shot_runs.Params),
        section("train", train.Params),
    )
    rows = rows_of(root.name, params, table, sections)
    recipes = Recipes(
        section("prepare", prepare.Params),
        section("detect", detect.Params),
        section("relate", relate.Params),
    )
    graphs = open_graphs(root / relate.OUT)
    if rows:
        _check_made(root.name, graphs.attributes, recipes)
    rung = Rung(root, recipes, open_images(root / prepare.OUT).digest, graphs.digest)
    return rung, [(key_of(row.cell, rung), row) for row in rows]


def _check_made(dataset: str, made: Mapping[str, Any], recipes: Recipes) -> None:
    """Raise ParamsError where graphs were made otherwise than variants of them would be."""
    for name, params in (("detect", recipes.detect), ("relate", recipes.relate)):
        dumped = {key: one.model_dump(mode="json") for key, one in params.recipes.items()}
        was, meant = made[name], params.recipe_of[dataset]
        if was is not None and was != dumped[meant]:
            same = [key for key, recipe in dumped.items() if recipe == was]
            raise ParamsError(
                f"study: the graphs of {dataset} were made by another recipe of section {name} "
                f"than {meant!r}, which its variants would be made by; run {name} again, or "
                f"--set {name}.recipe_of.{dataset}={same[0] if same else 'NAME'}"
            )


def found_before(keys: Sequence[str], root: Path, landed: Path) -> dict[str, Finished]:
    """Cells that are finished: measured here, else landed."""
    return {k: v for k, v in read_cells(landed).items() if k in set(keys)} | cells.kept(
        root / CELLS, keys
    )


def measure(
    rung: Rung,
    every: Mapping[str, Cell],
    todo: set[str],
    folder: Path,
    mapper: Mapper,
    power: Power,
) -> None:
    """Measure the cells `todo`; what is made for them holds the images of `every` cell.

    So a run that goes on finds the same variants as the one that was killed.
    """
    known = known_of(rung, every, todo, folder, mapper)
    made = variants_of(rung, every, todo, known, folder)
    variants.remove_others(folder, {v.folder.name for v in made.values()} | PREPARED)
    build = partial(_make, recipes=rung.recipes, dataset=rung.root.name)
    wanted = list(made.values())
    results_of(
        mapper, build, wanted[:1]
    )  # compiles what is needed, which several workers would each do
    results_of(mapper, build, wanted)
    jobs = jobs_of(every, todo, known, made)
    results_of(mapper, partial(cells.run_job, folder=rung.root / CELLS, power=power), jobs)


PREPARED = {"prepared"}


def _make(variant: Variant, recipes: Recipes, dataset: str) -> None:
    variants.make(variant, recipes.of(dataset, variant.view))

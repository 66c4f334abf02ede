"""docs/results.md: what the committed tables of all studies say, each number with its line.

The page is made of `results/<set>/<stage>/`, tables that were landed there, and of nothing else.
Beside each results.csv it leaves comparisons.csv, so that differences have lines too.
"""

import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from perceptgraph.stages import tables
from perceptgraph.stages.falsification import TO_TARGET, findings
from perceptgraph.stages.headlines import headlines
from perceptgraph.stages.report_studies import TITLES
from perceptgraph.stages.report_templates import rendered
from perceptgraph.stages.studied import Studied, read_studied
from perceptgraph.stages.study_figures import (
    alignment_figure,
    curves_figure,
    forests_figure,
    on_paper,
    pareto_figure,
    target_figure,
)
from perceptgraph.stages.target_views import TABLE as TARGETS

PAGE, FIGURES, COMPARISONS = "results.md", "images/results", "comparisons.csv"
FIRST = ("mnist", "ot8", "scene15", "shapes", "shapes-in-scenes")
"""Data sets that come first, in this order."""

RECIPES = {
    name: (f"detect.recipe_of.{name}=scenes_light", f"relate.recipe_of.{name}=scenes")
    for name in ("ot8", "scene15")
}
"""Data set to what its studies set otherwise than params.yaml."""


class NoResultsError(ValueError):
    """No table to make a page of."""


def write_results(results: Path, docs: Path) -> list[Path]:
    """Write the page and its figures into `docs`, and tables of comparisons beside the results.

    Parameters
    ----------
    results : Path
        Folder of `<set>/<stage>/results.csv` and `<set>/to_target.csv`.
    docs : Path
        Folder of the page; what its folder of figures held before goes.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    NoResultsError
        There is no such table.
    """
    landed = read_landed(results)
    written = []
    for study in (study for found in landed for study in found.studies):
        path = results / study.dataset / study.stage / COMPARISONS
        study.comparisons.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
        written.append(path)
    shutil.rmtree(docs / FIGURES, ignore_errors=True)
    (docs / FIGURES).mkdir(parents=True)
    for name, svg in figures_of(landed).items():
        written.append(docs / FIGURES / f"{name}.svg")
        written[-1].write_text(on_paper(svg), encoding="utf-8")
    base = os.path.relpath(results, docs).replace(os.sep, "/")
    (docs / PAGE).write_text(results_page(landed, base), encoding="utf-8")
    return [*written, docs / PAGE]


def read_landed(results: Path) -> list[Studied]:
    """Tables of each data set that has any; NoResultsError where none has."""
    studied = {path.parents[1].name for path in results.glob(f"*/*/{tables.RESULTS}")}
    sets = studied | {path.parent.name for path in results.glob(f"*/{TARGETS}")}
    if not sets:
        raise NoResultsError(
            f"{results}: expected tables of studies in <set>/<stage>/{tables.RESULTS}, found none; "
            "`perceptgraph land` puts them there"
        )
    in_order = [name for name in FIRST if name in sets] + sorted(sets.difference(FIRST))
    return [read_studied(results / name) for name in in_order]


def figures_of(landed: Sequence[Studied]) -> dict[str, str]:
    """Figures of the page by name, as SVG."""
    figures: dict[str, str | None] = {}
    for found in landed:
        figures[f"{found.dataset}-targets"] = target_figure(found.targets, found.looks)
        figures[f"{found.dataset}-costs"] = pareto_figure(found.studies, found.looks)
        for study in found.studies:
            name = f"{found.dataset}-{study.stage}"
            figures[f"{name}-curves"] = curves_figure(study, found.looks)
            figures[f"{name}-levels"] = forests_figure(study, found.looks)
            figures[f"{name}-alignment"] = alignment_figure(study.axes, found.looks)
    return {name: svg for name, svg in figures.items() if svg is not None}


def results_page(landed: Sequence[Studied], base: str) -> str:
    """The page as Markdown.

    Parameters
    ----------
    landed : sequence of Studied
        In the order of the page.
    base : str
        Where the folder of all tables lies, as seen from the page.
    """
    by_set = {found.dataset: tables_of(found) for found in landed}
    return rendered(
        "results.md.jinja",
        landed=landed,
        titles=TITLES,
        headlines=headlines(by_set),
        findings=findings(by_set),
        figures=set(figures_of(landed)),
        folder=FIGURES,
        settings={found.dataset: settings_of(found.dataset) for found in landed},
        link=partial(link, base),
    )


def tables_of(found: Studied) -> dict[str, pd.DataFrame]:
    """Stage to its results, and TO_TARGET to the cheapest ways to a target."""
    results = {study.stage: study.table for study in found.studies}
    return results if found.target_table is None else results | {TO_TARGET: found.target_table}


def settings_of(dataset: str) -> str:
    """Options of the commands that measure and land the full grids of a data set."""
    return " ".join(f"--set {change}" for change in ("ablate=full", *RECIPES.get(dataset, ())))


def link(base: str, place: str, lines: tuple[int, int]) -> str:
    """Address of lines, first and last, of the table at `place`, as seen from the page.

    >>> link("../results", "mnist/ablate_data/results.csv", (2, 6))
    '../results/mnist/ablate_data/results.csv#L2-L6'
    """
    first, last = lines
    return f"{base}/{place}#L{first}" + (f"-L{last}" if last > first else "")

"""Pages of the report on the studies of a rung: one self-contained page for each rung."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from perceptgraph.stages import comparisons, tables
from perceptgraph.stages.alignment_table import OUT as ALIGNMENT
from perceptgraph.stages.alignment_table import read_alignment
from perceptgraph.stages.report_facts import STUDY_STAGES
from perceptgraph.stages.report_templates import rendered
from perceptgraph.stages.study_figures import (
    alignment_figure,
    axis_figure,
    pareto_figure,
    study_looks,
)
from perceptgraph.stages.study_views import StudyView, study_view
from perceptgraph.stages.verdicts import verdicts

TITLES = dict(
    zip(
        STUDY_STAGES,
        ("What the data give", "What the model needs", "What it withstands"),
        strict=True,
    )
)
"""Stage that runs a grid to the title of its part, in order."""


def read_studies(root: Path) -> list[StudyView]:
    """What the stages left below the folder of a data set; those that have not run are absent."""
    found = [read_study(root / stage) for stage in TITLES]
    return [study for study in found if study is not None]


def read_study(folder: Path) -> StudyView | None:
    """Tables of `<set>/<stage>` and their statistics; None where the stage has not run."""
    if not (folder / tables.RESULTS).exists():
        return None
    table, costs = tables.read_results(folder), tables.read_costs(folder)
    compared = comparisons.compared(table)
    return study_view(
        folder.parent.name,
        folder.name,
        table,
        costs,
        comparisons.accuracies(table),
        compared,
        verdicts(table, compared),
        read_alignment(folder) if (folder / ALIGNMENT).exists() else None,
    )


def command_of(study: StudyView) -> str:
    """What makes the tables of a study."""
    return f"perceptgraph run {study.stage} --dataset {study.dataset}"


def studies_page(studies: Sequence[StudyView], report: str) -> str:
    """Page of all studies of one data set.

    Parameters
    ----------
    studies : sequence of StudyView
        At least one.
    report : str
        Where the page of all rungs lies, as seen from this one.
    """
    looks = study_looks(studies)
    figures = {
        (study.stage, axis.name): axis_figure(axis, looks)
        for study in studies
        for axis in study.axes
    }
    return rendered(
        "studies.html.jinja",
        dataset=studies[0].dataset,
        studies=studies,
        report=report,
        titles=TITLES,
        commands={study.stage: command_of(study) for study in studies},
        figures=figures,
        alignments={
            (study.stage, axis.name): alignment_figure([axis], looks)
            for study in studies
            for axis in study.axes
        },
        pareto=pareto_figure(studies, looks),
    )


def write_studies(studies: Mapping[str, Sequence[StudyView]], folder: Path) -> None:
    """Write `<rung>.html` of the rungs that have studies; pages of older runs go."""
    shutil.rmtree(folder, ignore_errors=True)
    for rung, found in studies.items():
        if found:
            folder.mkdir(parents=True, exist_ok=True)
            page = studies_page(found, f"../index.html#{rung}")
            (folder / f"{rung}.html").write_text(page, encoding="utf-8")

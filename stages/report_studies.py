"""Pages of the report on the studies of a rung: one self-contained page for each rung."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from perceptgraph.stages.report_facts import STUDY_STAGES
from perceptgraph.stages.report_templates import rendered
from perceptgraph.stages.studied import Studied
from perceptgraph.stages.study_figures import (
    alignment_figure,
    axis_figure,
    pareto_figure,
    target_figure,
)

TITLES = dict(
    zip(
        STUDY_STAGES,
        ("What the data give", "What the model needs", "What it withstands"),
        strict=True,
    )
)
"""Stage that runs a grid to the title of its part, in order."""


def studies_page(studied: Studied, report: str) -> str:
    """Page of all studies of one data set.

    Parameters
    ----------
    studied : Studied
        Not empty.
    report : str
        Where the page of all rungs lies, as seen from this one.
    """
    looks = studied.looks
    axes = [(study.stage, axis) for study in studied.studies for axis in study.axes]
    return rendered(
        "studies.html.jinja",
        dataset=studied.dataset,
        studies=studied.studies,
        targets=studied.targets,
        report=report,
        titles=TITLES,
        figures={(stage, axis.name): axis_figure(axis, looks) for stage, axis in axes},
        alignments={(stage, axis.name): alignment_figure([axis], looks) for stage, axis in axes},
        pareto=pareto_figure(studied.studies, looks),
        target_figure=target_figure(studied.targets, looks),
    )


def write_studies(found: Iterable[Studied], folder: Path) -> None:
    """Write `<rung>.html` of the rungs that have studies; pages of older runs go."""
    shutil.rmtree(folder, ignore_errors=True)
    for studied in found:
        if not studied.is_empty:
            folder.mkdir(parents=True, exist_ok=True)
            page = studies_page(studied, f"../index.html#{studied.dataset}")
            (folder / f"{studied.dataset}.html").write_text(page, encoding="utf-8")

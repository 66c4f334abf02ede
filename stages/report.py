"""Stage `report`: one self-contained page over all rungs, and a card per data set and model."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import Field

from perceptgraph.stages.cards import write_cards
from perceptgraph.stages.drawing import COLOURS
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import StageParams
from perceptgraph.stages.report_control import control_sentences
from perceptgraph.stages.report_dag import dag_of, newest_session, state_of
from perceptgraph.stages.report_facts import Rung, read_rung
from perceptgraph.stages.report_figures import (
    calibration_figure,
    confusion_figure,
    curves_figure,
    per_class_figure,
    sample_pictures,
)
from perceptgraph.stages.report_relations import classes_figure, degrees_figure
from perceptgraph.stages.report_studies import TITLES, write_studies
from perceptgraph.stages.report_templates import rendered
from perceptgraph.stages.studied import Studied, read_studied
from perceptgraph.stores.mapper import Mapper

OUT = "report"  # beside outputs/
PAGE = "index.html"
STUDIES = "studies"  # folder of a page for each rung that has any
PACKAGES = (
    "perceptgraph",
    "numpy",
    "scipy",
    "scikit-image",
    "opencv-python",
    "torch",
    "torch-geometric",
    "zarr",
    "dask",
    "dvc",
    "codecarbon",
    "matplotlib",
)
"""Whose versions can change a figure of the report."""
FIGURES: Mapping[str, Callable[[Rung], str | None]] = {
    "Accuracy by class": per_class_figure,
    "Calibration": calibration_figure,
    "Confusion": confusion_figure,
    "Learning": curves_figure,
    "Relations and motifs": classes_figure,
    "Degrees": degrees_figure,
}
"""Title of a section of a rung to its figure, in order."""


class Params(StageParams):
    """Section `report` of params.yaml, and the top-level lists."""

    ladder: tuple[str, ...]
    models: tuple[str, ...]
    baselines: tuple[str, ...]
    samples: int = Field(ge=0)
    """Pictures of each rung with their primitives drawn over."""


def run(params: Params, root: Path, mapper: Mapper) -> Outcome:
    """Read the rungs below `root`, the folder of outputs; write `report/` beside it."""
    studies = {name: read_studied(root / name) for name in params.ladder}
    rungs = [read_rung(root / name, params.models, params.baselines) for name in params.ladder]
    folder = root.parent / OUT
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page_of(rungs, params.samples, studies), encoding="utf-8")
    write_cards(rungs, folder / "cards")
    write_studies(studies.values(), folder / STUDIES)
    n_results = sum(rung.result(model) is not None for rung in rungs for model in rung.models)
    n_cells = sum(found.n_cells for found in studies.values())
    return Outcome(work={"rungs": len(rungs), "results": n_results, "cells": n_cells})


def page_of(rungs: Sequence[Rung], n_samples: int, studies: Mapping[str, Studied]) -> str:
    """The page: HTML that holds its style and pictures, asks the network for nothing.

    Parameters
    ----------
    rungs : sequence of Rung
        In the order of the ladder.
    n_samples : int
        Pictures of each.
    studies : mapping
        Name of a rung to its studies, which have pages of their own.
    """
    session = newest_session(rungs)
    return rendered(
        "report.html.jinja",
        rungs=[_section(rung, n_samples) for rung in rungs],
        studies=studies,
        study_titles=TITLES,
        study_folder=STUDIES,
        dag=dag_of(rungs, session),
        energy=[(rung.name, _energy_rows(rung, session)) for rung in rungs],
        records=[r for rung in rungs for r in rung.energy.values() if r is not None],
        environment=describe_environment(),
    )


def _section(rung: Rung, n_samples: int) -> dict[str, Any]:
    """What the template shows of one rung."""
    figures = {title: figure(rung) for title, figure in FIGURES.items()}
    found = rung.primitives or {}
    return {
        "rung": rung,
        "samples": sample_pictures(rung, n_samples),
        "families": {family: COLOURS[family] for family in found},
        "control": control_sentences(rung.metrics) if rung.metrics else [],
        "figures": figures,
    }


def _energy_rows(rung: Rung, session: str) -> list[dict[str, Any]]:
    """One row per cell, whether it ran or not."""
    return [
        {"cell": cell, "record": record, "state": state_of(record, session)}
        for cell, record in rung.energy.items()
    ]


def describe_environment() -> dict[str, str]:
    """Python, platform, cores and versions of PACKAGES; no name of the machine."""
    facts = {
        "Python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "cores": str(os.cpu_count()),
    }
    return facts | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"

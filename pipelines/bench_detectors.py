"""Command `bench detectors`: our detectors beside their peers, suite by suite."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
from rich.console import Console
from rich.table import Table

from perceptgraph.benchmarks.line_truth import TRUTH_OFFSETS
from perceptgraph.benchmarks.suites import SUITES, Figures, Settings
from perceptgraph.datasets.catalog import FOLDER_VARIABLE, MissingData
from perceptgraph.stages.params import ParamsError, check_choices


def bench_detectors(
    suites: Sequence[str],
    data: Path | None,
    n_images: int | None,
    truth_offsets: Sequence[str],
    json_out: Path | None,
) -> None:
    """Measure the suites, all of them if none is named; print a table of each, write all figures.

    Raises
    ------
    ParamsError
        An unknown suite or kind of truth, or an offset that is no number.
    MissingData
        `data` is no folder, or a suite that was named lacks its data.
    """
    check_choices("suite", suites, SUITES)
    settings = Settings(data, n_images, offsets_of(truth_offsets))
    if data is not None:
        if not data.is_dir():
            raise MissingData(f"{data}: expected the folder of data files")
        os.environ[FOLDER_VARIABLE] = str(data)  # where the readers of data sets look
    cv2.setNumThreads(1)
    figures: Figures = {}
    for name in suites or SUITES:
        try:
            found = SUITES[name](settings)
        except MissingData as error:
            if suites:
                raise
            Console(stderr=True).print(f"left out {name}: {error}", highlight=False)
            continue
        for table in tables_of(name, found):
            Console().print(table)
        figures |= found
        if json_out is not None:  # after every suite: all of them take long
            json_out.parent.mkdir(parents=True, exist_ok=True)
            finite = {k: v for k, v in figures.items() if math.isfinite(v)}
            json_out.write_text(json.dumps(finite, indent=2) + "\n")


def offsets_of(given: Sequence[str]) -> dict[str, float]:
    """Offsets by kind of truth from "kind=pixels", the others as measured."""
    offsets = dict(TRUTH_OFFSETS)
    for text in given:
        kind, _, value = text.partition("=")
        check_choices("truth-offset", [kind], TRUTH_OFFSETS)
        try:
            offsets[kind] = float(value)
        except ValueError as error:
            raise ParamsError(f"truth-offset: expected {kind}=pixels, got {text!r}") from error
    return offsets


def tables_of(title: str, figures: Figures) -> list[Table]:
    """A row for each measure, a column for each who was measured; a table for each set of peers."""
    cells: dict[str, dict[str, float]] = {}
    for name, value in figures.items():
        measure, _, who = name.rpartition("/")
        cells.setdefault(measure, {})[who] = value
    groups: dict[tuple[str, ...], dict[str, dict[str, float]]] = {}
    for measure, row in cells.items():
        peers = tuple(name for name in row if name != "ours")
        groups.setdefault(peers, {})[measure] = row
    return [_table(title, ("ours", *peers), rows) for peers, rows in groups.items()]


def _table(title: str, names: Sequence[str], rows: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("measure", title=title, title_justify="left")
    for name in names:
        table.add_column(name, justify="right")
    for measure, row in rows.items():
        table.add_row(measure, *(f"{row[n]:.4g}" if n in row else "" for n in names))
    return table

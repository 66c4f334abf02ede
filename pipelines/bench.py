"""What the `bench` commands share: suites one after the other, as tables and JSON."""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from perceptgraph.datasets.catalog import FOLDER_VARIABLE, MissingData
from perceptgraph.stages.params import check_choices

Figures = dict[str, float]
Settings = TypeVar("Settings")


def look_in(data: Path | None) -> None:
    """Let the readers of data sets look in this folder; MissingData if it is none."""
    if data is None:
        return
    if not data.is_dir():
        raise MissingData(f"{data}: expected the folder of data files")
    os.environ[FOLDER_VARIABLE] = str(data)


def run_suites(
    named: Sequence[str],
    suites: Mapping[str, Callable[[Settings], Figures]],
    settings: Settings,
    json_out: Path | None,
) -> None:
    """Measure the suites named, all of them if none is; print a table of each, write all figures.

    Raises
    ------
    ParamsError
        An unknown suite.
    MissingData
        A suite that was named lacks its data.
    """
    check_choices("suite", named, suites)
    figures: Figures = {}
    for name in named or suites:
        try:
            found = suites[name](settings)
        except MissingData as error:
            if named:
                raise
            Console(stderr=True).print(f"left out {name}: {error}", highlight=False)
            continue
        for table in tables_of(name, found):
            Console().print(table)
        figures |= found
        write_figures(figures, json_out)  # after every suite: all of them take long


def write_figures(figures: Figures, json_out: Path | None) -> None:
    """Write those that are finite as one flat object, if a file is named."""
    if json_out is None:
        return
    json_out.parent.mkdir(parents=True, exist_ok=True)
    finite = {k: v for k, v in figures.items() if math.isfinite(v)}
    partial = json_out.with_name(json_out.name + ".partial")
    partial.write_text(json.dumps(finite, indent=2) + "\n")
    partial.replace(json_out)


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
    shown = [name for name in names if any(name in row for row in rows.values())]
    table = Table("measure", title=title, title_justify="left")
    for name in shown:
        table.add_column(name, justify="right")
    for measure, row in rows.items():
        table.add_row(measure, *(f"{row[n]:.4g}" if n in row else "" for n in shown))
    return table

"""The tables of a study: one of results, the same to the byte in every run, and one of costs.

results.csv has a line for each row of a grid, and so for each seed; costs.csv one for each cell,
from the execution that finished it. Both are small and can be committed: `read_cells` takes cells
up from them again.
"""

import base64
import csv
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from perceptgraph.stages.study import Row

RESULTS, COSTS = "results.csv", "costs.csv"
PLACE = ("key", "axis", "level", "value", "subject", "role", "seed")
"""Columns of results.csv that say where a line stands; those of Result follow."""


class TableError(ValueError):
    """A table that cannot be read."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a cell: a function of images, parameters and code."""

    per_class: str
    """Training images of each class; "all"."""
    accuracy: float
    """Of the images that are scored, in percent."""
    mean_per_class: float
    """Mean over the classes of their accuracies, in percent."""
    parameters: int
    macs: float
    """Multiply-adds of one image that is scored, from the model's input on."""
    images: int
    """That are scored."""
    queries: float | None
    """Mean over the images of the scores that an attack asked for; None without an attack."""
    right: str
    """Which images were right, in their order: see `packed`."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the execution that finished a cell took; CPU-seconds, extraction and all."""

    extraction_s: float
    """From pixels to graphs, of the images learned from; 0 for pixel models."""
    open_s: float
    """To read them as the model sees them."""
    fit_s: float
    """To augment them and to learn."""
    score_s: float
    """Of one image that is scored, from its pixels to its class; attacks included."""
    wall_s: float
    """Of fit and scores, by the clock on the wall."""
    joules: float
    """Of extraction, opening and fit."""
    method: str
    """What the joules came from: "modelled-..." or "measured-..."."""
    host: str
    """Digest of the machine."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A cell that was measured."""

    result: Result
    cost: Cost


def packed(right: NDArray[np.bool_]) -> str:
    """Base64 of the compressed bits of (I,) right or wrong images.

    Examples
    --------
    >>> unpacked(packed(np.array([True, False, True])), 3).tolist()
    [True, False, True]
    """
    return base64.b64encode(zlib.compress(np.packbits(right).tobytes(), 9)).decode()


def unpacked(text: str, n_images: int) -> NDArray[np.bool_]:
    """The (n_images,) right or wrong images that `packed` made the text of."""
    bits = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.unpackbits(bits, count=n_images).astype(bool)


def write_tables(
    folder: Path, rows: Iterable[tuple[str, Row]], finished: Mapping[str, Finished]
) -> None:
    """Write results.csv and costs.csv into `folder`, whole or not at all.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    rows : iterable of (key, Row)
        In their order; those whose cell is not finished are left out.
    finished : mapping
        Key to cell.
    """
    done = [(key, row) for key, row in rows if key in finished]
    results = [
        {
            "key": key,
            "axis": row.axis,
            "level": row.level,
            "value": row.value,
            "subject": row.subject,
            "role": row.role,
            "seed": row.cell.run.draw,
            **asdict(finished[key].result),
        }
        for key, row in done
    ]
    costs = [{"key": key, **asdict(finished[key].cost)} for key in dict(done)]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / RESULTS, [*PLACE, *(f.name for f in fields(Result))], results)
    _write(folder / COSTS, ["key", *(f.name for f in fields(Cost))], costs)


def _write(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)


def read_results(folder: Path) -> pd.DataFrame:
    """results.csv of a folder, a row for each of its lines.

    Returns
    -------
    DataFrame
        Columns PLACE and those of Result; `value` and `queries` are NaN where there is none, and
        `right` holds arrays (images,) of bool.

    Raises
    ------
    TableError
        No table, or not of these columns.
    """
    table = _read(folder / RESULTS, [*PLACE, *(f.name for f in fields(Result))])
    right = [unpacked(t, n) for t, n in zip(table["right"], table["images"], strict=True)]
    table["right"] = pd.Series(right, index=table.index, dtype=object)
    return table


def read_costs(folder: Path) -> pd.DataFrame:
    """costs.csv of a folder, a row for each cell; TableError as for `read_results`."""
    return _read(folder / COSTS, ["key", *(f.name for f in fields(Cost))])


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    text = ("key", "axis", "level", "subject", "role", "per_class", "right", "method", "host")
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False,
                            na_values={"value": [""], "queries": [""]})  # fmt: skip
    except FileNotFoundError as error:
        raise TableError(f"{path}: expected the table of a study, found none; run it first") from (
            error
        )
    except ValueError as error:
        raise TableError(f"{path}: expected a table, found none: {error}") from error
    check_columns(path, table, columns)
    return table


def check_columns(path: Path, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise TableError unless the table in this file has these columns, in order."""
    if list(table.columns) != list(columns):
        raise TableError(
            f"{path}: expected the columns {', '.join(columns)}, found "
            f"{', '.join(map(str, table.columns))}; measure the study again"
        )


def read_cells(folder: Path) -> dict[str, Finished]:
    """The cells of both tables of a folder, by key; none where there are no tables."""
    if not (folder / RESULTS).exists() or not (folder / COSTS).exists():
        return {}
    with (folder / COSTS).open(newline="") as file:
        costs = {row.pop("key"): Cost(**_typed(Cost, row)) for row in csv.DictReader(file)}
    found = {}
    with (folder / RESULTS).open(newline="") as file:
        for row in csv.DictReader(file):
            result = {field.name: row[field.name] for field in fields(Result)}
            if row["key"] in costs:
                found[row["key"]] = Finished(Result(**_typed(Result, result)), costs[row["key"]])
    return found


def _typed(cls: type, row: Mapping[str, str]) -> dict[str, Any]:
    """Texts of a line as the fields of a class have them."""
    read: dict[Any, Any] = {
        str: str,
        int: int,
        float: float,
        float | None: lambda text: float(text) if text else None,
    }
    return {f.name: read[f.type](row[f.name]) for f in fields(cls)}

"""How well nodes, relations and classes agree at each level of randomisation: alignment.csv.

One table beside those of `ablate_data`: the subspace alignment measure of the data set itself,
whatever model is asked (`graphs.image_alignment`). It is the x-axis on which the accuracies at
these levels can be drawn.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from perceptgraph.graphs.image_alignment import alignment_of, dimensions_of
from perceptgraph.graphs.loader import GraphStore
from perceptgraph.graphs.store import open_graphs
from perceptgraph.graphs.streaming import open_samples
from perceptgraph.stages import relate
from perceptgraph.stages.code_digest import code_digest
from perceptgraph.stages.few_shot import draw
from perceptgraph.stages.study import AS_IS, Level
from perceptgraph.stages.train import usable
from perceptgraph.stores.parts import key_of
from perceptgraph.stores.status import SPLITS

OUT = "alignment.csv"
COLUMNS = ("key", "axis", "level", "value", "draw", "sam")
IMAGES = 500
"""Training images that are looked at, as many of each class: the measure takes cubic time."""
DRAWS = 5
"""Of each randomisation."""


@dataclass(frozen=True, slots=True)
class Place:
    """A level of an axis."""

    axis: str
    level: Level


def write_alignment(root: Path, folder: Path, levels: Sequence[Place], landed: Path) -> None:
    """Write `folder/alignment.csv` of the graphs of a rung, or take it up from before.

    Parameters
    ----------
    root : Path
        Rung; its graphs are read where the table is not there already.
    folder : Path
        Of the tables of the stage.
    levels : sequence of Place
        At each of which the alterations of graphs are measured, besides the graphs as they are.
    landed : Path
        Folder where the table may have been landed.
    """
    everything = [
        Place(axis, level)
        for axis in dict.fromkeys(place.axis for place in levels)
        for level in (AS_IS, *(place.level for place in levels if place.axis == axis))
    ]
    key = key_of(
        {
            "graphs": open_graphs(root / relate.OUT).digest,
            "levels": [[p.axis, p.level.name, p.level.change.graphs] for p in everything],
            "size": [IMAGES, DRAWS],
            "code": code_digest(["perceptgraph.graphs.image_alignment"]),
        },
        [],
    )
    for before in (folder / OUT, landed / OUT):
        if before.exists() and set(read_alignment(before.parent)["key"]) == {key}:
            text = before.read_text()
            break
    else:
        text = _as_text(_lines(key, root, everything))
    folder.mkdir(parents=True, exist_ok=True)
    partial = (folder / OUT).with_suffix(".partial")
    partial.write_text(text)
    partial.replace(folder / OUT)


def read_alignment(folder: Path) -> pd.DataFrame:
    """alignment.csv of a folder; the measure grows as agreement is lost."""
    return pd.read_csv(folder / OUT, dtype={"key": str, "axis": str, "level": str})


def _lines(key: str, root: Path, places: Iterable[Place]) -> Iterable[Sequence[object]]:
    graphs = _sample(root)
    dimensions = dimensions_of(graphs, draws=DRAWS)
    for place in places:
        recipe = place.level.change.graphs
        found = alignment_of(graphs, recipe, dimensions, draws=DRAWS if recipe else 1)
        value = place.level.value if recipe else 0.0
        for number, sam in enumerate(found.tolist()):
            yield key, place.axis, place.level.name, value, number, round(sam, 4)


def _sample(root: Path) -> GraphStore:
    """Some training images of each class, as many of one as of another."""
    samples = open_samples(root / relate.OUT)
    pool = usable(samples, SPLITS.index("train"))
    counts: NDArray[np.int64] = np.unique(samples.label[pool], return_counts=True)[1]
    each = min(max(IMAGES // len(counts), 2), int(counts.min()))
    return samples.taken(draw(samples.label, pool, each, 0))


def _as_text(lines: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return out.getvalue()

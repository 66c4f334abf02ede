"""The zarr layout of primitives.zarr: one record per image, flat columns per family."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import (
    Blobs,
    EdgeChains,
    Junctions,
    LineSegments,
    Primitives,
    Ridges,
    primitives,
)
from perceptgraph.stores.arrays import offsets_of
from perceptgraph.stores.ragged import IMAGE, Column, Layout, RaggedStore, Record
from perceptgraph.stores.status import IDENTITY_COLUMNS

FORMAT = "perceptgraph.primitives"
VERSION = 2

_POLARITY = "1 where the brighter side is to the left, -1 right, 0 unknown"
_NFA = "log10 of the number of false alarms, lower is more meaningful"
_SHARE = "share of full scale"

SIZE_COLUMNS = {
    "image/height": Column(IMAGE, "i4", unit="pixels"),
    "image/width": Column(IMAGE, "i4", unit="pixels"),
}
LINE_COLUMNS = {
    "line/endpoints": Column("line", "f4", (2, 2), "pixels", "ends, (row, column)"),
    "line/width": Column("line", "f4", (), "pixels", "of the line-support region"),
    "line/polarity": Column("line", "i1", meaning=_POLARITY),
    "line/contrast": Column("line", "f4", (), _SHARE, "difference of the two sides"),
    "line/log10_nfa": Column("line", "f4", (), "log10", _NFA),
}
EDGE_COLUMNS = {
    "edge/n_points": Column("edge", "i4", (), "count", "points of the chain"),
    "edge/points": Column("edge_point", "f4", (2,), "pixels", "(row, column), chain by chain"),
    "edge/closed": Column("edge", "u1", meaning="1 where the last point joins the first"),
    "edge/polarity": Column("edge", "i1", meaning=_POLARITY),
    "edge/contrast": Column("edge", "f4", (), _SHARE, "difference of the two sides"),
    "edge/log10_nfa": Column("edge", "f4", (), "log10", _NFA),
}
JUNCTION_COLUMNS = {
    "junction/position": Column("junction", "f4", (2,), "pixels", "(row, column)"),
    "junction/degree": Column("junction", "i4", (), "count", "branches of the junction"),
    "junction/branch_angle": Column("branch", "f4", (), "radians", "outward, by junction"),
    "junction/kind": Column("junction", "u1", meaning="0 L, 1 T, 2 Y, 3 X"),
    "junction/scale": Column("junction", "f4", (), "pixels", "radius of the branches"),
    "junction/log10_nfa": Column("junction", "f4", (), "log10", _NFA),
}
RIDGE_COLUMNS = {
    "ridge/n_points": Column("ridge", "i4", (), "count", "points of the ridge"),
    "ridge/points": Column("ridge_point", "f4", (2,), "pixels", "(row, column), by ridge"),
    "ridge/width": Column("ridge_point", "f4", (), "pixels", "of the stroke at each point"),
    "ridge/bright": Column("ridge", "u1", meaning="1 where brighter than both sides"),
    "ridge/log10_nfa": Column("ridge", "f4", (), "log10", _NFA),
}
BLOB_COLUMNS = {
    "blob/centre": Column("blob", "f4", (2,), "pixels", "(row, column)"),
    "blob/second_moments": Column("blob", "f4", (3,), "square pixels", "rr, rc, cc"),
    "blob/contrast": Column("blob", "f4", (), _SHARE, "bright over dark surround"),
    "blob/n_points": Column("blob", "i4", (), "count", "points of the contour"),
    "blob/points": Column("blob_point", "f4", (2,), "pixels", "closed contour, by blob"),
    "blob/log10_nfa": Column("blob", "f4", (), "log10", _NFA),
}

PRIMITIVE_LAYOUT = Layout(
    FORMAT,
    VERSION,
    IDENTITY_COLUMNS
    | SIZE_COLUMNS
    | LINE_COLUMNS
    | EDGE_COLUMNS
    | JUNCTION_COLUMNS
    | RIDGE_COLUMNS
    | BLOB_COLUMNS,
)
"""Of primitives.zarr. Image i is image i of images.zarr; one that failed has no primitives."""


def open_primitives(path: Path) -> RaggedStore:
    """The primitive store at `path`; StoreError if it is not a finished one."""
    return RaggedStore(path, PRIMITIVE_LAYOUT)


def primitive_record(
    found: Primitives, identity: Record, height: int, width: int
) -> dict[str, Any]:
    """The record of one image of this size; `identity` holds its IDENTITY_COLUMNS."""
    lines, edges, junctions = found.lines, found.edges, found.junctions
    ridges, blobs = found.ridges, found.blobs
    return {
        **identity,
        "image/height": height,
        "image/width": width,
        **{f"line/{name}": getattr(lines, name) for name in _names(LINE_COLUMNS)},
        "edge/n_points": np.diff(edges.offsets),
        **{f"edge/{name}": getattr(edges, name) for name in _names(EDGE_COLUMNS)},
        "junction/degree": np.diff(junctions.branch_offsets),
        **{f"junction/{name}": getattr(junctions, name) for name in _names(JUNCTION_COLUMNS)},
        "ridge/n_points": np.diff(ridges.offsets),
        **{f"ridge/{name}": getattr(ridges, name) for name in _names(RIDGE_COLUMNS)},
        "blob/n_points": np.diff(blobs.offsets),
        **{f"blob/{name}": getattr(blobs, name) for name in _names(BLOB_COLUMNS)},
    }


def primitives_of(record: Record) -> Primitives:
    """Primitives of one image from its record."""
    return primitives(
        lines=LineSegments(
            endpoints=record["line/endpoints"],
            width=record["line/width"],
            polarity=record["line/polarity"],
            contrast=record["line/contrast"],
            log10_nfa=record["line/log10_nfa"],
        ),
        edges=EdgeChains(
            points=record["edge/points"],
            offsets=offsets_of(record["edge/n_points"]),
            closed=_flags(record["edge/closed"]),
            polarity=record["edge/polarity"],
            contrast=record["edge/contrast"],
            log10_nfa=record["edge/log10_nfa"],
        ),
        junctions=Junctions(
            position=record["junction/position"],
            branch_angle=record["junction/branch_angle"],
            branch_offsets=offsets_of(record["junction/degree"]),
            kind=record["junction/kind"],
            scale=record["junction/scale"],
            log10_nfa=record["junction/log10_nfa"],
        ),
        ridges=Ridges(
            points=record["ridge/points"],
            offsets=offsets_of(record["ridge/n_points"]),
            width=record["ridge/width"],
            bright=_flags(record["ridge/bright"]),
            log10_nfa=record["ridge/log10_nfa"],
        ),
        blobs=Blobs(
            centre=record["blob/centre"],
            second_moments=record["blob/second_moments"],
            contrast=record["blob/contrast"],
            points=record["blob/points"],
            offsets=offsets_of(record["blob/n_points"]),
            log10_nfa=record["blob/log10_nfa"],
        ),
    )


def _names(columns: dict[str, Column]) -> list[str]:
    """Fields that are stored as they are; the counts come from the offsets."""
    names = [name.partition("/")[2] for name in columns]
    return [name for name in names if name not in ("n_points", "degree")]


def _flags(stored: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return stored.astype(np.bool_)

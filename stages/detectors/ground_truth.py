"""Primitives of a drawing as it was drawn, in place of detected ones: the control for detectors."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import (
    EdgeChains,
    Junctions,
    LineSegments,
    Primitives,
    primitives,
)
from perceptgraph.stores.arrays import offsets_of

ARC_STEP = math.radians(5.0)
"""Turn between the points of an arc: its chord leaves a circle of radius 30 by 0.03 pixels."""
KNOWN = 0.0
"""log10(NFA) of a drawn primitive: nothing was tested, so all have the same."""


def drawn_primitives(truth: Mapping[str, Any]) -> Primitives:
    """Line segments, arcs and junctions of a drawing, clutter included.

    Parameters
    ----------
    truth : mapping
        The columns `truth/...` of one image (`perceptgraph.datasets.image_set.DRAWING_COLUMNS`).

    Returns
    -------
    Primitives
        Centre lines of the strokes: width is that of the stroke, polarity 0 as both sides are
        alike, contrast 1, log10_nfa 0.
    """
    stroke_width = float(truth["truth/stroke_width"])
    return primitives(
        lines=_lines(truth["truth/segment"], stroke_width),
        edges=_arcs(truth["truth/arc"]),
        junctions=_junctions(truth, stroke_width),
    )


def _lines(segments: NDArray[Any], stroke_width: float) -> LineSegments:
    n = len(segments)
    return LineSegments(
        endpoints=segments.astype(np.float32),
        width=np.full(n, stroke_width, np.float32),
        polarity=np.zeros(n, np.int8),
        contrast=np.ones(n, np.float32),
        log10_nfa=np.full(n, KNOWN, np.float32),
    )


def _arcs(arcs: NDArray[Any]) -> EdgeChains:
    chains = [arc_points(*arc) for arc in arcs.astype(np.float64)]
    n = len(chains)
    return EdgeChains(
        points=np.concatenate([np.zeros((0, 2), np.float32), *chains]),
        offsets=offsets_of(np.array([len(chain) for chain in chains], np.int64)),
        closed=np.abs(arcs[:, 4]) >= 2 * np.pi - ARC_STEP,
        polarity=np.zeros(n, np.int8),
        contrast=np.ones(n, np.float32),
        log10_nfa=np.full(n, KNOWN, np.float32),
    )


def arc_points(
    row: float, column: float, radius: float, start: float, sweep: float
) -> NDArray[np.float32]:
    """Points (P, 2) of a circular arc, ends included.

    Angles run from the +column axis towards +row, as everywhere.
    """
    steps = max(1, math.ceil(abs(sweep) / ARC_STEP))
    angle = start + sweep * np.arange(steps + 1) / steps
    points = np.stack([row + radius * np.sin(angle), column + radius * np.cos(angle)], axis=1)
    return points.astype(np.float32)


def _junctions(truth: Mapping[str, Any], stroke_width: float) -> Junctions:
    n = len(truth["truth/junction"])
    return Junctions(
        position=truth["truth/junction"],
        branch_angle=truth["truth/branch_angle"],
        branch_offsets=offsets_of(truth["truth/junction_degree"]),
        kind=truth["truth/junction_kind"],
        scale=np.full(n, stroke_width, np.float32),
        log10_nfa=np.full(n, KNOWN, np.float32),
    )

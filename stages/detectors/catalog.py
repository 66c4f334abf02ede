"""The detectors by name: what each finds, and what it works on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from perceptgraph.stages.detectors.blobs import blobs
from perceptgraph.stages.detectors.clipped_contours import clipped_contours
from perceptgraph.stages.detectors.contours import contours
from perceptgraph.stages.detectors.edgelets import edgelets
from perceptgraph.stages.detectors.edges import edges
from perceptgraph.stages.detectors.junctions import junctions
from perceptgraph.stages.detectors.lines import lines
from perceptgraph.stages.detectors.ridges import ridges
from perceptgraph.stages.detectors.stroke_junctions import stroke_junctions
from perceptgraph.stages.detectors.strokes import strokes


@dataclass(frozen=True, slots=True)
class Detector:
    """A function that finds a family of primitives."""

    find: Callable[..., Any]
    family: str
    """Of `perceptgraph.graphs.primitives.FAMILIES`."""
    takes: tuple[str, ...]
    """Its arguments in order: "grey", (H, W) float32 in [0, 1]; "colour", (H, W, 3), or (H, W) of a
    grey image; or the name of a detector, for what that one finds."""
    enlarge: bool = True
    """Whether a small image is enlarged before: for detectors that need some pixels of room."""


DETECTORS: dict[str, Detector] = {
    "lines": Detector(lines, "lines", ("grey",)),
    "edges": Detector(edges, "edges", ("colour",)),
    "edgelets": Detector(edgelets, "edges", ("grey",)),
    "contours": Detector(contours, "edges", ("grey",), enlarge=False),
    "clipped_contours": Detector(clipped_contours, "edges", ("grey",), enlarge=False),
    "junctions": Detector(junctions, "junctions", ("grey", "lines")),
    "ridges": Detector(ridges, "ridges", ("grey",)),
    "strokes": Detector(strokes, "ridges", ("grey",), enlarge=False),
    "stroke_junctions": Detector(stroke_junctions, "junctions", ("strokes",), enlarge=False),
    "blobs": Detector(blobs, "blobs", ("grey",)),
}
"""A detector stands behind those it takes from. Of two that find the same family one can be
chosen: strokes and contours are for drawings and digits, the others for photographs; edgelets are
many and all over one, for models of texture and layout."""

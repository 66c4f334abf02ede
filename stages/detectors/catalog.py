"""The detectors by name, and what each works on."""

from collections.abc import Callable
from typing import Any

from perceptgraph.stages.detectors.edges import edges
from perceptgraph.stages.detectors.junctions import junctions
from perceptgraph.stages.detectors.lines import lines
from perceptgraph.stages.detectors.ridges import ridges

TAKES: dict[str, str] = {
    "lines": "image",
    "edges": "image",
    "junctions": "lines",
    "ridges": "image",
}
"""Detector to its input: "image", (H, W) float32 in [0, 1], or a family found before."""

DETECTORS: dict[str, Callable[..., Any]] = {
    "lines": lines,
    "edges": edges,
    "junctions": junctions,
    "ridges": ridges,
}
"""Name of a family to the function that finds it; a family stands behind what it is made from."""

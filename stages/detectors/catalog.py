"""The detectors by name, and what each works on."""

from collections.abc import Callable
from typing import Any

from perceptgraph.stages.detectors.junctions import junctions
from perceptgraph.stages.detectors.lines import lines

TAKES: dict[str, str] = {"lines": "image", "junctions": "lines"}
"""Detector to its input: "image", (H, W) float32 in [0, 1], or a family found before."""

DETECTORS: dict[str, Callable[..., Any]] = {"lines": lines, "junctions": junctions}
"""Name of a family to the function that finds it; a family stands behind what it is made from."""

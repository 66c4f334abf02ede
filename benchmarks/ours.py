"""Our detectors as the benches call them: the one place that knows how they are reached."""

from typing import Any

from numpy.typing import NDArray

from perceptgraph.graphs.primitives import FAMILIES, EdgeChains, Primitives
from perceptgraph.stages.detect import detect
from perceptgraph.stages.detectors.catalog import DETECTORS


def families() -> tuple[str, ...]:
    """Families that a detector of the same name finds."""
    return tuple(family for family in FAMILIES if family in DETECTORS)


def found(image: NDArray[Any], *names: str) -> Primitives:
    """Primitives of the families `names`, at default parameters, the image not enlarged.

    Parameters
    ----------
    image : (H, W) grey or (H, W, 3) red, green, blue; uint8, or floating point in [0, 1]
    names : str
        Families; those that others are made from are found too, and not returned.
    """
    return detect(image, {name: {} for name in names}, max_zoom=1)


def found_by(image: NDArray[Any], *names: str) -> Primitives:
    """Primitives that the detectors `names` find, small images enlarged as `detect` does."""
    return detect(image, {name: {} for name in names})


def found_edges(image: NDArray[Any], log10_eps: float) -> EdgeChains:
    """Edge chains of at most this log10(NFA), all else at default."""
    return detect(image, {"edges": {"log10_eps": log10_eps}}, max_zoom=1).edges


def found_lines(image: NDArray[Any]) -> NDArray[Any]:
    """Ends (N, 2, 2) of the line segments, (row, column)."""
    return found(image, "lines").lines.endpoints


def found_junctions(image: NDArray[Any]) -> NDArray[Any]:
    """Positions (N, 2) of the junctions, (row, column)."""
    return found(image, "junctions").junctions.position

"""Images that no store holds, as a model sees them: squares, or graphs made as its own were."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from perceptgraph.graphs.loader import GraphSchema, GraphStore
from perceptgraph.graphs.models.classifier import Classifier, Samples
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.unstored import unstored
from perceptgraph.stages import detect, relate
from perceptgraph.stages.baselines.pixel_net import seen_by
from perceptgraph.stages.baselines.pixels import pixels_in_memory


def graphs_of_images(images: Sequence[NDArray[Any]], made_with: Mapping[str, Any]) -> GraphStore:
    """The relation graphs of images, with the detectors and relations that a model learned from.

    Parameters
    ----------
    images : sequence of (H, W) or (H, W, 3) arrays
        uint8, uint16, or floating point in [0, 1]. What is found in one does not depend on the
        others.
    made_with : mapping
        Recipes of `detect` (None for drawn primitives) and `relate`, as a graph store and a saved
        model keep them, with the schema of the graphs.

    Raises
    ------
    ValueError
        An image that cannot be used, or a model of primitives as they were drawn.
    """
    if made_with["detect"] is None:
        raise ValueError(
            "the model learned from primitives as they were drawn, which an image does not have; "
            "train one with detect.ground_truth: false"
        )
    finding, relating = _recipes(json.dumps([made_with["detect"], made_with["relate"]]))
    found = [finding.find(image) for image in images]
    nodes, edges = relate.related_together(found, relating, [0] * len(found))
    return unstored(nodes, edges, GraphSchema.of(made_with))


@lru_cache(maxsize=8)
def _recipes(made_with: str) -> tuple[detect.Recipe, relate.Recipe]:
    """Recipes of `detect` and `relate`: checked once, however often an attack comes back."""
    finding, relating = json.loads(made_with)
    return detect.Recipe(**finding), relate.Recipe(**relating)


def samples_of_images(
    images: Sequence[NDArray[Any]],
    cls: type[Classifier],
    keywords: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Samples:
    """What a model with these keywords, which learned from samples of these facts, sees of images.

    Raises
    ------
    ValueError
        An image that cannot be used, or a model of primitives as they were drawn.
    """
    if issubclass(cls, GraphModel):
        return cls.supplied(graphs_of_images(images, facts))
    return pixels_in_memory(list(images), **seen_by(keywords))

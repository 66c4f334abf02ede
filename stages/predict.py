"""Classify images with a saved model, which brings all that is needed along."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.graphs.loader import GraphSchema, graphs_in_memory
from perceptgraph.graphs.models.classifier import Samples
from perceptgraph.graphs.models.fitting import logits_of
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.saved import load_model
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.stages import detect, relate
from perceptgraph.stages.baselines.pixel_net import seen_by
from perceptgraph.stages.baselines.pixels import pixels_in_memory
from perceptgraph.stages.train import CLASSIFIERS


def graph_of_image(image: NDArray[Any], made_with: Mapping[str, Any]) -> RelationGraph:
    """The relation graph of an image, with the detectors and relations that a model learned from.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        uint8, uint16, or floating point in [0, 1].
    made_with : mapping
        Recipes of `detect` (None for drawn primitives) and `relate`, as a graph store and a saved
        model keep them.

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
    found = detect.Recipe(**made_with["detect"]).find(image)
    return relate.relate_one(found, -1, relate.Recipe(**made_with["relate"]))


def predict(
    folder: Path, images: Sequence[NDArray[Any]]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Probability of each class for each image.

    Parameters
    ----------
    folder : Path
        Of a trained model.
    images : sequence of N arrays
        (H, W) or (H, W, 3); uint8, uint16, or floating point in [0, 1].

    Returns
    -------
    class_names : tuple of C str
    probability : (N, C) float64
        Rows sum to 1.

    Raises
    ------
    ModelError
        The folder holds no model that this code reads.
    ValueError
        An image that cannot be used.
    """
    net, about = load_model(folder, CLASSIFIERS)
    samples: Samples
    if isinstance(net, GraphModel):
        graphs = [graph_of_image(image, about.facts) for image in images]
        samples = net.supplied(graphs_in_memory(graphs, GraphSchema.of(about.facts)))
    else:
        samples = pixels_in_memory(list(images), **seen_by(about.keywords))
    logits = logits_of(net, samples, np.arange(len(images)), torch.device("cpu"))
    return tuple(about.facts["class_names"]), logits.double().softmax(1).numpy()

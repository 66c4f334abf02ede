"""Classify images with a saved model, which brings all that is needed along."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.graphs.models.fitting import logits_of
from perceptgraph.graphs.models.saved import load_model
from perceptgraph.stages.seeing import samples_of_images
from perceptgraph.stages.train import CLASSIFIERS


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
    samples = samples_of_images(images, type(net), about.keywords, about.facts)
    logits = logits_of(net, samples, np.arange(len(images)), torch.device("cpu"))
    return tuple(about.facts["class_names"]), logits.double().softmax(1).numpy()

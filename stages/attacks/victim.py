"""What is attacked: a classifier from the image to its scores, front end included."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.graphs.models.classifier import Classifier
from perceptgraph.graphs.models.fitting import logits_of
from perceptgraph.stages.attacks import ATTACKS
from perceptgraph.stages.params import ParamsError, check_choices, check_keywords
from perceptgraph.stages.seeing import samples_of_images

Images = NDArray[np.float32]
"""(N, H, W) in [0, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class Victim:
    """A trained classifier, with all that leads from an image to what it reads."""

    net: Classifier
    keywords: Mapping[str, Any]
    """Of the classifier, as params.yaml has them."""
    facts: Mapping[str, Any]
    """Of the samples that it learned from: their schema, and how they were made."""
    other: Callable[[str], "Victim"]
    """Another contender that learned from the same images with the same seed, by its name."""

    def scores(self, images: Images) -> NDArray[np.float32]:
        """Logits (N, C) of images (N, H, W), each by itself, whatever is beside it."""
        samples = samples_of_images(list(images), type(self.net), self.keywords, self.facts)
        logits = logits_of(self.net, samples, np.arange(len(images)), torch.device("cpu"))
        return np.asarray(logits.numpy(), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Attacked:
    """What came of an attack on N images."""

    images: Images
    """(N, H, W): as they were last; within the budget."""
    right: NDArray[np.bool_]
    """(N,): the victim still gives the label."""
    queries: NDArray[np.int64]
    """(N,): how often the victim was asked about the image, the untouched one included."""


class Attack(Protocol):
    """A function of ATTACKS; its keywords are in params.yaml."""

    def __call__(
        self,
        victim: Victim,
        images: Images,
        labels: NDArray[np.int64],
        rng: np.random.Generator,
        **keywords: Any,
    ) -> Attacked:
        """Attack images (N, H, W) of labels (N,)."""
        ...


def attack_of(name: str) -> Attack:
    """The function of ATTACKS; only its module is imported."""
    module, _, function = ATTACKS[name].partition(":")
    found: Attack = getattr(importlib.import_module(module), function)
    return found


def check_attack(recipe: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ParamsError unless this is one attack, or none, with all of its keywords."""
    if len(recipe) > 1:
        raise ParamsError(f"attack: expected one attack at a time, got {', '.join(recipe)}")
    check_choices("attack", recipe, ATTACKS)
    for name, keywords in recipe.items():
        check_keywords(f"attack.{name}", attack_of(name), keywords)


def margins(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Score of the label minus the highest of the others, (N,); right where it is above 0.

    Examples
    --------
    >>> margins(np.array([[2, 1, 0.5], [0, 3, 3]], np.float32), np.array([0, 1])).tolist()
    [1.0, 0.0]
    """
    rows = np.arange(len(labels))
    others = scores.copy()
    others[rows, labels] = -np.inf
    return np.asarray(scores[rows, labels] - others.max(axis=1), np.float32)


def attacked(
    victim: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    recipe: Mapping[str, Mapping[str, Any]],
) -> Attacked:
    """What comes of the one attack of the recipe; without one, of the images as they are."""
    for name, keywords in recipe.items():
        return attack_of(name)(victim, images, labels, rng, **keywords)
    right = margins(victim.scores(images), labels) > 0
    return Attacked(images, right, np.ones(len(images), np.int64))

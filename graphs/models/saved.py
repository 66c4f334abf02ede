"""Saved models: weights as safetensors, everything else as JSON; reading one runs no code.

A model's folder embeds its parameters, the schema of what it reads, the class names, and the
parameters of the detectors and relations that made its graphs, so `predict` needs nothing else.
"""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from perceptgraph.graphs.models.classifier import Classifier

FORMAT = "perceptgraph.model"
VERSION = 2
WEIGHTS, ABOUT = "model.safetensors", "model.json"
KEYS = {"format", "version", "model", "keywords", "facts", "parameters", "steps"}


class ModelError(ValueError):
    """A folder that holds no model, a damaged one, or one of another version."""


@dataclass(frozen=True, slots=True)
class About:
    """What stands beside the weights."""

    model: str
    """Name in the table of models."""
    keywords: Mapping[str, Any]
    """Its parameters."""
    facts: Mapping[str, Any]
    """Of the samples that it learned from: their schema, and how they were made."""
    parameters: int
    """Numbers that were learned."""
    steps: int
    """Of gradient descent, up to the weights that were kept."""


def classifier_of(name: str, table: Mapping[str, str]) -> type[Classifier]:
    """The class that `table` gives for `name`; only its module is imported."""
    module, _, attribute = table[name].partition(":")
    found: type[Classifier] = getattr(importlib.import_module(module), attribute)
    return found


def n_parameters(net: Classifier) -> int:
    """Numbers that are learned."""
    return sum(p.numel() for p in net.parameters())


def save_model(folder: Path, net: Classifier, about: About) -> None:
    """Write the model into `folder`, which exists."""
    state = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    save_file(state, folder / WEIGHTS)
    values = {
        "format": FORMAT,
        "version": VERSION,
        "model": about.model,
        "keywords": dict(about.keywords),
        "facts": dict(about.facts),
        "parameters": about.parameters,
        "steps": about.steps,
    }
    (folder / ABOUT).write_text(json.dumps(values, indent=2) + "\n")


def read_about(folder: Path) -> About:
    """What stands beside the weights in `folder`; ModelError where it is no model."""
    path = folder / ABOUT
    try:
        values = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder}: expected a trained model, found no {ABOUT}; name the folder of a model "
            "such as outputs/shapes/models/h2gcn"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: expected JSON, found none: {error}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ModelError(f"{path}: expected format {FORMAT}, found another")
    if values.get("version") != VERSION:
        raise ModelError(
            f"{path}: version {values.get('version')}, this code reads version {VERSION}; train "
            "the model again"
        )
    if set(values) != KEYS:
        raise ModelError(f"{path}: expected the keys {sorted(KEYS)}, found {sorted(values)}")
    return About(**{key: values[key] for key in KEYS - {"format", "version"}})


def load_model(folder: Path, table: Mapping[str, str]) -> tuple[Classifier, About]:
    """The model in `folder`, ready to give logits, and what stands beside it.

    Raises
    ------
    ModelError
        The folder holds no model of this version, or its files are damaged or do not fit together.
    """
    about = read_about(folder)
    if about.model not in table:
        raise ModelError(f"{folder}: no model {about.model!r}; known are {', '.join(table)}")
    cls = classifier_of(about.model, table)
    try:
        net = cls(cls.schema(about.facts), **about.keywords)
        net.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder}: expected weights of {about.model} in {WEIGHTS}, found others: {error}"
        ) from error
    return net.eval(), about

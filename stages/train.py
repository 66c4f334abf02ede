"""Stage `train`: one model on one rung, from graphs or, for the controls, from pixels."""

import csv
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator

from perceptgraph import datasets, graphs, stages, stores
from perceptgraph.graphs.models import MODELS
from perceptgraph.graphs.models.classifier import Classifier, ClosedForm, Samples
from perceptgraph.graphs.models.fitting import Checkpoint, Evaluation, Recipe, best_of, fit
from perceptgraph.graphs.models.saved import About, classifier_of, n_parameters, save_model
from perceptgraph.stages.baselines import BASELINES
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import ParamsError, StageParams, check_choices, check_keywords
from perceptgraph.stores.mapper import Mapper
from perceptgraph.stores.parts import key_of, remove_parts
from perceptgraph.stores.status import SPLITS

OUT = "models"
CLASSIFIERS = {**MODELS, **BASELINES}
"""Every model that can be trained: on graphs and on pixels."""
BACKWARD = 2  # a backward pass costs about two forward ones

Progress = Callable[[int, int], None]
"""Told how much is done, of how much at most."""


class Augment(StageParams):
    """How graph models see their training images: others each time."""

    recipes: dict[str, dict[str, dict[str, Any]]]
    """By a name for it: names of `graphs.augment.AUGMENTATIONS`, in order, with their keywords."""
    recipe_of: dict[str, str]
    """Data set to the name of its recipe."""

    @model_validator(mode="after")
    def _recipes_are_known(self) -> Self:
        for dataset, name in self.recipe_of.items():
            check_choices(f"augment.recipe_of.{dataset}", [name], self.recipes)
        return self


class Params(StageParams):
    """Section `train` of params.yaml; `networks` maps each model to its own parameters."""

    seed: int = Field(ge=0)
    batch_size: int = Field(gt=0)
    max_steps: int = Field(gt=0)
    evaluate_every: int = Field(gt=0)
    patience: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    augment: Augment
    networks: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _networks_are_known(self) -> Self:
        check_choices("networks", self.networks, CLASSIFIERS)
        return self

    @property
    def recipe(self) -> Recipe:
        """How long and how fast to learn."""
        return Recipe(
            self.batch_size,
            self.max_steps,
            self.evaluate_every,
            self.patience,
            self.learning_rate,
            self.weight_decay,
        )


def keywords_of(params: Params, model: str, cls: type[Classifier]) -> dict[str, Any]:
    """Parameters of `model`, all there; ParamsError otherwise."""
    check_choices("--model", [model], params.networks)
    check_keywords(f"train.networks.{model}", cls, params.networks[model])
    return params.networks[model]


def augmentation_of(params: Params, dataset: str) -> dict[str, dict[str, Any]]:
    """What is done to the training graphs of a data set; ParamsError where nothing is said."""
    check_choices("train.augment.recipe_of", [dataset], params.augment.recipe_of)
    return params.augment.recipes[params.augment.recipe_of[dataset]]


def device_of(name: str) -> torch.device:
    """The device "auto", "cpu" or "cuda"; auto is CUDA where there is one."""
    check_choices("--device", [name], dict.fromkeys(("auto", "cpu", "cuda")))
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ParamsError("--device cuda: no CUDA device is available here; use auto or cpu")
    return torch.device("cuda" if name != "cpu" and available else "cpu")


def usable(samples: Samples, split: int) -> NDArray[np.int64]:
    """Indices of the images of a split that were processed and have a label."""
    chosen = samples.ok & (samples.label >= 0) & (samples.split == split)
    return np.flatnonzero(chosen)


def new_network(
    cls: type[Classifier], samples: Samples, keywords: Mapping[str, Any], seed: int
) -> Classifier:
    """A network with its first weights, a function of the seed."""
    torch.manual_seed(seed)
    return cls(cls.schema(samples.facts), **keywords)


def no_progress(done: int, most: int) -> None:
    """Tell nobody."""


def run(
    params: Params,
    root: Path,
    mapper: Mapper,
    model: str,
    device: str = "auto",
    progress: Progress = no_progress,
) -> Outcome:
    """Read the store that `model` learns from, write `root/models/<model>/`."""
    check_choices("--model", [model], CLASSIFIERS)
    target = device_of(device)
    cls = classifier_of(model, CLASSIFIERS)
    keywords = keywords_of(params, model, cls)
    samples = cls.open(root / cls.STORE, keywords)
    train, val = (usable(samples, SPLITS.index(name)) for name in ("train", "val"))
    _check_samples(root / cls.STORE, samples, train, val)
    net = new_network(cls, samples, keywords, params.seed)
    augmentation = augmentation_of(params, root.name)
    drawn = cls.drawn(samples, augmentation)
    facts = {
        "params": params.model_dump(exclude={"networks", "augment"}),
        "augmentation": augmentation if drawn else {},
        "keywords": keywords,
        "samples": dict(samples.facts),
        "device": target.type,
    }
    code = [Path(package.__path__[0]) for package in (datasets, graphs, stages, stores)]
    checkpoint = Checkpoint(root / "parts" / f"train-{model}" / "state.pt", key_of(facts, code))
    history = fit(
        net,
        samples,
        train,
        val,
        np.random.default_rng(params.seed),
        params.recipe,
        target,
        checkpoint,
        lambda row: progress(row.step, params.max_steps),
        drawn,
    )
    net.to("cpu")
    about = About(model, keywords, samples.facts, n_parameters(net), history[best_of(history)].step)
    _write(root / OUT / model, net, about, history)
    remove_parts(root, f"train-{model}")
    return Outcome(_work(net, samples, train, val, history, params.batch_size))


def _check_samples(
    store: Path, samples: Samples, train: NDArray[np.int64], val: NDArray[np.int64]
) -> None:
    n_classes = len(samples.facts.get("class_names", ()))
    if n_classes < 2:
        raise ValueError(
            f"{store}: expected at least two classes to tell apart, found {n_classes}; this data "
            "set can be detected and related, not trained on"
        )
    if not (len(train) and len(val)):
        raise ValueError(
            f"{store}: expected labelled images to train on and to validate with, found "
            f"{len(train)} and {len(val)}"
        )


def _write(folder: Path, net: Classifier, about: About, history: list[Evaluation]) -> None:
    """Write the model's folder: whole, or not at all."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_model(partial, net, about)
    with (partial / "history.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, list(asdict(history[0])))
        rows.writeheader()
        rows.writerows(
            {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(row).items()}
            for row in history
        )
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def macs_per_sample(net: Classifier, samples: Samples, chosen: NDArray[np.int64]) -> float:
    """Mean multiply-adds of one sample, over at most 512 of those chosen, evenly spaced."""
    few = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), 512)).astype(np.int64)]
    return net.macs(samples.batch(few)) / max(len(few), 1)


def _work(
    net: Classifier,
    samples: Samples,
    train: NDArray[np.int64],
    val: NDArray[np.int64],
    history: list[Evaluation],
    batch_size: int,
) -> dict[str, int]:
    """Counts for the ledger; multiply-adds of training and of all validations."""
    steps = history[-1].step
    each = macs_per_sample(net, samples, train)
    if isinstance(net, ClosedForm):
        solved = {"images": len(train) + len(val), "steps": 1, "epochs": 1}
        macs = net.solving_macs + round(each * len(val))
        return {**solved, "parameters": n_parameters(net), "macs": macs}
    seen = min(batch_size, len(train)) * steps
    forwards = seen * (1 + BACKWARD) + len(val) * len(history)
    return {
        "images": len(train) + len(val),
        "steps": steps,
        "epochs": -(-seen // len(train)),
        "parameters": n_parameters(net),
        "macs": round(forwards * each),
    }

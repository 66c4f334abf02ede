"""Measure cells: what they share is learned once, then every one of them is scored.

A finished cell is a file named after its key, below outputs/<dataset>/cells/. What comes out is a
function of images, parameters and code, but for the seconds.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.graphs.loader import GraphStore, read_graphs
from perceptgraph.graphs.models.classifier import Classifier, Samples
from perceptgraph.graphs.models.fitting import logits_of
from perceptgraph.graphs.models.saved import classifier_of, n_parameters
from perceptgraph.stages import train
from perceptgraph.stages.detectors.grey import grey
from perceptgraph.stages.few_shot import fitted
from perceptgraph.stages.outcome import Power
from perceptgraph.stages.study import Cell
from perceptgraph.stages.tables import Cost, Finished, Result, packed
from perceptgraph.stores.ragged import taken
from perceptgraph.stores.status import SPLITS

CELLS = "cells"
"""Below outputs/<dataset>/, outside of what DVC keeps."""
Indices = NDArray[np.int64]
IMAGES = "images.zarr"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Some images of a variant, as a cell sees them."""

    root: Path
    """Rung of the variant."""
    places: Indices
    """(I,): of the images, in the variant."""
    extraction_s: float
    """CPU-seconds of one image, from pixels to graph; 0 where no graph is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A cell to score."""

    key: str
    cell: Cell
    scored: Seen
    source: tuple[Cell, Seen] | None
    """The cell that an attack takes its images from, and what it learns from."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Cells that share all that is learned."""

    learned: Seen
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model that has learned."""

    net: Classifier
    open_s: float
    """CPU-seconds to open all images that it learned from."""
    extraction_s: float
    fit_s: float
    wall_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Some images as a model reads them."""

    samples: Samples
    places: Indices
    """(I,): of the images, among the samples."""
    cpu_s: float
    """CPU-seconds that one image took to open."""


def run_job(job: Job, folder: Path, power: Power) -> int:
    """Learn once, score every cell and keep each in `folder` as soon as it is known; how many."""
    learner = None
    for task in job.tasks:
        learned, scored = both(task.cell, job.learned, task.scored)
        learner = learner or fit(task.cell, learned, job.learned.extraction_s)
        keep(folder, task.key, score(learner, scored, task, power))
    return len(job.tasks)


def both(cell: Cell, learned: Seen, scored: Seen) -> tuple[Opened, Opened]:
    """What a cell learns from and what it is scored on, as its model reads them.

    Graphs that are altered are these alone, all at once, by a generator of the draw.
    """
    if not cell.change.graphs:
        return opened(cell, learned), opened(cell, scored)
    from perceptgraph.graphs.alterations import altered

    cls: Any = cell.run.setting.cls
    graphs, each = _graphs(learned.root / cls.STORE)
    n, m = len(learned.places), len(scored.places)
    start = process_time()
    few = graphs.taken(np.concatenate([learned.places, scored.places]))
    roles = np.array([SPLITS.index("train"), SPLITS.index("test")], np.uint8)
    rng = np.random.default_rng([cell.run.draw, 2])
    samples = cls.supplied(
        altered(replace(few, split=np.repeat(roles, [n, m])), rng, cell.change.graphs)
    )
    each += (process_time() - start) / (n + m)
    places = np.arange(n + m)
    return Opened(samples, places[:n], each), Opened(samples, places[n:], each)


def opened(cell: Cell, seen: Seen) -> Opened:
    """Images as the cell's model reads them."""
    setting = cell.run.setting
    keywords = json.dumps(setting.keywords, sort_keys=True)
    samples, each = _opened(seen.root / setting.cls.STORE, setting.model, keywords)
    return Opened(samples, seen.places, each)


@lru_cache(maxsize=2)
def _opened(store: Path, model: str, keywords: str) -> tuple[Samples, float]:
    """Samples of a store, and CPU-seconds of one of them; kept for the cells that come next."""
    start = process_time()
    cls = classifier_of(model, train.CLASSIFIERS)
    samples = cls.open(store, json.loads(keywords))
    return samples, (process_time() - start) / max(len(samples.label), 1)


@lru_cache(maxsize=1)
def _graphs(store: Path) -> tuple[GraphStore, float]:
    """Graphs of a store as they are, and CPU-seconds of one of them."""
    start = process_time()
    graphs = read_graphs(store)
    return graphs, (process_time() - start) / max(len(graphs), 1)


def fit(cell: Cell, learned: Opened, extraction_s: float) -> Fitted:
    """The cell's model, fitted to these images, some of their labels wrong.

    `extraction_s` is the CPU-seconds that one of them took from pixels to graph.
    """
    start, samples, places = perf_counter(), learned.samples, learned.places
    share = cell.change.wrong_labels
    if share:
        rng = np.random.default_rng([cell.run.draw, 3])
        n_classes = len(samples.facts["class_names"])
        label = with_wrong(samples.label, places, share, n_classes, rng)
        samples = replace(samples, label=label)  # type: ignore[type-var]
    net, fit_s = fitted(cell.run, samples, places)
    n = len(places)
    return Fitted(net, learned.cpu_s * n, extraction_s * n, fit_s, perf_counter() - start)


def with_wrong(
    label: Indices, places: Indices, share: float, n_classes: int, rng: np.random.Generator
) -> Indices:
    """Labels (G,) of which a share of those at `places` is drawn among the other classes."""
    chosen = rng.permutation(places)[: round(share * len(places))]
    wrong = label.copy()
    wrong[chosen] = (label[chosen] + rng.integers(1, n_classes, len(chosen))) % n_classes
    return wrong


def score(learner: Fitted, scored: Opened, task: Task, power: Power) -> Finished:
    """What a fitted model makes of the images of a task."""
    start, began = perf_counter(), process_time()
    samples, places = scored.samples, scored.places
    label = samples.label[places]
    if task.cell.change.attack:
        right, queries = under_attack(learner, task, samples, label)
    else:
        logits = logits_of(learner.net, samples, places, torch.device("cpu"))
        right, queries = logits.argmax(1).numpy() == label, None
    each = (process_time() - began) / len(places)
    result = Result(
        per_class=str(task.cell.run.per_class),
        accuracy=round(100 * float(right.mean()), 4),
        mean_per_class=round(mean_per_class(right, label), 4),
        parameters=n_parameters(learner.net),
        macs=round(train.macs_per_sample(learner.net, samples, places), 1),
        images=len(places),
        queries=queries,
        right=packed(right),
    )
    spent = learner.extraction_s + learner.open_s + learner.fit_s
    cost = Cost(
        extraction_s=round(learner.extraction_s, 4),
        open_s=round(learner.open_s, 4),
        fit_s=round(learner.fit_s, 4),
        score_s=round(each + scored.cpu_s + task.scored.extraction_s, 7),
        wall_s=round(learner.wall_s + perf_counter() - start, 3),
        joules=round(spent * power.watts, 3),
        method=power.method,
        host=power.host,
    )
    return Finished(result, cost)


def mean_per_class(right: NDArray[np.bool_], label: Indices) -> float:
    """Mean over the classes that are there of their accuracies, in percent."""
    return 100 * float(np.mean([right[label == name].mean() for name in np.unique(label)]))


def under_attack(
    learner: Fitted, task: Task, samples: Samples, label: Indices
) -> tuple[NDArray[np.bool_], float]:
    """Which images (I,) are still right under the cell's attack, and its mean queries an image."""
    from perceptgraph.stages.attacks.victim import Victim, attacked

    run = task.cell.run

    def other(name: str) -> Victim:
        if task.source is None or task.source[0].run.label != name:
            raise ValueError(f"attack: expected {name} as its source, params.yaml names another")
        cell, seen = task.source
        images = opened(cell, seen)
        net = fit(cell, images, seen.extraction_s).net
        return Victim(net, cell.run.setting.keywords, images.samples.facts, other)

    victim = Victim(learner.net, run.setting.keywords, samples.facts, other)
    block = taken(open_images(task.scored.root / IMAGES).block(), task.scored.places)
    images = image_set(block)
    pictures = np.stack([grey(images.image(i)) for i in range(len(images))])
    rng = np.random.default_rng([run.draw, 4])
    found = attacked(victim, pictures, label, rng, task.cell.change.attack)
    return found.right, round(float(found.queries.mean()), 2)


def keep(folder: Path, key: str, finished: Finished) -> None:
    """Write a finished cell: whole, or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {"key": key, "result": asdict(finished.result), "cost": asdict(finished.cost)}
    partial = folder / f"{key}.partial"
    partial.write_text(json.dumps(values, indent=1) + "\n")
    partial.replace(folder / f"{key}.json")


def kept(folder: Path, keys: Sequence[str]) -> dict[str, Finished]:
    """Those of the cells that are finished."""
    found = {}
    for key in dict.fromkeys(keys):
        path = folder / f"{key}.json"
        if path.exists():
            values = json.loads(path.read_text())
            found[key] = Finished(Result(**values["result"]), Cost(**values["cost"]))
    return found

"""One-shot runs of Omniglot: one example of each of 20 characters of an alphabet, 20 queries.

The drawers of examples and queries differ. The official runs are of the evaluation alphabets [1]_;
what is chosen is chosen on simulated runs of the background alphabets. No model has seen either
alphabet: each learns from the 20 examples of a run alone.

References
----------
.. [1] B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum, "Human-level concept learning through
       probabilistic program induction", Science 350(6266), 2015.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.benchmarks.few_shot import Costs, Figures
from perceptgraph.datasets.image_set import EXAMPLE, QUERY, open_images
from perceptgraph.graphs.models import fitting
from perceptgraph.graphs.models.saved import n_parameters
from perceptgraph.stages import train
from perceptgraph.stages.baselines.pixels import PixelStore
from perceptgraph.stages.few_shot_runs import Run, Setting

WAYS = 20
IMAGES = "images.zarr"
BACKGROUND = "images_background"


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """The images of one run."""

    examples: NDArray[np.int64]
    """(W,): image of each class."""
    queries: NDArray[np.int64]
    """(Q,): images that are asked for."""
    answers: NDArray[np.int64]
    """(Q,): their classes, in [0, W)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run, and what it took."""

    accuracy: float
    """Of the queries, in percent."""
    parameters: int
    macs: float
    """Multiply-adds of one query."""
    images: int
    """Examples and queries."""
    cpu_s: float
    """To learn from the examples and to answer the queries."""


def official(root: Path) -> list[Episode]:
    """The official runs, in order, from the image store below `root`; ValueError without any."""
    store = open_images(root / IMAGES)
    run, role, way = (store.column(f"episode/{name}") for name in ("run", "role", "class"))
    if not (run >= 0).any():
        raise ValueError(f"{root / IMAGES}: expected the images of one-shot runs, found none")
    episodes = []
    for number in range(int(run.max()) + 1):
        examples, queries = (
            np.flatnonzero((run == number) & (role == r)) for r in (EXAMPLE, QUERY)
        )
        examples = examples[np.argsort(way[examples])]
        episodes.append(Episode(examples, queries, way[queries].astype(np.int64)))
    return episodes


def simulated(image_id: Sequence[str], number: int) -> Episode:
    """Run `number` of the background alphabets: of one alphabet, WAYS characters, two drawers.

    `image_id`: names of all images, "images_background/alphabet/character/x_drawer.png".
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    for index, name in enumerate(image_id):
        if name.startswith(BACKGROUND):
            _, alphabet, character, drawing = name.split("/")
            drawer = Path(drawing).stem.split("_")[1]
            found.setdefault(alphabet, {}).setdefault(character, {})[drawer] = index
    large = sorted(name for name in found if len(found[name]) >= WAYS)
    if not large:
        raise ValueError(f"expected a background alphabet of {WAYS} characters, found none")
    rng = np.random.default_rng([number, 2024])
    characters = found[large[rng.integers(len(large))]]
    chosen = [characters[name] for name in rng.choice(sorted(characters), WAYS, replace=False)]
    drawers = sorted(set.intersection(*(set(drawings) for drawings in chosen)))
    one, other = rng.choice(drawers, 2, replace=False)
    examples, queries = (np.array([drawings[d] for drawings in chosen]) for d in (one, other))
    return Episode(examples, queries, np.arange(WAYS))


def outcome_of(episode: Episode, samples: Any, setting: Setting, seed: int) -> Outcome:
    """Let a model learn from the examples and answer the queries.

    Parameters
    ----------
    samples : GraphStore or PixelStore
        All images; their labels are not looked at.
    setting : Setting
        The model and how it learns.
    seed : int
        Of the model's draws.
    """
    label = np.full(len(samples.label), -1, np.int64)
    label[episode.examples] = np.arange(len(episode.examples))
    names = [str(way) for way in range(len(episode.examples))]
    seen = replace(samples, label=label, facts={**samples.facts, "class_names": names})
    start = process_time()
    net = train.new_network(setting.cls, seen, setting.keywords, seed)
    drawn = setting.cls.drawn(seen, setting.augmentation)
    rng, nothing = np.random.default_rng([seed, 1]), np.zeros(0, np.int64)
    fitting.fit(net, seen, episode.examples, nothing, rng, setting.recipe, drawn=drawn)
    logits = fitting.logits_of(net, seen, episode.queries, torch.device("cpu"))
    cpu_s = process_time() - start
    return Outcome(
        accuracy=100 * float((logits.argmax(1).numpy() == episode.answers).mean()),
        parameters=n_parameters(net),
        macs=train.macs_per_sample(net, seen, episode.queries),
        images=len(episode.examples) + len(episode.queries),
        cpu_s=cpu_s,
    )


def measure(
    root: Path, runs: Sequence[Run], costs: Costs, in_development: bool = False
) -> Iterator[Figures]:
    """Figures `omniglot/oneshot/<label>/...` of each label, as soon as its runs are done.

    The accuracy and its deviation are over the runs. `cpu_s` is of one run, the median: extraction
    of its 40 images, learning, and the answers, which are most of the work of a model that
    compares.

    Parameters
    ----------
    root : Path
        Folder of the stores.
    runs : sequence of Run
        Draw d is run d; those of one label stand together.
    costs : Costs
        What extraction takes.
    in_development : bool
        Simulated runs of the background alphabets instead of the official ones.
    """
    episodes = [] if in_development else official(root)
    for label, draws in groupby(runs, key=lambda run: run.label):
        todo = [run for run in draws if in_development or run.draw < len(episodes)]
        setting = todo[0].setting
        samples = setting.cls.open(root / setting.cls.STORE, setting.keywords)
        if isinstance(samples, PixelStore):  # which takes what is bright for what is drawn
            samples = replace(samples, pixels=255 - samples.pixels)
        found = [
            outcome_of(
                simulated(samples.image_id, run.draw) if in_development else episodes[run.draw],
                samples,
                run.setting,
                run.draw,
            )
            for run in todo
        ]
        yield figures_of(label, found, costs.extraction_s[setting.cls.STORE], costs.watts)


def figures_of(
    label: str, outcomes: Sequence[Outcome], extraction_s: float, watts: float
) -> Figures:
    """Means over the runs; see `measure`."""
    accuracy = [outcome.accuracy for outcome in outcomes]
    each = [outcome.images * extraction_s + outcome.cpu_s for outcome in outcomes]
    cpu_s = float(np.median(each))
    found = {
        "accuracy": float(np.mean(accuracy)),
        "sd": float(np.std(accuracy, ddof=min(1, len(accuracy) - 1))),
        "params": float(np.mean([outcome.parameters for outcome in outcomes])),
        "macs": float(np.mean([outcome.macs for outcome in outcomes])),
        "cpu_s": cpu_s,
        "joules": cpu_s * watts,
    }
    return {f"omniglot/oneshot/{label}/{name}": value for name, value in found.items()}

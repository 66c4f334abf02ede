"""Few-shot runs: a model learns from a few images of each class and is scored on all test images.

A draw takes the same number of training images of each class; draws of one number differ by their
own number alone, so every model learns from the same images. Nothing is chosen here: there is no
validation set in a run, and networks learn for all of their steps. What was chosen was chosen on
runs `in_development`, which draw from the training split and are scored on the validation split.
"""

import inspect
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import open_images
from perceptgraph.graphs.models import fitting
from perceptgraph.graphs.models.classifier import Classifier, Samples
from perceptgraph.graphs.models.saved import n_parameters
from perceptgraph.graphs.store import open_graphs
from perceptgraph.stages import train
from perceptgraph.stages.evaluate import confusion
from perceptgraph.stages.few_shot_runs import ALL, PerClass, Run, Setting
from perceptgraph.stores.compiled import digest_of
from perceptgraph.stores.parts import key_of
from perceptgraph.stores.status import SPLITS

OUT = "few_shot"  # below outputs/<dataset>/
STORES = {"graphs.zarr": open_graphs, "images.zarr": open_images}
"""What opens a store that models learn from."""


@dataclass(frozen=True, slots=True)
class Score:
    """What came of a run, and what it took."""

    accuracy: float
    """Of the images that it is scored on, in percent."""
    mean_per_class: float
    """Mean over the classes of their accuracies, in percent."""
    parameters: int
    macs: float
    """Multiply-adds of one image that it is scored on."""
    images: int
    """That it learned from."""
    open_s: float
    """CPU-seconds to read them as the model sees them."""
    fit_s: float
    """CPU-seconds to augment them and to learn from them."""


def draw(
    label: NDArray[np.int64], pool: NDArray[np.int64], per_class: PerClass, number: int
) -> NDArray[np.int64]:
    """Images of draw `number`: as many of each class, class by class, without repetition.

    Parameters
    ----------
    label : (I,) int64
        Classes of all images.
    pool : (P,) int64
        Images to draw from.
    per_class : int or "all"
        "all": the whole pool, whatever the number.
    number : int
        At least 0.

    Raises
    ------
    ValueError
        A class of the pool has fewer images.
    """
    if per_class == ALL:
        return pool
    rng = np.random.default_rng([number, per_class])
    drawn = []
    for name in np.unique(label[pool]):
        there = pool[label[pool] == name]
        if len(there) < per_class:
            raise ValueError(
                f"expected {per_class} training images of class {name}, found {len(there)}"
            )
        drawn.append(rng.choice(there, per_class, replace=False))
    return np.concatenate([np.zeros(0, np.int64), *drawn])


def pools(samples: Samples, in_development: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Images to draw from and to score on: training and validation split, and test split.

    In development these are the training split alone, and the validation split.
    """
    train_, val, test = (train.usable(samples, SPLITS.index(name)) for name in SPLITS)
    return (train_, val) if in_development else (np.sort(np.concatenate([train_, val])), test)


def measure(run: Run, samples: Samples, open_s: float, in_development: bool = False) -> Score:
    """Fit the run's model to its draw and score it.

    The result is a function of samples and run, but for the seconds. `open_s` is the CPU-seconds
    that opening took per image.
    """
    pool, scored = pools(samples, in_development)
    if not len(scored):
        raise ValueError("expected labelled images to score a few-shot run on, found none")
    chosen = draw(samples.label, pool, run.per_class, run.draw)
    net, fit_s = fitted(run, samples, chosen)
    logits = fitting.logits_of(net, samples, scored, torch.device("cpu"))
    predicted = logits.argmax(1).numpy()
    counts = confusion(samples.label[scored], predicted, len(samples.facts["class_names"]))
    present = counts.sum(1) > 0
    return Score(
        accuracy=100 * float(np.trace(counts) / counts.sum()),
        mean_per_class=100 * float((np.diag(counts)[present] / counts.sum(1)[present]).mean()),
        parameters=n_parameters(net),
        macs=train.macs_per_sample(net, samples, scored),
        images=len(chosen),
        open_s=open_s * len(chosen),
        fit_s=fit_s,
    )


def fitted(run: Run, samples: Samples, chosen: NDArray[np.int64]) -> tuple[Classifier, float]:
    """The run's model, fitted to these samples, and the CPU-seconds that it took."""
    setting = run.setting
    net = train.new_network(setting.cls, samples, setting.keywords, run.draw)
    drawn = setting.cls.drawn(samples, setting.augmentation)
    rng, nothing = np.random.default_rng([run.draw, 1]), np.zeros(0, np.int64)
    start = process_time()
    fitting.fit(net, samples, chosen, nothing, rng, setting.recipe, drawn=drawn)
    return net, process_time() - start


class Rung:
    """The runs of one data set: its stores are opened once for runs of one model in a row.

    Scores are kept below outputs/<dataset>/few_shot/, each beside a digest of all that it depends
    on, so that nothing is measured twice and a run that was interrupted goes on.
    """

    def __init__(self, root: Path, in_development: bool = False) -> None:
        self.root = root
        self.in_development = in_development
        self._opened: tuple[Any, Samples, float] | None = None

    def score(self, run: Run) -> Score:
        """The score of a run: kept, or measured now."""
        folder = f"{OUT}_development" if self.in_development else OUT
        path = self.root / folder / run.label / f"{run.per_class}-{run.draw}.json"
        key = self._key(run)
        if path.exists():
            kept = json.loads(path.read_text())
            if kept.pop("key") == key:
                return Score(**kept)
        samples, open_s = self._samples(run.setting)
        found = measure(run, samples, open_s, self.in_development)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps({"key": key, **asdict(found)}, indent=2) + "\n")
        partial.replace(path)
        return found

    def _samples(self, setting: Setting) -> tuple[Samples, float]:
        """What the model learns from, and the CPU-seconds that one image took to open."""
        name = (setting.model, json.dumps(setting.keywords, sort_keys=True))
        if self._opened is None or self._opened[0] != name:
            self._opened = None  # before the next is opened: one at a time is in memory
            start = process_time()
            samples = setting.cls.open(self.root / setting.cls.STORE, setting.keywords)
            each = (process_time() - start) / max(len(samples.label), 1)
            self._opened = (name, samples, each)
        return self._opened[1], self._opened[2]

    def _key(self, run: Run) -> str:
        """Digest of the images, the parameters and the code that a run depends on."""
        cls = run.setting.cls
        code = [inspect.getfile(cls), *(str(m.__file__) for m in (fitting, train)), __file__]
        facts = {
            "run": asdict(run),
            "images": STORES[cls.STORE](self.root / cls.STORE).digest,
            "in_development": self.in_development,
            "code": [digest_of(Path(path)) for path in code],
        }
        return key_of(facts, [])

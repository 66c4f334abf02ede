"""Attempts to learn a task from few pictures, each measured from its pixels on.

Pictures are in memory; an attempt makes of them what its model reads, with no more detectors and
relations than that, learns, and is scored. So all that it takes is in its figures, for models of
graphs and of pixels alike: finding primitives and relations, or setting squares upright;
augmentation; learning. What is paid once for any number of runs is not: imports, compilation,
and the data set on disk.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.graphs.loader import GraphSchema
from perceptgraph.graphs.models.classifier import Classifier, ClosedForm, Samples
from perceptgraph.graphs.models.fitting import Recipe, logits_of
from perceptgraph.graphs.models.saved import n_parameters
from perceptgraph.stages import detect, relate, train
from perceptgraph.stages.cell_keys import EXTRACTION, digest
from perceptgraph.stages.code_digest import code_digest
from perceptgraph.stages.few_shot import draw, fitted, pools
from perceptgraph.stages.few_shot_runs import Run
from perceptgraph.stages.seeing import samples_of_images

IMAGES = "images.zarr"
OUT = "attempts"  # below outputs/<dataset>/
CHUNK = 500
"""Pictures that are scored at a time, which bounds memory."""
BACKWARD = 3
"""Multiply-adds of a step of gradient descent in those of a forward pass: two more, for the
gradients of the numbers learned and of what flows between layers."""


@dataclass(frozen=True, slots=True, eq=False)
class Seeing:
    """How a model that reads graphs is given them."""

    detect: detect.Recipe
    relate: relate.Recipe

    def facts(self) -> dict[str, Any]:
        """The recipes as a graph store keeps them."""
        return {"detect": self.detect.model_dump(), "relate": self.relate.model_dump()}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of learning from one draw, and what it took."""

    accuracy: float
    """Of the pictures that it is scored on, in percent."""
    images: int
    """That it learned from."""
    see_s: float
    """CPU-seconds from the pixels of these to what the model reads."""
    fit_s: float
    """CPU-seconds to augment them and to learn from them."""
    fit_macs: float
    """Multiply-adds of learning, without extraction and augmentation."""
    parameters: int
    macs: float
    """Multiply-adds of one picture that it is scored on, from what the model reads on."""
    score_s: float
    """CPU-seconds of one picture that it is scored on, from its pixels on."""

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of all that it took to learn."""
        return self.see_s + self.fit_s


class Pictures:
    """The pictures of a rung, in memory, and the attempts to learn from them.

    Attempts are kept below outputs/<dataset>/attempts/, each under a digest of all that it depends
    on, so that nothing is measured twice and a search that was interrupted goes on.

    Parameters
    ----------
    root : Path
        Folder of a rung with its images.
    in_development : bool
        Draw from the training split and score on the validation split.
    most_scored : int, optional
        Pictures that are scored at most, evenly spread.
    """

    def __init__(
        self, root: Path, *, in_development: bool = False, most_scored: int | None = None
    ) -> None:
        store = open_images(root / IMAGES)
        self.root, self.digest = root, store.digest
        self.in_development = in_development
        self.class_names = tuple(store.attributes["class_names"])
        self.images = image_set(store.block())
        self.label = self.images.label.astype(np.int64)
        self.pool, scored = pools(self.images, in_development)  # type: ignore[arg-type]
        if not len(scored):
            raise ValueError(f"{root}: expected labelled images to score on, found none")
        n = min(len(scored), most_scored or len(scored))
        self.scored = scored[np.linspace(0, len(scored) - 1, n).astype(np.int64)]
        self._warm: set[str] = set()

    def attempt(self, run: Run, seeing: Seeing) -> Attempt:
        """What comes of a run: kept, or measured now. Pixel models need no `seeing`."""
        path = self.root / OUT / run.label / f"{self._key(run, seeing)}.json"
        if path.exists():
            return Attempt(**json.loads(path.read_text()))
        if run.label not in self._warm:
            self._compile(run, seeing)
            self._warm.add(run.label)
        found = self._measure(run, seeing)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(found), indent=2) + "\n")
        partial.replace(path)
        return found

    def _compile(self, run: Run, seeing: Seeing) -> None:
        """Do at least once what is compiled as it first runs: a step of learning, a few scores."""
        chosen = draw(self.label, self.pool, run.per_class, run.draw)
        recipe = replace(run.setting.recipe, max_steps=1, evaluate_every=1)
        once = replace(run, setting=replace(run.setting, recipe=recipe))
        samples, _ = self._seen(chosen, once, seeing)
        net, _ = fitted(once, samples, np.arange(len(chosen)))
        logits_of(net, samples, np.arange(1), torch.device("cpu"))

    def _measure(self, run: Run, seeing: Seeing) -> Attempt:
        chosen = draw(self.label, self.pool, run.per_class, run.draw)
        samples, see_s = self._seen(chosen, run, seeing)
        net, fit_s = fitted(run, samples, np.arange(len(chosen)))
        right, macs, score_s = 0, 0.0, 0.0
        for start in range(0, len(self.scored), CHUNK):
            some = self.scored[start : start + CHUNK]
            shown, spent = self._seen(some, run, seeing)
            begin = process_time()
            logits = logits_of(net, shown, np.arange(len(some)), torch.device("cpu"))
            score_s += spent + process_time() - begin
            right += int((logits.argmax(1).numpy() == self.label[some]).sum())
            macs += train.macs_per_sample(net, shown, np.arange(len(some))) * len(some)
        n = len(self.scored)
        return Attempt(
            accuracy=100 * right / n,
            images=len(chosen),
            see_s=see_s,
            fit_s=fit_s,
            fit_macs=fit_macs(net, run.setting.recipe, macs / n),
            parameters=n_parameters(net),
            macs=macs / n,
            score_s=score_s / n,
        )

    def _seen(self, places: NDArray[np.int64], run: Run, seeing: Seeing) -> tuple[Samples, float]:
        """These pictures as the run's model reads them, and the CPU-seconds that it took."""
        cls, keywords = run.setting.cls, run.setting.keywords
        facts = self._facts(seeing)
        images = [self.images.image(int(place)) for place in places]
        start = process_time()
        samples: Any = samples_of_images(images, cls, keywords, facts)
        spent = process_time() - start
        return replace(samples, label=self.label[places], facts=facts), spent

    def _facts(self, seeing: Seeing) -> Mapping[str, Any]:
        schema = GraphSchema(tuple(seeing.relate.relations), self.class_names)
        return {**schema.facts(), **seeing.facts()}

    def _key(self, run: Run, seeing: Seeing) -> str:
        module = train.CLASSIFIERS[run.setting.model].partition(":")[0]
        modules = [module, "perceptgraph.stages.few_shot", *EXTRACTION]
        facts = {
            "run": asdict(run),
            "seeing": seeing.facts(),
            "images": self.digest,
            "scored": [self.in_development, len(self.scored)],
            "code": code_digest(modules, alone=[__name__]),
        }
        return digest(facts)


def fit_macs(net: Classifier, recipe: Recipe, macs: float) -> float:
    """Multiply-adds of learning, if one sample has `macs` of them.

    Of a closed form its own count; of a network BACKWARD times those of all samples of its steps.
    """
    if isinstance(net, ClosedForm):
        return float(net.solving_macs)
    return BACKWARD * macs * recipe.batch_size * recipe.max_steps

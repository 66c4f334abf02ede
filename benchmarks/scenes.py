"""Natural scenes with a hundred training images of each class: fixed split and random ones.

The Fisher model learns its components and Gaussians, without labels, from the training images of
the fixed split. Every image then has one vector, and each split learns its classifier from those
of its training images.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.benchmarks.few_shot import Costs, Figures
from perceptgraph.graphs.models.fisher import Fisher
from perceptgraph.graphs.models.saved import n_parameters
from perceptgraph.stages.few_shot import draw
from perceptgraph.stages.train import macs_per_sample, usable
from perceptgraph.stores.status import SPLITS

PER_CLASS, N_SPLITS = 100, 10


VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "fisher": {},
    "fisher_alone": {"radii": []},
    "fisher_shuffled": {"dealt": True},
}
"""Label of the figures to what its keywords are instead: no contexts, or those of other nodes."""


def random_split(
    label: NDArray[np.int64], pool: NDArray[np.int64], number: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Training images, PER_CLASS of each class drawn from `pool`, and the others of it."""
    train = draw(label, pool, PER_CLASS, number)
    return train, np.setdiff1d(pool, train)


def rates(predicted: NDArray[np.int64], label: NDArray[np.int64]) -> tuple[float, float]:
    """Accuracy, and the mean over the classes of theirs, percent."""
    right = predicted == label
    by_class = [right[label == name].mean() for name in np.unique(label)]
    return 100 * float(right.mean()), 100 * float(np.mean(by_class))


def measure(
    root: Path,
    keywords: Mapping[str, Any],
    label: str,
    costs: Costs,
    draws: int,
    in_development: bool = False,
) -> Iterator[Figures]:
    """Figures of one model on the graphs of `root`, those of the fixed split first.

    Parameters
    ----------
    root : Path
        Folder of a rung whose graphs were made with recipe `scenes`.
    keywords : mapping
        Of `Fisher`, as in section train.networks of params.yaml.
    label : str
        Of VARIANTS.
    costs : Costs
        Of what does not depend on the model.
    draws : int
        Random splits.
    in_development : bool
        Learn from the training split alone, score on the validation split, and draw no splits.

    Yields
    ------
    dict
        `<set>/100/<label>/<accuracy, mean_per_class, params, macs, cpu_s, joules>` of the fixed
        split, whose test images are the test split; then `random_accuracy`,
        `random_mean_per_class` and `sd`, the deviation of the latter over the random splits.
    """
    keywords = {**keywords, **VARIANTS[label]}
    samples = Fisher.open(root / Fisher.STORE, keywords)
    of_split = [usable(samples, SPLITS.index(name)) for name in SPLITS]
    if in_development:
        train, test, draws = of_split[0], of_split[1], 0
    else:
        train, test = np.sort(np.concatenate(of_split[:2])), of_split[2]
    net = Fisher(Fisher.schema(samples.facts), **keywords).eval()
    start = process_time()
    net.learn_codebook(samples, train, np.random.default_rng(0))
    vectors = torch.zeros(len(samples.label), len(net.classes))
    vectors[train] = net.vectors_of(samples, train)
    net.learn_classes(vectors[train], samples.label[train])
    cpu_s = process_time() - start + len(train) * costs.extraction_s[Fisher.STORE]
    vectors[test] = net.vectors_of(samples, test)
    accuracy, mean_per_class = _scores(net, vectors, samples.label, test)
    name = f"{root.name}/{PER_CLASS}/{label}"
    yield {
        f"{name}/accuracy": accuracy,
        f"{name}/mean_per_class": mean_per_class,
        f"{name}/params": n_parameters(net),
        f"{name}/macs": macs_per_sample(net, samples, test[:: max(len(test) // 20, 1)]),
        f"{name}/cpu_s": cpu_s,
        f"{name}/joules": cpu_s * costs.watts,
    }
    found = []
    for number in range(draws):
        train, test = random_split(samples.label, np.concatenate(of_split), number)
        net.learn_classes(vectors[train], samples.label[train])
        found.append(_scores(net, vectors, samples.label, test))
    if found:
        accuracies, means = np.transpose(found)
        yield {
            f"{name}/random_accuracy": float(accuracies.mean()),
            f"{name}/random_mean_per_class": float(means.mean()),
            f"{name}/sd": float(means.std(ddof=min(1, draws - 1))),
        }


def _scores(
    net: Fisher, vectors: Tensor, label: NDArray[np.int64], test: NDArray[np.int64]
) -> tuple[float, float]:
    """Accuracy and mean over classes on images `test`, by their vectors."""
    predicted = (vectors[test] @ net.classes).argmax(1).numpy()
    return rates(predicted, label[test])

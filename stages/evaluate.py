"""Stage `evaluate`: every model of a rung on its test split, read once."""

import csv
import json
import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from perceptgraph.datasets.image_set import EXAMPLE, QUERY, open_images
from perceptgraph.datasets.shape_classes import GROUPS
from perceptgraph.graphs.models.fitting import logits_of
from perceptgraph.graphs.models.saved import About, load_model
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import StageParams
from perceptgraph.stages.train import (
    CLASSIFIERS,
    OUT,
    Progress,
    device_of,
    macs_per_sample,
    no_progress,
    usable,
)
from perceptgraph.stores.mapper import Mapper
from perceptgraph.stores.status import SPLITS

IMAGES = "images.zarr"
METRICS = "metrics.json"
FOLDERS = ("predictions", "confusion", "calibration")

NO_FIGURES: dict[str, Any] = {
    "accuracy": None,
    "accuracy_se": None,
    "mean_per_class": None,
    "calibration_error": None,
    "per_class": {},
    "one_shot_accuracy": None,
}
"""Of a model on a rung without labelled test images, or without one-shot runs."""


class Params(StageParams):
    """Section `evaluate` of params.yaml."""

    models: tuple[str, ...]
    """From the top of params.yaml, as are the baselines."""
    baselines: tuple[str, ...]
    calibration_bins: int = Field(gt=0)


def confusion(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """Counts (C, C): row true class, column predicted class.

    Examples
    --------
    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    flat = np.bincount(truth * n_classes + predicted, minlength=n_classes**2)
    return flat.reshape(n_classes, n_classes).astype(np.int64)


def calibration(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], n_bins: int
) -> tuple[NDArray[np.float64], float]:
    """Reliability of the confidences, and the expected calibration error.

    Parameters
    ----------
    confidence : (N,) float
        Probability of the predicted class, in [0, 1].
    right : (N,) bool
        The prediction was right.
    n_bins : int
        Equal bins of [0, 1].

    Returns
    -------
    rows : (n_bins, 3) float
        Mean confidence, accuracy, count of each bin; 0 0 0 for an empty one.
    error : float
        Mean of |accuracy - confidence| over the bins, weighted by their counts.

    References
    ----------
    .. [1] C. Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3.
    """
    place = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    count = np.bincount(place, minlength=n_bins).astype(np.float64)
    filled = np.maximum(count, 1)
    mean = np.bincount(place, confidence, n_bins) / filled
    accuracy = np.bincount(place, right.astype(np.float64), n_bins) / filled
    error = float((np.abs(accuracy - mean) * count).sum() / max(count.sum(), 1))
    return np.column_stack([mean, accuracy, count]), error


def one_shot_accuracy(
    logits: NDArray[np.float64],
    run: NDArray[np.int32],
    role: NDArray[np.int32],
    way: NDArray[np.int32],
) -> float:
    """Mean accuracy of the one-shot runs: each query is of the class of the closest example.

    Closest in the angle between logits (I, C), which stand for what the model sees in an image;
    no model is fitted to a run.
    """
    unit = logits / np.maximum(np.linalg.norm(logits, axis=1, keepdims=True), 1e-12)
    accuracies = []
    for number in np.unique(run[run >= 0]):
        examples = np.flatnonzero((run == number) & (role == EXAMPLE))
        queries = np.flatnonzero((run == number) & (role == QUERY))
        closest = examples[(unit[queries] @ unit[examples].T).argmax(1)]
        accuracies.append((way[closest] == way[queries]).mean())
    return float(np.mean(accuracies))


def group_rate(class_names: Sequence[str]) -> float | None:
    """Accuracy of one who knows the group of a shape and guesses within it; None for others."""
    sizes = [sum(name in {f.__name__ for f in group} for name in class_names) for group in GROUPS]
    if sum(sizes) < len(class_names):
        return None
    return sum(n > 0 for n in sizes) / len(class_names)


def scores(
    logits: NDArray[np.float64], truth: NDArray[np.int64], class_names: Sequence[str], n_bins: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of a model on labelled images, and the tables behind them."""
    probability = np.exp(logits - logits.max(1, keepdims=True))
    probability /= probability.sum(1, keepdims=True)
    predicted = logits.argmax(1)
    right = predicted == truth
    counts = confusion(truth, predicted, len(class_names))
    with np.errstate(invalid="ignore"):
        per_class = np.diag(counts) / counts.sum(1)
    rows, error = calibration(probability.max(1), right, n_bins)
    accuracy = float(right.mean())
    figures = {
        "accuracy": _rounded(accuracy),
        "accuracy_se": _rounded(math.sqrt(accuracy * (1 - accuracy) / len(truth))),
        "mean_per_class": _rounded(float(np.nanmean(per_class))),
        "calibration_error": _rounded(error),
        "per_class": {
            name: _rounded(float(value))
            for name, value in zip(class_names, per_class, strict=True)
            if np.isfinite(value)
        },
    }
    tables = {
        "confusion": counts,
        "calibration": rows,
        "predicted": predicted,
        "confidence": probability.max(1),
    }
    return figures, tables


def _rounded(value: float) -> float:
    # Six digits: more would be noise of the processor and make equal runs differ.
    return round(value, 6)


def evaluate_model(
    root: Path, model: str, n_bins: int, device: torch.device
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures and tables of one trained model on the test split of its rung."""
    net, about = load_model(root / OUT / model, CLASSIFIERS)
    net.to(device)
    samples = net.open(root / net.STORE, about.keywords)
    class_names = tuple(about.facts["class_names"])
    test = usable(samples, SPLITS.index("test"))
    figures = {"reads": net.STORE.removesuffix(".zarr")} | NO_FIGURES
    tables: dict[str, Any] = {}
    if len(test):
        logits = logits_of(net, samples, test, device).double().numpy()
        found, tables = scores(logits, samples.label[test], class_names, n_bins)
        figures |= found
        tables["image_id"] = [samples.image_id[i] for i in test]
        tables["truth"] = samples.label[test]
    episodes = _episodes(root)
    if episodes is not None:
        chosen = np.flatnonzero(samples.ok & (episodes["run"] >= 0))
        logits = logits_of(net, samples, chosen, device).double().numpy()
        of_chosen = {name: values[chosen] for name, values in episodes.items()}
        figures["one_shot_accuracy"] = _rounded(one_shot_accuracy(logits, **of_chosen))
    if not (len(test) or episodes):
        raise ValueError(
            f"{root}: expected labelled test images or one-shot runs, found neither; nothing to "
            "evaluate on"
        )
    reference = test if len(test) else np.flatnonzero(samples.ok)
    return figures | _size(about, macs_per_sample(net.to("cpu"), samples, reference)), tables


def _size(about: About, macs: float) -> dict[str, Any]:
    return {"parameters": about.parameters, "macs": round(macs), "steps": about.steps}


def _episodes(root: Path) -> dict[str, NDArray[np.int32]] | None:
    """Run, role and class of each image; None where the rung has no one-shot runs."""
    images = open_images(root / IMAGES)
    if "episode/run" not in images.layout.columns:
        return None
    names = {"run": "run", "role": "role", "way": "class"}
    return {key: images.column(f"episode/{name}") for key, name in names.items()}


def run(
    params: Params,
    root: Path,
    mapper: Mapper,
    device: str = "auto",
    progress: Progress = no_progress,
) -> Outcome:
    """Read `root/models/` and the stores, write metrics.json and a table of each kind a model."""
    target = device_of(device)
    names = (*params.models, *params.baselines)
    partial = {folder: root / f"{folder}.partial" for folder in FOLDERS}
    for path in partial.values():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    models: dict[str, Any] = {}
    class_names: Sequence[str] = open_images(root / IMAGES).attributes["class_names"]
    n_test = 0
    for i, name in enumerate(names):
        models[name], tables = evaluate_model(root, name, params.calibration_bins, target)
        n_test = max(n_test, len(tables.get("truth", ())))
        if tables:
            _write_tables(partial, name, tables, class_names)
        progress(i + 1, len(names))
    for folder, path in partial.items():
        shutil.rmtree(root / folder, ignore_errors=True)
        path.rename(root / folder)
    metrics = {
        "class_names": list(class_names),
        "n_test": n_test,
        "chance": _rounded(1 / len(class_names)),
        "group_rate": group_rate(class_names),
        "models": models,
    }
    written = root / f"{METRICS}.partial"
    written.write_text(json.dumps(metrics, indent=2) + "\n")
    written.replace(root / METRICS)
    return Outcome({"images": n_test, "macs": sum(n_test * m["macs"] for m in models.values())})


def _write_tables(
    folders: Mapping[str, Path],
    model: str,
    tables: Mapping[str, Any],
    class_names: Sequence[str],
) -> None:
    named = [class_names[i] for i in tables["truth"]]
    guessed = [class_names[i] for i in tables["predicted"]]
    sure = [_rounded(float(c)) for c in tables["confidence"]]
    _write_csv(
        folders["predictions"] / f"{model}.csv",
        ("image_id", "truth", "predicted", "confidence"),
        zip(tables["image_id"], named, guessed, sure, strict=True),
    )
    _write_csv(
        folders["confusion"] / f"{model}.csv",
        ("truth", "predicted", "count"),
        (
            (class_names[i], class_names[j], int(n))
            for (i, j), n in np.ndenumerate(tables["confusion"])
        ),
    )
    _write_csv(
        folders["calibration"] / f"{model}.csv",
        ("confidence", "accuracy", "count"),
        ((_rounded(c), _rounded(a), int(n)) for c, a, n in tables["calibration"]),
    )


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)

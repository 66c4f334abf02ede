"""Digits learned upright and recognised at any turn: classes, and how they are turned."""

import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
import torch
from numpy.typing import NDArray

from perceptgraph.benchmarks.few_shot import Costs, Figures
from perceptgraph.datasets import perturb
from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.graphs.models import fitting
from perceptgraph.graphs.models.classifier import Classifier, Drawn, Samples
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.invariant import InvariantNet
from perceptgraph.graphs.models.saved import n_parameters
from perceptgraph.graphs.primitive_store import open_primitives, primitives_of
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.recut import Recut
from perceptgraph.stages import detect, relate, train
from perceptgraph.stages.baselines.pixels import pixels_in_memory
from perceptgraph.stages.few_shot import pools
from perceptgraph.stages.few_shot_runs import Run
from perceptgraph.stores.compiled import digest_of
from perceptgraph.stores.parts import key_of

FAMILIES = ("edges",)
"""Whose primitives become nodes: contours have a brighter side, and so one direction."""
ROOM = 7
"""Pixels of ground around a digit, so that no turn cuts its corners off."""
SEED = 0
"""Of the turns and of the phases at which the curves of test images are cut."""
NO_UPRIGHT = (0, 1, 8)
"""Digits that look much the same upside down: how they are turned cannot be told but by half."""
CUTS = 4
"""Of the curves of an image that is scored: its class and its angle are those of the mean."""
EVERY = 1000
"""Steps from one checkpoint to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a model learns from and what it is scored on."""

    upright: Samples
    """All images, as they are."""
    turned: Samples
    """The images that it is scored on, turned."""
    drawn: Drawn | None
    """What gives the batches to learn from."""


@dataclass(frozen=True, slots=True, eq=False)
class Turned:
    """Images turned about their middles."""

    images: list[NDArray[np.uint8]]
    label: NDArray[np.int64]
    turn: NDArray[np.float64]
    """(I,): radians, clockwise as displayed."""


def turned_images(root: Path, chosen: NDArray[np.int64]) -> Turned:
    """These images of `root/images.zarr`, with room around them, each turned by an angle drawn."""
    stored = image_set(open_images(root / detect.IMAGES).block())
    turn = np.random.default_rng(SEED).uniform(0, 2 * np.pi, len(chosen))
    images = []
    for index, angle in zip(chosen.tolist(), turn.tolist(), strict=True):
        grey = stored.image(index).reshape(stored.image(index).shape[:2])
        images.append(perturb.turned(np.pad(grey, ROOM).astype(np.uint8), angle, mirrored=True))
    return Turned(images, stored.label[chosen].astype(np.int64), turn)


def as_graphs(
    root: Path, turned: Turned, run: Run, find: detect.Recipe, cut: relate.Recipe
) -> Seen:
    """Primitives of `root/primitives.zarr`, and those that are found in the turned images."""
    store = open_primitives(root / relate.PRIMITIVES)
    keywords = {"kinds": FAMILIES, "piece_length": cut.piece_length, "ray_reach": cut.ray_reach}

    def samples(
        found: Sequence[Primitives], label: NDArray[np.int64], split: NDArray[np.uint8]
    ) -> Recut:
        names = tuple(store.attributes["class_names"])
        return Recut(found, label, split, names, keywords, SEED)

    stored = [primitives_of(record) for record in store.block().records()]
    label = store.column("image/label").astype(np.int64)
    upright = samples(stored, label, np.asarray(store.column("image/split"), np.uint8))
    found = [find.find(image) for image in turned.images]
    there = samples(found, turned.label, np.full(len(found), 2, np.uint8))
    return Seen(upright, there, upright.drawn(run.setting.augmentation))


def as_pixels(root: Path, turned: Turned, run: Run) -> Seen:
    """The images of `root/images.zarr`, and the turned ones without the room around them."""
    cls, keywords = run.setting.cls, run.setting.keywords
    upright = cls.open(root / detect.IMAGES, keywords)
    inner = [image[ROOM:-ROOM, ROOM:-ROOM] for image in turned.images]
    there = pixels_in_memory(inner, int(keywords["side"]), str(keywords["view"]))
    there = replace(there, label=turned.label, facts=upright.facts)
    return Seen(upright, there, cls.drawn(upright, run.setting.augmentation))


def measure(
    root: Path,
    runs: Sequence[Run],
    find: detect.Recipe,
    cut: relate.Recipe,
    costs: Costs,
    in_development: bool = False,
) -> Iterator[Figures]:
    """Figures of each run, on all images; `mnist/rotated/<label>/...`.

    Each model learns from upright images alone. A fit that was interrupted goes on.

    Parameters
    ----------
    root : Path
        Folder of the data set, with its images and primitives.
    runs : sequence of Run
        Who learns, and how.
    find, cut : Recipe
        How primitives are found in the turned images, and how curves become nodes.
    costs : Costs
        Of what does not depend on the run.
    in_development : bool
        Learn from the training split and score on the validation split.
    """
    images = open_primitives(root / relate.PRIMITIVES)
    splits = {name: images.column(f"image/{name}") for name in ("label", "split")}
    split = 1 if in_development else 2
    chosen = np.flatnonzero((splits["split"] == split) & (splits["label"] >= 0))
    turned = turned_images(root, chosen)
    for run in runs:
        is_graph = issubclass(run.setting.cls, GraphModel)
        seen = as_graphs(root, turned, run, find, cut) if is_graph else as_pixels(root, turned, run)
        pool, scored = pools(seen.upright, in_development)
        net, fit_s = _fitted(root, run, seen, pool, images.digest)
        cpu_s = len(pool) * costs.extraction_s[run.setting.cls.STORE] + fit_s
        figures = {
            "accuracy": _accuracy(net, seen.turned, np.arange(len(turned.label))),
            "upright": _accuracy(net, seen.upright, scored),
            "params": float(n_parameters(net)),
            "macs": len(cut_anew(seen.turned)) * train.macs_per_sample(net, seen.upright, scored),
            "cpu_s": cpu_s,
            "joules": cpu_s * costs.watts,
        }
        if isinstance(net, InvariantNet):
            figures |= angle_errors(angles(net, seen.turned), turned)
        yield {f"{root.name}/rotated/{run.label}/{name}": v for name, v in figures.items()}


def _fitted(
    root: Path, run: Run, seen: Seen, pool: NDArray[np.int64], digest: str
) -> tuple[Classifier, float]:
    """The model after its fit, and the CPU-seconds that this took, earlier attempts included."""
    setting = run.setting
    folder = root / "rotated"
    folder.mkdir(exist_ok=True)
    code = [inspect.getfile(setting.cls), *(str(m.__file__) for m in (fitting, train)), __file__]
    facts = {
        "run": asdict(run),
        "primitives": digest,
        "pool": [len(pool), int(pool.sum())],
        "code": [digest_of(Path(path)) for path in code],
    }
    # A fit in development, on fewer images, leaves the other one as it is.
    name = f"{run.label}-{len(pool)}"
    key, spent = key_of(facts, []), folder / f"{name}.json"
    checkpoint = fitting.Checkpoint(folder / f"{name}.state", key)
    kept = json.loads(spent.read_text()) if spent.exists() else {}
    before = float(kept["fit_s"]) if kept.get("key") == key and checkpoint.path.exists() else 0.0
    start = process_time()

    def note(row: fitting.Evaluation) -> None:
        seconds = before + process_time() - start
        spent.write_text(json.dumps({"key": key, "step": row.step, "fit_s": seconds}))

    net = train.new_network(setting.cls, seen.upright, setting.keywords, run.draw)
    rng, nothing = np.random.default_rng([run.draw, 1]), np.zeros(0, np.int64)
    recipe = replace(setting.recipe, evaluate_every=EVERY, patience=setting.recipe.max_steps)
    fitting.fit(
        net,
        seen.upright,
        pool,
        nothing,
        rng,
        recipe,
        checkpoint=checkpoint,
        on_evaluation=note,
        drawn=seen.drawn,
    )
    seconds = json.loads(spent.read_text())["fit_s"]
    return net, float(seconds)


def cut_anew(samples: Samples) -> list[Samples]:
    """The samples with their curves cut CUTS times, each time elsewhere; pixels as they are."""
    if not isinstance(samples, Recut):
        return [samples]
    return [replace(samples, seed=samples.seed + number) for number in range(CUTS)]


def _accuracy(net: Classifier, samples: Samples, chosen: NDArray[np.int64]) -> float:
    """Percent of these samples whose class is the likeliest over all cuts."""
    device = torch.device("cpu")
    told = [fitting.logits_of(net, one, chosen, device).softmax(1) for one in cut_anew(samples)]
    return 100 * float(
        (torch.stack(told).mean(0).argmax(1).numpy() == samples.label[chosen]).mean()
    )


def angles(net: InvariantNet, samples: Samples) -> NDArray[np.float64]:
    """How each sample is turned, as the net says (I,): radians, the mean over all cuts."""
    told = np.stack([_angles(net, one) for one in cut_anew(samples)])
    return np.asarray(np.angle(np.exp(1j * told).mean(axis=0)))


def _angles(net: InvariantNet, samples: Samples) -> NDArray[np.float64]:
    net.eval()
    step = fitting.EVALUATION_BATCH
    with torch.inference_mode():
        pieces = [
            net.angle(samples.batch(np.arange(i, min(i + step, len(samples.label))))).double()
            for i in range(0, len(samples.label), step)
        ]
    return torch.cat(pieces).numpy()


def angle_errors(told: NDArray[np.float64], turned: Turned) -> Figures:
    """Median and mean by which the angle told is off, in degrees, and the share within 10 (%).

    `..._with_upright` is the mean over digits that do not look the same upside down.
    """
    off = np.degrees(np.abs((told - turned.turn + np.pi) % (2 * np.pi) - np.pi))
    has_upright = ~np.isin(turned.label, NO_UPRIGHT)
    return {
        "angle_error_deg": float(np.median(off)),
        "angle_mean_error_deg": float(off.mean()),
        "angle_mean_error_with_upright_deg": float(off[has_upright].mean()),
        "angle_within_10_deg": 100 * float((off <= 10).mean()),
    }

"""What lies below outputs/<rung>/, read for the report; what did not run is None."""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import open_images
from perceptgraph.graphs.primitive_store import open_primitives
from perceptgraph.graphs.primitives import FAMILIES
from perceptgraph.graphs.store import open_graphs, relation_names
from perceptgraph.stores.arrays import ContractError
from perceptgraph.stores.ragged import RaggedStore
from perceptgraph.stores.status import SPLITS, reasons_of

STORE_STAGES = ("prepare", "detect", "relate")
STUDY_STAGES = ("ablate_data", "ablate_model", "robustness")
"""Stages that run a grid of cells."""
STORES: Mapping[str, tuple[str, Callable[[Path], RaggedStore]]] = {
    "prepare": ("images.zarr", open_images),
    "detect": ("primitives.zarr", open_primitives),
    "relate": ("graphs.zarr", open_graphs),
}
"""Stage to the store that it writes, and what opens it."""

TEXTS = ("truth", "predicted", "class", "group", "name", "relation")
"""Columns of words; a class may be called "7"."""

Table = Mapping[str, NDArray[Any]]
Contract = TypeVar("Contract")


@dataclass(frozen=True, slots=True)
class Energy:
    """What one run of one stage cost: the part of its record that the report shows."""

    session: str
    """Of the pipeline run; a record of an older session was restored, not spent now."""
    started: str
    """UTC, ISO 8601."""
    state: str
    """"complete", or how far a killed or failed run came."""
    wall_s: float
    cpu_s_self: float
    cpu_s_children: float
    work: Mapping[str, int]
    method: str
    """Begins with "measured" where a power sensor was read; "none" where there is no figure."""
    energy_kwh: float | None
    energy_low_kwh: float | None
    energy_high_kwh: float | None
    co2_kg: float | None
    country: str | None
    intensity_g_per_kwh: float | None
    strubell_kwh: float
    strubell_co2_kg: float
    meter: str

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of the process and its children."""
        return self.cpu_s_self + self.cpu_s_children

    @property
    def flag(self) -> str:
        """How far the joules can be trusted, in words."""
        if self.method.startswith("measured"):
            return "measured"
        if self.energy_kwh is None:
            return "no figure"
        return "modelled, order of magnitude only"


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of one model on the test images of a rung, on its one-shot runs, or on both."""

    parameters: int
    macs: float
    """Multiply-adds per image."""
    steps: int
    reads: str
    """"graphs", or "images" for a net on pixels."""
    accuracy: float | None = None
    """None where no test image has a label."""
    accuracy_se: float | None = None
    """Standard error of the accuracy."""
    mean_per_class: float | None = None
    per_class: Mapping[str, float] = field(default_factory=dict)
    """Classes without test images are left out."""
    calibration_error: float | None = None
    one_shot_accuracy: float | None = None
    """None where the rung has no one-shot runs."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """metrics.json of a rung."""

    class_names: tuple[str, ...]
    n_test: int
    chance: float
    group_rate: float | None
    """Accuracy at most of who sees no relations, where classes are made in groups; else None."""
    models: Mapping[str, Result]


@dataclass(frozen=True, slots=True)
class Images:
    """images.zarr in numbers."""

    class_names: tuple[str, ...]
    n_images: int
    split: Mapping[str, int]
    """Good images of each split."""
    per_class: Mapping[str, int]
    height: tuple[int, int]
    """Least and greatest, in pixels."""
    width: tuple[int, int]
    dtype: str
    bad: tuple[tuple[str, str], ...]
    """Image id and reason."""
    params: Mapping[str, Any]
    fingerprint: str
    digest: str


@dataclass(frozen=True, slots=True)
class Rung:
    """All that one rung of the ladder left in its folder."""

    name: str
    folder: Path
    models: tuple[str, ...]
    """Models that the ladder asks for, pixel models last."""
    baselines: tuple[str, ...]
    images: Images | None
    primitives: Mapping[str, float] | None
    """Family to its mean number per good image, families that were found only."""
    relations: Mapping[str, float] | None
    """Relation to its mean number of directed edges per good image; "nodes" too."""
    metrics: Metrics | None
    energy: Mapping[str, Energy | None]
    """Cell ("detect", "train-gcn", ...) to its record."""

    def table(self, kind: str, model: str) -> Table | None:
        """Columns of a CSV file: "history", "confusion" or "calibration" of a model."""
        if kind == "history":
            return read_table(self.folder / "models" / model / "history.csv")
        return read_table(self.folder / kind / f"{model}.csv")

    def result(self, model: str) -> Result | None:
        """Test figures of a model."""
        return self.metrics.models.get(model) if self.metrics else None


def cells_of(models: tuple[str, ...]) -> tuple[str, ...]:
    """Cells of one rung, in the order in which they can run."""
    return (*STORE_STAGES, *(f"train-{model}" for model in models), "evaluate", *STUDY_STAGES)


def read_rung(folder: Path, models: tuple[str, ...], baselines: tuple[str, ...]) -> Rung:
    """What lies in `outputs/<rung>`; ContractError where a file is not as its stage writes it."""
    every = (*models, *baselines)
    return Rung(
        name=folder.name,
        folder=folder,
        models=every,
        baselines=baselines,
        images=_images(folder),
        primitives=_primitives(folder),
        relations=_relations(folder),
        metrics=_metrics(folder / "metrics.json"),
        energy={cell: _energy(folder / "energy" / f"{cell}.json") for cell in cells_of(every)},
    )


def open_store(folder: Path, stage: str) -> RaggedStore | None:
    """The store that `stage` wrote, None if it has not run."""
    name, opener = STORES[stage]
    return opener(folder / name) if (folder / name).exists() else None


def read_table(path: Path) -> Table | None:
    """Columns of a CSV file by name, floats but for TEXTS; None for no file."""
    if not path.exists():
        return None
    with path.open(newline="") as file:
        names, *rows = list(csv.reader(file))
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {
        name: np.array(values, np.str_ if name in TEXTS else np.float64)
        for name, values in zip(names, columns, strict=True)
    }


def _checked(kind: type[Contract], values: Mapping[str, Any], where: str) -> Contract:
    """The dataclass of these values; keys that it has no field for belong to others."""
    known = fields(kind)  # type: ignore[arg-type]
    missing = [
        f.name
        for f in known
        if f.name not in values and f.default is MISSING and f.default_factory is MISSING
    ]
    if missing:
        raise ContractError(f"{where}: missing {', '.join(missing)}; run its stage again")
    return kind(**{f.name: values[f.name] for f in known if f.name in values})


def _metrics(path: Path) -> Metrics | None:
    if not path.exists():
        return None
    values = json.loads(path.read_text())
    models = {
        name: _checked(Result, result, f"{path.name}: models.{name}")
        for name, result in values.get("models", {}).items()
    }
    return _checked(Metrics, values | {"models": models}, path.name)


def _energy(path: Path) -> Energy | None:
    return _checked(Energy, json.loads(path.read_text()), path.name) if path.exists() else None


def _images(folder: Path) -> Images | None:
    store = open_store(folder, "prepare")
    if store is None:
        return None
    ok = store.column("status/ok").astype(bool)
    split, label = store.column("image/split")[ok], store.column("image/label")[ok]
    height, width = (store.column(f"image/{n}")[ok] for n in ("height", "width"))
    names = tuple(store.attributes["class_names"])
    return Images(
        class_names=names,
        n_images=int(ok.sum()),
        split={name: int((split == i).sum()) for i, name in enumerate(SPLITS)},
        per_class={name: int((label == i).sum()) for i, name in enumerate(names)},
        height=(int(min(height, default=0)), int(max(height, default=0))),
        width=(int(min(width, default=0)), int(max(width, default=0))),
        dtype=store.attributes["schema"]["pixel/value"]["dtype"],
        bad=reasons_of(store, np.flatnonzero(~ok)),
        params=store.attributes["params"],
        fingerprint=str(store.attributes["fingerprint"]),
        digest=store.digest,
    )


def _primitives(folder: Path) -> Mapping[str, float] | None:
    store = open_store(folder, "detect")
    if store is None:
        return None
    n_images = max(int(store.column("status/ok").sum()), 1)
    counts = {f: int(store.offsets(f.removesuffix("s"))[-1]) for f in FAMILIES}
    return {family: n / n_images for family, n in counts.items() if n}


def _relations(folder: Path) -> Mapping[str, float] | None:
    store = open_store(folder, "relate")
    if store is None:
        return None
    n_images = max(int(store.column("status/ok").sum()), 1)
    names = relation_names(store.attributes)
    counts = np.bincount(store.column("edge/relation"), minlength=len(names))
    nodes = {"nodes": int(store.offsets("node")[-1]) / n_images}
    return nodes | {name: int(n) / n_images for name, n in zip(names, counts, strict=True)}

"""What the cells of a grid need: their images, the variants that hold them, and jobs.

No key of a cell knows of this code: who changes which images are taken must remove what is finished
and what was landed.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from perceptgraph.datasets.image_set import open_images
from perceptgraph.stages import prepare, variants
from perceptgraph.stages.cell_keys import EXTRACTION, IN_RUN, Rung, digest, views_of
from perceptgraph.stages.cells import Job, Seen, Task
from perceptgraph.stages.code_digest import code_digest
from perceptgraph.stages.few_shot import draw
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.study import Cell
from perceptgraph.stages.variants import Indices, Variant, View
from perceptgraph.stores.mapper import Mapper, TaskFailure
from perceptgraph.stores.status import SPLITS

Result = TypeVar("Result")


class LostTaskError(ChildProcessError):
    """A process died over a part of a study."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the images of a rung before anything is seen of them."""

    root: Path
    label: Indices
    drawn: Indices
    """Images to draw from."""
    scored: Indices


def results_of(
    mapper: Mapper, function: Callable[[Any], Result], items: Sequence[Any]
) -> list[Result]:
    """Results of all items; LostTaskError where a process died."""
    found = mapper(function, items)
    failed = [one.reason for one in found if isinstance(one, TaskFailure)]
    if failed:
        raise LostTaskError(
            f"study: {len(failed)} of {len(items)} tasks were lost: {failed[0]}, most likely of "
            "memory; finished cells are kept, start again with fewer dask.workers to go on"
        )
    return found  # type: ignore[return-value]


def known_of(
    rung: Rung, every: Mapping[str, Cell], todo: set[str], folder: Path, mapper: Mapper
) -> dict[str, Known]:
    """What is known of the images that each of the cells is about, by change of section prepare."""
    needed = {_named(cell.change.prepare): cell for key, cell in every.items() if key in todo}
    others = [View(c.change.prepare, (), 0, {}, {}, {}, False) for n, c in needed.items() if n]
    code = code_digest(["perceptgraph.stages.prepare"])
    make = partial(_prepare, rung=rung, folder=folder / "prepared", code=code)
    roots = {
        _named(v.prepare): path
        for v, path in zip(others, results_of(mapper, make, others), strict=True)
    }
    in_development = next(iter(every.values())).in_development
    return {name: _known(roots.get(name, rung.root), in_development) for name in needed}


def _named(change: Mapping[str, Any]) -> str:
    return json.dumps(change, sort_keys=True) if change else ""


def _prepare(view: View, rung: Rung, folder: Path, code: str) -> Path:
    recipes = rung.recipes.of(rung.root.name, view)
    facts = [recipes.prepare.datasets[rung.root.name], code]
    return variants.prepared(rung.root, folder / digest(facts), recipes)


def _known(root: Path, in_development: bool) -> Known:
    store = open_images(root / prepare.OUT)
    label = store.column("image/label").astype(np.int64)
    split, ok = store.column("image/split"), store.column("status/ok") == 1
    usable = [np.flatnonzero(ok & (label >= 0) & (split == n)) for n in range(len(SPLITS))]
    learn, val, test = usable
    drawn, scored = (
        (learn, val) if in_development else (np.sort(np.concatenate([learn, val])), test)
    )
    if not len(scored):
        raise ParamsError(f"{root}: expected labelled images to score a study on, found none")
    return Known(root, label, drawn, scored)


def spread(indices: Indices, n: int | None) -> Indices:
    """So many of the indices, evenly spread; all where there are no more."""
    if n is None or n >= len(indices):
        return indices
    return indices[np.linspace(0, len(indices) - 1, n).astype(np.int64)]


def learned_by(cell: Cell, known: Known) -> Indices:
    """Images that a cell learns from."""
    return draw(known.label, known.drawn, cell.run.per_class, cell.run.draw)


def scored_by(cell: Cell, known: Known) -> Indices:
    """Images that a cell is scored on."""
    return spread(spread(known.scored, cell.scored), cell.change.scored)


def with_sources(wanted: Iterable[Cell]) -> list[Cell]:
    """The cells and those that their attacks take images from."""
    return [one for cell in wanted for one in (cell, cell.source) if one is not None]


def variants_of(
    rung: Rung,
    every: Mapping[str, Cell],
    todo: set[str],
    known: Mapping[str, Known],
    folder: Path,
) -> dict[str, Variant]:
    """The variants that cells `todo` need, each with the images that every cell needs of it."""
    needed = {
        view.key for cell in with_sources(every[key] for key in todo) for view in views_of(cell)
    }
    learned: dict[str, list[Indices]] = defaultdict(list)
    scored: dict[str, list[Indices]] = defaultdict(list)
    views: dict[str, View] = {}
    for cell in with_sources(every.values()):
        name = _named(cell.change.prepare)
        if name not in known:
            continue
        for view, found, images_of in zip(
            views_of(cell), (learned, scored), (learned_by, scored_by), strict=True
        ):
            if view.key in needed:
                views[view.key] = view
                found[view.key].append(images_of(cell, known[name]))
    code = code_digest(
        [*EXTRACTION, "perceptgraph.stages.prepare", "perceptgraph.datasets.perturb"],
        alone=["perceptgraph.stages.variants"],
    )
    made = {}
    for key, view in views.items():
        copied = _union(learned[key])
        pool = _union([copied, *scored[key]])
        facts = [key, code, rung.images, rung.graphs, rung.facts(view)]
        name = digest([*facts, pool.tolist(), copied.tolist()])
        source = known[_named(view.prepare)].root
        made[key] = Variant(view, source, folder / name, pool, copied)
    return made


def _union(indices: Iterable[Indices]) -> Indices:
    return np.unique(np.concatenate([np.zeros(0, np.int64), *indices]))


def jobs_of(
    every: Mapping[str, Cell],
    todo: set[str],
    known: Mapping[str, Known],
    made: Mapping[str, Variant],
) -> list[Job]:
    """Jobs of the cells `todo`, those that read the same store side by side.

    Cells that learn the same and differ in what they are scored on are one job.
    """
    shared: dict[str, list[str]] = defaultdict(list)
    for key in sorted(todo):
        shared[_learned_key(key, every[key])].append(key)
    jobs = []
    for keys in shared.values():
        first = every[keys[0]]
        tasks = [
            Task(
                key,
                every[key],
                seen(every[key], 1, known, made),
                (every[key].source, seen(every[key].source, 0, known, made))  # type: ignore[arg-type]
                if every[key].source
                else None,
            )
            for key in keys
        ]
        jobs.append(Job(seen(first, 0, known, made), tuple(tasks)))
    return sorted(jobs, key=_order)


def _order(job: Job) -> tuple[str, ...]:
    run = job.tasks[0].cell.run
    keywords = json.dumps(run.setting.keywords, sort_keys=True)
    return str(job.learned.root), run.setting.cls.STORE, run.setting.model, keywords


def _learned_key(key: str, cell: Cell) -> str:
    """Digest of all that is learned, whatever it is scored on."""
    if cell.change.graphs:  # altered together with what is scored
        return key
    change = cell.change.model_dump(exclude=IN_RUN | {"unseen", "attack", "scored"})
    return digest([cell.run.per_class, cell.run.draw, asdict(cell.run.setting), change])


def seen(cell: Cell, role: int, known: Mapping[str, Known], made: Mapping[str, Variant]) -> Seen:
    """What a cell learns from (role 0) or is scored on (role 1), in its variant."""
    images = (learned_by, scored_by)[role](cell, known[_named(cell.change.prepare)])
    variant = made[views_of(cell)[role].key]
    places = variant.places(images) if role else variant.places_with_copies(images)
    timed = json.loads((variant.folder / variants.EXTRACTION).read_text())
    return Seen(variant.root, places, float(timed["cpu_s"]))

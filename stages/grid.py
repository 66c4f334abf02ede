"""Run the grid of a stage: every cell once, finished ones never again, in any number of processes.

A cell is named after a digest of its images, parameters and code. What was finished is found below
outputs/<dataset>/cells/, or in the tables that were landed; the rest is made in three rounds on
the mapper: data sets that are prepared otherwise, variants, and jobs of cells that share what is
learned. A run that is killed loses the cells that were not finished, and nothing else.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from perceptgraph.datasets.image_set import open_images
from perceptgraph.datasets.perturb import check_perturbation
from perceptgraph.graphs.store import open_graphs
from perceptgraph.stages import (
    cells,
    detect,
    few_shot_runs,
    prepare,
    relate,
    study,
    train,
    variants,
)
from perceptgraph.stages.baselines import BASELINES
from perceptgraph.stages.cells import CELLS, Job, Seen, Task
from perceptgraph.stages.code_digest import code_digest
from perceptgraph.stages.few_shot import draw
from perceptgraph.stages.outcome import Outcome, Power
from perceptgraph.stages.params import ParamsError, StageParams, check_choices
from perceptgraph.stages.study import Axis, Cell, GridParams, Row, Sections, rows_of
from perceptgraph.stages.tables import Finished, read_cells, write_tables
from perceptgraph.stages.variants import Recipes, Variant, View, view_learned, view_scored
from perceptgraph.stores.mapper import Mapper, TaskFailure
from perceptgraph.stores.status import SPLITS

VARIANTS = "variants"
"""Below outputs/<dataset>/, outside of what DVC keeps; may be removed at any time."""
EXTRACTION = tuple(f"perceptgraph.stages.{name}" for name in ("detect", "relate"))
"""Code that leads from images to graphs."""
IN_RUN = {"runner", "per_class", "keywords", "augmentation", "optimisation"}
"""Fields of a change that are in the run of its cell."""
Section = TypeVar("Section", bound=StageParams)
Result = TypeVar("Result")


class SectionOf(Protocol):
    """Gives a section of params.yaml."""

    def __call__(self, name: str, model: type[Section]) -> Section:
        """Section `name` as its model; ParamsError where it cannot be read."""
        ...


class GridError(RuntimeError):
    """A process died over a cell."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A data set and all that its cells depend on."""

    root: Path
    recipes: Recipes
    images: str
    """Digest of images.zarr."""
    graphs: str
    """Digest of graphs.zarr."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the images of a rung before anything is seen of them."""

    root: Path
    label: variants.Indices
    drawn: variants.Indices
    """Images to draw from."""
    scored: variants.Indices


def run_grid(
    stage: str,
    table: Mapping[str, Axis],
    params: GridParams,
    root: Path,
    mapper: Mapper,
    section: SectionOf,
    power: Power,
    landed: Path,
    axes: Sequence[str] = (),
) -> Outcome:
    """Measure the cells of a stage, write `root/<stage>/results.csv` and `costs.csv`.

    Parameters
    ----------
    stage : str
        Its name, also that of its folder.
    table : mapping
        Its axes.
    section : callable
        Gives the other sections of params.yaml.
    power : Power
        What turns CPU-seconds into joules.
    landed : Path
        Folder of tables that were landed: `landed/<dataset>/<stage>`.
    axes : sequence of str
        Those that are measured, all if none is named. Rows of others are in the tables where
        their cells are finished.
    """
    rung, rows = planned(table, params, root, section)
    check_choices("--axis", axes, {row.axis: row for _, row in rows})
    finished = found_before([key for key, _ in rows], root, landed / root.name / stage)
    every = {key: row.cell for key, row in rows}
    todo = {key for key, row in rows if not axes or row.axis in axes} - finished.keys()
    if todo:
        measure(rung, every, todo, root / VARIANTS / stage, mapper, power)
        finished |= cells.kept(root / CELLS, sorted(todo))
    write_tables(folder_of(root, stage, section("study", study.Params)), rows, finished)
    return Outcome({"cells": len(every), "measured": len(todo)})


def folder_of(root: Path, stage: str, params: study.Params) -> Path:
    """Folder of a stage's tables; figures for choices have one of their own."""
    return root / (f"{stage}_development" if params.in_development else stage)


def planned(
    table: Mapping[str, Axis], params: GridParams, root: Path, section: SectionOf
) -> tuple[Rung, list[tuple[str, Row]]]:
    """The rung of a stage, and its rows with the keys of their cells."""
    sections = Sections(
        section("study", study.Params),
        section("few_shot", few_shot_runs.Params),
        section("train", train.Params),
    )
    rows = rows_of(root.name, params, table, sections)
    recipes = Recipes(
        section("prepare", prepare.Params),
        section("detect", detect.Params),
        section("relate", relate.Params),
    )
    rung = Rung(
        root,
        recipes,
        open_images(root / prepare.OUT).digest,
        open_graphs(root / relate.OUT).digest,
    )
    return rung, [(key_of(row.cell, rung), row) for row in rows]


def found_before(keys: Sequence[str], root: Path, landed: Path) -> dict[str, Finished]:
    """Cells that are finished: measured here, else landed."""
    return {k: v for k, v in read_cells(landed).items() if k in set(keys)} | cells.kept(
        root / CELLS, keys
    )


def key_of(cell: Cell, rung: Rung) -> str:
    """Digest of all that a cell's figures depend on; ParamsError for a change that cannot be."""
    setting, change = cell.run.setting, cell.change
    check_change(cell)
    of_graphs = setting.model not in BASELINES
    views = view_learned(change, of_graphs), view_scored(change, of_graphs)
    recipes = [rung.recipes.of(rung.root.name, view) for view in views]
    is_detected = any(view.is_detected for view in views)
    is_related = any(view.is_related for view in views)
    modules = [train.CLASSIFIERS[setting.model].partition(":")[0], "perceptgraph.stages.few_shot"]
    modules += EXTRACTION if is_detected else EXTRACTION[1:] if is_related else ()
    modules += ["perceptgraph.stages.prepare"] if change.prepare else []
    modules += ["perceptgraph.datasets.perturb"] if any(v.images or v.copies for v in views) else []
    modules += ["perceptgraph.graphs.alterations"] if change.graphs else []
    modules += attack_modules(change)
    facts = {
        "per_class": cell.run.per_class,
        "draw": cell.run.draw,
        "setting": asdict(setting),
        "change": change.model_dump(exclude=IN_RUN),
        "scored": cell.scored,
        "in_development": cell.in_development,
        "source": key_of(cell.source, rung) if cell.source else None,
        "images": rung.images,
        "graphs": rung.graphs if of_graphs else None,
        "recipes": [r.facts(rung.root.name) for r in recipes] if is_related else None,
        "prepare": recipes[0].prepare.datasets[rung.root.name] if change.prepare else None,
        "code": code_digest(modules, alone=["perceptgraph.stages.cells"]),
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def attack_modules(change: study.Change) -> list[str]:
    """Modules of the change's attack."""
    if not change.attack:
        return []
    from perceptgraph.stages.attacks import ATTACKS

    at = [ATTACKS[name].partition(":")[0] for name in change.attack]
    return ["perceptgraph.stages.attacks.victim", *at]


def check_change(cell: Cell) -> None:
    """ParamsError where operators of a change are unknown, or do not go together."""
    from perceptgraph.graphs.alterations import check_alterations
    from perceptgraph.stages.attacks.victim import check_attack

    change = cell.change
    at = f"study: {cell.run.label}"
    try:
        for recipe in (change.images, change.noisy, change.unseen):
            check_perturbation(recipe)
        check_alterations(change.graphs)
        check_attack(change.attack)
    except ValueError as error:
        raise ParamsError(f"{at}: {error}") from error
    if change.graphs and (change.unseen or change.attack):
        raise ParamsError(
            f"{at}: expected graphs to be altered, or images that are scored to be perturbed or "
            "attacked, found both; make two levels of them"
        )


def measure(
    rung: Rung,
    every: Mapping[str, Cell],
    todo: set[str],
    folder: Path,
    mapper: Mapper,
    power: Power,
) -> None:
    """Measure the cells `todo`; what is made for them holds the images of `every` cell.

    So a run that goes on finds the same variants as the one that was killed.
    """
    known = known_of(rung, every, todo, folder, mapper)
    made = variants_of(rung, every, todo, known, folder)
    variants.remove_others(folder, {v.folder.name for v in made.values()} | PREPARED)
    build = partial(_make, recipes=rung.recipes, dataset=rung.root.name)
    wanted = list(made.values())
    _all(mapper, build, wanted[:1])  # compiles what is needed, which several workers would each do
    _all(mapper, build, wanted)
    jobs = jobs_of(every, todo, known, made)
    _all(mapper, partial(cells.run_job, folder=rung.root / CELLS, power=power), jobs)


PREPARED = {"prepared"}


def _make(variant: Variant, recipes: Recipes, dataset: str) -> None:
    variants.make(variant, recipes.of(dataset, variant.view))


def _all(mapper: Mapper, function: Callable[[Any], Result], items: Sequence[Any]) -> list[Result]:
    """Results of all items; GridError where a process died."""
    found = mapper(function, items)
    failed = [one.reason for one in found if isinstance(one, TaskFailure)]
    if failed:
        raise GridError(
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
        _named(v.prepare): path for v, path in zip(others, _all(mapper, make, others), strict=True)
    }
    in_development = next(iter(every.values())).in_development
    return {name: _known(roots.get(name, rung.root), in_development) for name in needed}


def _named(change: Mapping[str, Any]) -> str:
    return json.dumps(change, sort_keys=True) if change else ""


def _prepare(view: View, rung: Rung, folder: Path, code: str) -> Path:
    recipes = rung.recipes.of(rung.root.name, view)
    facts = [recipes.prepare.datasets[rung.root.name], code]
    return variants.prepared(rung.root, folder / _digest(facts), recipes)


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


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


def spread(indices: variants.Indices, n: int | None) -> variants.Indices:
    """So many of the indices, evenly spread; all where there are no more."""
    if n is None or n >= len(indices):
        return indices
    return indices[np.linspace(0, len(indices) - 1, n).astype(np.int64)]


def learned_by(cell: Cell, known: Known) -> variants.Indices:
    """Images that a cell learns from."""
    return draw(known.label, known.drawn, cell.run.per_class, cell.run.draw)


def scored_by(cell: Cell, known: Known) -> variants.Indices:
    """Images that a cell is scored on."""
    return spread(spread(known.scored, cell.scored), cell.change.scored)


def views_of(cell: Cell) -> tuple[View, View]:
    """How a cell sees what it learns from and what it is scored on."""
    of_graphs = cell.run.setting.model not in BASELINES
    return view_learned(cell.change, of_graphs), view_scored(cell.change, of_graphs)


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
    learned: dict[str, list[variants.Indices]] = defaultdict(list)
    scored: dict[str, list[variants.Indices]] = defaultdict(list)
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
        recipes = rung.recipes.of(rung.root.name, view)
        facts = [key, code, rung.images, rung.graphs, recipes.facts(rung.root.name)]
        digest = _digest([*facts, pool.tolist(), copied.tolist()])
        source = known[_named(view.prepare)].root
        made[key] = Variant(view, source, folder / digest, pool, copied)
    return made


def _union(indices: Iterable[variants.Indices]) -> variants.Indices:
    return np.unique(np.concatenate([np.zeros(0, np.int64), *indices]))


def jobs_of(
    every: Mapping[str, Cell],
    todo: set[str],
    known: Mapping[str, Known],
    made: Mapping[str, Variant],
) -> list[Job]:
    """Jobs of the cells `todo`, those that read the same store side by side.

    Cells that learn the same and differ in what they are scored on are one job, but each attack
    is one of its own.
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
    if cell.change.attack or cell.change.graphs:
        return key
    change = cell.change.model_dump(exclude=IN_RUN | {"unseen", "scored"})
    return _digest([cell.run.per_class, cell.run.draw, asdict(cell.run.setting), change])


def seen(cell: Cell, role: int, known: Mapping[str, Known], made: Mapping[str, Variant]) -> Seen:
    """What a cell learns from (role 0) or is scored on (role 1), in its variant."""
    images = (learned_by, scored_by)[role](cell, known[_named(cell.change.prepare)])
    variant = made[views_of(cell)[role].key]
    places = variant.places(images) if role else variant.places_with_copies(images)
    timed = json.loads((variant.folder / variants.EXTRACTION).read_text())
    return Seen(variant.root, places, float(timed["cpu_s"]))

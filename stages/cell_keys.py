"""Keys of cells: digests of all that their figures depend on."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from perceptgraph.datasets.perturb import check_perturbation
from perceptgraph.graphs.alterations import check_alterations
from perceptgraph.stages import study, train
from perceptgraph.stages.attacks import ATTACKS
from perceptgraph.stages.attacks.victim import check_attack
from perceptgraph.stages.baselines import BASELINES
from perceptgraph.stages.code_digest import code_digest
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.study import Cell
from perceptgraph.stages.variants import Recipes, View, view_learned, view_scored

EXTRACTION = ("perceptgraph.stages.detect", "perceptgraph.stages.relate")
"""Code that leads from images to graphs."""
IN_RUN = {"runner", "per_class", "keywords", "augmentation", "optimisation"}
"""Fields of a change that are in the run of its cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """A data set and all that its cells depend on."""

    root: Path
    recipes: Recipes
    images: str
    """Digest of images.zarr."""
    graphs: str
    """Digest of graphs.zarr."""
    _facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def facts(self, view: View) -> dict[str, Any]:
        """Recipes of a view as JSON values; ParamsError for a view that cannot be."""
        if view.key not in self._facts:
            name = self.root.name
            self._facts[view.key] = self.recipes.of(name, view).facts(name)
        return self._facts[view.key]


def digest(facts: Any) -> str:
    """Digest of JSON values."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def views_of(cell: Cell) -> tuple[View, View]:
    """How a cell sees what it learns from and what it is scored on."""
    of_graphs = cell.run.setting.model not in BASELINES
    return view_learned(cell.change, of_graphs), view_scored(cell.change, of_graphs)


def key_of(cell: Cell, rung: Rung) -> str:
    """Digest of all that a cell's figures depend on; ParamsError for a change that cannot be."""
    setting, change = cell.run.setting, cell.change
    check_change(cell)
    of_graphs = setting.model not in BASELINES
    views = views_of(cell)
    is_detected = any(view.is_detected for view in views)
    is_related = any(view.is_related for view in views)
    modules = [train.CLASSIFIERS[setting.model].partition(":")[0], "perceptgraph.stages.few_shot"]
    modules += EXTRACTION if is_detected else EXTRACTION[1:] if is_related else ()
    modules += ["perceptgraph.stages.prepare"] if change.prepare else []
    is_perturbed = any(view.images or view.copies for view in views)
    modules += ["perceptgraph.datasets.perturb"] if is_perturbed else []
    modules += ["perceptgraph.graphs.alterations"] if change.graphs else []
    modules += attack_modules(change)
    alone = ["perceptgraph.stages.cells", "perceptgraph.stages.variants"]
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
        "recipes": [rung.facts(view) for view in views] if is_related or change.prepare else None,
        "code": code_digest(modules, alone if is_related or is_perturbed else alone[:1]),
    }
    return digest(facts)


def attack_modules(change: study.Change) -> list[str]:
    """Modules of the change's attack."""
    if not change.attack:
        return []
    at = [ATTACKS[name].partition(":")[0] for name in change.attack]
    return ["perceptgraph.stages.attacks.victim", *at]


def check_change(cell: Cell) -> None:
    """ParamsError where operators of a change are unknown, or do not go together."""
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

"""Variants of a rung: images otherwise prepared, perturbed, detected or related, made once.

A variant is a rung of its own with the images that a study needs of it and no others, made by the
code of the stages. It depends on its view, its images and the code alone, so it is the same for
any number of workers, and a study that was interrupted finds it again.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.datasets.perturb import perturbed
from perceptgraph.graphs.primitive_store import open_primitives
from perceptgraph.graphs.store import open_graphs
from perceptgraph.stages import detect, prepare, relate
from perceptgraph.stages.params import ParamsError, overlaid, without_nulls
from perceptgraph.stages.study import Change, Operators
from perceptgraph.stores.mapper import serial
from perceptgraph.stores.ragged import Block, RaggedStore, stack, taken, write_store
from perceptgraph.stores.status import decode_text, encode_text

Indices = NDArray[np.int64]
EXTRACTION = "extraction.json"
TIMED = 64
"""Images whose extraction is timed."""
OF_STORE = ("format", "version", "n_images", "digest", "schema")
"""Attributes that a store has of its own."""


@dataclass(frozen=True, slots=True)
class View:
    """How images come to be seen; what is empty stays as the stages have it."""

    prepare: Mapping[str, Any]
    """Keywords of the data set."""
    images: tuple[Operators, ...]
    """Perturbations of all images, one after the other."""
    copies: int
    noisy: Operators
    """Perturbations of the copies."""
    detect: Mapping[str, Any]
    relate: Mapping[str, Any]
    of_graphs: bool
    """Graphs are wanted, not only images."""

    @property
    def key(self) -> str:
        """The view as JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def is_detected(self) -> bool:
        """Primitives are detected anew."""
        otherwise = self.prepare or self.images or self.copies or self.detect
        return self.of_graphs and bool(otherwise)

    @property
    def is_related(self) -> bool:
        """Primitives are related anew."""
        return self.is_detected or (self.of_graphs and bool(self.relate))


def view_learned(change: Change, of_graphs: bool) -> View:
    """How the images that are learned from are seen."""
    return View(
        change.prepare,
        (change.images,) if change.images else (),
        change.copies,
        change.noisy if change.copies else {},
        change.detect,
        change.relate,
        of_graphs,
    )


def view_scored(change: Change, of_graphs: bool) -> View:
    """How the images that are scored are seen."""
    learned = view_learned(change, of_graphs)
    if not change.unseen:
        return learned
    return replace(learned, images=(*learned.images, change.unseen), copies=0, noisy={})


@dataclass(frozen=True, slots=True)
class Recipes:
    """What the stages up to the graphs are told."""

    prepare: prepare.Params
    detect: detect.Params
    relate: relate.Params

    def of(self, dataset: str, view: View) -> "Recipes":
        """The same for a view of a data set; ParamsError for what cannot be."""
        keywords = overlaid(self.prepare.datasets[dataset], view.prepare)
        datasets = {**self.prepare.datasets, dataset: keywords}
        drawn = self.prepare.model_copy(update={"datasets": datasets})
        prepare.keywords_of(drawn, dataset)
        return Recipes(
            drawn,
            _with_recipe(self.detect, dataset, view.detect),
            _with_recipe(self.relate, dataset, view.relate),
        )

    def facts(self, dataset: str) -> dict[str, Any]:
        """Recipes of a data set as JSON values."""
        return {
            "prepare": self.prepare.datasets[dataset],
            "detect": self.detect.recipe(dataset).model_dump(),
            "ground_truth": self.detect.ground_truth,
            "relate": self.relate.recipe(dataset).model_dump(),
        }


def _with_recipe(params: Any, dataset: str, change: Mapping[str, Any]) -> Any:
    """Params of a stage with a change of the recipe of a data set."""
    recipe = params.recipe(dataset)
    name = params.recipe_of[dataset]
    try:
        changed = type(recipe)(**without_nulls(overlaid(recipe.model_dump(), change)))
    except ValidationError as error:
        found = "; ".join(
            problem["msg"].removeprefix("Value error, ") for problem in error.errors()
        )
        raise ParamsError(f"study: change of recipe {name}: {found}") from error
    return params.model_copy(update={"recipes": {**params.recipes, name: changed}})


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A view of some images, and where it is kept."""

    view: View
    source: Path
    """Rung with all images, prepared as the view has it."""
    folder: Path
    """Named after all that it depends on; the rung below is named after the data set."""
    pool: Indices
    """(P,): images of the source, ascending."""
    copied: Indices
    """(Q,): those of which there are copies."""

    @property
    def root(self) -> Path:
        """The rung."""
        return self.folder / self.source.name

    def places(self, images: Indices) -> Indices:
        """Where these images of the source are in the variant."""
        return np.searchsorted(self.pool, images)

    def places_with_copies(self, images: Indices) -> Indices:
        """Where these images are, and then where all their copies are."""
        first = len(self.pool) + np.searchsorted(self.copied, images)
        copies = [first + n * len(self.copied) for n in range(self.view.copies)]
        return np.concatenate([self.places(images), *copies])


def make(variant: Variant, recipes: Recipes) -> None:
    """Make the stores of a variant, unless they are there; `recipes` are those of its view."""
    if (variant.folder / EXTRACTION).exists():
        return
    root, view, source = variant.root, variant.view, variant.source
    root.mkdir(parents=True, exist_ok=True)
    _write_images(variant)
    if view.is_detected:
        detect.run(recipes.detect, root, serial)
    elif view.is_related:
        primitives = open_primitives(source / detect.OUT)
        write_taken(primitives, variant.pool, root / detect.OUT)
    if view.is_related:
        if recipes.relate.recipe(root.name).cut == "phase":
            raise ParamsError(
                f"study: expected a variant of {root.name} whose cuts do not depend on the number "
                "of the image, found cut: phase; choose another in relate"
            )
        few = recipes.relate.model_copy(update={"counted_per_class": 1})
        relate.run(few, root, serial)
    elif view.of_graphs:
        write_taken(open_graphs(source / relate.OUT), variant.pool, root / relate.OUT)
    seconds = extraction_s(root, recipes) if view.of_graphs else 0.0
    partial = (variant.folder / EXTRACTION).with_suffix(".partial")
    partial.write_text(json.dumps({"cpu_s": seconds}) + "\n")
    partial.replace(variant.folder / EXTRACTION)


def _write_images(variant: Variant) -> None:
    """The images of the variant, perturbed, and then their copies."""
    store, view = open_images(variant.source / prepare.OUT), variant.view
    out = variant.root / prepare.OUT
    if not (view.images or view.copies):
        write_taken(store, variant.pool, out)
        return
    pools = [variant.pool, *[variant.copied] * view.copies]
    block, records = store.block(), []
    for copy, pool in enumerate(pools):
        operators = (*view.images, *([view.noisy] if copy else []))
        records += _perturbed(taken(block, pool), pool, copy, operators)
    made = stack(store.layout, records)
    write_store(out, store.layout, [made.read], _attributes(store))


def _perturbed(
    block: Block, indices: Indices, copy: int, operators: tuple[Operators, ...]
) -> list[dict[str, Any]]:
    """Records of images with these indices; each draws from generators of its own."""
    images, records = image_set(block), []
    for place, (index, record) in enumerate(zip(indices, block.records(), strict=True)):
        pixels = images.image(place)
        for number, recipe in enumerate(operators):
            if images.ok[place]:
                rng = np.random.default_rng([int(index), copy, number])
                pixels = perturbed(pixels, rng, recipe)
        name = decode_text(record["image/id"])
        identity = {"image/id": encode_text(f"{name} copy {copy}")} if copy else {}
        records.append({**record, **identity, prepare.PIXELS: pixels.reshape(-1)})
    return records


def write_taken(store: RaggedStore, indices: Indices, out: Path) -> None:
    """Write these images of a store as a store of their own."""
    block = taken(store.block(), indices)
    write_store(out, store.layout, [block.read], _attributes(store))


def _attributes(store: RaggedStore) -> dict[str, Any]:
    return {k: v for k, v in store.attributes.items() if k not in OF_STORE}


def extraction_s(root: Path, recipes: Recipes) -> float:
    """CPU-seconds from the pixels of an image of the rung to its graph.

    Measured here and now, on at most TIMED images, evenly spread, after one that does not count.
    """
    store = open_images(root / prepare.OUT)
    found = recipes.detect.recipe(root.name)
    related = recipes.relate.recipe(root.name)
    good = np.flatnonzero(store.column("status/ok"))
    few = good[np.linspace(0, len(good) - 1, min(len(good), TIMED)).astype(np.int64)]
    images = image_set(taken(store.block(), few))
    start = process_time()
    for place in range(len(images)):
        if place == 1:
            start = process_time()
        relate.relate_one(found.find(images.image(place)), -1, related)
    return (process_time() - start) / max(len(images) - 1, 1)


def prepared(root: Path, folder: Path, recipes: Recipes) -> Path:
    """The rung with all images as `recipes` have them prepared; made unless it is there."""
    target = folder / root.name
    if not (target / prepare.OUT).exists():
        target.mkdir(parents=True, exist_ok=True)
        prepare.run(recipes.prepare, target, serial)
    return target


def remove_others(folder: Path, kept: set[str]) -> None:
    """Remove the variants below `folder` that are not among those kept, by name."""
    for old in folder.iterdir() if folder.is_dir() else ():
        if old.name not in kept:
            shutil.rmtree(old)

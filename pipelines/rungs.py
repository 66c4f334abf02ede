"""Rungs of the ladder for commands that need their stores: what is not there yet is made."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from perceptgraph.datasets.image_set import open_images
from perceptgraph.graphs.primitive_store import open_primitives
from perceptgraph.graphs.store import open_graphs
from perceptgraph.pipelines.energy import read_record
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.running import run_stage
from perceptgraph.stages import detect, prepare, relate
from perceptgraph.stores.ragged import RaggedStore, StoreError

LOGGER = logging.getLogger(__name__)
EXTRACTION = ("detect", "relate")
"""Stages that lead from images to graphs."""


def built(
    dataset: str, outputs: Path, params: Path, overrides: Sequence[str], up_to: str = "relate"
) -> Path:
    """The folder of a rung with its stores, as params.yaml has them; made where they are not.

    Images that could not be used are named in the log.

    Parameters
    ----------
    dataset : str
        The rung.
    outputs, params : Path
        Folder of all results; parameters of the run.
    overrides : sequence of str
        "section.key=value".
    up_to : {"prepare", "detect", "relate"}
        The last stage whose store is needed.

    Raises
    ------
    MissingData
        The data set is not there.
    """
    values = load_params(params, overrides)
    root = outputs / dataset
    last = ""
    for stage, current in STORES.items():
        try:
            store = current(values, root, last)
        except (StoreError, KeyError) as error:
            LOGGER.info("%s %s: %s", stage, dataset, error)
            outcome = run_stage(
                stage, dataset=dataset, overrides=overrides, params_path=params, outputs=outputs
            )
            for image_id, reason in outcome.bad:
                LOGGER.warning("%s %s: left out %s: %s", stage, dataset, image_id, reason)
            store = current(values, root, last)
        if stage == up_to:
            break
        last = store.digest
    return root


def _images(values: Mapping[str, Any], root: Path, _: str) -> RaggedStore:
    """The images; StoreError unless they are those of params.yaml."""
    keywords = section_of(values, "prepare", prepare.Params).datasets[root.name]
    return _made(open_images(root / prepare.OUT), {"params": keywords})


def _primitives(values: Mapping[str, Any], root: Path, images: str) -> RaggedStore:
    """The primitives; StoreError unless they are those of params.yaml and of these images."""
    params = section_of(values, "detect", detect.Params)
    recipe = None if params.ground_truth else params.recipe(root.name).model_dump()
    facts = {"recipe": recipe, "images_digest": images}
    return _made(open_primitives(root / detect.OUT), facts)


def _graphs(values: Mapping[str, Any], root: Path, primitives: str) -> RaggedStore:
    """The graphs; StoreError unless they are those of params.yaml and of these primitives."""
    recipe = section_of(values, "relate", relate.Params).recipe(root.name)
    facts = {"relate": recipe.model_dump(), "primitives_digest": primitives}
    return _made(open_graphs(root / relate.OUT), facts)


def _made(store: RaggedStore, facts: Mapping[str, Any]) -> RaggedStore:
    """The store; StoreError unless its attributes hold these facts."""
    for name, value in json.loads(json.dumps(facts)).items():
        if store.attributes.get(name) != value:
            raise StoreError(f"{store.path}: {name} is another than in params.yaml")
    return store


STORES = {"prepare": _images, "detect": _primitives, "relate": _graphs}
"""Stage to what opens its store, if that is as params.yaml has it; each from that of the last."""


def extraction_s(root: Path) -> float:
    """CPU-seconds from the pixels of an image to its graph, by the energy records; NaN without."""
    total = 0.0
    for stage in EXTRACTION:
        path = root / "energy" / f"{stage}.json"
        if not path.exists():
            return math.nan
        record = read_record(path)
        total += record.cpu_s / max(record.work["images"], 1)
    return total

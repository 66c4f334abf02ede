"""Command `bench scenes`: categories of natural scenes from a hundred images of each."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace

from perceptgraph.benchmarks import scenes
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.pipelines.bench import Figures
from perceptgraph.pipelines.bench_models import Settings, Suite, few
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.rungs import built, extraction_s, watts_per_core
from perceptgraph.stages import train
from perceptgraph.stages.params import check_choices

LOGGER = logging.getLogger(__name__)
SETS = ("ot8", "scene15")
RECIPE = "scenes"
"""Of detect and relate, for the graphs that the model `fisher` reads."""
OUT = "edgelets"
"""Folder below the results where their rungs are: those of other models have other graphs."""


def splits(settings: Settings) -> Iterator[Figures]:
    """Fisher vectors on the fixed split and on random ones, and what contexts add."""
    if settings.per_class and scenes.PER_CLASS not in settings.per_class:
        return
    if settings.models:
        labels = [label for label in settings.models if label in scenes.VARIANTS]
    else:
        labels = list(scenes.VARIANTS)
    missing = []
    for dataset in SETS if labels else ():
        try:
            yield from _of_set(dataset, labels, settings)
        except MissingData as error:
            missing.append(error)
            LOGGER.warning("left out %s: %s", dataset, error)
    if len(missing) == len(SETS):
        raise missing[0]


def _of_set(dataset: str, labels: list[str], settings: Settings) -> Iterator[Figures]:
    chosen = tuple(f"{stage}.recipe_of.{dataset}={RECIPE}" for stage in ("detect", "relate"))
    there = replace(
        settings, outputs=settings.outputs / OUT, overrides=(*settings.overrides, *chosen)
    )
    root = built(dataset, there.outputs, there.params, there.overrides)
    values = load_params(there.params, there.overrides)
    networks = section_of(values, "train", train.Params).networks
    check_choices("train.networks", ["fisher"], networks)
    for label in labels:
        yield from scenes.measure(
            root,
            networks["fisher"],
            label,
            draws=10 if settings.draws is None else settings.draws,
            extraction_s=extraction_s(root),
            watts=watts_per_core(values),
            in_development=settings.in_development,
        )


SUITES: Mapping[str, Suite] = {"splits": splits, "few_shot": few(*SETS)}

"""Command `bench scenes`: categories of natural scenes from a hundred images of each."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from perceptgraph.benchmarks import scenes
from perceptgraph.pipelines.bench import Figures
from perceptgraph.pipelines.bench_models import Settings, Suite, costs_of, few, of_each
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.rungs import built
from perceptgraph.stages import train
from perceptgraph.stages.params import check_choices

SETS = ("ot8", "scene15")
RECIPE = "scenes"
"""Of detect and relate, for the graphs that the model `fisher` reads."""
OUT = "edgelets"
"""Folder below the results where their rungs are: those of other models have other graphs."""


def splits(settings: Settings) -> Iterator[Figures]:
    """Fisher vectors on the fixed split and on random ones, and what contexts add."""
    if settings.per_class and scenes.PER_CLASS not in settings.per_class:
        return
    labels = [x for x in scenes.VARIANTS if x in settings.models or not settings.models]
    if labels:
        yield from of_each(SETS, partial(_of_set, labels, settings))


def _of_set(labels: list[str], settings: Settings, dataset: str) -> Iterator[Figures]:
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
            costs_of(root, there),
            settings.draws or scenes.N_SPLITS,
            settings.in_development,
        )


SUITES: Mapping[str, Suite] = {"splits": splits, "few_shot": few(*SETS)}

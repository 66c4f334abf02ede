"""Command `bench graphs`: speed of relations, loader and stores, and what relations tell."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from perceptgraph.benchmarks import (
    alignment,
    augmentation,
    loader,
    relate_speed,
    rotation,
    streamed,
    training_step,
)
from perceptgraph.benchmarks.turned_images import IMAGES
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.pipelines import graph_builds
from perceptgraph.pipelines.bench import Figures, look_in, run_suites
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stages import detect, relate

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the suites are told."""

    images: int | None
    """Images of every measure, of each class for alignment. None: as many as there are, or as the
    goal is stated for."""
    graphs: int | None
    """Synthetic graphs. None: as many as the goal is stated for."""
    params: Path
    """Recipes of detection and relation."""


def turned(settings: Settings) -> Figures:
    """What turned images keep of their graphs, by the recipes of each data set that is there."""
    values = load_params(settings.params)
    figures: Figures = {}
    for name in IMAGES:
        find = section_of(values, "detect", detect.Params).recipe(name)
        connect = section_of(values, "relate", relate.Params).recipe(name)
        try:
            figures |= rotation.measure({name: (find, connect)}, settings.images or 100)
        except MissingData as error:
            LOGGER.warning("left out %s: %s", name, error)
    return figures


def learned(settings: Settings) -> Figures:
    """Training steps on digits, made into graphs by their recipes."""
    values = load_params(settings.params)
    find = section_of(values, "detect", detect.Params).recipe("mnist")
    connect = section_of(values, "relate", relate.Params).recipe("mnist")
    store = training_step.digit_graphs(settings.images or 640, find, connect)
    return training_step.measure(store)


SUITES: dict[str, Callable[[Settings], Figures]] = {
    "relate": lambda settings: relate_speed.measure(),
    "loader": lambda settings: loader.measure(settings.graphs or 60_000),
    "stream": lambda settings: streamed.measure(settings.graphs or 1_000_000),
    "augment": lambda settings: augmentation.measure(settings.images or 500),
    "alignment": lambda settings: alignment.measure(settings.images or 20),
    "rotation": turned,
    "training": learned,
    "stores": lambda settings: graph_builds.measure(settings.images, settings.params),
}


def bench_graphs(
    suites: Sequence[str], data: Path | None, settings: Settings, json_out: Path | None
) -> None:
    """Measure the suites, all of them if none is named; print a table of each, write all figures.

    Raises
    ------
    ParamsError
        An unknown suite.
    MissingData
        `data` is no folder, or a suite that was named lacks its data.
    """
    look_in(data)
    torch.set_num_threads(1)
    run_suites(suites, SUITES, settings, json_out)

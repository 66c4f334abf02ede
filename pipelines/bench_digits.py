"""Command `bench digits`: what models learn from few digits and characters, beside controls."""

from collections.abc import Iterator, Mapping

from perceptgraph.benchmarks import one_shot as one_shot_runs
from perceptgraph.benchmarks import rotated_digits
from perceptgraph.datasets.image_set import open_images
from perceptgraph.pipelines.bench import Figures
from perceptgraph.pipelines.bench_models import Settings, Suite, costs_of, every, few, runs_for
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.rungs import built
from perceptgraph.stages import detect, relate
from perceptgraph.stages.evaluate import IMAGES, group_rate
from perceptgraph.stages.few_shot_runs import ALL


def shapes(settings: Settings) -> Iterator[Figures]:
    """Classes that differ in relations only, beside the rate of one who sees no relation."""
    is_measured = False
    for figures in every("shapes")(settings):
        is_measured = True
        yield figures
    if is_measured:
        images = open_images(settings.outputs / "shapes" / IMAGES)
        rate = group_rate(images.attributes["class_names"])
        if rate is not None:
            yield {"shapes/all/group_rate/accuracy": 100 * rate}


def one_shot(settings: Settings) -> Iterator[Figures]:
    """One-shot runs of Omniglot."""
    runs = runs_for("omniglot", settings, [])
    if not runs or (settings.per_class and 1 not in settings.per_class):
        return
    root = built("omniglot", settings.outputs, settings.params, settings.overrides)
    costs = costs_of(root, settings)
    yield from one_shot_runs.measure(root, runs, costs, settings.in_development)


def rotated(settings: Settings) -> Iterator[Figures]:
    """All digits of MNIST learned upright, scored at any turn."""
    runs = runs_for("mnist-rotated", settings, [])
    if not runs or (settings.per_class and ALL not in settings.per_class):
        return
    root = built("mnist", settings.outputs, settings.params, settings.overrides)
    values = load_params(settings.params, settings.overrides)
    find = section_of(values, "detect", detect.Params).recipe("mnist")
    cut = section_of(values, "relate", relate.Params).recipe("mnist")
    costs = costs_of(root, settings)
    yield from rotated_digits.measure(root, runs, find, cut, costs, settings.in_development)


SUITES: Mapping[str, Suite] = {
    "few_shot": few("mnist"),
    "shapes": shapes,
    "one_shot": one_shot,
    "rotated": rotated,
    "all_data": every("mnist"),
}
"""Cheap ones first."""

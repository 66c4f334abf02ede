"""Command `bench digits`: what models learn from few digits and characters, beside controls."""

from collections.abc import Iterator, Mapping

from perceptgraph.datasets.image_set import open_images
from perceptgraph.pipelines.bench import Figures
from perceptgraph.pipelines.bench_models import Settings, Suite, every, few
from perceptgraph.stages.evaluate import IMAGES, group_rate


def shapes(settings: Settings) -> Iterator[Figures]:
    """Classes that differ in relations only, beside the rate of one who sees no relation."""
    yield from every("shapes")(settings)
    images = settings.outputs / "shapes" / IMAGES
    if images.exists():
        rate = group_rate(open_images(images).attributes["class_names"])
        if rate is not None:
            yield {"shapes/all/group_rate/accuracy": 100 * rate}


SUITES: Mapping[str, Suite] = {
    "few_shot": few("mnist"),
    "shapes": shapes,
    "all_data": every("mnist"),
}
"""Cheap ones first."""

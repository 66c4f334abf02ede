"""Command `bench digits`: what models learn from few digits and characters, beside controls."""

from collections.abc import Mapping

from perceptgraph.pipelines.bench_models import Suite, every, few

SUITES: Mapping[str, Suite] = {
    "few_shot": few("mnist"),
    "shapes": every("shapes"),
    "all_data": every("mnist"),
}
"""Cheap ones first."""

"""Command `bench scenes`: categories of natural scenes from a hundred images of each."""

from collections.abc import Mapping

from perceptgraph.pipelines.bench_models import Suite, few

SUITES: Mapping[str, Suite] = {"few_shot": few("ot8", "scene15")}

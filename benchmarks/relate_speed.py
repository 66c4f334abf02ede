"""Processor time of relations, by the number of nodes and by relation."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from perceptgraph.benchmarks.drawn_glyphs import glyph_frames, glyphs
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.relation_graph import related_all
from perceptgraph.graphs.relations import RELATIONS

SIZES = {18: 500, 100: 100, 300: 1, 1000: 1, 3000: 1}
"""Nodes of an image to the images that are related at once."""
APART = ("delaunay", "complete")
"""Not in the sum: one is SciPy's, the other is meant for small graphs and made with the batch."""
ROUNDS, ROUND_S = 5, 0.1


def cpu_us(work: Callable[[], object]) -> float:
    """Processor time of one call in microseconds: the best round, after a call that compiles."""
    work()
    best = np.inf
    for _ in range(ROUNDS):
        n_calls, spent, start = 0, 0.0, time.process_time()
        while spent < ROUND_S or not n_calls:
            work()
            n_calls, spent = n_calls + 1, time.process_time() - start
        best = min(best, spent / n_calls)
    return best * 1e6


def measure() -> dict[str, float]:
    """Microseconds per graph: of all relations but APART together, of each, and of the nodes."""
    figures: dict[str, float] = {}
    for n_nodes, n_images in SIZES.items():
        rng = np.random.default_rng(n_nodes)
        pages = [glyphs(n_nodes, rng) for _ in range(n_images)]
        for name, work in works(pages).items():
            figures[f"{name}/{n_nodes}/ours"] = cpu_us(work) / n_images
    return figures


def works(pages: Sequence[Primitives]) -> dict[str, Callable[[], object]]:
    """What is timed on these pages, by name."""
    frames = glyph_frames(pages)
    together: dict[str, dict[str, object]] = {n: {} for n in RELATIONS if n not in APART}
    return {
        "relate/us": partial(related_all, frames, together),
        "frames/us": partial(glyph_frames, pages),
        **{f"relate/{n}/us": partial(related_all, frames, {n: {}}) for n in RELATIONS},
    }

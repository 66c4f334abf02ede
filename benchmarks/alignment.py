"""How well relations and motifs agree with the classes of images: SAM of a graph of images.

Every image is described by numbers of one kind (its nodes, its relations, its motifs), per node of
the image, and joined to the images whose numbers are nearest. Subspace alignment of that graph,
the numbers and the classes is measured as it is, and with more and more of the numbers shuffled
and of the edges rewired: the steeper the rise, the more the numbers know of the classes. Graphs
of different numbers have different dimensions: it is rises that compare, not levels.
"""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from perceptgraph.datasets.catalog import MissingData, opener
from perceptgraph.datasets.image_set import Collection
from perceptgraph.graphs.alignment import best_dimensions, randomisation_curve
from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.nodes import frames_of_images
from perceptgraph.graphs.relation_graph import SPARSE_RELATIONS, related_all
from perceptgraph.graphs.two_hop import Pairs, adjacency_pairs
from perceptgraph.stages.detect import detect
from perceptgraph.stages.relation_counts import columns_of, count_graphs
from perceptgraph.stores.status import SPLITS

SETS: Mapping[str, Mapping[str, Any]] = {"shapes": {}, "ot8": {"val_per_class": 20}}
"""Data sets, with their keywords."""
NEAREST = 8
LOGGER = logging.getLogger(__name__)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
N_DRAWS = 3

Floats = NDArray[np.float64]


def measure(per_class: int) -> dict[str, float]:
    """Figures of SETS, from the first training images of each class; of those that are there.

    They are named `alignment/<set>/<what>/<numbers>`: `sam_<percent>` at each of SHARES, `rise`
    from the first to the last, and `homophily`, the share of the edges that join images of one
    class.
    """
    figures: dict[str, float] = {}
    for name, keywords in SETS.items():
        try:  # a public set may not be there; what is drawn always is
            images = opener(name)(**keywords)
        except MissingData as error:
            LOGGER.warning("left out %s: %s", name, error)
            continue
        figures |= of_set(name, images, per_class)
    return figures


def of_set(name: str, images: Collection, per_class: int) -> dict[str, float]:
    """The figures of one data set."""
    chosen = training_images(images, per_class)
    label = np.array([images.identify(i)[1] for i in chosen])
    found = [detect(images.read(i).pixels) for i in chosen]
    frames = frames_of_images(found, kinds=("lines", "junctions"), piece_length=12.0)
    figures = {}
    for kind, numbers in numbers_of(frames, label).items():
        for what, value in alignment_figures(numbers, label, np.random.default_rng(0)).items():
            figures[f"alignment/{name}/{what}/{kind}"] = value
    return figures


def training_images(images: Collection, per_class: int) -> list[int]:
    """The first training images of each class, in order."""
    seen: dict[int, int] = {}
    chosen = []
    for i in range(len(images)):
        _, label, split = images.identify(i)
        if split == SPLITS.index("train") and seen.get(label, 0) < per_class:
            seen[label] = seen.get(label, 0) + 1
            chosen.append(i)
    return chosen


def numbers_of(frames: Frames, label: NDArray[np.int64]) -> dict[str, Floats]:
    """Numbers (G, C) of each kind: attributes of the nodes, relations, typed and untyped motifs."""
    edges = related_all(frames, SPARSE_RELATIONS)
    first = np.repeat(frames.offsets[:-1], np.diff(edges.offsets))
    index = np.stack([edges.source, edges.target]) + first
    names = tuple(SPARSE_RELATIONS)
    counted = count_graphs(frames, index, edges.relation, edges.offsets, names, label)
    per_node = counted.counts / np.maximum(counted.counts[:, :1], 1)
    group = np.array([group for group, _ in columns_of(names)])
    graph = np.repeat(np.arange(len(label)), np.diff(frames.offsets))
    sums = np.zeros((len(label), frames.attributes.shape[1]))
    np.add.at(sums, graph, frames.attributes)
    return {
        "nodes": sums / np.maximum(counted.counts[:, :1], 1),
        "relations": per_node[:, group == "relation"],
        "typed_motifs": per_node[:, group == "typed motif"],
        "untyped_motifs": per_node[:, group == "motif"],
    }


def alignment_figures(
    numbers: Floats, label: NDArray[np.int64], rng: np.random.Generator
) -> dict[str, float]:
    """SAM of images with these numbers (G, C), of which each column counts the same."""
    varied = numbers[:, numbers.std(axis=0) > 0]
    scaled = (varied - varied.mean(axis=0)) / varied.std(axis=0)
    pairs = nearest_images(scaled)
    dimensions = best_dimensions(scaled, pairs, label, rng, n_draws=N_DRAWS)
    curve = randomisation_curve(
        scaled, pairs, label, rng, dimensions=dimensions, shares=SHARES, n_draws=N_DRAWS
    ).mean(axis=1)
    return {
        **{f"sam_{100 * p:.0f}": float(sam) for p, sam in zip(SHARES, curve, strict=True)},
        "rise": float(curve[-1] - curve[0]),
        "homophily": float((label[pairs[0]] == label[pairs[1]]).mean()),
    }


def nearest_images(numbers: Floats) -> Pairs:
    """N1 of the graph that joins each image to the NEAREST others with the nearest numbers."""
    n = len(numbers)
    k = min(NEAREST + 1, n)
    _, near = KDTree(numbers).query(numbers, k=k)
    return adjacency_pairs(np.stack([np.repeat(np.arange(n), k), near.ravel()]), n)

r"""How well nodes, relations and classes agree over many images: SAM of a data set.

The subspace alignment measure (`alignment`) is of one graph whose nodes have features and classes.
Here the images are its nodes. The features of an image are statistics of its primitives: of each
kind how many there are, and the mean and standard deviation of their attributes, positions and
directions. Its neighbours are the images with the most similar statistics of relations: of each
relation how many edges there are, and the mean and standard deviation of their relative poses. So
what is done to nodes moves the features, what is done to edges moves the graph, and both may
come to agree less with the classes and with each other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree

from perceptgraph.graphs.alignment import Floats, alignment_measure
from perceptgraph.graphs.alterations import altered
from perceptgraph.graphs.encoding import relative_pose
from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphStore
from perceptgraph.graphs.push_forward import image_of
from perceptgraph.graphs.two_hop import Pairs, adjacency_pairs

Recipe = Mapping[str, Mapping[str, Any]]
NEIGHBOURS = 10
"""Most similar images that an image is joined to."""
RANDOM: Recipe = {"shuffled_nodes": {"share": 1.0}, "shuffled_edges": {"share": 1.0}}
"""Alterations after which neither nodes nor edges say anything of their image."""
VARIES = 1e-9


def node_statistics(graphs: GraphStore) -> Floats:
    """Standardised (G, F): of each kind of node its number, and how its values are spread."""
    sine, cosine = graphs.direction.astype(np.float64).T
    twice = np.stack([2 * sine * cosine, cosine**2 - sine**2], axis=1)
    columns = (graphs.attributes, graphs.position, graphs.direction, twice)
    group = image_of(graphs.frames) * len(NODE_KINDS) + graphs.kind
    return _standardised(
        _moments(group, len(graphs), len(NODE_KINDS), np.concatenate(columns, axis=1))
    )


def relation_statistics(graphs: GraphStore) -> Floats:
    """Standardised (G, F): of each relation its number, and how its relative poses are spread."""
    counts = np.diff(graphs.edges.offsets)
    pairs = graphs.edges.index + np.repeat(graphs.node_offsets[:-1], counts)
    poses = relative_pose(*map(torch.from_numpy, (graphs.position, graphs.direction, pairs)))
    n_relations = max(len(graphs.schema.relations), 1)
    group = np.repeat(np.arange(len(graphs)), counts) * n_relations + graphs.relation
    return _standardised(_moments(group, len(graphs), n_relations, poses.numpy()))


def most_similar(statistics: Floats, neighbours: int = NEIGHBOURS) -> Pairs:
    """Pairs (2, P) of images and the most similar others, both ways, as `adjacency_pairs`."""
    n = len(statistics)
    k = min(neighbours, n - 1)
    # A column that never varies lets images be told apart by none: all are at distance 0.
    padded = np.concatenate([statistics, np.zeros((n, 1))], axis=1)
    found = KDTree(padded).query(padded, k + 1)[1].reshape(n, k + 1)
    source = np.repeat(np.arange(n), k + 1)
    return adjacency_pairs(np.stack([source, found.ravel()]), n)


def alignments(graphs: GraphStore) -> Floats:
    """SAM (K, G) of these labelled images for all numbers of dimensions (`alignment_measure`)."""
    statistics = node_statistics(graphs)
    return alignment_measure(statistics, most_similar(relation_statistics(graphs)), graphs.label)


def dimensions_of(graphs: GraphStore, *, draws: int) -> tuple[int, int]:
    """Numbers of dimensions of features and graph that tell the images best from RANDOM ones."""
    true = alignments(graphs)
    drawn = [alignments(altered(graphs, np.random.default_rng(d), RANDOM)) for d in range(draws)]
    n = min(len(one) for one in (true, *drawn))
    gain = np.mean([one[:n] for one in drawn], axis=0) - true[:n]
    best = int(np.argmax(gain))
    return best // gain.shape[1] + 1, best % gain.shape[1] + 1


def alignment_of(
    graphs: GraphStore, recipe: Recipe, dimensions: tuple[int, int], *, draws: int
) -> NDArray[np.float64]:
    """SAM (D,) of so many draws of the altered graphs, at these numbers of dimensions.

    Fewer dimensions of the features are taken where altered ones have fewer.
    """
    found = []
    for draw in range(draws):
        sam = alignments(altered(graphs, np.random.default_rng(draw), recipe))
        found.append(sam[min(dimensions[0], len(sam)) - 1, dimensions[1] - 1])
    return np.array(found)


def _moments(
    group: NDArray[np.int64], n_images: int, each: int, columns: NDArray[np.floating[Any]]
) -> Floats:
    """log(1 + n), means and standard deviations (G, each * (1 + 2 F)) of rows (N, F) of groups."""
    n = n_images * each
    count = np.bincount(group, minlength=n)
    sums = [np.bincount(group, column, n) for column in (*columns.T, *np.square(columns).T)]
    mean, square = np.split(np.stack(sums, axis=1) / np.maximum(count, 1)[:, None], 2, axis=1)
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    return np.concatenate([np.log1p(count)[:, None], mean, spread], axis=1).reshape(n_images, -1)


def _standardised(columns: Floats) -> Floats:
    """Columns of mean 0 and standard deviation 1; without those that do not vary."""
    spread = columns.std(axis=0)
    varies = spread > VARIES
    return (columns[:, varies] - columns[:, varies].mean(axis=0)) / spread[varies]

"""Batches to learn from whose images are others each time: augmented nodes, related again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.augment import CHANGES_RELATIONS, augmented
from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.loader import NODE_FIELDS, GraphBatch, GraphStore, Pairs
from perceptgraph.graphs.relation_graph import related_all
from perceptgraph.graphs.streaming import GraphStream

Recipe = Mapping[str, Mapping[str, Any]]
"""Names of operators, each with its keyword arguments."""

RELATIONS_CHANGED = "relations_changed"
"""Among the facts of graphs whose edges are not those that would be found between their nodes."""


def augmented_graphs(
    graphs: GraphStore, rng: np.random.Generator, augmentation: Recipe, relations: Recipe
) -> GraphStore:
    """The same images with their nodes augmented, each with its own draw.

    As long as the nodes stay, so do the relations of the store, also where they would not be found
    again: what was near is taken to stay near. Where an augmentation changes the nodes
    (CHANGES_RELATIONS), the relations are looked for among those that there are now; one-hop and
    two-hop pairs and motifs are not, and there are none then.

    Parameters
    ----------
    graphs : GraphStore
        In memory.
    rng : np.random.Generator
        Source of the draws.
    augmentation : mapping of str to mapping
        Names of AUGMENTATIONS, in the order in which they are done.
    relations : mapping of str to mapping
        Names of RELATIONS, in the order of their numbers; those of the store.
    """
    frames = augmented(graphs.frames, rng, augmentation)
    if set(augmentation) & set(CHANGES_RELATIONS):
        return related_anew(graphs, frames, relations)
    return _with_nodes(graphs, frames)


def related_anew(graphs: GraphStore, frames: Frames, relations: Recipe) -> GraphStore:
    """The same images with these nodes, and the relations that are found between them now."""
    edges = related_all(frames, relations)
    return replace(
        _with_nodes(graphs, frames).without_found(),
        edges=Pairs(edges.offsets, np.stack([edges.source, edges.target])),
        relation=edges.relation,
        rank=edges.rank,
    )


def relations_to_find(graphs: GraphStore | GraphStream) -> Recipe:
    """The relations of these graphs, with their parameters; ValueError where they are not known.

    They are among the facts of a store, where the stage `relate` puts them.
    """
    if graphs.facts.get(RELATIONS_CHANGED) or "relate" not in graphs.facts:
        raise ValueError(
            "expected graphs as the stage relate writes them, whose relations can be looked for "
            "anew; these were altered, or made in memory: choose an augmentation without "
            f"{', '.join(CHANGES_RELATIONS)}, and leave out nodes before anything else is altered"
        )
    relations: Recipe = graphs.facts["relate"]["relations"]
    return relations


def _with_nodes(graphs: GraphStore, frames: Frames) -> GraphStore:
    nodes = {name: getattr(frames, name) for name in NODE_FIELDS}
    return replace(graphs, node_offsets=frames.offsets, **nodes)


def augmented_batch(
    graphs: GraphStore | GraphStream,
    augmentation: Recipe,
    supplied: Callable[[GraphStore], GraphStore],
    indices: NDArray[np.int64],
    rng: np.random.Generator,
) -> GraphBatch:
    """These graphs, in this order, as one batch of augmented ones.

    Parameters
    ----------
    graphs : GraphStore or GraphStream
        Where relations have to be looked for, these and their parameters are among its facts, as
        the stage `relate` puts them there.
    augmentation : mapping of str to mapping
        Names of AUGMENTATIONS, in the order in which they are done.
    supplied : callable
        Gives a store with all that the model reads, which new relations may lack.
    indices : (B,) int64
        Graphs of the store.
    rng : np.random.Generator
        Source of the draws.
    """
    there = graphs.taken(indices)
    if set(augmentation) & set(CHANGES_RELATIONS):
        relations = relations_to_find(graphs)
        there = supplied(augmented_graphs(there, rng, augmentation, relations))
    else:
        there = augmented_graphs(there, rng, augmentation, {})
    return there.batch(np.arange(len(indices)))

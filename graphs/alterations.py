"""Data ablations of relation graphs: fewer nodes, fewer edges, or what they say dealt to others.

Each alteration is a function of the graphs, a random generator and its own keywords. It is done to
all graphs at once, those to learn from and those to be scored, before hops and motifs are found;
it neither reads nor changes a label. After `strongest` and those that choose kinds of nodes the
relations are looked for anew among the nodes that are left, as if no other had been found. After
those that change edges or deal out what nodes say, they cannot be: graphs say so in their facts.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.alignment import some_of
from perceptgraph.graphs.augmented import RELATIONS_CHANGED, related_anew, relations_to_find
from perceptgraph.graphs.codes import coded, coded_angle
from perceptgraph.graphs.fragments import kept, other_darts
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphStore, Pairs
from perceptgraph.graphs.push_forward import image_of
from perceptgraph.graphs.swapped_pairs import swapped
from perceptgraph.stores.arrays import offsets_of

Mask = NDArray[np.bool_]


def strongest(graphs: GraphStore, rng: np.random.Generator, *, count: int) -> GraphStore:
    """Of each kind, at most `count` nodes of an image: those expected least by chance.

    The pieces of one curve have its NFA; of equal ones some are drawn. The two darts of a piece
    count as one.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    frames = graphs.frames
    node, other = np.arange(len(frames)), other_darts(frames)
    first = np.where(other < 0, node, np.minimum(node, other))
    nfa = frames.attributes[:, list(ATTRIBUTES).index("log10_nfa")]
    group = image_of(frames) * len(NODE_KINDS) + frames.kind
    candidates = np.flatnonzero(first == node)
    keys = (rng.random(len(candidates)), nfa[candidates], group[candidates])
    ordered = candidates[np.lexsort(keys)]
    size = np.bincount(group[candidates], minlength=len(graphs) * len(NODE_KINDS))
    is_kept = np.zeros(len(frames), np.bool_)
    is_kept[ordered] = np.arange(len(ordered)) - offsets_of(size)[group[ordered]] < count
    return _of_nodes(graphs, is_kept[first])


def only_kinds(graphs: GraphStore, rng: np.random.Generator, *, kinds: Sequence[str]) -> GraphStore:
    """The nodes of these kinds alone (names of NODE_KINDS)."""
    return _of_nodes(graphs, np.isin(graphs.kind, _places("kinds", kinds, NODE_KINDS)))


def without_kinds(
    graphs: GraphStore, rng: np.random.Generator, *, kinds: Sequence[str]
) -> GraphStore:
    """The nodes of all kinds but these (names of NODE_KINDS)."""
    return _of_nodes(graphs, ~np.isin(graphs.kind, _places("kinds", kinds, NODE_KINDS)))


def without_attributes(
    graphs: GraphStore, rng: np.random.Generator, *, names: Sequence[str]
) -> GraphStore:
    """The same nodes, whose attributes of these names say what the mean of their kind says.

    The mean is over the graphs to learn from, or over all where there are none of these. Nothing
    is left to tell one node of a kind from another, and nodes keep extents that a picture can be
    bent with.
    """
    columns = _places("names", names, ATTRIBUTES)
    attributes, is_learned = graphs.attributes.copy(), _is_learned(graphs)
    for kind in np.unique(graphs.kind):
        of_kind = graphs.kind == kind
        known = of_kind & is_learned if (of_kind & is_learned).any() else of_kind
        attributes[np.ix_(of_kind, columns)] = attributes[np.ix_(known, columns)].mean(axis=0)
    return replace(_marked(graphs), attributes=attributes)


def without_edges(graphs: GraphStore, rng: np.random.Generator) -> GraphStore:
    """The same nodes, which nothing relates: the control of all that is said of relations."""
    return _of_edges(graphs, np.zeros(len(graphs.relation), np.bool_))


def only_relations(
    graphs: GraphStore, rng: np.random.Generator, *, names: Sequence[str]
) -> GraphStore:
    """The edges of these relations alone; models know of the others and never meet them."""
    chosen = _places("names", names, graphs.schema.relations)
    return _of_edges(graphs, np.isin(graphs.relation, chosen))


def without_relations(
    graphs: GraphStore, rng: np.random.Generator, *, names: Sequence[str]
) -> GraphStore:
    """The edges of all relations but these; models know of them and never meet them."""
    chosen = _places("names", names, graphs.schema.relations)
    return _of_edges(graphs, ~np.isin(graphs.relation, chosen))


def shuffled_edges(graphs: GraphStore, rng: np.random.Generator, *, share: float) -> GraphStore:
    """The same nodes, of which others are related, and otherwise.

    A share of the related pairs, in [0, 1], is dealt out anew (`swapped_pairs.swapped`): the nodes
    of an image are paired at random, so that each keeps the number of its neighbours and the kinds
    that they are of; and what joins two nodes, all relations and both directions, goes to a pair
    of any image. Left are the nodes, and relative poses of nodes that happen to be paired.
    """
    first = np.repeat(graphs.node_offsets[:-1], np.diff(graphs.edges.offsets))
    ends = swapped(graphs.edges.index + first, graphs.kind, graphs.node_offsets, share, rng)
    graph = np.searchsorted(graphs.node_offsets, ends[0], side="right") - 1
    order = np.lexsort((ends[1], ends[0], graphs.relation, graph))
    index = (ends - graphs.node_offsets[graph])[:, order].astype(np.int32)
    offsets = offsets_of(np.bincount(graph, minlength=len(graphs)))
    return replace(
        _marked(graphs),
        edges=Pairs(offsets, index),
        relation=graphs.relation[order],
        rank=graphs.rank[order],
    )


def shuffled_attributes(
    graphs: GraphStore, rng: np.random.Generator, *, share: float
) -> GraphStore:
    """The same nodes, of which a share, in [0, 1], has its attributes dealt out anew.

    Among the nodes of that share that are of the same kind, in all images. Poses and edges stay.
    """
    dealt = _dealt(graphs.kind, share, rng)
    return replace(_marked(graphs), attributes=graphs.attributes[dealt])


def shuffled_poses(graphs: GraphStore, rng: np.random.Generator, *, share: float) -> GraphStore:
    """The same nodes, of which a share, in [0, 1], has positions with directions dealt out anew.

    Among the nodes of that share that are of the same kind, in all images. Attributes and edges
    stay, so that relative poses are those of any two nodes.
    """
    dealt = _dealt(graphs.kind, share, rng)
    names = ("position", "direction")
    return replace(_marked(graphs), **{name: getattr(graphs, name)[dealt] for name in names})


def shuffled_nodes(graphs: GraphStore, rng: np.random.Generator, *, share: float) -> GraphStore:
    """A share of the nodes, in [0, 1], dealt out anew: attributes with the poses they belong to.

    Among the nodes of that share that are of the same kind, in all images: all features of nodes
    are randomised, and only edges and numbers of nodes are left of an image.
    """
    dealt = _dealt(graphs.kind, share, rng)
    names = ("attributes", "position", "direction")
    return replace(_marked(graphs), **{name: getattr(graphs, name)[dealt] for name in names})


def quantised(graphs: GraphStore, rng: np.random.Generator, *, bits: int) -> GraphStore:
    """What a store of `bits` bits a number would give: attributes, positions and directions.

    For each kind of node, each attribute and coordinate has a code of 2^bits values, one for each
    of as many equally full bins of what there is to learn from: their means (`codes.coded`). The
    directions are 2^bits evenly turned ones. Edges stay.
    """
    attributes, position = graphs.attributes.copy(), graphs.position.copy()
    is_learned = _is_learned(graphs)
    for kind in np.unique(graphs.kind):
        of_kind = graphs.kind == kind
        known = is_learned[of_kind] if is_learned[of_kind].any() else ~is_learned[of_kind]
        for columns in (attributes, position):
            for column in range(columns.shape[1]):
                values = columns[of_kind, column]
                columns[of_kind, column] = coded(values, values[known], bits)
    direction = coded_angle(graphs.direction, bits)
    there = replace(graphs, attributes=attributes, position=position, direction=direction)
    return there.without_found()


def altered(
    graphs: GraphStore, rng: np.random.Generator, recipe: Mapping[str, Mapping[str, Any]]
) -> GraphStore:
    """The graphs after all alterations of the recipe, in the order of ALTERATIONS.

    So relations are looked for among the nodes that are left before anything is done to edges.

    Parameters
    ----------
    graphs : GraphStore
        All that are learned from and scored, in memory.
    rng : np.random.Generator
        Source of the draws.
    recipe : mapping of str to mapping
        Names of ALTERATIONS, each with its keyword arguments.

    Raises
    ------
    ValueError
        What is no alteration, a keyword with a value that cannot be, or graphs whose relations
        would have to be looked for anew and are not known.
    """
    check_alterations(recipe)
    for name, alteration in ALTERATIONS.items():
        if name in recipe:
            graphs = alteration(graphs, rng, **recipe[name])
    return graphs


def check_alterations(recipe: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ValueError unless these are ALTERATIONS, each with all of its keywords."""
    for name, keywords in recipe.items():
        if name not in ALTERATIONS:
            raise ValueError(f"graphs: expected some of {', '.join(ALTERATIONS)}, got {name!r}")
        wanted = sorted(set(inspect.signature(ALTERATIONS[name]).parameters) - {"graphs", "rng"})
        if sorted(keywords) != wanted:
            raise ValueError(
                f"graphs.{name}: expected {', '.join(wanted) or 'no keywords'}, "
                f"got {', '.join(keywords) or 'none'}"
            )


def _places(what: str, names: Sequence[str], known: Sequence[str] | Mapping[str, Any]) -> list[int]:
    if not names or not set(names) <= set(known):
        raise ValueError(f"{what}: expected some of {', '.join(known)}, got {list(names)}")
    return [list(known).index(name) for name in names]


def _is_learned(graphs: GraphStore) -> Mask:
    """Nodes (N,) of graphs of the training and validation split."""
    return np.repeat(graphs.split < 2, np.diff(graphs.node_offsets))


def _dealt(kind: NDArray[np.uint8], share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """The node (N,), of the same kind, that each node takes something from."""
    dealt, chosen = np.arange(len(kind)), some_of(len(kind), share, rng)
    for number in np.unique(kind[chosen]):
        among = chosen[kind[chosen] == number]
        dealt[among] = rng.permutation(among)
    return dealt


def _of_nodes(graphs: GraphStore, chosen: Mask) -> GraphStore:
    """The graphs that these nodes (N,) make by themselves."""
    if chosen.all():
        return graphs
    return related_anew(graphs, kept(graphs.frames, chosen), relations_to_find(graphs))


def _of_edges(graphs: GraphStore, chosen: Mask) -> GraphStore:
    """The same nodes with these of their edges (E,)."""
    rows = np.flatnonzero(chosen)
    before = offsets_of(chosen.astype(np.int64))
    return replace(
        _marked(graphs),
        edges=Pairs(before[graphs.edges.offsets], graphs.edges.index[:, rows]),
        relation=graphs.relation[rows],
        rank=graphs.rank[rows],
    )


def _marked(graphs: GraphStore) -> GraphStore:
    """The graphs as ones whose relations cannot be looked for anew."""
    return replace(graphs.without_found(), facts={**graphs.facts, RELATIONS_CHANGED: True})


ALTERATIONS: dict[str, Callable[..., GraphStore]] = {
    "strongest": strongest,
    "only_kinds": only_kinds,
    "without_kinds": without_kinds,
    "without_attributes": without_attributes,
    "without_edges": without_edges,
    "only_relations": only_relations,
    "without_relations": without_relations,
    "shuffled_edges": shuffled_edges,
    "shuffled_attributes": shuffled_attributes,
    "shuffled_poses": shuffled_poses,
    "shuffled_nodes": shuffled_nodes,
    "quantised": quantised,
}
"""Name to alteration, in the order in which they are done."""

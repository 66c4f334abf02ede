"""What there is to say of one relation graph: the same facts as values and as lines of text."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.pipelines.inspect_drawing import column_of, pairs_of
from perceptgraph.stages.drawing import plain

Facts = dict[str, Any]


def facts_of(
    graph: RelationGraph, size: tuple[int, ...], known: Mapping[str, Any] | None = None
) -> Facts:
    """Facts of a graph, as JSON values.

    Parameters
    ----------
    graph : RelationGraph
        Of one image.
    size : tuple of int
        Height and width of the image, in pixels.
    known : mapping, optional
        What is known of the image itself; it comes first.

    Returns
    -------
    dict
        `height`, `width` (pixels); `nodes` and `edges`, their numbers, and `nodes_of` each kind
        there is, `edges_of` each relation, `pairs_of` each relation (two edges that lead there and
        back are one pair); `degree`, of all edges in and out of a node: `least`, `median`, `most`;
        `isolated` nodes; `components`, directions left out; `log10_nfa` of the nodes that have
        one: `least`, `median`, `most`.
    """
    frames = graph.frames
    kinds = np.bincount(frames.kind, minlength=len(NODE_KINDS)).tolist()
    edges = np.bincount(graph.relation, minlength=len(graph.relations)).tolist()
    ends = np.concatenate([graph.source, graph.target])
    degree = np.bincount(ends, minlength=len(frames))
    nfa = column_of(frames, "log10_nfa")
    return {
        **(known or {}),
        "height": int(size[0]),
        "width": int(size[1]),
        "nodes": len(frames),
        "nodes_of": {k: n for k, n in zip(NODE_KINDS, kinds, strict=True) if n},
        "edges": len(graph.source),
        "edges_of": dict(zip(graph.relations, edges, strict=True)),
        "pairs_of": {pairs.relation: len(pairs) for pairs in pairs_of(graph)},
        "degree": _spread(degree),
        "isolated": int(np.count_nonzero(degree == 0)),
        "components": n_components(graph),
        "log10_nfa": _spread(nfa[nfa != 0]),
    }


def text_of(facts: Facts) -> list[tuple[str, str]]:
    """Names and texts of facts, for people."""
    known = list(facts)[: list(facts).index("height")]
    degree, isolated = _range(facts["degree"]), facts["isolated"]
    return [
        *((name, str(facts[name])) for name in known),
        ("size", f"{facts['height']} x {facts['width']} pixels"),
        ("nodes", f"{facts['nodes']}: {_counted(facts['nodes_of'])}"),
        ("edges", f"{facts['edges']}: {_counted(facts['edges_of'])}"),
        ("pairs", _counted(facts["pairs_of"])),
        ("degree", f"{degree}; {isolated} nodes without edges"),
        ("components", str(facts["components"])),
        ("log10 NFA", _range(facts["log10_nfa"])),
    ]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n) or "none"


def _range(spread: Mapping[str, float]) -> str:
    if not spread:
        return "none"
    return f"{spread['least']:.4g} to {spread['most']:.4g}, median {spread['median']:.4g}"


def _spread(values: Any) -> dict[str, float]:
    """Least, median and most; nothing of no values."""
    if not len(values):
        return {}
    points = np.quantile(values, [0, 0.5, 1])
    return dict(zip(("least", "median", "most"), map(plain, points), strict=True))


def n_components(graph: RelationGraph) -> int:
    """Connected components of a graph, directions left out."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(graph.frames)
    ones = np.ones(len(graph.source), np.int8)
    links = coo_array((ones, (graph.source, graph.target)), shape=(n, n))
    return int(connected_components(links, directed=False, return_labels=False))

"""The pictures of one relation graph: a page to explore it in, and a figure to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.graphs.primitives import JUNCTION_KINDS
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.stages.drawing import COLOURS, figure_over, image_uri, plain

KIND_COLOURS = dict(
    zip(
        NODE_KINDS,
        (COLOURS[f] for f in ("lines", "edges", "junctions", "ridges", "blobs")),
        strict=True,
    )
)
RELATION_INKS = (
    ("#8a8f98", "2 3"),
    ("#0f7c7c", "none"),
    ("#b3307a", "7 3"),
    ("#a37a00", "none"),
    ("#7a5230", "7 3 2 3"),
    ("#6a4fc4", "4 2"),
    ("#5b6b2f", "none"),
    ("#a03030", "2 2 6 2"),
)
"""Colour and dashes of each relation in turn: both, for readers who see few colours."""

CROWDED = "near"
FEW_PAIRS = 60
PAIRS_PER_NODE = 2
"""A relation with more pairs than this hides the image: off until asked for, as is CROWDED."""

_BEND = 0.05  # bulge of one relation's edges beyond the next one's, share of their length
_PIECES = 8  # of a bent node's curve: under 0.2 % of its length off the circle for a right angle


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What one relation joins: each unordered pair of nodes once."""

    relation: str
    ends: NDArray[np.int32]
    """(M, 2): nodes, the smaller number first."""


def pairs_of(graph: RelationGraph) -> list[Pairs]:
    """Pairs of each relation of a graph, in the graph's order of relations."""
    ends = np.sort(np.stack([graph.source, graph.target], axis=1), axis=1)
    return [
        Pairs(name, np.unique(ends[graph.relation == i], axis=0).reshape(-1, 2))
        for i, name in enumerate(graph.relations)
    ]


def is_clear(pairs: Pairs, n_nodes: int) -> bool:
    """Whether the edges leave the image visible, so that they are drawn unasked."""
    few = max(FEW_PAIRS, PAIRS_PER_NODE * n_nodes)
    return pairs.relation != CROWDED and len(pairs.ends) <= few


def curve(frames: Frames, node: int) -> NDArray[np.float64]:
    """Points (P, 2) along a node's primitive: (row, column), in pixels; one point for a junction.

    A piece turns evenly along its length, as a circle does.
    """
    names = list(ATTRIBUTES)
    length = float(frames.attributes[node, names.index("length")])
    turning = float(frames.attributes[node, names.index("turning")])
    middle = frames.position[node].astype(np.float64)
    if length == 0:
        return middle[None]
    pieces = 1 if turning == 0 else _PIECES
    share = (np.arange(pieces) + 0.5) / pieces - 0.5
    angle = np.arctan2(*frames.direction[node].astype(np.float64)) + turning * share
    steps = np.stack([np.sin(angle), np.cos(angle)], axis=1) * (length / pieces)
    points = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    at_middle = (points[pieces // 2] + points[(pieces + 1) // 2]) / 2
    return points - at_middle + middle


def _bent(start: NDArray[Any], end: NDArray[Any], bend: float) -> NDArray[np.float64]:
    """Control point of the quadratic curve from start to end that bulges by a share `bend`."""
    along = end - start
    across = np.array([-along[1], along[0]], np.float64)
    return np.asarray((start + end) / 2 + 2 * bend * across)


def _bend(relation: int, n_relations: int) -> float:
    return (relation - (n_relations - 1) / 2) * _BEND


def _path(points: NDArray[Any]) -> str:
    """SVG path through points (row, column); a point alone is a dot of the stroke's width."""
    texts = [f"{column:.2f} {row:.2f}" for row, column in points]
    return "M" + "L".join(texts if len(texts) > 1 else texts * 2)


def node_name(frames: Frames, node: int) -> str:
    """Short name of a node: first letter of its kind, and its number."""
    return f"{NODE_KINDS[frames.kind[node]][0].upper()}{node}"


_FORMS = tuple(f"is_{kind.lower()}" for kind in JUNCTION_KINDS)


def page_data(graph: RelationGraph) -> dict[str, Any]:
    """Nodes with their attributes, and directed edges by node, as the page's panel shows them."""
    frames = graph.frames
    used = [
        [j for j, name in enumerate(ATTRIBUTES) if _has(NODE_KINDS[kind], name)]
        for kind in range(len(NODE_KINDS))
    ]
    names = list(ATTRIBUTES)
    return {
        "nodes": [
            {
                "name": node_name(frames, i),
                "kind": NODE_KINDS[frames.kind[i]],
                "form": _form(frames, i),
                "position": plain(frames.position[i]),
                "angle_deg": round(float(np.degrees(np.arctan2(*frames.direction[i]))), 1),
                "attributes": {
                    names[j]: plain(frames.attributes[i, j]) for j in used[frames.kind[i]]
                },
            }
            for i in range(len(frames))
        ],
        "units": {name: unit for name, (unit, _) in ATTRIBUTES.items()},
        "pairs": {p.relation: p.ends.tolist() for p in pairs_of(graph)},
    }


def _has(kind: str, attribute: str) -> bool:
    """Whether the attribute says anything of nodes of this kind."""
    if attribute in _FORMS:  # shown in words, as the node's form
        return False
    if kind == "junction":
        return attribute in ("scale", "log10_nfa", "degree") or attribute.startswith("branch_")
    if attribute == "turning":
        return kind in ("arc", "dart")
    return attribute not in ("degree", "scale") and not attribute.startswith("branch_")


def _form(frames: Frames, node: int) -> str:
    """The letter of a junction's kind, "" for other nodes."""
    names = list(ATTRIBUTES)
    found = [
        k
        for k, a in zip(JUNCTION_KINDS, _FORMS, strict=True)
        if frames.attributes[node, names.index(a)]
    ]
    return "".join(found)


def page(image: NDArray[Any], graph: RelationGraph, title: str, facts: Sequence[Any]) -> str:
    """One HTML page that needs no network: the graph over its image, to filter and to follow.

    Parameters
    ----------
    image : array
        (H, W) or (H, W, 3); u1, u2, or f4 in [0, 1].
    graph : RelationGraph
        Its nodes lie in pixels of the image.
    title : str
        Heading of the page.
    facts : sequence of (name, text)
        Shown under the heading.
    """
    frames, all_pairs = graph.frames, pairs_of(graph)
    relations = [
        {
            "name": pairs.relation,
            "ink": RELATION_INKS[r % len(RELATION_INKS)],
            "is_on": is_clear(pairs, len(frames)),
            "edges": [
                (a, b, _edge_path(frames, a, b, _bend(r, len(all_pairs)))) for a, b in pairs.ends
            ],
        }
        for r, pairs in enumerate(all_pairs)
    ]
    nodes = [
        (i, NODE_KINDS[frames.kind[i]], node_name(frames, i), _path(curve(frames, i)))
        for i in range(len(frames))
    ]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("perceptgraph.pipelines"), autoescape=True
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "allow_nan": False}
    return environment.get_template("inspect.html.jinja").render(
        title=title,
        facts=facts,
        height=image.shape[0],
        width=image.shape[1],
        image=image_uri(image),
        colours=KIND_COLOURS,
        kinds=[
            (k, sum(n[1] == k for n in nodes)) for k in NODE_KINDS if any(n[1] == k for n in nodes)
        ],
        relations=relations,
        nodes=nodes,
        data=page_data(graph),
    )


def _edge_path(frames: Frames, a: int, b: int, bend: float) -> str:
    start, end = frames.position[a], frames.position[b]
    control = _bent(start, end, bend)
    return (
        f"M{start[1]:.2f} {start[0]:.2f}Q{control[1]:.2f} {control[0]:.2f} "
        f"{end[1]:.2f} {end[0]:.2f}"
    )


def figure(image: NDArray[Any], graph: RelationGraph) -> Figure:
    """The graph over its faded image; crowded relations are left out."""
    drawing, axes = figure_over(image, fade=0.55)
    all_pairs, frames = pairs_of(graph), graph.frames
    for r, pairs in enumerate(all_pairs):
        if not len(pairs.ends) or not is_clear(pairs, len(frames)):
            continue
        bend = _bend(r, len(all_pairs))
        curves = [_bezier(frames.position[a], frames.position[b], bend) for a, b in pairs.ends]
        ink = RELATION_INKS[r % len(RELATION_INKS)][0]
        axes.add_collection(LineCollection(curves, colors=ink, linewidths=0.9, alpha=0.75))
    for kind, colour in enumerate(KIND_COLOURS.values()):
        nodes = np.flatnonzero(frames.kind == kind)
        curves = [c[:, ::-1] for c in (curve(frames, int(i)) for i in nodes) if len(c) > 1]
        if curves:
            axes.add_collection(
                LineCollection(curves, colors=colour, linewidths=2.4, capstyle="round", zorder=2)
            )
        dots = frames.position[nodes]
        axes.scatter(dots[:, 1], dots[:, 0], s=22, color=colour, edgecolors="white", zorder=3)
    return drawing


def _bezier(start: NDArray[Any], end: NDArray[Any], bend: float) -> NDArray[np.float64]:
    """Points (17, 2), column first, along the bent edge from start to end."""
    t = np.linspace(0, 1, 17)[:, None]
    control = _bent(start, end, bend)
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)[:, ::-1]

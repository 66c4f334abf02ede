"""The page of one relation graph: its image with the graph over it, to filter and to follow."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import cv2
import jinja2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.graphs.pose import poses_between
from perceptgraph.graphs.primitives import JUNCTION_KINDS
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.pipelines.inspect_drawing import (
    KIND_INKS,
    bend_of,
    column_of,
    drawn_unasked,
    ink_of,
    node_name,
    pairs_of,
    shapes_of,
)
from perceptgraph.pipelines.inspect_facts import facts_of, text_of
from perceptgraph.stages.drawing import image_uri, plain, shown

FORMS = tuple(f"is_{kind.lower()}" for kind in JUNCTION_KINDS)
"""Attributes that a page says in words, as the form of a junction."""

MOST_SIDE = 4096
"""Pixels of the longer side of the image in a page; a larger one would make the page too heavy."""

SHOWN_BELOW = ("nodes", "edges", "pairs")
"""Facts that stand beside the boxes to check."""

SHORT_UNITS = {"pixels": "px", "radians": "rad"}
"""Units that are said beside a value; the meaning of an attribute says the others."""


def page(
    image: NDArray[Any],
    graph: RelationGraph,
    title: str,
    known: Mapping[str, Any] | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """One HTML page that needs no network: the graph over its image.

    Parameters
    ----------
    image : array
        (H, W) or (H, W, 3); u1, u2, or f4 in [0, 1].
    graph : RelationGraph
        Its nodes lie in pixels of the image.
    title : str
        Heading of the page.
    known : mapping, optional
        What is known of the image beside its pixels, shown with the facts of the graph.
    links : mapping, optional
        Names of other pages to where they lie.
    """
    size = image.shape[:2]
    return template("inspect.html.jinja").render(
        title=title,
        links=links or {},
        facts=[f for f in text_of(facts_of(graph, size, known)) if f[0] not in SHOWN_BELOW],
        image=image_uri(_shrunk(image)),
        kinds=_kinds(graph.frames),
        relations=_relations(graph, size),
        data=page_data(graph, size),
    )


def _shrunk(image: NDArray[Any]) -> NDArray[Any]:
    """The image with at most MOST_SIDE pixels on its longer side; a page stretches it again."""
    scale = MOST_SIDE / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    return np.asarray(cv2.resize(shown(image), size, interpolation=cv2.INTER_AREA))


@cache  # reading one takes longer than filling it
def template(name: str) -> jinja2.Template:
    """A template of this package; what is put into it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("perceptgraph.pipelines"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.policies["json.dumps_kwargs"] = {
        "sort_keys": False,
        "allow_nan": False,
        "separators": (",", ":"),
    }
    return environment.get_template(name)


def _kinds(frames: Frames) -> list[dict[str, Any]]:
    """Kinds of nodes there are, for the boxes to check."""
    counts = np.bincount(frames.kind, minlength=len(NODE_KINDS)).tolist()
    return [
        {"name": kind, "ink": KIND_INKS[kind], "count": count, "is_dot": kind == "junction"}
        for kind, count in zip(NODE_KINDS, counts, strict=True)
        if count
    ]


def _relations(graph: RelationGraph, size: tuple[int, ...]) -> list[dict[str, Any]]:
    """Relations of the graph, for the boxes to check."""
    unasked = drawn_unasked(graph, size)
    return [
        {
            "name": pairs.relation,
            "ink": ink_of(pairs.relation),
            "count": len(pairs),
            "is_on": pairs.relation in unasked,
        }
        for pairs in pairs_of(graph)
    ]


def page_data(graph: RelationGraph, size: tuple[int, ...]) -> dict[str, Any]:
    """What the page draws and says, as columns: of nodes, of edges, and of what they are.

    Values are rounded to what can be seen: hundredths of a pixel, tenths of a degree.
    """
    return {
        "height": size[0],
        "width": size[1],
        "kinds": list(NODE_KINDS),
        "relations": [
            {"name": name, "bend": bend_of(r, len(graph.relations)), "dashes": _dashes(name)}
            for r, name in enumerate(graph.relations)
        ],
        "attributes": [
            {"name": name, "unit": SHORT_UNITS.get(unit, ""), "meaning": meaning}
            for name, (unit, meaning) in ATTRIBUTES.items()
        ],
        "nodes": _node_columns(graph.frames),
        "edges": _edge_columns(graph),
    }


def _dashes(relation: str) -> list[float]:
    return [float(length) for length in ink_of(relation)[2].split()]


def _node_columns(frames: Frames) -> dict[str, list[Any]]:
    nodes = range(len(frames))
    theta = np.degrees(np.arctan2(frames.direction[:, 0], frames.direction[:, 1]))
    told = _told(frames)
    return {
        "name": [node_name(frames, node) for node in nodes],
        "kind": frames.kind.tolist(),
        "form": [_form(frames, node) for node in nodes],
        "position": _rounded(frames.position, 2),
        "angle": _rounded(theta, 1),
        "log10_nfa": _rounded(np.nan_to_num(column_of(frames, "log10_nfa")), 2),
        "values": [
            [[j, plain(frames.attributes[node, j])] for j in told[kind]]
            for node, kind in enumerate(frames.kind.tolist())
        ],
        "following": frames.following.tolist(),
        "curve": frames.curve.tolist(),
        "around": frames.around.tolist(),
        "shape": [_rounded(shape, 2) for shape in shapes_of(frames)],
    }


def _edge_columns(graph: RelationGraph) -> dict[str, list[Any]]:
    frames = graph.frames
    poses = poses_between(frames.position, frames.direction, graph.source, graph.target)
    along, left, cosine, sine = poses[:, :4].T
    return {
        "source": graph.source.tolist(),
        "target": graph.target.tolist(),
        "relation": graph.relation.tolist(),
        "rank": graph.rank.tolist(),
        "along": _rounded(along, 1),
        "left": _rounded(left, 1),
        "turn": _rounded(np.degrees(np.arctan2(sine, cosine)), 1),
    }


def _told(frames: Frames) -> list[list[int]]:
    """Attributes, by their numbers, that say something of a node of each kind in this graph."""
    names = list(ATTRIBUTES)
    return [
        [j for j in np.flatnonzero(own.any(axis=0)).tolist() if names[j] not in FORMS]
        for own in (frames.attributes[frames.kind == k] for k in range(len(NODE_KINDS)))
    ]


def _form(frames: Frames, node: int) -> str:
    """The letter of a junction's kind, "" for other nodes."""
    names = list(ATTRIBUTES)
    found = [
        kind
        for kind, form in zip(JUNCTION_KINDS, FORMS, strict=True)
        if frames.attributes[node, names.index(form)]
    ]
    return "".join(found)


def _rounded(values: NDArray[Any], digits: int) -> list[Any]:
    """Finite values as JSON numbers, minus zero as zero."""
    return (np.round(values.astype(np.float64), digits) + 0.0).tolist()

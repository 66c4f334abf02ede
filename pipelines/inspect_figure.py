"""The picture of one relation graph, for papers; and a small one, for an index of many."""

from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.pipelines.inspect_drawing import (
    KIND_INKS,
    Floats,
    Pairs,
    bend_of,
    drawn_unasked,
    ink_of,
    pairs_of,
    shapes_of,
)
from perceptgraph.stages.drawing import figure_over, shown

JUNCTION = NODE_KINDS.index("junction")
THUMBNAIL_SIDE = 160
_LEGEND_INCHES = 0.24  # of one row of the legend
_LEGEND_COLUMNS = 3


def figure(image: NDArray[Any], graph: RelationGraph) -> Figure:
    """The graph over its faded image, in pixels of the image, above a legend with counts.

    Relations that would hide the image are left out of both.

    Parameters
    ----------
    image : array
        (H, W) or (H, W, 3); u1, u2, or f4 in [0, 1].
    graph : RelationGraph
        Its nodes lie in pixels of the image.
    """
    drawing, axes = figure_over(image, fade=0.55)
    unasked = drawn_unasked(graph, image.shape[:2])
    handles = []
    for number, pairs in enumerate(pairs_of(graph)):
        if pairs.relation in unasked and len(pairs):
            bend = bend_of(number, len(graph.relations))
            handles.append(_draw_pairs(axes, graph.frames.position, pairs, bend))
    shapes = shapes_of(graph.frames)
    for kind, name in enumerate(NODE_KINDS):
        nodes = np.flatnonzero(graph.frames.kind == kind)
        if len(nodes):
            handles.append(_draw_nodes(axes, [shapes[node] for node in nodes], kind))
            if kind == JUNCTION:
                rows, columns = graph.frames.position[nodes].T
                axes.scatter(columns, rows, s=18, color=KIND_INKS[name][0], ec="white", zorder=4)
    if handles:
        _add_legend(drawing, axes, handles)
    return drawing


def _draw_pairs(axes: Axes, position: NDArray[np.float32], pairs: Pairs, bend: float) -> Line2D:
    ink, _, dashes = ink_of(pairs.relation)
    style: Any = (0, [float(d) for d in dashes.split()]) if dashes else "solid"
    curves = [_bezier(position[a], position[b], bend) for a, b in pairs.ends]
    axes.add_collection(
        LineCollection(curves, colors=ink, linewidths=0.9, linestyles=style, alpha=0.8)
    )
    label = f"{pairs.relation.replace('_', ' ')} ({len(pairs)})"
    return Line2D([], [], color=ink, linewidth=0.9, linestyle=style, label=label)


def _draw_nodes(axes: Axes, shapes: list[Floats], kind: int) -> Line2D:
    name = NODE_KINDS[kind]
    ink = KIND_INKS[name][0]
    width = 1.2 if kind == JUNCTION or len(shapes) > 400 else 2.0
    casing = [withStroke(linewidth=width + 1.2, foreground="white")]
    curves = [shape[:, ::-1] for shape in shapes]
    axes.add_collection(
        LineCollection(
            curves, colors=ink, linewidths=width, capstyle="round", path_effects=casing, zorder=3
        )
    )
    mark = (
        {"marker": "o", "markersize": 4, "linestyle": "none"}
        if kind == JUNCTION
        else {"linewidth": 2.4}
    )
    return Line2D([], [], color=ink, label=f"{name} ({len(shapes)})", **mark)


def _add_legend(drawing: Figure, axes: Axes, handles: list[Line2D]) -> None:
    """Make the figure taller by a legend below the image, which keeps its size."""
    width, height = drawing.get_size_inches()
    columns = max(1, min(_LEGEND_COLUMNS, int(width / 1.6)))
    below = _LEGEND_INCHES * (-(-len(handles) // columns)) + 0.15
    drawing.set_size_inches(width, height + below)
    axes.set_position((0, below / (height + below), 1, height / (height + below)))
    drawing.legend(
        handles=handles,
        loc="lower left",
        ncols=columns,
        fontsize=8,
        frameon=False,
        borderaxespad=0.2,
        handlelength=2.4,
    )


def _bezier(start: NDArray[Any], end: NDArray[Any], bend: float) -> Floats:
    """Points (17, 2), column first, along the bent edge from start to end."""
    t = np.linspace(0, 1, 17)[:, None]
    way = end - start
    control = (start + end) / 2 + 2 * bend * np.array([way[1], -way[0]], np.float64)
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)[:, ::-1]


def thumbnail(image: NDArray[Any], graph: RelationGraph) -> bytes:
    """PNG of the image with its primitives over it, THUMBNAIL_SIDE pixels on its longer side."""
    pixels = shown(image)
    pixels = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
    scale = THUMBNAIL_SIDE / max(pixels.shape[:2])
    size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = cv2.resize(np.ascontiguousarray(pixels[..., :3]), size, interpolation=how)
    canvas = 255 - (255 - small.astype(np.float32)) * 0.6
    canvas = np.ascontiguousarray(canvas.astype(np.uint8))
    shift = 4  # bits after the point, of OpenCV's coordinates
    for node, shape in enumerate(shapes_of(graph.frames)):
        ink = KIND_INKS[NODE_KINDS[graph.frames.kind[node]]][0]
        colour = tuple(int(ink[k : k + 2], 16) for k in (1, 3, 5))
        places = np.rint(((shape[:, ::-1] + 0.5) * scale - 0.5) * 2**shift).astype(np.int32)
        cv2.polylines(canvas, [places], False, colour, 1, cv2.LINE_AA, shift)
        if graph.frames.kind[node] == JUNCTION:
            cv2.circle(canvas, places[0].tolist(), 2 << shift, colour, -1, cv2.LINE_AA, shift)
    return cv2.imencode(".png", canvas[..., ::-1])[1].tobytes()

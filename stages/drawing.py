"""Pictures of an image with its primitives drawn over, and the primitives as JSON.

Pictures are for eyes: the image is faded so that thin strokes stay visible over it. Colours are
those of Okabe and Ito, which people who see few colours tell apart.
"""

import base64
import io
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import FAMILIES, JUNCTION_KINDS, Primitives

FORMAT = "perceptgraph.primitives"
VERSION = 2
COLOURS = {
    "lines": "#0072b2",
    "edges": "#009e73",
    "junctions": "#d55e00",
    "ridges": "#b0549a",
    "blobs": "#e69f00",
}
"""Family of primitives to the colour it is drawn in."""

COORDINATES = (
    "(row, column) in pixels, (0, 0) the centre of the first pixel; "
    "angles in radians, from the +column axis towards +row"
)
UNITS = {
    "lines": {
        "endpoints": "pixels",
        "width": "pixels",
        "polarity": "1 brighter side to the left on the way to the second end, -1 right, 0 unknown",
        "contrast": "share of full scale",
        "log10_nfa": "log10 of the number of false alarms, lower is more meaningful; null for none",
    },
    "edges": {
        "points": "pixels",
        "closed": "true or false",
        "polarity": "1 brighter side to the left along the chain, -1 right, 0 unknown",
        "contrast": "share of full scale",
        "log10_nfa": "log10; null for none",
    },
    "junctions": {
        "position": "pixels",
        "kind": "L, T, Y or X",
        "branch_angle": "radians, outward",
        "scale": "pixels",
        "log10_nfa": "log10; null for none",
    },
    "ridges": {
        "points": "pixels",
        "width": "pixels, at each point",
        "bright": "true or false",
        "log10_nfa": "log10; null for none",
    },
    "blobs": {
        "centre": "pixels",
        "second_moments": "square pixels: row-row, row-column, column-column",
        "contrast": "share of full scale, signed",
        "points": "pixels",
        "log10_nfa": "log10; null for none",
    },
}
"""Family to its fields and their units, as written to JSON."""

_SIDE_INCHES = 6.0


def shown(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels (H, W) or (H, W, 3) of any type of store as 8 bits for display."""
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return (image // 257).astype(np.uint8)
    return np.asarray(np.clip(np.nan_to_num(image), 0, 1) * 255 + 0.5, np.uint8)


def data_uri(picture: bytes, mime: str) -> str:
    """A picture as a URI, so that a page needs no file beside it."""
    return f"data:{mime};base64,{base64.b64encode(picture).decode()}"


def image_uri(image: NDArray[Any]) -> str:
    """The image itself, lossless, as a URI; (H, W) or (H, W, 3)."""
    buffer = io.BytesIO()
    imsave(buffer, shown(image), format="png", cmap="gray", vmin=0, vmax=255)
    return data_uri(buffer.getvalue(), "image/png")


def figure_over(image: NDArray[Any], *, fade: float) -> tuple[Figure, Axes]:
    """Figure that the image fills, faded to white by a share in [0, 1], and its axes in pixels."""
    height, width = image.shape[:2]
    scale = _SIDE_INCHES / max(height, width)
    figure = Figure(figsize=(max(width * scale, 0.4), max(height * scale, 0.4)), dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    pixels = 255 - (1 - fade) * (255 - shown(image).astype(np.float32))
    axes.imshow(pixels.astype(np.uint8), cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    return figure, axes


def draw_primitives(
    image: NDArray[Any], primitives: Primitives, *, fade: float = 0.45, stroke: float = 2.2
) -> Figure:
    """Figure of the image with the primitives over it, in pixels of the image.

    Parameters
    ----------
    image : array
        (H, W) or (H, W, 3); u1, u2, or f4 in [0, 1].
    primitives : Primitives
        What was found in it.
    fade : float
        Share of white mixed into the image, in [0, 1].
    stroke : float
        Width of the strokes, in points of a figure that is 6 inches on its longer side.
    """
    figure, axes = figure_over(image, fade=fade)
    for family in FAMILIES:
        curves = _curves(primitives, family)
        if curves:
            axes.add_collection(
                LineCollection(
                    [curve[:, ::-1] for curve in curves],
                    colors=COLOURS[family],
                    linewidths=stroke,
                    capstyle="round",
                    path_effects=[withStroke(linewidth=2 * stroke, foreground="white")],
                )
            )
    position = primitives.junctions.position
    if len(position):
        axes.scatter(
            position[:, 1],
            position[:, 0],
            s=(4 * stroke) ** 2,
            facecolors="white",
            edgecolors=COLOURS["junctions"],
            linewidths=stroke,
            zorder=3,
        )
    return figure


def svg_bytes(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": FORMAT, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def primitives_json(primitives: Primitives, size: tuple[int, int]) -> dict[str, Any]:
    """Primitives as JSON values, with the meaning and unit of every field beside them.

    Parameters
    ----------
    primitives : Primitives
        Of one image.
    size : tuple of int
        Height and width of the image, in pixels.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "image": {"height": size[0], "width": size[1]},
        "coordinates": COORDINATES,
        "units": UNITS,
        **{family: _items(getattr(primitives, family), family) for family in FAMILIES},
    }


def _curves(primitives: Primitives, family: str) -> list[NDArray[np.float32]]:
    """Curves (P, 2) that stand for the primitives of a family; a branch is one for a junction."""
    found = getattr(primitives, family)
    if family == "lines":
        return list(found.endpoints)
    if family == "junctions":
        owner = np.repeat(np.arange(len(found)), np.diff(found.branch_offsets))
        step = np.stack([np.sin(found.branch_angle), np.cos(found.branch_angle)], axis=1)
        start = found.position[owner]
        return list(np.stack([start, start + step * found.scale[owner, None]], axis=1))
    curves = np.split(found.points, found.offsets[1:-1])[: len(found)]
    is_closed = found.closed if family == "edges" else np.full(len(found), family == "blobs")
    return [
        np.concatenate([c, c[:1]]) if closed else c
        for c, closed in zip(curves, is_closed, strict=True)
    ]


def _items(found: Any, family: str) -> list[dict[str, Any]]:
    """One object per primitive of a family."""
    items: list[dict[str, Any]] = []
    for i in range(len(found)):
        item: dict[str, Any] = {}
        for field in UNITS[family]:
            values = getattr(found, field)
            if field in found.runs:
                offsets = getattr(found, found.runs[field])
                item[field] = plain(values[offsets[i] : offsets[i + 1]])
            elif field == "kind":
                item[field] = JUNCTION_KINDS[values[i]]
            else:
                item[field] = plain(values[i])
        items.append(item)
    return items


def plain(value: Any) -> Any:
    """An array or NumPy number as JSON values: 6 digits, null for what is not finite."""
    if isinstance(value, np.ndarray) and value.ndim:
        return [plain(v) for v in value]
    number = value.item()
    if isinstance(number, float):
        return float(f"{number:.6g}") if np.isfinite(number) else None
    return number

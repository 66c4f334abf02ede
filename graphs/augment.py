"""Other pictures of the same thing, made from its nodes alone: no image is looked at again.

Each augmentation is a function of nodes, a random generator and its own keywords. Every image of
several has its own draw, and the two darts of a piece of a stroke have theirs together.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.fragments import halved, joined_up, kept, other_darts
from perceptgraph.graphs.frames import NODE_KINDS, Frames
from perceptgraph.graphs.image_maps import affine_map, elastic_map
from perceptgraph.graphs.push_forward import COLUMN, Floats, image_of, pushed_forward

ARC, DART = NODE_KINDS.index("arc"), NODE_KINDS.index("dart")
CONTROL_STD = 151 / 315  # a cubic B-spline of white controls of std 1, in two dimensions, has this
MOST_SHRINKING = 0.5  # share of its length that a piece loses at most when the level changes
THINNEST = 0.25  # share of its width that a stroke keeps at least when the level changes


def affine(
    frames: Frames,
    rng: np.random.Generator,
    *,
    turn_deg: float = 10.0,
    scale: float = 1.15,
    stretch: float = 1.15,
    shear: float = 0.15,
    shift: float = 1.0,
) -> Frames:
    """Each image turned, scaled, stretched and sheared about the mean of its nodes, and shifted.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    rng : np.random.Generator
        Source of the draws.
    turn_deg : float
        Largest turn either way, in degrees; uniform.
    scale, stretch : float
        Largest factor of the size, and of height over width; at least 1, log-uniform both ways.
    shear : float
        Largest step along the columns for one along the rows; uniform.
    shift : float
        Standard deviation of the shift, (row, column), in pixels.
    """
    n = len(frames.offsets) - 1
    linear = linear_maps(rng, n, turn_deg=turn_deg, scale=scale, stretch=stretch, shear=shear)
    moved = rng.normal(0, shift, (n, 2))
    return pushed_forward(frames, affine_map(linear, _about(_middles(frames), linear) + moved))


def linear_maps(
    rng: np.random.Generator, n: int, *, turn_deg: float, scale: float, stretch: float, shear: float
) -> Floats:
    """Random linear maps (n, 2, 2) for columns (row, column), with the parameters of `affine`."""
    if min(scale, stretch) < 1:
        raise ValueError(f"scale and stretch must be at least 1, got {scale} and {stretch}")
    turn, sheared = rng.uniform(-1, 1, (2, n)) * [[np.deg2rad(turn_deg)], [shear]]
    size, ratio = rng.uniform(-1, 1, (2, n)) * [[np.log(scale)], [np.log(stretch) / 2]]
    cos, sin = np.exp(size) * np.cos(turn), np.exp(size) * np.sin(turn)
    rotation = np.stack([cos, sin, -sin, cos], axis=1).reshape(n, 2, 2)
    strain = np.stack([np.exp(ratio), np.zeros(n), sheared, np.exp(-ratio)], axis=1)
    return rotation @ strain.reshape(n, 2, 2)


def mirror(frames: Frames, rng: np.random.Generator, *, share: float = 0.5) -> Frames:
    """Each image mirrored with this probability, left for right, about the mean of its nodes."""
    sign = np.where(rng.random(len(frames.offsets) - 1) < share, -1.0, 1.0)
    linear = np.zeros((len(sign), 2, 2))
    linear[:, 0, 0], linear[:, 1, 1] = 1.0, sign
    return pushed_forward(frames, affine_map(linear, _about(_middles(frames), linear)))


def elastic(
    frames: Frames, rng: np.random.Generator, *, amplitude: float = 1.0, spacing: float = 9.0
) -> Frames:
    """Each image bent by a smooth random displacement.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    rng : np.random.Generator
        Source of the draws.
    amplitude : float
        Standard deviation of the displacement, (row, column), in pixels. Where it would fold the
        picture, that is from about a fifth of the spacing on, it is made smaller.
    spacing : float
        Step of the grid of controls, in pixels: displacements further apart hardly agree.

    References
    ----------
    .. [1] P. Y. Simard, D. Steinkraus, J. C. Platt, "Best practices for convolutional neural
           networks applied to visual document analysis", ICDAR 2003.
    """
    low, high = _corners(frames)
    # Nodes reach half their length beyond their positions; what is outside moves like the border.
    size = int(np.ceil(np.max(high - low, initial=0) / spacing)) + 5
    control = rng.normal(0, amplitude / CONTROL_STD, (len(low), size, size, 2))
    corner = low - 4 * spacing + rng.uniform(0, spacing, low.shape)
    return pushed_forward(frames, elastic_map(control, corner, spacing))


def jitter(
    frames: Frames,
    rng: np.random.Generator,
    *,
    position: float = 0.2,
    turn_deg: float = 3.0,
    size: float = 0.05,
) -> Frames:
    """Each node moved, turned and made longer and wider on its own.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    rng : np.random.Generator
        Source of the draws.
    position : float
        Standard deviation of the step, (row, column), in pixels.
    turn_deg : float
        Standard deviation of the turn, in degrees.
    size : float
        Standard deviation of the logarithm of the factor of the length, with the offsets, and of
        that of the width and of a junction's scale.
    """
    piece = _piece_of(frames)
    step = rng.normal(0, position, (len(frames), 2))[piece]
    turn = rng.normal(0, np.deg2rad(turn_deg), len(frames))[piece]
    longer, wider = np.exp(rng.normal(0, size, (2, len(frames))))[:, piece]
    sin, cos = frames.direction.T
    turned = np.stack(
        [sin * np.cos(turn) + cos * np.sin(turn), cos * np.cos(turn) - sin * np.sin(turn)]
    )
    attributes = frames.attributes.copy()
    for name in ("length", "offset_1", "offset_2", "offset_3"):
        attributes[:, COLUMN[name]] *= longer
    for name in ("width", "width_slope", "scale"):
        attributes[:, COLUMN[name]] *= wider
    return replace(
        frames,
        position=(frames.position + step).astype(np.float32),
        direction=(turned / np.hypot(*turned)).T.astype(np.float32),
        attributes=attributes,
    )


def level(
    frames: Frames, rng: np.random.Generator, *, shift: float = 0.3, bright: bool = True
) -> Frames:
    """Each image as another grey level shows it: contours moved to their brighter side or back.

    A contour moves along its normal by the same way everywhere, so a piece that turns to the right
    gets longer by its turn times the way. What faces it across a stroke comes closer by as much
    again, across a gap it goes. Bright strokes get thinner by twice the way, dark ones wider.
    Where a piece would lose half of its length, the way is shorter for the whole image.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    rng : np.random.Generator
        Source of the draws.
    shift : float
        Standard deviation of the way, in pixels.
    bright : bool
        Whether strokes are brighter than their ground; dark ones get wider where bright ones get
        thinner.

    References
    ----------
    .. [1] M. do Carmo, "Differential Geometry of Curves and Surfaces", 1976, section 1-7
           (parallel curves).
    """
    image, is_arc = image_of(frames), frames.kind == ARC
    way = rng.normal(0, shift, len(frames.offsets) - 1)
    length, turning = (
        frames.attributes[:, COLUMN["length"]],
        frames.attributes[:, COLUMN["turning"]],
    )
    shrinking = np.where(is_arc & (length > 0), -way[image] * turning, 0) / np.maximum(length, 1e-6)
    most = np.zeros(len(way))
    np.maximum.at(most, image, shrinking)
    way = (way * MOST_SHRINKING / np.maximum(most, MOST_SHRINKING))[image]
    attributes = frames.attributes.copy()
    arcs, darts = np.flatnonzero(is_arc), np.flatnonzero(frames.kind == DART)
    growth = 1 + way[arcs] * turning[arcs] / np.where(length[arcs] > 0, length[arcs], 1)
    for name in ("length", "offset_1", "offset_2", "offset_3"):
        attributes[arcs, COLUMN[name]] *= growth
    for name, sign in (("inward", -2), ("outward", 2)):
        ray = attributes[arcs, COLUMN[name]]
        attributes[arcs, COLUMN[name]] = np.where(ray > 0, np.maximum(ray + sign * way[arcs], 0), 0)
    width, thinner = attributes[darts, COLUMN["width"]], 2 if bright else -2
    attributes[darts, COLUMN["width"]] = np.maximum(width - thinner * way[darts], THINNEST * width)
    position = frames.position + np.where(is_arc, way, 0)[:, None] * frames.left
    return replace(frames, position=position.astype(np.float32), attributes=attributes)


def tone(
    frames: Frames, rng: np.random.Generator, *, contrast: float = 0.2, nfa: float = 0.2
) -> Frames:
    """Each image with another contrast, and each node more or less meaningful.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    rng : np.random.Generator
        Source of the draws.
    contrast : float
        Standard deviation of the logarithm of the factor, one an image, of the contrast, which
        stays in [-1, 1].
    nfa : float
        Standard deviation of the logarithm of the factor, one a node, of log10(NFA).
    """
    attributes = frames.attributes.copy()
    brighter = np.exp(rng.normal(0, contrast, len(frames.offsets) - 1))[image_of(frames)]
    column = attributes[:, COLUMN["contrast"]]
    attributes[:, COLUMN["contrast"]] = np.clip(column * brighter, -1, 1)
    surer = np.exp(rng.normal(0, nfa, len(frames)))[_piece_of(frames)]
    attributes[:, COLUMN["log10_nfa"]] *= surer
    return replace(frames, attributes=attributes)


def drop(frames: Frames, rng: np.random.Generator, *, share: float = 0.1) -> Frames:
    """Each node left out with this probability."""
    return kept(frames, rng.random(len(frames))[_piece_of(frames)] >= share)


def split(
    frames: Frames, rng: np.random.Generator, *, share: float = 0.1, shortest: float = 4.0
) -> Frames:
    """Each piece of a curve of at least `shortest` pixels cut in two with this probability."""
    chosen = rng.random(len(frames))[_piece_of(frames)] < share
    chosen &= (frames.kind == ARC) | (frames.kind == DART)
    return halved(frames, chosen & (frames.attributes[:, COLUMN["length"]] >= shortest))


def merge(
    frames: Frames, rng: np.random.Generator, *, share: float = 0.1, corner_deg: float = 30.0
) -> Frames:
    """Each piece joined to what follows it with this probability, unless they meet at a corner."""
    chosen = rng.random(len(frames)) < share
    return joined_up(frames, chosen, np.deg2rad(corner_deg))


def augmented(
    frames: Frames, rng: np.random.Generator, recipe: Mapping[str, Mapping[str, Any]]
) -> Frames:
    """The nodes after all augmentations of the recipe, in its order.

    Parameters
    ----------
    frames : Frames
        Nodes of one image or of several.
    rng : np.random.Generator
        Source of the draws.
    recipe : mapping of str to mapping
        Names of AUGMENTATIONS, each with its keyword arguments.
    """
    for name, keywords in recipe.items():
        frames = AUGMENTATIONS[name](frames, rng, **keywords)
    return frames


def check_augmentation(recipe: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ValueError unless these are AUGMENTATIONS, each with all of its keywords."""
    for name, keywords in recipe.items():
        if name not in AUGMENTATIONS:
            raise ValueError(f"augment: expected some of {', '.join(AUGMENTATIONS)}, got {name!r}")
        wanted = sorted(set(inspect.signature(AUGMENTATIONS[name]).parameters) - {"frames", "rng"})
        if sorted(keywords) != wanted:
            raise ValueError(
                f"augment.{name}: expected {', '.join(wanted)}, got {', '.join(keywords)}"
            )


def _middles(frames: Frames) -> Floats:
    """Mean position (G, 2) of the nodes of each image; (0, 0) where there is none."""
    image, n = image_of(frames), len(frames.offsets) - 1
    sums = [np.bincount(image, frames.position[:, axis], n) for axis in (0, 1)]
    return np.stack(sums, axis=1) / np.maximum(np.diff(frames.offsets), 1)[:, None]


def _corners(frames: Frames) -> tuple[Floats, Floats]:
    """Least and greatest coordinates (G, 2) of each image's nodes; (0, 0) where there is none."""
    has = np.diff(frames.offsets) > 0
    corners = np.zeros((2, len(has), 2))
    for extreme, corner in zip((np.minimum, np.maximum), corners, strict=True):
        if has.any():
            corner[has] = extreme.reduceat(frames.position, frames.offsets[:-1][has], axis=0)
    return corners[0], corners[1]


def _about(middle: Floats, linear: Floats) -> Floats:
    """Shift (G, 2) with which the linear maps keep these points."""
    return middle - np.einsum("gab,gb->ga", linear, middle)


def _piece_of(frames: Frames) -> NDArray[np.int64]:
    """The node (N,) whose draw each node has: its own, or that of the first of two darts."""
    node, other = np.arange(len(frames)), other_darts(frames)
    return np.where(other < 0, node, np.minimum(node, other))


AUGMENTATIONS: dict[str, Callable[..., Frames]] = {
    "affine": affine,
    "mirror": mirror,
    "elastic": elastic,
    "jitter": jitter,
    "level": level,
    "tone": tone,
    "drop": drop,
    "split": split,
    "merge": merge,
}
"""Name to augmentation."""

CHANGES_RELATIONS = ("mirror", "drop", "split", "merge")
"""Augmentations after which the relations have to be looked for again: the nodes are others, or
curves are walked the other way. After the others, nodes and relations may be taken to stay."""

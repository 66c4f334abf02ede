"""What the primitives of images become: nodes, each with its frame."""

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.cutting import CUTS
from perceptgraph.graphs.enclosure import enclosing
from perceptgraph.graphs.family_nodes import COLUMN, NODES_OF, Nodes
from perceptgraph.graphs.frames import Frames, joined, side_by_side
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.rays import rays
from perceptgraph.stores.arrays import offsets_of


def frames_of(
    primitives: Primitives,
    *,
    kinds: Sequence[str] = ("lines", "junctions"),
    piece_length: float = 12.0,
    cut: str = "canonical",
    ray_reach: float = 48.0,
    rng: np.random.Generator | None = None,
) -> Frames:
    """Nodes that the primitives of one image make; see `frames_of_images`.

    Examples
    --------
    >>> from perceptgraph.graphs.primitives import primitives
    >>> len(frames_of(primitives()))
    0
    """
    return frames_of_images(
        [primitives],
        kinds=kinds,
        piece_length=piece_length,
        cut=cut,
        ray_reach=ray_reach,
        rngs=None if rng is None else [rng],
    )


def frames_of_images(
    images: Sequence[Primitives],
    *,
    kinds: Sequence[str],
    piece_length: float,
    cut: str = "canonical",
    ray_reach: float = 48.0,
    rngs: Sequence[np.random.Generator] | None = None,
) -> Frames:
    """Nodes that the primitives of several images make, one image after the other.

    A line segment, junction or blob is one node. An edge chain is cut into arcs, which run so that
    its brighter side is on their left. A ridge is cut likewise, but each of its pieces gives two
    darts, one in either direction; those along the order of its points come first. No image knows
    of the others.

    Parameters
    ----------
    images : sequence of Primitives
        All primitives of each image.
    kinds : sequence of str
        Families to take (keys of NODES_OF); the nodes of an image come in this order.
    piece_length : float
        Length that a piece of a chain or ridge comes closest to, in pixels.
    cut : str
        How chains and ridges are cut (key of `perceptgraph.graphs.cutting.CUTS`).
    ray_reach : float
        Longest inward or outward ray, in pixels; 0 casts none, and both lengths are 0.
    rngs : sequence of Generator, optional
        One for each image, for cuts at a random phase: uniform in [-1/2, 1/2) of a piece.

    Raises
    ------
    ValueError
        Where a family or cut is not known, `piece_length` is not positive, `ray_reach` is
        negative, or a random phase has no generators.
    """
    if not piece_length > 0:
        raise ValueError(f"piece_length must be positive, got {piece_length}")
    if not ray_reach >= 0:
        raise ValueError(f"ray_reach must be 0 or more, got {ray_reach}")
    for what, names, table in (("families", kinds, NODES_OF), ("cuts", (cut,), CUTS)):
        unknown = [name for name in names if name not in table]
        if unknown:
            raise ValueError(f"expected {what} among {', '.join(table)}, got {unknown[0]!r}")
    if not images:
        return side_by_side([])
    families = [[getattr(image, kind) for image in images] for kind in kinds]
    counts = np.array([[len(one) for one in family] for family in families], np.int64)
    parts = [
        NODES_OF[kind](
            _together(family),
            partial(CUTS[cut], piece_length=piece_length, phase=_phases(rngs, count)),
        )
        for kind, family, count in zip(kinds, families, counts, strict=True)
    ]
    frames = _framed(parts, counts) if parts else side_by_side([joined([])] * len(images))
    if ray_reach > 0:
        cast = rays(frames, ray_reach)
        frames.attributes[:, COLUMN["inward"]] = cast.inward
        frames.attributes[:, COLUMN["outward"]] = cast.outward
    return frames


def _phases(
    rngs: Sequence[np.random.Generator] | None, count: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Random shares of a piece, for each curve, drawn image by image."""
    if rngs is None:
        return None
    return np.concatenate(
        [rng.uniform(-0.5, 0.5, n) for rng, n in zip(rngs, count.tolist(), strict=True)]
    )


def _together(images: Sequence[Any]) -> Any:
    """The primitives of one family in several images, one image after the other."""
    if len(images) == 1:
        return images[0]
    begins = set(images[0].runs.values())
    columns = {}
    for field in fields(images[0]):
        arrays = [getattr(image, field.name) for image in images]
        if field.name in begins:
            ends = np.concatenate([array[1:] for array in arrays])
            shift = np.cumsum([0, *(array[-1] for array in arrays[:-1])])
            ends += np.repeat(shift, [len(array) - 1 for array in arrays])
            columns[field.name] = np.concatenate([arrays[0][:1], ends])
        else:
            columns[field.name] = np.concatenate(arrays)
    return type(images[0])(**columns)


def _framed(parts: Sequence[Nodes], counts: NDArray[np.int64]) -> Frames:
    """Frames of the nodes of all families, of which images have `counts` (families, images).

    Nodes and curves are put in order of image, then family; both are counted within images.
    """
    n_images = counts.shape[1]
    first_curve = offsets_of(counts.sum(axis=0))
    curve_begin = np.cumsum(counts, axis=0) - counts + first_curve[:-1]
    moved = [_into_images(count, begin) for count, begin in zip(counts, curve_begin, strict=True)]
    curve = np.concatenate([to[part.curve] for part, (_, to) in zip(parts, moved, strict=True)])
    image = np.concatenate([of[part.curve] for part, (of, _) in zip(parts, moved, strict=True)])
    n_nodes = offsets_of(np.array([len(part.curve) for part in parts]))
    following = np.concatenate(
        [
            np.where(p.following < 0, -1, p.following + n)
            for p, n in zip(parts, n_nodes, strict=False)
        ]
    )
    order = np.argsort(image, kind="stable")
    place = np.empty(len(order) + 1, np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    offsets = offsets_of(np.bincount(image, minlength=n_images))
    curve, first = curve[order], offsets[:-1][image[order]]
    position = np.concatenate([part.position for part in parts])[order]
    around = _around(parts, moved, position, curve, first_curve)
    base = first_curve[:-1][image[order]]
    return Frames(
        kind=np.repeat(np.array([p.kind for p in parts], np.uint8), np.diff(n_nodes))[order],
        position=position,
        direction=np.concatenate([part.direction for part in parts])[order],
        attributes=np.concatenate([part.attributes for part in parts])[order],
        following=_within(place[following[order]], first),
        curve=_within(curve, base),
        around=_within(around, base),
        offsets=offsets,
    )


def _into_images(
    count: NDArray[np.int64], begin: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Image and curve of each primitive of a family, given the first of its curves in each."""
    image = np.repeat(np.arange(len(count)), count)
    return image, np.arange(len(image)) + (begin - offsets_of(count)[:-1])[image]


def _within(
    number: NDArray[np.int64] | NDArray[np.int32], first: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Numbers counted within their images, whose first ones are given; -1 stays."""
    return np.where(number < 0, -1, number - first).astype(np.int32)


def _around(
    parts: Sequence[Nodes],
    moved: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    position: NDArray[np.float32],
    curve: NDArray[np.int64],
    first_curve: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Curve around each node, counted through all images; -1 for none."""
    outlined = [(p, *to) for p, to in zip(parts, moved, strict=True) if p.is_closed.any()]
    if not outlined:
        return np.full(len(curve), -1, np.int32)
    return enclosing(
        position,
        curve,
        np.concatenate([part.points for part, _, _ in outlined]),
        offsets_of(np.concatenate([np.diff(part.offsets) for part, _, _ in outlined])),
        np.concatenate([np.where(part.is_closed, to, -1) for part, _, to in outlined]),
        np.concatenate([image for _, image, _ in outlined]),
        first_curve,
    )

"""Any image size: detection in overlapping tiles, whose primitives are joined across the seams."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import FAMILIES, Primitives, primitives
from perceptgraph.stages.detectors.chain_seams import join_chains
from perceptgraph.stages.detectors.gather import chosen, concatenated
from perceptgraph.stages.detectors.seams import join_blobs, join_junctions, join_lines
from perceptgraph.stages.detectors.tile_layout import Tile, tiles

TESTS_POWER = {"lines": 2.5, "edges": 1.0, "junctions": 1.0, "ridges": 1.0, "blobs": 1.0}
"""Family to the power of the number of pixels with which its number of tests grows."""
NO_EPS: Mapping[str, float] = {}
POSITIONS = ("endpoints", "points", "position", "centre")
"""Fields that are positions in the image."""
JOIN: dict[str, Callable[[Any, NDArray[np.int64], list[Tile]], Any]] = {
    "lines": join_lines,
    "edges": join_chains,
    "junctions": join_junctions,
    "ridges": join_chains,
    "blobs": join_blobs,
}
"""Family to the function that makes one of those found in several tiles."""


def in_tiles(
    find: Callable[[NDArray[Any]], Primitives],
    image: NDArray[Any],
    *,
    side: int = 2048,
    overlap: int = 128,
    log10_eps: Mapping[str, float] = NO_EPS,
) -> Primitives:
    """Primitives of an image of any size, found tile by tile.

    Line segments and blobs that two tiles see are one; chains are cut along the middle of what
    two tiles share and joined again there, so that a closed chain over several tiles is closed.
    Blobs that are larger than the overlap can be missed where tiles meet, and so can a chain or
    segment that is not meaningful in what a tile sees of it. What a detector measures in an image
    (its noise, its range, the ground of a drawing) it measures in each tile.

    Parameters
    ----------
    find : function
        A tile of the image (h, w) or (h, w, channels), in the type of the image, to its
        primitives. It is called with one tile at a time: `image` may be a memory map, and is never
        converted as a whole.
    image : (H, W) or (H, W, channels)
    side, overlap : int
        See `tiles`. Larger tiles have fewer seams, smaller ones need less memory.
    log10_eps : mapping
        Family to the largest log10(NFA) that is kept; 0 for those that are not named.

    Returns
    -------
    Primitives
        In pixels of `image`. `find` counts false alarms in a tile; the number of tests grows with
        a power of the number of pixels (TESTS_POWER), which is made up for: a primitive has the
        `log10_nfa` it would have in the whole image, and what is no longer meaningful there is
        left out. The noise is still that of the tile. What is joined from several tiles has the
        `log10_nfa` of the best of them, which is an upper bound.

    Examples
    --------
    >>> from perceptgraph.stages.detectors.blobs import blobs
    >>> rows, columns = np.mgrid[:300, :300]
    >>> disc = (np.hypot(rows - 150, columns - 148) < 9).astype(np.float32)
    >>> found = in_tiles(lambda tile: primitives(blobs=blobs(tile)), disc, side=200, overlap=60)
    >>> len(found.blobs), found.blobs.centre.round(1).tolist()
    (1, [[150.0, 148.0]])
    """
    layout = tiles(image.shape, side, overlap)
    n_pixels = image.shape[0] * image.shape[1]
    parts = []
    for tile in layout:
        found = find(image[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width])
        parts.append(_in_image(found, tile, math.log10(n_pixels / (tile.height * tile.width))))
    return primitives(
        **{
            f: _joined(f, [getattr(part, f) for part in parts], layout, log10_eps.get(f, 0.0))
            for f in FAMILIES
        }
    )


def _in_image(found: Primitives, tile: Tile, log10_ratio: float) -> Primitives:
    """Primitives of a tile, in pixels and in false alarms of the whole image."""
    shift = np.array([tile.top, tile.left], np.float32)
    moved = {}
    for family, power in TESTS_POWER.items():
        one = getattr(found, family)
        at = {name: getattr(one, name) + shift for name in POSITIONS if hasattr(one, name)}
        log10_nfa = one.log10_nfa + np.float32(power * log10_ratio)
        moved[family] = replace(one, **at, log10_nfa=log10_nfa)
    return primitives(**moved)


def _joined(family: str, parts: list[Any], layout: list[Tile], log10_eps: float) -> Any:
    """One family of all tiles, the most meaningful first."""
    found = concatenated(parts)
    if len(layout) > 1:
        found = JOIN[family](found, np.repeat(np.arange(len(parts)), [*map(len, parts)]), layout)
    order = np.argsort(found.log10_nfa, kind="stable")
    return chosen(found, order[found.log10_nfa[order] <= log10_eps])

"""Drawn primitives like those of handwriting and drawings, as many as one likes."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.nodes import frames_of_images
from perceptgraph.graphs.primitives import (
    EdgeChains,
    Junctions,
    Primitives,
    Ridges,
    primitives,
)
from perceptgraph.stores.arrays import offsets_of

NODES = 18
"""Of a glyph: ten pieces of its outline, three of its stroke both ways, two junctions."""
PIECE, PITCH = 4.5, 24.0  # pixels: length of a piece, distance of neighbouring glyphs
POINTS = 40  # of an outline
KINDS = ("edges", "ridges", "junctions")


def glyphs(n_nodes: int, rng: np.random.Generator) -> Primitives:
    """The primitives of a page of glyphs that make about `n_nodes` nodes, as dense as digits."""
    n = ceil(n_nodes / NODES)
    side = ceil(np.sqrt(n))
    grid = np.stack(np.divmod(np.arange(n), side), axis=1)
    middle = (grid + 0.5) * PITCH + rng.uniform(-3, 3, (n, 2))
    return primitives(
        edges=_outlines(middle, rng), ridges=_strokes(middle, rng), junctions=_ends(middle, rng)
    )


def glyph_frames(pages: Sequence[Primitives]) -> Frames:
    """The nodes of pages of glyphs, one page after the other."""
    return frames_of_images(pages, kinds=KINDS, piece_length=PIECE)


def _outlines(middle: NDArray[np.float64], rng: np.random.Generator) -> EdgeChains:
    """Closed wavy curves of about ten pieces."""
    n = len(middle)
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    wave = 1 + 0.1 * np.sin(3 * angle + rng.uniform(0, 2 * np.pi, (n, 1)))
    radius = 10 * PIECE / (2 * np.pi) * wave
    ring = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    points = middle[:, None] + radius[:, :, None] * ring
    return EdgeChains(
        points=points.reshape(-1, 2).astype(np.float32),
        offsets=offsets_of(np.full(n, POINTS)),
        closed=np.ones(n, np.bool_),
        polarity=rng.choice(np.array([-1, 1], np.int8), n),
        contrast=rng.uniform(0.2, 1, n).astype(np.float32),
        log10_nfa=-rng.uniform(1, 20, n).astype(np.float32),
    )


def _strokes(middle: NDArray[np.float64], rng: np.random.Generator) -> Ridges:
    """Straight strokes of three pieces."""
    n, n_points = len(middle), 14
    angle = rng.uniform(0, np.pi, n)
    along = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    reach = np.linspace(-1.5 * PIECE, 1.5 * PIECE, n_points)
    points = middle[:, None] + reach[:, None] * along[:, None]
    return Ridges(
        points=points.reshape(-1, 2).astype(np.float32),
        offsets=offsets_of(np.full(n, n_points)),
        width=rng.uniform(2, 4, n * n_points).astype(np.float32),
        bright=np.ones(n, np.bool_),
        log10_nfa=-rng.uniform(1, 20, n).astype(np.float32),
    )


def _ends(middle: NDArray[np.float64], rng: np.random.Generator) -> Junctions:
    """Two junctions of three branches a glyph."""
    n = 2 * len(middle)
    away = rng.uniform(-7, 7, (n, 2))
    return Junctions(
        position=(np.repeat(middle, 2, axis=0) + away).astype(np.float32),
        branch_angle=rng.uniform(-np.pi, np.pi, 3 * n).astype(np.float32),
        branch_offsets=offsets_of(np.full(n, 3)),
        kind=np.full(n, 2, np.uint8),
        scale=rng.uniform(3, 5, n).astype(np.float32),
        log10_nfa=-rng.uniform(1, 20, n).astype(np.float32),
    )

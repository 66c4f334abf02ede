"""Hypothesis strategies: random primitives, frames and graphs.

Coordinates come from a seeded generator rather than one by one, so that points in special position
(ties, equal distances) are as rare as in pictures; where they matter a test draws them.
"""

import numpy as np
from hypothesis import strategies as st

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import Junctions, LineSegments, Primitives, primitives


def generators() -> st.SearchStrategy[np.random.Generator]:
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def angles() -> st.SearchStrategy[float]:
    return st.floats(-np.pi, np.pi)


@st.composite
def line_segments(draw: st.DrawFn, max_size: int = 12) -> LineSegments:
    """Segments in a picture of 64 pixels; about half of them on axes 45 degrees apart."""
    n, rng = draw(st.integers(0, max_size)), draw(generators())
    theta = np.where(rng.random(n) < 0.5, np.pi / 4 * rng.integers(0, 8, n), 0)
    theta = theta + rng.uniform(-np.pi, np.pi) + rng.normal(0, 0.3, n) * (rng.random(n) < 0.5)
    step = rng.uniform(2, 15, (n, 1)) * np.stack([np.sin(theta), np.cos(theta)], axis=1)
    middle = rng.uniform(0, 64, (n, 2))
    return LineSegments(
        endpoints=np.stack([middle - step, middle + step], axis=1).astype(np.float32),
        width=rng.uniform(1, 3, n).astype(np.float32),
        polarity=rng.choice(np.array([-1, 1], np.int8), n),
        contrast=rng.uniform(0, 1, n).astype(np.float32),
        log10_nfa=-rng.uniform(0, 20, n).astype(np.float32),
    )


@st.composite
def drawn_primitives(draw: st.DrawFn, max_size: int = 12) -> Primitives:
    """Segments, and junctions at the ends of some of them."""
    lines = draw(line_segments(max_size))
    rng = draw(generators())
    n = int(rng.integers(0, len(lines) + 1))
    degree = rng.integers(2, 5, n)
    at = lines.endpoints[rng.permutation(len(lines))[:n], 0] + rng.normal(0, 1, (n, 2))
    return primitives(
        lines=lines,
        junctions=Junctions(
            position=at.astype(np.float32),
            branch_angle=rng.uniform(-np.pi, np.pi, int(degree.sum())).astype(np.float32),
            branch_offsets=np.concatenate([[0], np.cumsum(degree)]).astype(np.int64),
            kind=rng.integers(0, 4, n).astype(np.uint8),
            scale=rng.uniform(4, 8, n).astype(np.float32),
            log10_nfa=-rng.uniform(0, 20, n).astype(np.float32),
        ),
    )


def frames(max_size: int = 12) -> st.SearchStrategy[Frames]:
    return drawn_primitives(max_size).map(frames_of)


@st.composite
def edge_lists(draw: st.DrawFn, max_nodes: int = 9) -> tuple[np.ndarray, int]:
    """Any directed edges (2, E), loops and repetitions included, on 1 to `max_nodes` nodes."""
    n = draw(st.integers(1, max_nodes))
    ends = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    edges = draw(st.lists(ends, max_size=2 * n))
    return np.array(edges, np.int64).reshape(-1, 2).T, n

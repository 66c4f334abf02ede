"""Relations along curves and across them: the next piece, and the one that a ray meets."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.edges import Edges, Nodes, edges_of
from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.rays import rays


def next_on_curve(frames: Frames) -> Edges:
    """From each piece to the one that follows on its curve, in the direction of its frame."""
    piece, following = _followed(frames)
    return _unranked(piece, following, len(frames))


def previous_on_curve(frames: Frames) -> Edges:
    """From each piece to the one that it follows on its curve."""
    piece, following = _followed(frames)
    return _unranked(following, piece, len(frames))


def across_stroke(frames: Frames, *, reach: float = 64.0) -> Edges:
    """From each piece to the one that its ray to the left, where it is brighter, meets first.

    From a contour of a bright stroke this is the other side of the stroke. `reach`: of the ray, in
    pixels.
    """
    return _met(rays(frames, reach).inward_hit)


def across_gap(frames: Frames, *, reach: float = 64.0) -> Edges:
    """From each piece to the one that its ray to the right, where it is darker, meets first.

    From a contour of a bright stroke this is the next stroke. `reach`: of the ray, in pixels.
    """
    return _met(rays(frames, reach).outward_hit)


def _followed(frames: Frames) -> tuple[Nodes, Nodes]:
    """Pieces that another one follows, and that one, counted through all images."""
    first = np.repeat(frames.offsets[:-1], np.diff(frames.offsets))
    piece = np.flatnonzero(
        (frames.following >= 0) & (first + frames.following != np.arange(len(frames)))
    )
    return piece.astype(np.int32), (first + frames.following)[piece].astype(np.int32)


def _met(hit: NDArray[np.int32]) -> Edges:
    source = np.flatnonzero(hit >= 0).astype(np.int32)
    return _unranked(source, hit[source], len(hit))


def _unranked(source: Nodes, target: Nodes, n_nodes: int) -> Edges:
    return edges_of(source, target, np.zeros(len(source), np.uint8), n_nodes)

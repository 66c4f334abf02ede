"""Junctions: points where edges or strokes meet, with the branches that leave from there."""

import math

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import JUNCTION_KINDS, Junctions, LineSegments
from perceptgraph.stages.detectors.bars import bar_junctions
from perceptgraph.stages.detectors.edge_junctions import edge_junctions, is_straight
from perceptgraph.stages.detectors.meetings import crossings
from perceptgraph.stages.detectors.rays import MAX_BRANCHES, MIN_TURN, turn
from perceptgraph.stores.arrays import offsets_of
from perceptgraph.stores.compiled import njit

Floats = NDArray[np.float64]

L, T, Y, X = (JUNCTION_KINDS.index(kind) for kind in "LTYX")
BESIDE = 2.0
"""Corners of edges are those of a stroke this far from its edges and ends, pixels."""
TOUCH = 6.0
"""Largest gap between strokes that touch, pixels."""


def junctions(
    image: NDArray[np.float32],
    lines: LineSegments,
    *,
    sigma: float = 1.25,
    log10_eps: float = 0.0,
    merge: float = 4.0,
    reach_share: float = 0.25,
    min_reach: float = 3.0,
    max_reach: float = 12.0,
    max_width: float = 9.0,
    min_branch: float = 8.0,
) -> Junctions:
    r"""Meaningful junctions of an image.

    Looked for at the crossings of segments and at the corners of the gradient. A branch of
    radius r has the strength

    .. math:: z = \Bigl|\sum_{s=2}^{r} \partial_n u(s)\Bigr| \Big/ \sigma_r

    in standard deviations of what the noise of the image gives. A junction of M branches counts

    .. math:: \mathrm{NFA} = H W \prod_{i=1}^{M} \frac{20 \pi r}{i} \; P(Z \ge z_{\min})^M

    false alarms (pixels; directions, 2 signs and 5 radii of each branch), r being the shortest
    radius and :math:`z_{\min}` the weakest branch. Given all others, each branch must be
    meaningful too: what runs along an edge is otherwise a T with any weak third.

    Parameters
    ----------
    image : (H, W) float32
        Grey levels in [0, 1].
    lines : LineSegments
        Of the image; with none, corners alone are looked at.
    sigma : float
        Smoothing of the gradient, pixels.
    log10_eps : float
        Largest log10(NFA); 0 is at most one false alarm per image of noise, white or correlated.
    merge : float
        Least distance of two junctions, pixels.
    reach_share, min_reach, max_reach : float
        How far beyond its end a segment may be continued to a meeting: a share of its length,
        within bounds, pixels.
    max_width : float
        Widest stroke that is one branch, not two edges, pixels.
    min_branch : float
        How far strokes must lead away from where they meet, pixels.

    Returns
    -------
    Junctions
        Most meaningful first, branches by angle. Two branches that turn by 25 degrees or more are
        an L, if they are no smooth curve; three are a T if two of them are one straight line, else
        a Y; four and more are an X. Positions are where the branches' lines meet, least squares of
        gradient maxima. Where strokes meet, one junction of their centre lines stands for the
        corners of their edges; its log10 NFA is that of the weakest segment.

    Notes
    -----
    On noise of 256 x 256 pixels, white or blurred by 1 and 2 pixels, none in 200 images
    (tests/stages/detectors/test_junctions.py draws 20 of each).

    References
    ----------
    .. [1] G.-S. Xia, J. Delon, Y. Gousseau, "Accurate junction detection and characterization in
           natural images", International Journal of Computer Vision 106(1), 2014.

    Examples
    --------
    >>> from perceptgraph.graphs.primitives import no_lines
    >>> image = np.full((48, 48), 0.2, np.float32)
    >>> image[:24, :24] = 0.8
    >>> found = junctions(image, no_lines())
    >>> found.position.round(1).tolist(), np.rad2deg(found.branch_angle).round().tolist()
    ([[23.5, 23.5]], [-90.0, 180.0])
    """
    strokes, gap, centre, width = bar_junctions(
        lines,
        max_width=max_width,
        reach_share=reach_share,
        min_reach=min_reach,
        max_reach=max_reach,
        min_branch=min_branch,
    )
    ends = lines.endpoints.astype(np.float64)
    places = crossings(ends, reach_share, min_reach, max_reach)
    # Of places that are nearly one the first is looked at: that of the longest segments.
    sure = lines.length[places[:, 2:].astype(np.int64)].sum(axis=1)
    places = places[np.argsort(-sure, kind="stable"), :2]
    edges = edge_junctions(image, places, sigma)
    edges = edges[edges[:, 2] <= log10_eps]
    smooth = _is_smooth(strokes, gap, edges, max_width)
    inside = ((strokes[:, :2] >= 0) & (strokes[:, :2] <= np.array(image.shape) - 1)).all(axis=1)
    strokes = _apart(strokes[inside & ~smooth], max_width)
    edges = _apart(edges[~_beside(edges[:, :2], centre, width)], merge)
    return _contract(np.concatenate([strokes, edges]))


@njit(cache=True, nogil=True)  # fmt: skip
def _is_smooth(strokes, gap, edges, max_width):  # type: ignore[no-untyped-def]
    """Which turns of one stroke are no corner: neither edge of the stroke turns there as it does.

    A curved stroke is found as straight pieces; where two of them meet its edges have no corner.
    Pieces that do not touch may be meant to meet.
    """
    smooth = (strokes[:, 4] == 2) & (gap <= TOUCH)
    for j in range(len(strokes)):
        for e in range(len(edges)):
            if not smooth[j]:
                break
            apart = math.hypot(edges[e, 0] - strokes[j, 0], edges[e, 1] - strokes[j, 1])
            if apart > max_width:
                continue
            same = 0
            for k in range(int(edges[e, 4])):
                same += turn(edges[e, 5 + k], strokes[j, 5]) < MIN_TURN
                same += turn(edges[e, 5 + k], strokes[j, 6]) < MIN_TURN
            smooth[j] = same < 2
    return smooth


def kind_of(angles: Floats) -> int | None:
    """Index into JUNCTION_KINDS for branches at these angles (n,); None for no junction.

    Examples
    --------
    >>> JUNCTION_KINDS[kind_of(np.array([0.0, np.pi, 1.5]))], kind_of(np.array([0.0, np.pi]))
    ('T', None)
    """
    if len(angles) > 3:
        return X
    straight = bool(is_straight(angles))
    if len(angles) == 3:
        return T if straight else Y
    return L if len(angles) == 2 and not straight else None


@njit(cache=True, nogil=True)  # fmt: skip
def _beside(points, ends, width):  # type: ignore[no-untyped-def]
    """(N,): which points are on the edges or ends of bars (K, 2, 2), and so are no junctions."""
    found = np.zeros(len(points), np.bool_)
    for k in range(len(ends)):
        dr = ends[k, 1, 0] - ends[k, 0, 0]
        dc = ends[k, 1, 1] - ends[k, 0, 1]
        length = max(math.hypot(dr, dc), 1e-6)
        reach = 0.5 * width[k] + BESIDE
        for p in range(len(points)):
            row = points[p, 0] - ends[k, 0, 0]
            column = points[p, 1] - ends[k, 0, 1]
            if abs(row * dc - column * dr) <= reach * length:
                along = (row * dr + column * dc) / length
                found[p] |= -reach <= along <= length + reach
    return found


def _apart(rows: Floats, merge: float) -> Floats:
    """The rows of which none is within `merge` of one with more branches, or as many and better.

    The one that saw more branches has understood the place better.
    """
    rows = rows[np.lexsort((rows[:, 2], -rows[:, 4]))]
    return rows[_first_of_each(rows, merge)]


@njit(cache=True, nogil=True)  # fmt: skip
def _first_of_each(rows, merge):  # type: ignore[no-untyped-def]
    """Which rows are not within `merge` of one kept before."""
    keep = np.ones(len(rows), np.bool_)
    for p in range(len(rows)):
        for q in range(p):
            near = (rows[p, 0] - rows[q, 0]) ** 2 + (rows[p, 1] - rows[q, 1]) ** 2 <= merge**2
            if keep[q] and near:
                keep[p] = False
                break
    return keep


def _contract(rows: Floats) -> Junctions:
    rows = rows[np.argsort(rows[:, 2], kind="stable")]
    n = rows[:, 4].astype(np.int64)
    is_branch = np.arange(MAX_BRANCHES) < n[:, None]
    angle = np.pi - (np.pi - rows[:, 5:]) % (2 * np.pi)
    angle = np.sort(np.where(is_branch, angle, np.inf), axis=1)
    return Junctions(
        position=rows[:, :2].astype(np.float32),
        branch_angle=angle[is_branch].astype(np.float32),
        branch_offsets=offsets_of(n),
        kind=np.array([kind_of(a[:k]) for a, k in zip(angle, n, strict=True)], np.uint8),
        scale=rows[:, 3].astype(np.float32),
        log10_nfa=rows[:, 2].astype(np.float32),
    )

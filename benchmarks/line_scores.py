"""How well line segments cover the true ones: the York Urban protocol, by length.

Segments are (N, 2, 2): segment, end, (row, column), in pixels.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.compiled import njit

Segments = NDArray[np.float64]

MAX_DISTANCE = 1.0
"""Of the middle of a found segment from the line of the true one, pixels."""
MAX_ANGLE_DEG = 5.0
SHARES = (0.5, 0.75)
"""Least share of a true segment that must be covered for it to count as found."""
LENGTH_CUTS = tuple(range(0, 65, 5))
"""Lengths below which segments are left out, for the score at the best cut, pixels."""


def line_scores(
    truth: Segments,
    found: Segments,
    share: float,
    *,
    max_distance: float = MAX_DISTANCE,
    max_angle_deg: float = MAX_ANGLE_DEG,
) -> tuple[float, float]:
    """Precision and recall of the segments of one image, weighed by length.

    A found segment matches a true one if its middle is within `max_distance` of the true one's
    line and their directions differ by at most `max_angle_deg`. A true segment counts as found if
    the union of its matches, projected on it, covers at least `share` of it; recall is the length
    of those over the length of all. Precision is the length of the found segments that the union
    of the true ones they match covers, over the length of all found. Many short segments on one
    long true one and one long segment over many short ones are thus both right.

    Parameters
    ----------
    truth, found : (N, 2, 2), (M, 2, 2)
        Nothing found has precision 0 and recall 0.
    share : float
        In (0, 1].

    Raises
    ------
    ValueError
        No true segment.

    References
    ----------
    .. [1] N.-G. Cho, A. Yuille, S.-W. Lee, "A novel linelet-based representation for line segment
           detection", IEEE Transactions on Pattern Analysis and Machine Intelligence 40(5), 2018.

    Examples
    --------
    >>> truth = np.array([[[0.0, 0.0], [0.0, 10.0]], [[5.0, 0.0], [5.0, 10.0]]])
    >>> found = np.array([[[0.5, 0.0], [0.5, 6.0]], [[20.0, 0.0], [20.0, 2.0]]])
    >>> line_scores(truth, found, 0.5)
    (0.75, 0.5)
    """
    if len(truth) == 0:
        raise ValueError("expected at least one true segment, got none")
    if len(found) == 0:
        return 0.0, 0.0
    truth, found = np.asarray(truth, np.float64), np.asarray(found, np.float64)
    cosine = math.cos(math.radians(max_angle_deg))
    matches = _matches(truth, found, max_distance, cosine)
    true_length, found_length = lengths(truth), lengths(found)
    is_found = covered(truth, found, matches) >= share - 1e-9
    right = covered(found, truth, np.ascontiguousarray(matches.T)) * found_length
    total = max(float(found_length.sum()), 1e-9)
    return float(right.sum()) / total, float(true_length[is_found].sum() / true_length.sum())


def mean_f(
    truths: Sequence[Segments], found: Sequence[Segments], share: float, cut: float = 0.0
) -> float:
    """F of the mean precision and the mean recall over images; found ones below `cut` left out."""
    scores = [
        line_scores(t, f[lengths(f) >= cut], share) for t, f in zip(truths, found, strict=True)
    ]
    precision, recall = np.mean(scores, axis=0)
    return 2 * float(precision * recall) / max(float(precision + recall), 1e-9)


def f_at_shares(
    truths: Sequence[Segments], found: Sequence[Segments], prefix: str
) -> dict[str, float]:
    """`mean_f` at each of SHARES, as `<prefix>50`, and at the best length cut, `<prefix>50_cut`."""
    figures = {}
    for share in SHARES:
        by_cut = [mean_f(truths, found, share, cut) for cut in LENGTH_CUTS]
        figures[f"{prefix}{share:.0%}".removesuffix("%")] = by_cut[0]
        figures[f"{prefix}{share:.0%}".replace("%", "_cut")] = max(by_cut)
    return figures


def lengths(segments: Segments) -> NDArray[np.float64]:
    """Lengths (N,) of segments (N, 2, 2), in pixels."""
    return np.hypot(*(segments[:, 1] - segments[:, 0]).T)


@njit(cache=True, nogil=True)
def _matches(
    truth: Segments, found: Segments, max_distance: float, min_cosine: float
) -> NDArray[np.bool_]:
    """Which found segment matches which true one (N, M)."""
    result = np.zeros((len(truth), len(found)), np.bool_)
    for i in range(len(truth)):
        row, column = truth[i, 0]
        down, right = truth[i, 1] - truth[i, 0]
        length = max(math.hypot(down, right), 1e-9)
        for j in range(len(found)):
            down2, right2 = found[j, 1] - found[j, 0]
            length2 = max(math.hypot(down2, right2), 1e-9)
            middle_row = (found[j, 0, 0] + found[j, 1, 0]) / 2 - row
            middle_column = (found[j, 0, 1] + found[j, 1, 1]) / 2 - column
            distance = abs(middle_row * right - middle_column * down) / length
            cosine = abs(down * down2 + right * right2) / (length * length2)
            result[i, j] = distance <= max_distance and cosine >= min_cosine
    return result


@njit(cache=True, nogil=True)
def covered(
    segments: Segments, others: Segments, matches: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Share (N,) of each segment covered by the union of its matches (N, M), projected on it."""
    result = np.zeros(len(segments))
    begins, ends = np.empty(len(others)), np.empty(len(others))
    for i in range(len(segments)):
        along = segments[i, 1] - segments[i, 0]
        squared = max(along[0] ** 2 + along[1] ** 2, 1e-18)
        n = 0
        for j in range(len(others)):
            if not matches[i, j]:
                continue
            a = ((others[j, 0] - segments[i, 0]) * along).sum() / squared
            b = ((others[j, 1] - segments[i, 0]) * along).sum() / squared
            begins[n], ends[n] = max(min(a, b), 0.0), min(max(a, b), 1.0)
            n += 1
        reached = 0.0
        for k in np.argsort(begins[:n]):
            begin = max(begins[k], reached)
            if ends[k] > begin:
                result[i] += ends[k] - begin
                reached = ends[k]
    return result

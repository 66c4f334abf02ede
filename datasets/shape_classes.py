"""Twelve shapes in three groups; within a group all have the same strokes, related differently.

A shape is drawn on nominal strokes: segments of length 1 and half circles of radius RADIUS, each
of which is then shortened at both ends, so that strokes that belong together do not touch.
"""

from collections.abc import Callable, Sequence

import numpy as np

from perceptgraph.datasets.strokes import Drawing, Meeting

RADIUS = 0.4
"""Of the half circles, as a share of the length of a segment."""
BAR_SPACING = 0.5
"""Between the four parallel bars."""
H = np.sqrt(3) / 2
"""Height of the triangle with sides 1."""

Point = tuple[float, float]


def _drawing(
    points: Sequence[Point],
    strokes: Sequence[tuple[int, int]],
    arcs: Sequence[Sequence[float]] = (),
    through: Sequence[tuple[int, int]] = (),
) -> Drawing:
    """Segments between points, which meet where they share one; `through` pairs point, stroke."""
    meetings = []
    for i, at in enumerate(points):
        ends = tuple(k for k, stroke in enumerate(strokes) if i in stroke)
        middles = tuple(k for point, k in through if point == i)
        if len(ends) + 2 * len(middles) > 1:
            meetings.append(Meeting(at, ends, middles))
    segments = np.array(points, float)[np.array(strokes)]
    return Drawing(segments, np.array(arcs, float).reshape(-1, 5), tuple(meetings))


def square() -> Drawing:
    """Four segments around a square."""
    corners = [(-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)]
    return _drawing(corners, [(0, 1), (1, 2), (2, 3), (3, 0)])


def cross() -> Drawing:
    """Four segments out of one point, at right angles."""
    return _drawing([(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)], [(0, 1), (0, 2), (0, 3), (0, 4)])


def bars() -> Drawing:
    """Four parallel segments side by side."""
    columns = [(i - 1.5) * BAR_SPACING for i in range(4)]
    points = [(row, column) for column in columns for row in (-0.5, 0.5)]
    return _drawing(points, [(0, 1), (2, 3), (4, 5), (6, 7)])


def zigzag() -> Drawing:
    """Four segments, end to end, turning by 120 degrees left and right in turn."""
    points = [(H / 2 * (-1) ** i, 0.5 * i - 1) for i in range(5)]
    return _drawing(points, [(0, 1), (1, 2), (2, 3), (3, 4)])


def triangle() -> Drawing:
    """Three segments around a triangle."""
    return _drawing([(-2 * H / 3, 0), (H / 3, -0.5), (H / 3, 0.5)], [(0, 1), (1, 2), (2, 0)])


def star() -> Drawing:
    """Three segments out of one point, at 120 degrees."""
    return _drawing([(0, 0), (-1, 0), (0.5, H), (0.5, -H)], [(0, 1), (0, 2), (0, 3)])


def ladder() -> Drawing:
    """Two parallel segments and one from middle to middle."""
    points = [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.0, -0.5), (0.0, 0.5)]
    return _drawing(points, [(0, 1), (2, 3), (4, 5)], through=[(4, 0), (5, 1)])


def cup() -> Drawing:
    """Three sides of a square."""
    points = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
    return _drawing(points, [(0, 1), (1, 2), (2, 3)])


def _two_bars(row: float) -> list[Point]:
    return [(-row, -0.5), (-row, 0.5), (row, -0.5), (row, 0.5)]


def stadium() -> Drawing:
    """Two half circles closed by two parallel segments."""
    left, right = (0, -0.5, RADIUS, np.pi / 2, np.pi), (0, 0.5, RADIUS, -np.pi / 2, np.pi)
    return _drawing(_two_bars(RADIUS), [(0, 1), (2, 3)], [left, right])


def wave() -> Drawing:
    """Two half circles in an S, each prolonged by a segment."""
    up, down = (0, -RADIUS, RADIUS, np.pi, np.pi), (0, RADIUS, RADIUS, 0, np.pi)
    points = [(0, -2 * RADIUS), (1, -2 * RADIUS), (0, 2 * RADIUS), (-1, 2 * RADIUS)]
    return _drawing(points, [(0, 1), (2, 3)], [up, down])


def wheel() -> Drawing:
    """Two half circles around one centre, between two parallel segments."""
    left, right = (0, 0, RADIUS, np.pi / 2, np.pi), (0, 0, RADIUS, -np.pi / 2, np.pi)
    return _drawing(_two_bars(2 * RADIUS), [(0, 1), (2, 3)], [left, right])


def spool() -> Drawing:
    """Two half circles back to back, two parallel segments between them."""
    apart = 0.5 + RADIUS
    left, right = (0, -apart, RADIUS, -np.pi / 2, np.pi), (0, apart, RADIUS, np.pi / 2, np.pi)
    return _drawing(_two_bars(0.6 * RADIUS), [(0, 1), (2, 3)], [left, right])


GROUPS: tuple[tuple[Callable[[], Drawing], ...], ...] = (
    (square, cross, bars, zigzag),
    (triangle, star, ladder, cup),
    (stadium, wave, wheel, spool),
)
"""Shapes with the same strokes; who sees strokes only can do no better than one in four."""
SHAPES: dict[str, Callable[[], Drawing]] = {f.__name__: f for group in GROUPS for f in group}
"""Class names, in the order of labels."""

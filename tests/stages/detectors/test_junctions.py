"""Junctions: kind, place and branches of drawn ones, in any pose."""

import math

import numpy as np
import pytest
from drawings import PLUS, SQUARE, STAR, TEE, Segment, strokes, turned

from perceptgraph.graphs.primitives import JUNCTION_KINDS, Junctions, LineSegments, no_lines
from perceptgraph.stages.detect import detect
from perceptgraph.stages.detectors.junctions import junctions, kind_of

MEETINGS = {
    "square": (SQUARE, "LLLL", [(18, 18), (18, 45), (45, 45), (45, 18)]),
    "plus": (PLUS, "X", [(31, 31)]),
    "star": (STAR, "Y", [(31, 31)]),
    "tee": (TEE, "T", [(12, 32)]),
}


def kinds(found: Junctions) -> str:
    return "".join(sorted(JUNCTION_KINDS[k] for k in found.kind))


def segments(*ends: Segment) -> LineSegments:
    n = len(ends)
    one = np.ones(n, np.float32)
    return LineSegments(np.array(ends, np.float32), one, np.ones(n, np.int8), one, -one)


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.8, 2.0, 4.0])
@pytest.mark.parametrize("name", MEETINGS)
def test_drawn_junctions_are_found_in_any_pose(name: str, turn: float) -> None:
    drawing, kind, places = MEETINGS[name]
    image = strokes(64, turned(drawing, turn), width=2.5)

    found = detect(image).junctions

    assert kinds(found) == kind
    true = np.array([a for a, _ in turned([(p, p) for p in places], turn)])
    distance = np.hypot(*(found.position[:, None] - true[None]).transpose(2, 0, 1))
    assert distance.min(axis=1).max() < 1.0
    assert sorted(distance.argmin(axis=1)) == list(range(len(true)))


def test_branches_point_along_the_strokes() -> None:
    found = detect(strokes(64, turned(STAR, 0.5), width=2.5)).junctions

    true = [math.atan2(b[0] - a[0], b[1] - a[1]) for a, b in turned(STAR, 0.5)]
    np.testing.assert_allclose(np.sort(found.branch_angle), np.sort(true), atol=math.radians(4))


def test_a_gap_is_bridged_and_parallel_bars_do_not_meet() -> None:
    gap: list[Segment] = [((18, 21), (18, 45)), ((21, 18), (45, 18))]
    bars: list[Segment] = [((r, 14), (r, 50)) for r in (12, 24, 36, 48)]

    assert kinds(detect(strokes(64, gap, 2.5)).junctions) == "L"
    assert len(detect(strokes(64, bars, 2.5)).junctions) == 0


def test_distant_segments_do_not_meet() -> None:
    found = junctions(segments(((0, 0), (0, 40)), ((60, 80), (100, 80))))

    assert len(found) == 0


def test_collinear_pieces_and_equal_segments_are_no_junction() -> None:
    twice = segments(((5, 0), (5, 30)), ((5, 0), (5, 30)))
    pieces = segments(((5, 0), (5, 30)), ((5.5, 33), (6, 60)))

    assert len(junctions(twice)) == len(junctions(pieces)) == 0


def test_the_order_of_segments_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    ends = rng.uniform(0, 100, (30, 2, 2)).astype(np.float32)
    nfa = rng.uniform(-50, 0, 30).astype(np.float32)
    one, sign = np.ones(30, np.float32), np.ones(30, np.int8)
    order = rng.permutation(30)

    found = junctions(LineSegments(ends, one, sign, one, nfa))
    again = junctions(LineSegments(ends[order], one, sign, one, nfa[order]))

    assert len(found) > 5
    np.testing.assert_allclose(found.position, again.position, atol=1e-4)
    np.testing.assert_array_equal(found.kind, again.kind)


def test_no_or_one_segment_has_no_junction() -> None:
    assert len(junctions(no_lines())) == 0
    assert len(junctions(segments(((0, 0), (0, 9))))) == 0


def test_kinds_follow_the_branches() -> None:
    right = math.pi / 2

    assert kind_of([0.0], 0.4) is None
    assert kind_of([0.0, math.pi], 0.4) is None
    names = [[0.0, right], [0.0, right, math.pi], [0.0, 2.0, 4.0], [0.0, right, math.pi, -right]]
    assert "".join(JUNCTION_KINDS[kind_of(n, 0.4) or 0] for n in names) == "LTYX"

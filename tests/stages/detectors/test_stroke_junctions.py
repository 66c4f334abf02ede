"""Junctions of strokes: place, branches, kind."""

import numpy as np
import pytest
from drawings import PLUS, SQUARE, STAR, TEE, Segment, ring, turned
from drawings import strokes as drawn

from perceptgraph.graphs.primitives import JUNCTION_KINDS
from perceptgraph.stages.detectors.stroke_junctions import stroke_junctions
from perceptgraph.stages.detectors.strokes import strokes

HOOK: list[Segment] = [((12, 14), (50, 14)), ((50, 14), (50, 50))]


@pytest.mark.parametrize("angle", [0.0, 0.35, 1.0])
@pytest.mark.parametrize("width", [2.0, 4.0])
@pytest.mark.parametrize(
    ("segments", "kind", "place"),
    [(PLUS, "X", (31, 31)), (STAR, "Y", (31, 31)), (TEE, "T", (12, 32)), (HOOK, "L", (50, 14))],
)
def test_a_meeting_has_its_kind_and_place(
    segments: list[Segment], kind: str, place: tuple[float, float], width: float, angle: float
) -> None:
    there = turned([*segments, (place, place)], angle)
    found = stroke_junctions(strokes(drawn(64, there[:-1], width)))

    assert [JUNCTION_KINDS[k] for k in found.kind] == [kind]
    np.testing.assert_allclose(found.position[0], there[-1][0], atol=1.3 if kind == "L" else 0.7)


def test_branches_point_along_the_strokes() -> None:
    found = stroke_junctions(strokes(drawn(64, PLUS, 3.0)))

    angles = np.sort(found.branch_angle) / (np.pi / 2)
    np.testing.assert_allclose(angles, [-1, 0, 1, 2], atol=0.1)
    assert found.branch_offsets.tolist() == [0, 4]
    assert found.log10_nfa[0] < 0


def test_a_square_has_four_corners() -> None:
    found = stroke_junctions(strokes(drawn(64, SQUARE, 3.0)))

    corners = {(18, 18), (18, 45), (45, 18), (45, 45)}
    near = {min(corners, key=lambda at: np.hypot(*(p - at))) for p in found.position}
    assert set(found.kind.tolist()) == {JUNCTION_KINDS.index("L")}
    assert len(near) == len(found) == 4


def test_a_ring_has_none() -> None:
    assert len(stroke_junctions(strokes(ring(64, radius=20, width=3)))) == 0


def test_without_strokes_there_are_none() -> None:
    assert len(stroke_junctions(strokes(np.zeros((28, 28), np.float32)))) == 0


def test_a_small_loop_leaves_its_junction_in_two_directions() -> None:
    loop: list[Segment] = [
        ((31, 31), (25, 37)),
        ((25, 37), (37, 37)),
        ((37, 37), (31, 31)),
        ((31, 31), (31, 8)),
    ]

    found = stroke_junctions(strokes(drawn(64, loop, 2.0)))

    meeting = found.branch_offsets[np.argmin(np.hypot(*(found.position - 31).T)) :][:2]
    angles = np.sort(found.branch_angle[meeting[0] : meeting[1]])
    assert len(angles) == 3
    assert np.diff(angles).min() > np.radians(45)

"""Primitives of a drawing as it was drawn."""

import math

import numpy as np

from perceptgraph.graphs.primitives import JUNCTION_KINDS
from perceptgraph.stages.detectors.ground_truth import arc_points, drawn_primitives

TRUTH = {
    "truth/segment": np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], np.float32),
    "truth/arc": np.array([[10, 20, 5, 0, math.pi], [0, 0, 2, 1, -2 * math.pi]], np.float32),
    "truth/stroke_width": np.float32(2.5),
    "truth/clutter": np.array([0, 1], np.uint8),
    "truth/junction": np.array([[3, 4]], np.float32),
    "truth/junction_kind": np.array([2], np.uint8),
    "truth/junction_degree": np.array([3], np.int32),
    "truth/branch_angle": np.array([0, 2, -2], np.float32),
}


def test_everything_drawn_is_there_with_clutter() -> None:
    found = drawn_primitives(TRUTH)

    np.testing.assert_array_equal(found.lines.endpoints, TRUTH["truth/segment"])
    assert found.lines.width.tolist() == [2.5, 2.5]
    assert found.edges.closed.tolist() == [False, True]
    assert JUNCTION_KINDS[found.junctions.kind[0]] == "Y"
    assert found.junctions.branch_offsets.tolist() == [0, 3]


def test_arcs_run_from_plus_column_towards_plus_row() -> None:
    points = arc_points(10, 20, 5, 0, math.pi / 2)

    np.testing.assert_allclose(points[[0, -1]], [[10, 25], [15, 20]], atol=1e-5)
    np.testing.assert_allclose(np.hypot(*(points - [10, 20]).T), 5, atol=1e-5)


def test_an_empty_drawing_has_no_primitives() -> None:
    empty = {k: v if v.ndim == 0 else v[:0] for k, v in TRUTH.items()}

    assert len(drawn_primitives(empty)) == 0

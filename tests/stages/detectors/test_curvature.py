"""Curvature of edge chains."""

from itertools import pairwise

import numpy as np
import pytest
from drawings import edge, ring

from perceptgraph.graphs.primitives import EdgeChains, no_edges
from perceptgraph.stages.detectors.curvature import curvature
from perceptgraph.stages.detectors.edges import edges


def circle(radius: float, n_points: int, closed: bool) -> EdgeChains:
    angle = np.linspace(0, 2 * np.pi, n_points, endpoint=False)
    points = radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    one = np.zeros(1, np.float32)
    return EdgeChains(
        points.astype(np.float32),
        np.array([0, n_points]),
        np.array([closed]),
        np.ones(1, np.int8),
        one,
        one,
    )


@pytest.mark.parametrize("radius", [3.0, 20.0])
def test_a_circle_from_column_to_row_is_one_over_its_radius(radius: float) -> None:
    closed, cut = curvature(circle(radius, 60, True)), curvature(circle(radius, 60, False), reach=3)

    np.testing.assert_allclose(closed, 1 / radius, rtol=1e-5)
    np.testing.assert_allclose(cut[3:-3], 1 / radius, rtol=1e-5)
    assert np.isnan(cut[[0, 1, 2, -3, -2, -1]]).all()


def test_chains_of_a_ring_bend_like_it() -> None:
    found = edges(ring(96, radius=30, width=8))

    bend = np.abs(curvature(found))

    mean = [np.median(bend[a:b]) for a, b in pairwise(found.offsets)]
    np.testing.assert_allclose(np.sort(mean), [1 / 34, 1 / 26], rtol=0.1)


def test_a_straight_edge_does_not_bend() -> None:
    bend = curvature(edges(edge(64, 0.3, 31.5, 31.5)))

    assert np.nanmedian(np.abs(bend)) < 0.005


def test_too_short_chains_have_none() -> None:
    assert np.isnan(curvature(circle(4.0, 10, True))).all()
    assert len(curvature(no_edges())) == 0

"""Curves through gradient maxima, and their numbers of false alarms."""

import math
from itertools import pairwise

import numpy as np
import pytest
from drawings import edge, ring

from perceptgraph.stages.detectors.chains import (
    Curves,
    arc_lengths,
    curves_log10_nfa,
    linked,
    side_differences,
)
from perceptgraph.stages.detectors.maxima import Maxima, gradient, maxima
from perceptgraph.stages.detectors.mixture import smoothed


def curves_of(image: np.ndarray, floor: float = 0.01) -> tuple[Maxima, Curves]:
    points = maxima(gradient(smoothed(image, (1.0,))), floor)
    return points, linked(points)


def test_the_best_piece_is_the_best_of_all_pieces() -> None:
    rng = np.random.default_rng(0)
    counts = [1, 2, 7, 40]
    strength = rng.exponential(1, sum(counts)).astype(np.float32)
    way = np.concatenate([np.arange(n) * 1.2 for n in counts]).astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum(counts)])

    found = curves_log10_nfa(strength, way, offsets, 6.0)

    n_tests = sum(n * (n + 1) / 2 for n in ((way[offsets[1:] - 1] + 1) * 3 / 6.0).tolist())
    for curve, (a, b) in enumerate(pairwise(offsets)):
        every = [
            math.log10(n_tests) - strength[i : j + 1].min() * (way[j] - way[i] + 1) / 6.0
            for i in range(a, b)
            for j in range(i, b)
        ]
        assert found[curve] == pytest.approx(min(every), abs=1e-4)


def test_no_curve_has_no_number() -> None:
    assert len(curves_log10_nfa(*(np.zeros(0, np.float32),) * 2, np.zeros(1, np.int64), 6.0)) == 0


@pytest.mark.parametrize("theta", np.linspace(0, np.pi, 13))
def test_a_straight_edge_is_one_curve_as_long_as_it_and_perhaps_single_points(theta: float) -> None:
    points, curves = curves_of(edge(64, theta, 31.3, 31.6))

    length = arc_lengths(points, curves).max()

    inner = points.position[(np.abs(points.position - 31.5) < 28).all(axis=1)]
    along = inner @ [math.sin(theta), math.cos(theta)]
    assert np.sort(np.diff(curves.offsets))[:-1].max(initial=0) <= 1
    assert np.ptp(along) < length < np.ptp(along) + 14


def test_a_ring_is_two_closed_curves_that_hold_every_maximum_once() -> None:
    points, curves = curves_of(ring(96, radius=30, width=8))

    steps = np.hypot(*np.diff(points.position[curves.order], axis=0).T)
    assert curves.closed.tolist() == [True, True]
    assert len(set(curves.order.tolist())) == len(curves.order)
    assert np.delete(steps, curves.offsets[1] - 1).max() < 2.5


def test_a_closed_curve_begins_at_its_weakest_point() -> None:
    image = ring(96, radius=30, width=8) * np.linspace(0.5, 1, 96, dtype=np.float32)

    points, curves = curves_of(image)

    for a, b in pairwise(curves.offsets):
        norm = points.norm[curves.order[a:b]]
        assert norm[0] == norm.min()


def test_the_sides_of_a_step_differ_by_its_height() -> None:
    image = np.zeros((2, 20, 20), np.float32)
    image[0, :, 10:] = 0.5
    image[1, :, :10] = 0.25
    down = np.stack([np.arange(2, 18), np.full(16, 9.5)], axis=1).astype(np.float32)

    order, chosen = np.arange(16, dtype=np.int32), np.zeros(1, np.int64)
    found = side_differences(image, down, order, np.array([0, 16]), chosen, 2.0)

    np.testing.assert_allclose(found, [[0.5, -0.25]])

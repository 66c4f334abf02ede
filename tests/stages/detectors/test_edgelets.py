"""Edgelets: where they are, which side is brighter, one a cell, and few in noise."""

import math
from typing import Any

import numpy as np
import pytest
from drawings import edge
from scipy.ndimage import gaussian_filter

from perceptgraph.stages.detectors.edgelets import edgelets


@pytest.mark.parametrize("theta", np.linspace(0, 2 * np.pi, 9))
@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_edgelets_of_a_straight_edge_lie_on_it_the_brighter_side_left(
    theta: float, sigma: float
) -> None:
    found = edgelets(edge(64, theta, 31.3, 31.6), sigmas=[sigma], cells=[8])

    first, last = found.points[::2], found.points[1::2]
    middle = (first + last) / 2
    inside = (np.abs(middle - 31.5) < 20).all(axis=1)
    offset = (middle - [31.3, 31.6]) @ [math.cos(theta), -math.sin(theta)]
    assert inside.sum() >= 4
    assert np.abs(offset[inside]).max() < 0.15
    np.testing.assert_allclose(np.hypot(*(last - first).T), 2 * sigma, rtol=1e-4)
    along = (last - first)[inside] @ [math.sin(theta), math.cos(theta)] / (2 * sigma)
    np.testing.assert_allclose(along, -1, atol=1e-2)  # as the chains of edges run
    assert (found.polarity == 1).all()
    assert found.contrast[inside] == pytest.approx(0.55, abs=0.06)


def test_a_cell_has_one_edgelet_of_a_scale_at_most_and_it_is_the_strongest() -> None:
    rng = np.random.default_rng(0)
    image = gaussian_filter(rng.random((60, 90)), 1).astype(np.float32)

    few, many = (edgelets(image, sigmas=[1.0], cells=[c], log10_eps=math.inf) for c in (12, 1))

    def cells_of(points: np.ndarray) -> np.ndarray:
        middle = points.reshape(-1, 2, 2).mean(axis=1)
        return np.rint(middle).astype(int) // 12 @ [1000, 1]

    assert len(few) <= 5 * 8
    strongest = {k: many.log10_nfa[cells_of(many.points) == k].min() for k in cells_of(few.points)}
    # The place of a maximum is up to half a pixel or so from its pixel, which decides on the cell.
    agree = [strongest[k] == v for k, v in zip(cells_of(few.points), few.log10_nfa, strict=True)]
    assert np.mean(agree) > 0.8


def test_all_scales_are_found_and_the_most_meaningful_come_first() -> None:
    image = edge(64, 0.3, 31.5, 31.5)

    found = edgelets(image, sigmas=[1.0, 3.0], cells=[8, 8])

    length = np.hypot(*(found.points[1::2] - found.points[::2]).T)
    assert set(length.round(3)) == {2.0, 6.0}
    assert (np.diff(found.log10_nfa) >= 0).all()
    alone = [edgelets(image, sigmas=[s], cells=[8], log10_eps=-1) for s in (1.0, 3.0)]
    assert sum(map(len, alone)) <= len(found)


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_noise_has_few_edgelets_however_it_is_correlated(blur: float) -> None:
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(20):
        values = gaussian_filter(rng.normal(0, 1, (128, 128)), blur)
        image = np.clip(0.5 + 0.2 * values / values.std(), 0, 1).astype(np.float32)
        counts.append(len(edgelets(image)))

    assert np.mean(counts) <= 1


def test_weaker_edgelets_are_found_the_more_false_alarms_are_allowed() -> None:
    rng = np.random.default_rng(1)
    image = gaussian_filter(rng.random((64, 64)), 2).astype(np.float32)

    counts = [len(edgelets(image, log10_eps=eps)) for eps in (-5, 0, 3, math.inf)]

    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@pytest.mark.parametrize(
    "wrong", [{"sigmas": [1.0]}, {"sigmas": [0.0, 1.0, 2.0]}, {"cells": [0, 1, 1]}]
)
def test_scales_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        edgelets(np.zeros((9, 9), np.float32), **wrong)

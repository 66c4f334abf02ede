"""What the choice of cuts does to the nodes of a picture that is turned."""

import numpy as np
import pytest

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.nodes import frames_of
from perceptgraph.graphs.primitives import primitives
from perceptgraph.stages.detectors.contours import contours

SIDE = 64
MIDDLE = (SIDE - 1) / 2
TURN = np.radians(37)


def shape(seed: int, turn: float) -> np.ndarray:
    """A bright star of three to five blunt arms, turned about the middle of the image."""
    rng = np.random.default_rng(seed)
    n, phase = int(rng.integers(3, 6)), rng.uniform(0, 2 * np.pi)
    arms = rng.uniform(0.6, 1.2, n)
    grid = np.arange(SIDE) - MIDDLE
    theta = np.arctan2(grid[:, None], grid[None]) - turn
    around = (n * (theta - phase) / (2 * np.pi)) % n
    reach = np.interp(around, np.arange(n + 1), [*arms, arms[0]])
    radius = 16 * reach * (1 + 0.25 * np.cos(2 * np.pi * around))
    return (1 / (1 + np.exp(np.hypot(grid[:, None], grid[None]) - radius))).astype(np.float32)


def arcs(seed: int, turn: float, cut: str) -> Frames:
    found = primitives(edges=contours(shape(seed, turn)))
    rng = np.random.default_rng([seed, int(turn > 0)])
    return frames_of(found, kinds=["edges"], piece_length=6.0, cut=cut, rng=rng)


def share_found_again(cut: str) -> float:
    """Of the nodes of 30 shapes: with one within 1 pixel and 20 degrees in the turned picture."""
    c, s = np.cos(TURN), np.sin(TURN)
    matrix = np.array([[c, s], [-s, c]])
    found = []
    for seed in range(30):
        here, there = arcs(seed, 0.0, cut), arcs(seed, TURN, cut)
        moved = (here.position - MIDDLE) @ matrix.T + MIDDLE
        apart = np.hypot(*(moved[:, None] - there.position[None]).transpose(2, 0, 1))
        along = (here.direction @ matrix.T) @ there.direction.T
        found.append(((apart < 1) & (along > np.cos(np.radians(20)))).any(axis=1))
    return float(np.concatenate(found).mean())


def test_canonical_cuts_keep_the_nodes_of_a_turned_picture() -> None:
    assert share_found_again("canonical") >= 0.95


@pytest.mark.parametrize("cut", ["equal", "phase"])
def test_cuts_that_depend_on_where_a_contour_begins_or_on_chance_lose_them(cut) -> None:
    assert share_found_again(cut) <= 0.7

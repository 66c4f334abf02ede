"""Edge chains: sub-pixel position, polarity, closed chains, noise."""

import math

import numpy as np
import pytest
from drawings import edge, ring

from perceptgraph.stages.detectors.edges import edges


@pytest.mark.parametrize("theta", np.linspace(0, 2 * np.pi, 9))
def test_a_straight_edge_is_one_chain_at_its_place(theta: float) -> None:
    found = edges(edge(64, theta, 31.3, 31.6))

    along = (found.points[-1] - found.points[0]) * found.polarity[0]
    inside = found.points[(np.abs(found.points - 31.5) < 24).all(axis=1)]
    offset = (inside - [31.3, 31.6]) @ [math.cos(theta), -math.sin(theta)]
    assert len(found) == 1
    assert np.abs(offset).max() < 0.1
    assert along @ [math.sin(theta), math.cos(theta)] < 0
    assert found.contrast[0] == pytest.approx(0.6, abs=0.05)


def test_a_ring_has_two_closed_chains_of_its_two_radii() -> None:
    found = edges(ring(96, radius=30, width=8), sigma=1.0)

    radii = [
        np.hypot(*(found.points[a:b] - 47.5).T).mean()
        for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)
    ]
    assert found.closed.all()
    np.testing.assert_allclose(np.sort(radii), [26, 34], atol=0.3)


def test_inversion_turns_the_brighter_side_over() -> None:
    image = edge(64, 0.4, 31.5, 31.5)

    found, inverted = edges(image), edges(1 - image)

    way = [f.polarity[0] * (f.points[-1] - f.points[0]) for f in (found, inverted)]
    assert way[0] @ way[1] < 0


def test_white_noise_has_few_chains() -> None:
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(0.5, 0.2, (10, 128, 128)), 0, 1).astype(np.float32)

    n_found = [len(edges(image)) for image in images]

    assert np.mean(n_found) <= 1


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 5000), (64, 64)])
def test_blank_images_have_no_chains(shape: tuple[int, int]) -> None:
    assert len(edges(np.full(shape, 0.3, np.float32))) == 0

"""Edge chains: sub-pixel position, polarity, closed chains, noise."""

import math

import numpy as np
import pytest
from drawings import SQUARE, edge, ring, strokes
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from perceptgraph.stages.detectors.edges import edges
from perceptgraph.stages.detectors.grey import LUMA


def noise(rng: np.random.Generator, shape: tuple[int, int], blur: float) -> NDArray[np.float32]:
    """Of mean 1/2 and standard deviation 0.2, clipped and in 256 levels."""
    values = gaussian_filter(rng.normal(0, 1, shape), blur)
    levels = np.clip(np.rint(127.5 + 50 * values / values.std()), 0, 255)
    return (levels / 255).astype(np.float32)


def scene() -> NDArray[np.float32]:
    """A square of strokes and a ring on a shaded ground, with a little noise."""
    image = 0.5 * ring(96, radius=40, width=5)
    image[16:80, 16:80] += 0.5 * strokes(64, SQUARE, 4.0)
    image += np.linspace(0, 0.1, 96, dtype=np.float32)
    image += np.random.default_rng(0).normal(0, 0.01, (96, 96)).astype(np.float32)
    return np.clip(image, 0, 1)


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


@pytest.mark.parametrize(("blur", "most"), [(0.0, 0.1), (1.0, 1.0), (2.0, 1.0)])
def test_noise_has_few_chains_however_it_is_correlated(blur: float, most: float) -> None:
    rng = np.random.default_rng(0)

    n_found = [len(edges(noise(rng, (256, 256), blur))) for _ in range(40)]

    assert np.mean(n_found) <= most


def test_colour_noise_has_few_chains() -> None:
    rng = np.random.default_rng(0)

    n_found = [
        len(edges(np.stack([noise(rng, (200, 200), 1.0) for _ in range(3)], axis=2)))
        for _ in range(10)
    ]

    assert np.mean(n_found) <= 1


@pytest.mark.parametrize(("factor", "shift"), [(0.3, 0.0), (0.5, 0.4), (1.0, 0.0)])
def test_scaling_and_shifting_levels_changes_nothing_but_the_contrast(
    factor: float, shift: float
) -> None:
    image = scene()

    found, scaled = edges(image), edges(np.float32(factor) * image + np.float32(shift))

    assert len(found) == len(scaled) >= 4
    np.testing.assert_allclose(scaled.points, found.points, atol=0.01)
    np.testing.assert_allclose(scaled.log10_nfa, found.log10_nfa, rtol=0.01)
    np.testing.assert_allclose(scaled.contrast, factor * found.contrast, rtol=0.01, atol=1e-4)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_turning_and_mirroring_the_image_turns_the_chains(turns: int, is_mirrored: bool) -> None:
    image = scene()

    def moved(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ascontiguousarray(np.rot90(values[:, ::-1] if is_mirrored else values, turns))

    rows, columns = np.mgrid[:96, :96].astype(np.float32)
    back = np.stack([moved(rows), moved(columns)], axis=2)
    found, turned = edges(image), edges(moved(image))

    returned = np.stack(
        [map_coordinates(back[..., k], turned.points.T, order=1, mode="nearest") for k in range(2)],
        axis=1,
    )
    distance = cKDTree(found.points).query(returned)[0]
    assert len(turned.points) == pytest.approx(len(found.points), rel=0.02)
    assert np.mean(distance < 0.1) > 0.97


def test_an_edge_between_colours_of_one_lightness_is_found() -> None:
    image = np.full((60, 60, 3), [0.6, 0.25, 0.3], np.float32)
    image[:, 30:] = [0.2, 0.43, 0.3]

    found = edges(image)

    assert len(edges(image @ LUMA)) in (0, 1)
    assert len(found) == 1
    assert found.points[:, 1].mean() == pytest.approx(29.5, abs=0.05)
    assert found.contrast[0] > 0.3


def test_chains_are_sorted_and_meaningful() -> None:
    found = edges(scene(), log10_eps=-3.0)

    assert (np.diff(found.log10_nfa) >= 0).all()
    assert found.log10_nfa.max() <= -3


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 5000), (3, 3), (64, 64), (64, 64, 3)])
def test_blank_images_have_no_chains(shape: tuple[int, ...]) -> None:
    assert len(edges(np.full(shape, 0.3, np.float32))) == 0

"""Line segments: position, shift, polarity, contrast, invariances, false alarms."""

import math

import cv2
import numpy as np
import pytest
from drawings import SQUARE, edge, strokes
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import LineSegments
from perceptgraph.stages.detectors.lines import lines


def best(found: LineSegments) -> tuple[np.ndarray, np.ndarray]:
    """Middle and unit direction of the first segment, brighter side to the left."""
    first, second = found.endpoints[0].astype(float)
    along = (second - first) / np.hypot(*(second - first))
    return (first + second) / 2, along * found.polarity[0]


def scene(seed: int = 0, side: int = 160) -> NDArray[np.float32]:
    """Overlapping rectangles at all angles, a little blurred and noisy."""
    rng = np.random.default_rng(seed)
    image = np.full((side, side), 100, np.uint8)
    for _ in range(8):
        box = (
            tuple(rng.uniform(20, side - 20, 2)),
            tuple(rng.uniform(20, 70, 2)),
            rng.uniform(0, 90),
        )
        corners = np.rint(16 * cv2.boxPoints(box)).astype(np.int32)
        cv2.fillConvexPoly(image, corners, int(rng.integers(30, 226)), cv2.LINE_AA, 4)
    blurred = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.6)
    return ((blurred + rng.normal(0, 1, image.shape)) / 255).clip(0, 1).astype(np.float32)


def share_matched(one: LineSegments, ends: NDArray[np.floating]) -> float:
    """Share of segments that have another's two ends within 1.5 pixels, in either order."""
    there = ends.astype(float)
    both = np.stack([there, there[:, ::-1]])
    apart = np.hypot(*np.moveaxis(both[:, None] - one.endpoints[None, :, None], -1, 0)).max(-1)
    return float((apart.min(axis=(0, 2)) < 1.5).mean())


def test_edges_have_no_systematic_shift_and_little_error() -> None:
    rng = np.random.default_rng(0)
    normals, offsets = [], []
    for theta in np.linspace(0, 2 * np.pi, 24, endpoint=False):
        centre = 40 + rng.uniform(-0.5, 0.5, 2)
        noise = rng.normal(0, 2 / 255, (81, 81)).astype(np.float32)
        image = np.clip(edge(81, theta, *centre) + noise, 0, 1)

        middle, _ = best(lines(image))

        normals.append([math.cos(theta), -math.sin(theta)])
        offsets.append((middle - centre) @ normals[-1])
    shift, *_ = np.linalg.lstsq(np.array(normals), np.array(offsets), rcond=None)
    assert np.hypot(*shift) < 0.005
    assert np.sqrt(np.mean(np.square(offsets))) < 0.011


@pytest.mark.parametrize("theta", np.linspace(0, 2 * np.pi, 9))
def test_brighter_side_is_left_of_the_polar_direction(theta: float) -> None:
    image = edge(64, theta, 31.5, 31.5)

    _, along = best(lines(image))
    _, along_inverted = best(lines(1 - image))

    right_is_bright = np.array([math.sin(theta), math.cos(theta)])
    assert along @ right_is_bright == pytest.approx(-1, abs=1e-3)
    assert along_inverted @ right_is_bright == pytest.approx(1, abs=1e-3)


def test_contrast_is_the_step_of_the_edge() -> None:
    found = lines(edge(64, 0.4, 31.5, 31.5, blur=0.5))

    assert found.contrast[0] == pytest.approx(0.6, abs=0.03)


def test_a_square_of_strokes_gives_both_edges_of_each_stroke() -> None:
    image = strokes(128, [((36, 36), (36, 90)), ((90, 36), (90, 90))], width=5)

    found = lines(image)

    rows = np.sort(found.endpoints.mean(axis=1)[:, 0])
    np.testing.assert_allclose(rows, [33.5, 38.5, 87.5, 92.5], atol=0.3)
    assert (found.polarity != 0).all()


def test_an_interrupted_edge_is_one_segment() -> None:
    image = edge(128, 0.0, 63.5, 63.5)
    image[:, 60:64] = 0.5

    found = lines(image)
    along = found.endpoints[np.abs(found.endpoints[:, :, 0] - 63.5).max(axis=1) < 2]

    assert len(along) == 1
    assert np.ptp(along[0, :, 1]) > 120


def test_a_faint_edge_in_noise_is_found_at_a_coarser_scale() -> None:
    rng = np.random.default_rng(0)
    image = edge(256, 0.3, 127.5, 127.5) * 0.12 + 0.4
    image += rng.normal(0, 0.08, image.shape).astype(np.float32)

    found = lines(image.clip(0, 1))

    assert found.length.max() > 60


def test_most_meaningful_comes_first_from_the_upper_end() -> None:
    found = lines(strokes(64, SQUARE, 5))

    assert len(found) >= 8
    assert (np.diff(found.log10_nfa) >= 0).all()
    assert found.log10_nfa.max() <= 0
    down, right = (found.endpoints[:, 1] - found.endpoints[:, 0]).T
    assert ((down > 0) | ((down == 0) & (right > 0))).all()


def test_inversion_flips_polarity_and_nothing_else() -> None:
    image = scene()
    levels = np.rint(image * 256) / 256  # exact in float32, and so is 1 minus it

    found, inverted = lines(levels.astype(np.float32)), lines((1 - levels).astype(np.float32))

    assert len(inverted) == len(found) > 15
    apart = np.abs(found.endpoints[:, None] - inverted.endpoints[None]).max(axis=(2, 3))
    other = apart.argmin(axis=1)
    # Corners on the rim of a rectangle may round the other way: a tenth of a pixel, one NFA.
    assert (apart.min(axis=1) < 0.1).all()
    np.testing.assert_array_equal(inverted.polarity[other], -found.polarity)
    np.testing.assert_allclose(inverted.log10_nfa[other], found.log10_nfa, atol=1.5)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0.0), (0.5, 0.25), (0.125, 0.5)])
def test_gain_and_offset_of_the_levels_change_nothing(gain: float, offset: float) -> None:
    image = (np.rint(scene(1) * 256) / 256).astype(np.float32)

    found, other = lines(image), lines((gain * image + offset).astype(np.float32))

    # Decisions may turn where a float32 is rounded the other way: one segment, not more.
    assert abs(len(other) - len(found)) <= 1
    assert share_matched(found, other.endpoints) > 1 - 1.5 / len(found)
    np.testing.assert_allclose(other.contrast.max(), gain * found.contrast.max(), rtol=1e-2)


def test_mirroring_mirrors_the_result() -> None:
    image = scene(3)

    found, mirrored = lines(image), lines(image[:, ::-1].copy())
    ends = mirrored.endpoints * [1, -1] + [0, image.shape[1] - 1]

    assert share_matched(found, ends) > 0.99


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_noise_keeps_the_promise_of_eps_white_or_blurred(blur: float) -> None:
    rng = np.random.default_rng(0)
    n_found = []
    for _ in range(20):
        noise = rng.normal(size=(256, 256)).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), blur) if blur else noise
        levels = np.clip(np.rint(128 + 50 * noise / noise.std()), 0, 255)
        n_found.append(len(lines((levels / 255).astype(np.float32))))

    assert np.mean(n_found) <= 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (3, 3), (1, 5000), (5000, 1), (64, 64)])
def test_blank_and_tiny_images_have_no_lines(shape: tuple[int, int]) -> None:
    assert len(lines(np.zeros(shape, np.float32))) == 0
    assert len(lines(np.ones(shape, np.float32))) == 0


def test_segments_end_in_the_image() -> None:
    rng = np.random.default_rng(200594)
    for _ in range(60):
        rows, columns = rng.integers(8, 60, 2)
        image = edge(60, rng.uniform(0, 6.3), rng.uniform(0, 60), rng.uniform(0, 60))
        part = image[:rows, :columns] + rng.normal(0, 0.02, (rows, columns))

        ends = lines(part.clip(0, 1).astype(np.float32)).endpoints

        assert (ends >= -0.5 - 1e-4).all()
        assert (ends <= np.array([rows, columns]) - 0.5 + 1e-4).all()


@pytest.mark.parametrize("shape", [(4, 4), (5, 40), (40, 5), (9, 9)])
def test_a_small_image_of_noise_is_no_trouble(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random(shape, np.float32)

    assert len(lines(image)) <= 1


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("shape", [(160, 160), (159, 134), (97, 131)])
def test_a_turned_picture_has_the_turned_segments(shape: tuple[int, int], quarters: int) -> None:
    image = scene(1)[: shape[0], : shape[1]]
    turned = np.ascontiguousarray(np.rot90(image, -quarters))

    here, there = lines(np.ascontiguousarray(image)), lines(turned)

    middle = (np.array(image.shape) - 1) / 2
    quarter = np.array([[0, 1], [-1, 0]])  # of (row, column), from +column to +row
    ends = (here.endpoints - middle) @ np.linalg.matrix_power(quarter, quarters).T
    ends = ends + (np.array(turned.shape) - 1) / 2
    # As they are directed, brighter to the left.
    ends, found = (
        np.where(f.polarity[:, None, None] > 0, e, e[:, ::-1])
        for f, e in ((here, ends), (there, there.endpoints))
    )
    apart = np.abs(ends[:, None] - found[None]).max(axis=(2, 3))
    assert len(here) == len(there) > 8
    assert apart.min(axis=1).max() < 1e-3

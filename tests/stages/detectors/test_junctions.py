"""Junctions: kind, place and branches of drawn ones in any pose and noise; none where none is."""

import math

import cv2
import numpy as np
import pytest
from drawings import PLUS, SQUARE, STAR, TEE, Segment, edge, ring, strokes, turned
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import JUNCTION_KINDS, Junctions, no_lines
from perceptgraph.stages.detectors.gather import chosen
from perceptgraph.stages.detectors.junctions import junctions, kind_of
from perceptgraph.stages.detectors.lines import lines

Grey = NDArray[np.float32]
RIGHT = math.pi / 2
WEDGES = {
    "L": [0.2, 0.2 + RIGHT],
    "sharp L": [0.2, 1.1],
    "T": [0.4, 0.4 + math.pi, 2.0],
    "Y": [0.1, 2.0, 4.2],
    "arrow Y": [0.0, 1.0, -1.0],
    "X": [0.3, 0.3 + RIGHT, 0.3 + math.pi, 0.3 - RIGHT],
}
MEETINGS = {
    "square": (SQUARE, "LLLL", [(18, 18), (18, 45), (45, 45), (45, 18)]),
    "plus": (PLUS, "X", [(31, 31)]),
    "star": (STAR, "Y", [(31, 31)]),
    "tee": (TEE, "T", [(12, 32)]),
}


def kinds(found: Junctions) -> str:
    return "".join(sorted(JUNCTION_KINDS[k] for k in found.kind))


def wedges(branches: list[float], row: float, column: float, size: int = 64) -> Grey:
    """Flat sectors of different grey around a point, blurred by 0.7 pixels."""
    rows, columns = np.mgrid[: 4 * size, : 4 * size] / 4 - 3 / 8
    angle = np.arctan2(rows - row, columns - column)
    starts = np.sort(np.mod(branches, 2 * math.pi))
    sector = np.searchsorted(starts, np.mod(angle, 2 * math.pi)) % len(starts)
    fine = np.array([0.2, 0.8, 0.45, 0.6])[sector].astype(np.float32)
    return cv2.GaussianBlur(
        cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), (0, 0), 0.7
    )


def with_noise(image: Grey, std: float, seed: int, blur: float = 0.0) -> Grey:
    """Eight-bit image with Gaussian noise of `std` grey levels of 255, white or blurred."""
    noise = np.random.default_rng(seed).normal(0, 1, image.shape)
    if blur > 0:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
        noise /= noise.std()
    return (np.clip(np.rint(image * 255 + std * noise), 0, 255) / 255).astype(np.float32)


def seen(image: Grey) -> Junctions:
    """Junctions of an image enlarged twice, with its segments; in pixels of the image."""
    large = np.clip(cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0, 1)
    found = junctions(large, lines(large))
    position = (found.position + np.float32(0.5)) / 2 - np.float32(0.5)
    return Junctions(
        position,
        found.branch_angle,
        found.branch_offsets,
        found.kind,
        found.scale / 2,
        found.log10_nfa,
    )


@pytest.mark.parametrize("std", [0, 2, 8])
@pytest.mark.parametrize("name", WEDGES)
def test_meeting_edges_are_found_without_segments(name: str, std: float) -> None:
    image = with_noise(wedges(WEDGES[name], 30.7, 32.4), std, seed=1)

    found = junctions(image, no_lines())

    assert kinds(found) == name[-1]
    assert np.hypot(*(found.position[0] - [30.7, 32.4])) < (0.35 if std < 8 else 0.7)
    apart = np.angle(np.exp(1j * (found.branch_angle[:, None] - np.array(WEDGES[name]))))
    assert np.abs(apart).min(axis=1).max() < math.radians(6)
    assert np.abs(apart).min(axis=0).max() < math.radians(6)
    assert found.log10_nfa[0] < -3


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.8, 2.0, 4.0])
@pytest.mark.parametrize("name", MEETINGS)
def test_strokes_meet_in_one_junction_in_any_pose(name: str, turn: float) -> None:
    drawing, kind, places = MEETINGS[name]
    image = strokes(64, turned(drawing, turn), width=2.5)

    found = seen(image)

    assert kinds(found) == kind
    true = np.array([a for a, _ in turned([(p, p) for p in places], turn)])
    distance = np.hypot(*(found.position[:, None] - true[None]).transpose(2, 0, 1))
    assert distance.min(axis=1).max() < 0.5
    assert sorted(distance.argmin(axis=1)) == list(range(len(true)))


def test_branches_point_along_the_strokes() -> None:
    found = seen(strokes(64, turned(STAR, 0.5), width=2.5))

    true = [math.atan2(b[0] - a[0], b[1] - a[1]) for a, b in turned(STAR, 0.5)]
    np.testing.assert_allclose(np.sort(found.branch_angle), np.sort(true), atol=math.radians(4))


def test_a_gap_is_bridged_and_parallel_bars_do_not_meet() -> None:
    gap: list[Segment] = [((18, 21), (18, 45)), ((21, 18), (45, 18))]
    bars: list[Segment] = [((r, 14), (r, 50)) for r in (12, 24, 36, 48)]

    assert kinds(seen(strokes(64, gap, 2.5))) == "L"
    assert len(seen(strokes(64, bars, 2.5))) == 0


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.0])
def test_noise_has_no_junctions_white_or_correlated(blur: float) -> None:
    grey = np.full((256, 256), 0.5, np.float32)

    counts = [len(junctions(with_noise(grey, 50, seed, blur), no_lines())) for seed in range(20)]

    assert np.mean(counts) <= 0.1


@pytest.mark.parametrize("std", [0, 2, 8, 16])
def test_straight_edges_and_circles_have_no_junctions(std: float) -> None:
    straight = [edge(128, theta, 63.3, 64.1) for theta in np.linspace(0, math.pi, 8)]
    rows, columns = np.mgrid[:128, :128]
    from_centre = np.hypot(rows - 63.3, columns - 64.1)
    discs = [
        (0.2 + 0.6 * np.clip(radius + 0.5 - from_centre, 0, 1)).astype(np.float32)
        for radius in (8, 12, 20, 30, 45)
    ]

    counts = [
        len(junctions(with_noise(image, std, seed), no_lines()))
        for seed, image in enumerate(straight + discs)
    ]

    assert sum(counts) <= 1


def test_a_ring_has_no_corners() -> None:
    assert len(seen(ring(64, 20, 3))) == 0


def test_inversion_contrast_and_a_constant_change_nothing() -> None:
    image = with_noise(wedges(WEDGES["Y"], 30.7, 32.4), 4, seed=2)

    found = junctions(image, no_lines())

    for other in (1 - image, (0.25 * image).astype(np.float32), (0.5 * image + 0.3)):
        again = junctions(other.astype(np.float32), no_lines())
        np.testing.assert_allclose(found.position, again.position, atol=0.05)
        np.testing.assert_allclose(found.branch_angle, again.branch_angle, atol=0.02)
        np.testing.assert_array_equal(found.kind, again.kind)


def test_a_quarter_turn_and_a_mirror_take_the_junction_along() -> None:
    image = with_noise(wedges(WEDGES["T"], 30.7, 32.4), 4, seed=3)
    (row, column), last = junctions(image, no_lines()).position[0], len(image) - 1

    turned_by_90 = junctions(np.ascontiguousarray(np.rot90(image)), no_lines())
    mirrored = junctions(np.ascontiguousarray(image[:, ::-1]), no_lines())

    np.testing.assert_allclose(turned_by_90.position, [[last - column, row]], atol=0.1)
    np.testing.assert_allclose(mirrored.position, [[row, last - column]], atol=0.1)


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("shape", [(128, 128), (123, 150)])
def test_a_turned_picture_has_the_turned_junctions(shape: tuple[int, int], quarters: int) -> None:
    rng = np.random.default_rng(5)
    image = np.full((150, 150), 100, np.uint8)
    for _ in range(9):
        corners = np.rint(16 * rng.uniform(0, 150, (3, 2))).astype(np.int32)
        cv2.fillConvexPoly(image, corners, int(rng.integers(30, 226)), cv2.LINE_AA, 4)
    noisy = (image / 255 + rng.normal(0, 0.01, image.shape)).clip(0, 1).astype(np.float32)
    here = np.ascontiguousarray(noisy[: shape[0], : shape[1]])
    there = np.ascontiguousarray(np.rot90(here, -quarters))

    one, other = (junctions(each, lines(each)) for each in (here, there))

    quarter = np.array([[0, 1], [-1, 0]])  # of (row, column), from +column to +row
    turn = np.linalg.matrix_power(quarter, quarters).T
    true = (one.position - (np.array(here.shape) - 1) / 2) @ turn
    found = other.position - (np.array(there.shape) - 1) / 2
    apart = np.hypot(*(true[:, None] - found[None]).transpose(2, 0, 1))
    assert len(one) == len(other) > 10
    assert apart.min(axis=1).max() < 1e-2
    np.testing.assert_array_equal(one.kind, other.kind[apart.argmin(axis=1)])


def test_the_order_of_segments_does_not_matter() -> None:
    image = strokes(128, [((20, 20), (20, 100)), ((20, 60), (100, 60)), ((100, 20), (60, 100))], 4)
    found = lines(image)
    order = np.random.default_rng(0).permutation(len(found))
    shuffled = chosen(found, order)

    one, other = junctions(image, found), junctions(image, shuffled)

    assert len(one) >= 2
    np.testing.assert_allclose(one.position, other.position, atol=1e-4)
    np.testing.assert_array_equal(one.kind, other.kind)


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (5, 5), (40, 40)])
def test_flat_and_tiny_images_have_no_junctions(shape: tuple[int, int]) -> None:
    assert len(junctions(np.zeros(shape, np.float32), no_lines())) == 0
    noise = np.random.default_rng(0).random(shape).astype(np.float32)
    junctions(noise, lines(noise))


def test_a_partition_keeps_its_junctions_in_noise() -> None:
    tiles = np.kron(np.random.default_rng(5).permutation(36).reshape(6, 6) % 7, np.ones((32, 32)))
    image = cv2.GaussianBlur((0.1 + 0.12 * tiles).astype(np.float32), (0, 0), 0.7)
    corner = np.arange(1, 6) * 32 - 0.5
    true = np.stack(np.meshgrid(corner, corner, indexing="ij"), axis=2).reshape(-1, 2)

    found = junctions(with_noise(image, 16, seed=0), no_lines())

    distance = np.hypot(*(found.position[:, None] - true[None]).transpose(2, 0, 1))
    assert (distance.min(axis=0) < 3).mean() > 0.8
    assert (distance.min(axis=1) < 3).mean() > 0.9


def test_kinds_follow_the_branches() -> None:
    assert kind_of(np.array([0.0])) is None
    assert kind_of(np.array([0.0, math.pi])) is None
    names = [[0.0, RIGHT], [0.0, RIGHT, math.pi], [0.0, 2.0, 4.0], [0.0, RIGHT, math.pi, -RIGHT]]
    assert "".join(JUNCTION_KINDS[kind_of(np.array(n)) or 0] for n in names) == "LTYX"

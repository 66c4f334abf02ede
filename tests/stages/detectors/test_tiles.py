"""Tiles: what is found in parts of an image is what is found in the whole, across every seam."""

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from drawings import ring, strokes
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import (
    Blobs,
    EdgeChains,
    Junctions,
    LineSegments,
    Primitives,
    Ridges,
    primitives,
)
from perceptgraph.stages.detectors.blobs import blobs
from perceptgraph.stages.detectors.lines import lines
from perceptgraph.stages.detectors.tile_layout import tiles
from perceptgraph.stages.detectors.tiles import TESTS_POWER, in_tiles

SIDE, OVERLAP = 64, 24
Image = NDArray[Any]


@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    side=st.integers(10, 120),
    share=st.floats(0.05, 0.5),
)
def test_cores_fill_the_image_once_and_lie_in_their_tiles(
    height: int, width: int, side: int, share: float
) -> None:
    overlap = max(1, int(share * side))
    seen = np.zeros((height, width), int)
    owned = np.zeros((height, width), int)
    pixels = np.argwhere(seen == 0).astype(np.float32)

    for tile in tiles((height, width), side, overlap):
        window = slice(tile.top, tile.top + tile.height), slice(tile.left, tile.left + tile.width)
        seen[window] += 1
        own = tile.owns(pixels).reshape(height, width)
        owned += own
        assert own.sum() == own[window].sum()
        assert tile.height == min(side, height)
        assert tile.width == min(side, width)

    assert (owned == 1).all()
    assert seen.min() >= 1


def test_neighbours_share_the_overlap() -> None:
    columns = sorted({tile.left for tile in tiles((10, 500), SIDE, OVERLAP)})

    assert max(np.diff(columns)) <= SIDE - OVERLAP


def as_chain(points: NDArray[Any], polarity: int, closed: bool) -> EdgeChains:
    return EdgeChains(
        points.astype(np.float32),
        np.array([0, len(points)]),
        np.array([closed]),
        np.int8([polarity]),
        np.float32([0.5]),
        np.float32([-50]),
    )


class Seen:
    """Tells a `find` where its tile is: the pixels of the image are their own numbers."""

    def __init__(self, size: int) -> None:
        self.image = np.arange(size * size, dtype=np.int32).reshape(size, size)

    def place(self, tile: Image) -> tuple[int, int]:
        row, column = divmod(int(tile[0, 0]), self.image.shape[1])
        return row, column


def clipped(start: NDArray[Any], stop: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """The part of a segment in a tile, a pixel from its border; None if there is little."""
    t = np.linspace(0, 1, 4001)
    points = start + t[:, None] * (stop - start)
    inside = ((points >= 1) & (points <= np.array(shape) - 2)).all(axis=1)
    if not inside.any():
        return None
    ends = points[inside][[0, -1]]
    return ends if np.hypot(*np.diff(ends, axis=0)[0]) >= 8 else None


@given(
    start=st.tuples(st.floats(5, 195), st.floats(5, 195)),
    stop=st.tuples(st.floats(5, 195), st.floats(5, 195)),
    noise=st.floats(0, 0.2),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_a_segment_across_tiles_comes_out_whole(
    start: tuple[float, float], stop: tuple[float, float], noise: float, seed: int
) -> None:
    ends = np.array([start, stop])
    if np.hypot(*(ends[1] - ends[0])) < 12:
        return
    seen, rng = Seen(200), np.random.default_rng(seed)

    def find(tile: Image) -> Primitives:
        part = clipped(*(ends - seen.place(tile)), tile.shape)
        if part is None:
            return primitives()
        polarity = 1
        if rng.random() < 0.5:  # the order of the ends is the detector's own affair
            part, polarity = part[::-1], -1
        part = part + rng.uniform(-noise, noise, (2, 2))
        one = np.ones(1, np.float32)
        lines = LineSegments(
            part[None].astype(np.float32), one, np.int8([polarity]), one / 2, -100 * one
        )
        return primitives(lines=lines)

    found = in_tiles(find, seen.image, side=SIDE, overlap=OVERLAP).lines

    assert len(found) == 1
    along = found.endpoints[0] if found.polarity[0] == 1 else found.endpoints[0][::-1]
    np.testing.assert_allclose(along, ends, atol=1.5)


def test_two_segments_of_one_line_stay_two() -> None:
    seen = Seen(200)
    drawn = [np.array([[50.0, 5], [50, 90]]), np.array([[50.0, 100], [50, 190]])]

    def find(tile: Image) -> Primitives:
        parts = [clipped(*(ends - seen.place(tile)), tile.shape) for ends in drawn]
        ends = np.array([part for part in parts if part is not None]).reshape(-1, 2, 2)
        one = np.ones(len(ends), np.float32)
        lines = LineSegments(ends.astype(np.float32), one, one.astype(np.int8), one, -100 * one)
        return primitives(lines=lines)

    found = in_tiles(find, seen.image, side=SIDE, overlap=OVERLAP).lines

    columns = np.sort(found.endpoints[:, :, 1].ravel())
    np.testing.assert_allclose(columns, [5, 90, 100, 190], atol=0.1)


@given(
    row=st.floats(90, 110),
    column=st.floats(90, 110),
    radius=st.floats(10, 80),
    polarity=st.sampled_from([1, -1]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_a_closed_chain_over_many_tiles_is_closed_and_whole(
    row: float, column: float, radius: float, polarity: int, seed: int
) -> None:
    seen, rng = Seen(200), np.random.default_rng(seed)
    angle = np.arange(0, 2 * math.pi, 0.9 / radius)
    circle = np.stack([row + radius * np.sin(angle), column + radius * np.cos(angle)], axis=1)

    def find(tile: Image) -> Primitives:
        points = circle - seen.place(tile)
        inside = ((points >= 0) & (points <= np.array(tile.shape) - 1)).all(axis=1)
        if inside.all():
            return primitives(edges=as_chain(np.roll(points, rng.integers(99), 0), polarity, True))
        first = int(np.flatnonzero(~inside)[0])
        points, inside = np.roll(points, -first, axis=0), np.roll(inside, -first)
        runs = np.split(points, np.flatnonzero(np.diff(inside)) + 1)[1::2]
        found = primitives()
        for run in runs:
            turned = rng.random() < 0.5
            chain = as_chain(run[::-1] if turned else run, -polarity if turned else polarity, False)
            found = primitives(edges=together(found.edges, chain))
        return found

    edges = in_tiles(find, seen.image, side=SIDE, overlap=OVERLAP).edges

    assert len(edges) == 1
    assert edges.closed[0]
    steps = np.hypot(*np.diff(edges.points[np.r_[: len(edges.points), 0]], axis=0).T)
    assert steps.sum() == pytest.approx(2 * math.pi * radius, rel=0.01)
    assert steps.max() < 1.5
    r, c = edges.points[:-1].T - np.float32([[row], [column]])
    r2, c2 = edges.points[1:].T - np.float32([[row], [column]])
    turns = float(np.sign((c * r2 - r * c2).sum()))
    assert edges.polarity[0] * turns == polarity


def together(a: EdgeChains, b: EdgeChains) -> EdgeChains:
    return EdgeChains(
        np.concatenate([a.points, b.points]),
        np.r_[a.offsets, a.offsets[-1] + b.offsets[1:]],
        np.r_[a.closed, b.closed],
        np.r_[a.polarity, b.polarity],
        np.r_[a.contrast, b.contrast],
        np.r_[a.log10_nfa, b.log10_nfa],
    )


def test_ridges_are_joined_and_bright_ones_not_to_dark_ones() -> None:
    seen = Seen(100)
    at = np.arange(5.0, 95.0)

    def find(tile: Image) -> Primitives:
        top, left = seen.place(tile)
        rows = np.array([30.0, 31.0])[:, None] - top
        columns = at[(at >= left) & (at < left + tile.shape[1])] - left
        points = np.stack(np.broadcast_arrays(rows, columns), axis=-1)
        if top > 0 or columns.size == 0:
            return primitives()
        n = len(columns)
        width = np.tile(columns + left, 2) / 10
        return primitives(
            ridges=Ridges(
                points.reshape(-1, 2).astype(np.float32),
                np.array([0, n, 2 * n]),
                width.astype(np.float32),
                np.array([True, False]),
                np.float32([-20, -20]),
            )
        )

    found = in_tiles(find, seen.image, side=SIDE, overlap=OVERLAP).ridges

    assert sorted(found.bright.tolist()) == [False, True]
    assert np.diff(found.offsets).tolist() == [90, 90]
    for k in range(2):
        rows = found.points[found.offsets[k] : found.offsets[k + 1], 0]
        assert (rows == (30 if found.bright[k] else 31)).all()
    np.testing.assert_allclose(found.width, found.points[:, 1] / 10, atol=1e-5)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30)
def test_junctions_and_blobs_come_once_wherever_the_seams_are(seed: int) -> None:
    rng, size = np.random.default_rng(seed), 150
    seen = Seen(size)
    lattice = np.stack(np.meshgrid(np.arange(8, 145, 9.5), np.arange(8, 145, 9.5)), axis=-1)
    drawn = lattice.reshape(-1, 2)

    def find(tile: Image) -> Primitives:
        points = drawn - seen.place(tile) + rng.uniform(-0.3, 0.3, drawn.shape)
        points = points[((points >= 3) & (points <= np.array(tile.shape) - 4)).all(axis=1)]
        n, points = len(points), points.astype(np.float32)
        one = np.ones(n, np.float32)
        offsets = np.arange(n + 1)
        return primitives(
            junctions=Junctions(points, one, offsets, np.zeros(n, np.uint8), one, -20 * one),
            blobs=Blobs(
                points, np.float32([[2, 0, 2]] * n).reshape(n, 3), one, points, offsets, -20 * one
            ),
        )

    found = in_tiles(find, seen.image, side=SIDE, overlap=OVERLAP)

    for position in (found.junctions.position, found.blobs.centre):
        assert len(position) == len(drawn)
        nearest = np.abs(position[:, None] - drawn[None]).max(axis=2).argmin(axis=1)
        assert len(set(nearest.tolist())) == len(drawn)


@pytest.mark.parametrize("family", TESTS_POWER)
def test_false_alarms_are_counted_in_the_whole_image(family: str) -> None:
    seen = Seen(200)
    point, one = np.float32([[20, 20]]), np.ones(1, np.float32)
    offsets = np.array([0, 1])
    made = {
        "lines": LineSegments(np.float32([[[20, 20], [20, 30]]]), one, np.int8([1]), one, -5 * one),
        "edges": EdgeChains(point, offsets, np.array([False]), np.int8([1]), one, -5 * one),
        "junctions": Junctions(point, one, offsets, np.zeros(1, np.uint8), one, -5 * one),
        "ridges": Ridges(point, offsets, one, np.array([True]), -5 * one),
        "blobs": Blobs(point, np.float32([[1, 0, 1]]), one, point, offsets, -5 * one),
    }

    def find(tile: Image) -> Primitives:
        here = seen.place(tile) == (0, 0)
        return primitives(**({family: made[family]} if here else {}))

    ratio = math.log10(200**2 / SIDE**2)
    found = getattr(in_tiles(find, seen.image, side=SIDE, overlap=OVERLAP), family)
    strict = in_tiles(find, seen.image, side=SIDE, overlap=OVERLAP, log10_eps={family: -5})

    np.testing.assert_allclose(found.log10_nfa, -5 + TESTS_POWER[family] * ratio, rtol=1e-5)
    assert len(strict) == 0


def test_an_image_of_one_tile_is_what_is_found_in_it() -> None:
    image = ring(60, radius=20, width=4)

    def find(tile: Image) -> Primitives:
        return primitives(blobs=blobs(tile))

    here, there = find(image).blobs, in_tiles(find, image, side=SIDE, overlap=OVERLAP).blobs

    np.testing.assert_array_equal(here.points, there.points)
    np.testing.assert_array_equal(here.log10_nfa, there.log10_nfa)


def test_blobs_of_tiles_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    image = np.full((300, 300), 0.3) + rng.normal(0, 0.01, (300, 300))
    rows, columns = np.mgrid[:300, :300]
    for row in range(20, 290, 23):
        for column in range(20, 290, 23):
            size = rng.uniform(3, 7)
            image[np.hypot(rows - row, columns - column) < size] += rng.choice([-0.2, 0.3])
    image = np.clip(image, 0, 1).astype(np.float32)

    def find(tile: Image) -> Primitives:
        return primitives(blobs=blobs(tile))

    here, there = blobs(image), in_tiles(find, image, side=128, overlap=40).blobs

    spots = [found.centre[np.abs(found.contrast) > 0.1] for found in (here, there)]
    one, other = (centre[np.lexsort((centre / 5).round().T)] for centre in spots)
    assert len(one) == len(other) == 144
    np.testing.assert_allclose(one, other, atol=0.05)


def test_memory_is_that_of_a_tile() -> None:
    image = np.zeros((6000, 6000), np.uint8)

    def find(tile: Image) -> Primitives:
        assert tile.dtype == np.uint8
        return primitives(blobs=blobs(tile.astype(np.float32)))

    tracemalloc.start()
    found = in_tiles(find, image, side=512, overlap=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(found) == 0
    assert peak < 30e6


def test_too_much_overlap_is_an_error() -> None:
    with pytest.raises(ValueError, match="half of 64"):
        tiles((100, 100), side=64, overlap=33)


def test_lines_of_a_drawing_come_out_whole() -> None:
    image = strokes(256, [((30, 20), (120, 236)), ((200, 20), (150, 236))], 9.0)

    def find(tile: Image) -> Primitives:
        return primitives(lines=lines(tile))

    here, there = lines(image), in_tiles(find, image, side=128, overlap=48).lines

    long = [found.length > 150 for found in (here, there)]
    assert long[0].sum() == long[1].sum() == 4

from dataclasses import replace

import numpy as np
import pytest
from curves import chain, chains, clothoid, column, following_pairs, measured, pictures, turned
from hypothesis import given
from hypothesis import strategies as st
from strategies import angles, generators

from perceptgraph.graphs.course import courses
from perceptgraph.graphs.fragments import halved, joined_up, kept, other_darts
from perceptgraph.graphs.frames import Frames, joined, side_by_side

CORNER = 0.5


def circle(n_pieces: int) -> Frames:
    t = np.linspace(0, 2 * np.pi, 60 * n_pieces + 1)
    return chain(20 * np.stack([np.sin(t), np.cos(t)], axis=1), n_pieces, closed=True)


def a_draw(frames: Frames, rng: np.random.Generator, share: float) -> np.ndarray:
    """Some of the nodes; of two darts of one piece both or none."""
    other = other_darts(frames)
    return (rng.random(len(frames)) < share)[
        np.where(other < 0, np.arange(len(frames)), np.minimum(other, np.arange(len(frames))))
    ]


def pieces(frames: Frames) -> np.ndarray:
    return (frames.kind == 1) | (frames.kind == 3)


def image_by_image(change, frames: Frames, chosen: np.ndarray) -> Frames:
    images = []
    for begin, end in zip(frames.offsets[:-1], frames.offsets[1:], strict=True):
        one = Frames(
            *(
                getattr(frames, name)[begin:end]
                for name in (
                    "kind",
                    "position",
                    "direction",
                    "attributes",
                    "following",
                    "curve",
                    "around",
                )
            ),
            offsets=np.array([0, end - begin], np.int64),
        )
        images.append(change(one, chosen[begin:end]))
    return side_by_side(images)


def assert_same(here: Frames, there: Frames, atol: float = 0) -> None:
    for name in ("kind", "following", "curve", "around", "offsets"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name), err_msg=name)
    np.testing.assert_allclose(here.position, there.position, atol=atol)
    np.testing.assert_allclose(here.direction, there.direction, atol=atol)
    np.testing.assert_allclose(here.attributes, there.attributes, atol=atol)


@given(frames=pictures())
def test_two_darts_of_a_piece_find_each_other(frames) -> None:
    other = other_darts(frames)

    is_dart = frames.kind == 3
    np.testing.assert_array_equal(other >= 0, is_dart)
    np.testing.assert_array_equal(other[other[is_dart]], np.flatnonzero(is_dart))
    np.testing.assert_allclose(
        frames.direction[other[is_dart]], -frames.direction[is_dart], atol=1e-5
    )


@given(frames=pictures(), rng=generators(), share=st.floats(0, 1))
def test_nodes_that_stay_are_what_they_were_and_so_is_what_lies_between(frames, rng, share) -> None:
    chosen = rng.random(len(frames)) < share

    there = kept(frames, chosen)

    for name in ("kind", "position", "direction", "attributes", "curve"):
        np.testing.assert_array_equal(getattr(there, name), getattr(frames, name)[chosen])
    assert_same(there, image_by_image(kept, frames, chosen))
    before, after = following_pairs(frames), following_pairs(there)
    old = np.flatnonzero(chosen)
    assert {(old[i], old[j]) for i, j in after} == {
        (i, j) for i, j in before if chosen[i] and chosen[j]
    }


def test_what_lay_inside_a_lost_curve_lies_inside_the_next() -> None:
    # Curves 0 to 3, each inside the one before; curve 1 has two pieces.
    lone = joined([measured(clothoid(0, 0, 5)) for _ in range(5)])
    nested = replace(
        lone,
        curve=np.array([0, 1, 1, 2, 3], np.int32),
        around=np.array([-1, 0, 0, 1, 2], np.int32),
    )

    def around(*chosen: int) -> list[int]:
        return kept(nested, np.array(chosen, bool)).around.tolist()

    assert around(1, 1, 0, 1, 1) == [-1, 0, 1, 2]
    assert around(1, 0, 0, 1, 1) == [-1, 0, 2]
    assert around(1, 0, 0, 0, 1) == [-1, 0]
    assert around(0, 0, 0, 0, 1) == [-1]


@given(frames=pictures(), rng=generators())
def test_a_piece_cut_in_two_and_joined_again_is_the_piece(frames, rng) -> None:
    chosen = a_draw(frames, rng, 0.6) & pieces(frames)

    two = halved(frames, chosen)
    firsts = np.flatnonzero(chosen) + np.arange(chosen.sum())
    first = np.zeros(len(two), bool)
    first[firsts] = True
    # The backward dart of a first half is a second half: what follows it is its first.
    one = joined_up(two, first, CORNER)

    assert len(two) == len(frames) + chosen.sum()
    np.testing.assert_array_equal(one.offsets, frames.offsets)
    scale = np.maximum(column(frames, "length"), 1)[:, None]
    np.testing.assert_allclose(one.position / scale, frames.position / scale, atol=2e-3)
    np.testing.assert_allclose(one.direction, frames.direction, atol=2e-3)
    np.testing.assert_allclose(one.attributes / scale, frames.attributes / scale, atol=2e-3)
    np.testing.assert_array_equal(one.following, frames.following)


@given(frames=chains())
def test_halves_are_measured_like_the_halves_of_the_curve(frames) -> None:
    n = len(frames)

    two = halved(frames, np.ones(n, bool))

    np.testing.assert_allclose(courses(two)[0::2, 0], courses(frames)[:, 0], atol=0.03)
    np.testing.assert_allclose(courses(two)[1::2, 4], courses(frames)[:, 4], atol=0.03)
    np.testing.assert_allclose(
        column(two, "length").reshape(n, 2).sum(axis=1), column(frames, "length"), rtol=1e-5
    )


@given(
    turning=st.floats(-1, 1), slope=st.floats(-0.3, 0.3), length=st.floats(2, 12), theta=angles()
)
def test_halves_are_what_cutting_the_curve_gives(turning, slope, length, theta) -> None:
    path = turned(clothoid(turning, slope, length), theta)

    cut = halved(chain(path, 1), np.ones(1, bool))

    drawn = chain(path, 2)
    np.testing.assert_array_equal(cut.following, drawn.following)
    np.testing.assert_allclose(cut.position, drawn.position, atol=2e-3 * length)
    np.testing.assert_allclose(cut.direction, drawn.direction, atol=5e-3)
    np.testing.assert_allclose(cut.attributes, drawn.attributes, atol=2e-3 * length)


@given(
    turning=st.floats(-1, 1),
    length=st.floats(2, 12),
    theta=angles(),
    at=st.integers(400, 1600),
)
def test_pieces_joined_are_the_piece_not_cut(turning, length, theta, at) -> None:
    path = turned(clothoid(turning, 0, length), theta)
    two = joined([measured(path[: at + 1]), measured(path[at:])])
    two = replace(two, following=np.array([1, -1], np.int32), curve=np.zeros(2, np.int32))

    one = joined_up(two, np.ones(2, bool), CORNER)

    drawn = measured(path)
    np.testing.assert_allclose(one.position, drawn.position, atol=3e-3 * length)
    np.testing.assert_allclose(one.direction, drawn.direction, atol=5e-3)
    np.testing.assert_allclose(one.attributes, drawn.attributes, atol=5e-3 * length)


@given(frames=pictures(), rng=generators())
def test_images_do_not_see_each_other(frames, rng) -> None:
    chosen = a_draw(frames, rng, 0.5) & pieces(frames)

    def join(frames: Frames, chosen: np.ndarray) -> Frames:
        return joined_up(frames, chosen, CORNER)

    assert_same(halved(frames, chosen), image_by_image(halved, frames, chosen))
    assert_same(join(frames, chosen), image_by_image(join, frames, chosen))


@given(frames=pictures(), rng=generators())
def test_darts_still_come_in_pairs(frames, rng) -> None:
    chosen = a_draw(frames, rng, 0.5)

    for there in (
        kept(frames, chosen),
        halved(frames, chosen & pieces(frames)),
        joined_up(frames, chosen, CORNER),
    ):
        darts = np.flatnonzero(there.kind == 3)
        other = other_darts(there)[darts]
        assert (other >= 0).all()
        np.testing.assert_allclose(there.direction[other], -there.direction[darts], atol=1e-4)
        for i, j in following_pairs(there):
            back = other_darts(there)
            assert back[i] < 0 or (back[j], back[i]) in following_pairs(there)


def test_pieces_that_meet_at_a_corner_stay_two() -> None:
    path = np.array([[0.0, 0.0], [0.0, 5.0], [4.0, 5.0]])
    two = joined([measured(path[:2]), measured(path[1:])])
    two = replace(two, following=np.array([1, -1], np.int32), curve=np.zeros(2, np.int32))

    assert len(joined_up(two, np.ones(2, bool), 1.5)) == 2
    assert len(joined_up(two, np.ones(2, bool), 1.6)) == 1


@pytest.mark.parametrize(("n_pieces", "n_left"), [(3, 3), (4, 3), (5, 3), (6, 3), (7, 4)])
def test_a_closed_curve_keeps_three_pieces(n_pieces, n_left) -> None:
    one = joined_up(circle(n_pieces), np.ones(n_pieces, bool), 3.0)

    assert len(one) == n_left
    assert len(following_pairs(one)) == n_left
    np.testing.assert_allclose(column(one, "turning").sum(), 2 * np.pi, rtol=1e-3)
    np.testing.assert_allclose(column(one, "length").sum(), 40 * np.pi, rtol=1e-3)

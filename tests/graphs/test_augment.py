from pathlib import Path

import numpy as np
import pytest
import yaml
from curves import chain, column, following_pairs, pictures
from hypothesis import given
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.graphs.augment import (
    AUGMENTATIONS,
    CHANGES_RELATIONS,
    affine,
    augmented,
    check_augmentation,
    drop,
    elastic,
    jitter,
    level,
    merge,
    mirror,
    split,
    tone,
)
from perceptgraph.graphs.fragments import other_darts
from perceptgraph.graphs.frames import Frames, joined, side_by_side

NOTHING = {
    "affine": {"turn_deg": 0, "scale": 1, "stretch": 1, "shear": 0, "shift": 0},
    "mirror": {"share": 0},
    "elastic": {"amplitude": 0},
    "jitter": {"position": 0, "turn_deg": 0, "size": 0},
    "level": {"shift": 0, "bright": True},
    "tone": {"contrast": 0, "nfa": 0},
    "drop": {"share": 0},
    "split": {"share": 0},
    "merge": {"share": 0},
}
"""Keywords with which an augmentation leaves everything as it is."""


def circle(radius: float, n_pieces: int, polarity: int = -1) -> Frames:
    """A disc that is brighter than its ground (polarity -1 turns left), or darker."""
    t = polarity * np.linspace(0, 2 * np.pi, 100 * n_pieces + 1)
    return chain(radius * np.stack([np.sin(t), np.cos(t)], axis=1), n_pieces, closed=True)


def many(frames: Frames, n: int = 400) -> Frames:
    return side_by_side([frames] * n)


@given(frames=pictures(), seed=st.integers(0, 2**32), name=st.sampled_from(list(AUGMENTATIONS)))
def test_an_augmentation_gives_frames_that_the_seed_alone_decides(frames, seed, name) -> None:
    there = AUGMENTATIONS[name](frames, np.random.default_rng(seed))

    again = AUGMENTATIONS[name](frames, np.random.default_rng(seed))
    assert len(there.offsets) == len(frames.offsets)
    np.testing.assert_allclose(np.hypot(*there.direction.T), 1, atol=1e-5)
    assert np.isfinite(there.position).all()
    assert np.isfinite(there.attributes).all()
    np.testing.assert_array_equal(there.attributes, again.attributes)
    np.testing.assert_array_equal(there.position, again.position)
    if name not in CHANGES_RELATIONS:
        for kept in ("kind", "following", "curve", "around", "offsets"):
            np.testing.assert_array_equal(getattr(there, kept), getattr(frames, kept))


@given(frames=pictures(), rng=generators(), name=st.sampled_from(list(AUGMENTATIONS)))
def test_nothing_changes_where_nothing_is_asked_for(frames, rng, name) -> None:
    there = AUGMENTATIONS[name](frames, rng, **NOTHING[name])

    assert len(there) == len(frames)
    np.testing.assert_allclose(there.position, frames.position, atol=1e-5)
    np.testing.assert_allclose(there.direction, frames.direction, atol=1e-5)
    np.testing.assert_allclose(there.attributes, frames.attributes, atol=1e-4)
    np.testing.assert_array_equal(there.following, frames.following)


@given(frames=pictures(), rng=generators(), order=st.permutations(list(AUGMENTATIONS)))
def test_darts_come_in_pairs_after_all_augmentations(frames, rng, order) -> None:
    there = augmented(frames, rng, {name: {} for name in order})

    darts = np.flatnonzero(there.kind == 3)
    other = other_darts(there)
    assert (other[darts] >= 0).all()
    np.testing.assert_allclose(there.direction[other[darts]], -there.direction[darts], atol=1e-3)
    pairs = following_pairs(there)
    assert all(other[i] < 0 or (other[j], other[i]) in pairs for i, j in pairs)
    np.testing.assert_allclose(
        column(there, "length")[other[darts]], column(there, "length")[darts], rtol=1e-3
    )


def test_recipes_of_params_can_be_done() -> None:
    params = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())

    for recipe in params["train"]["augment"]["recipes"].values():
        check_augmentation(recipe)
        there = augmented(circle(9, 6), np.random.default_rng(0), recipe)
        assert len(there.offsets) == 2


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_no_image_and_images_without_nodes_are_augmented_too(name) -> None:
    rng = np.random.default_rng(0)
    for frames in (joined([]), side_by_side([joined([]), circle(9, 4), joined([])])):
        there = AUGMENTATIONS[name](frames, rng)

        assert len(there.offsets) == len(frames.offsets)


@given(rng=generators())
def test_affine_maps_stay_within_their_bounds(rng) -> None:
    frames = many(circle(9, 6))
    keywords = {"turn_deg": 20, "scale": 1.3, "stretch": 1.2, "shear": 0.1, "shift": 0.5}

    there = affine(frames, rng, **keywords)

    before, after = frames.position.reshape(400, 6, 2), there.position.reshape(400, 6, 2)
    moved = after.mean(axis=1) - before.mean(axis=1)
    np.testing.assert_allclose(moved.std(), 0.5, rtol=0.15)
    linear = np.linalg.pinv(before[0] - before[0].mean(axis=0)) @ (
        after - after.mean(axis=1)[:, None]
    )
    area = np.linalg.det(linear)
    assert (np.abs(np.log(area)) <= 2 * np.log(1.3) + 1e-4).all()
    assert np.abs(np.log(area)).max() > 1.8 * np.log(1.3)
    # The row axis is stretched and sheared, the column axis stretched only: it shows the turn.
    turn = np.arctan2(linear[:, 1, 0], linear[:, 1, 1])
    assert (np.abs(turn) <= np.deg2rad(20) + 1e-4).all()
    assert np.abs(turn).max() > np.deg2rad(18)


def test_affine_factors_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 1, got 0.9 and 1.15"):
        affine(joined([]), np.random.default_rng(0), scale=0.9)


@given(rng=generators())
def test_a_mirror_leaves_the_bright_side_of_a_disc_inside(rng) -> None:
    disc, hole = circle(9, 6), circle(9, 6, polarity=1)

    for frames, side in ((disc, -1), (hole, 1)):
        there = mirror(many(frames, 20), rng, share=1)

        radial = (there.left * there.position).sum(axis=1)
        assert (np.sign(radial) == side).all()
        np.testing.assert_allclose(
            column(there, "turning"), np.tile(column(frames, "turning"), 20), rtol=1e-4
        )


@given(rng=generators(), spacing=st.floats(6, 12))
def test_elastic_displacements_have_their_amplitude_and_agree_nearby(rng, spacing) -> None:
    frames = many(circle(14, 12), 300)

    there = elastic(frames, rng, amplitude=0.5, spacing=spacing)

    moved = (there.position - frames.position).reshape(300, 12, 2)
    np.testing.assert_allclose(moved.std(), 0.5, rtol=0.12)
    assert np.abs((moved[:, 0] * moved[:, 6]).mean()) < 0.1 * 0.5**2 + 0.02
    np.testing.assert_allclose(
        column(there, "length").mean(), column(frames, "length").mean(), rtol=0.05
    )


@given(rng=generators(), way=st.floats(0.2, 2))
def test_jitter_has_the_size_asked_for(rng, way) -> None:
    frames = many(circle(9, 6))

    there = jitter(frames, rng, position=way, turn_deg=5, size=0.1)

    np.testing.assert_allclose((there.position - frames.position).std(), way, rtol=0.1)
    cross = (
        frames.direction[:, 1] * there.direction[:, 0]
        - frames.direction[:, 0] * there.direction[:, 1]
    )
    np.testing.assert_allclose(np.arcsin(cross).std(), np.deg2rad(5), rtol=0.1)
    growth = np.log(column(there, "length") / column(frames, "length"))
    np.testing.assert_allclose(growth.std(), 0.1, rtol=0.1)
    np.testing.assert_allclose(
        column(there, "offset_2") / column(there, "length"),
        column(frames, "offset_2") / column(frames, "length"),
        rtol=1e-4,
    )


@given(rng=generators(), polarity=st.sampled_from([-1, 1]))
def test_another_level_of_a_disc_is_a_disc_of_another_radius(rng, polarity) -> None:
    frames = many(circle(9, 8, polarity), 20)

    there = level(frames, rng, shift=1.0)

    radius = np.hypot(*there.position.T)
    np.testing.assert_allclose(radius.reshape(20, 8).std(axis=1), 0, atol=1e-3)
    for image in range(20):
        here = slice(8 * image, 8 * image + 8)
        drawn = circle(radius[here].mean(), 8, polarity)
        np.testing.assert_allclose(there.position[here], drawn.position, atol=2e-3)
        np.testing.assert_allclose(there.attributes[here], drawn.attributes, atol=5e-3)


@given(rng=generators())
def test_a_higher_level_narrows_strokes_and_widens_gaps(rng) -> None:
    frames = many(circle(9, 8), 50)
    frames.attributes[:, 11:13] = 6.0, 7.0

    there = level(frames, rng, shift=0.4)

    way = 9 - np.hypot(*there.position.T)
    np.testing.assert_allclose(column(there, "inward"), 6 - 2 * way, atol=1e-3)
    np.testing.assert_allclose(column(there, "outward"), 7 + 2 * way, atol=1e-3)


@given(seed=st.integers(0, 2**32))
def test_a_higher_level_widens_dark_strokes_by_what_it_narrows_bright_ones(seed) -> None:
    stroke = chain(np.array([[0.0, 0.0], [0.0, 6.0]]), 1, both_ways=True)
    column(stroke, "width")[:] = 3.0

    bright, dark = (
        column(level(stroke, np.random.default_rng(seed), shift=0.1, bright=b), "width")
        for b in (True, False)
    )

    np.testing.assert_allclose(bright + dark, 6, atol=1e-5)
    assert (bright != dark).all()


@given(rng=generators())
def test_no_level_takes_more_than_half_of_a_piece_or_most_of_a_stroke(rng) -> None:
    stroke = chain(np.array([[0.0, 0.0], [0.0, 3.0], [0.0, 6.0]]), 1, both_ways=True)
    frames = many(joined([circle(2, 5), stroke]))

    there = level(frames, rng, shift=5.0)

    assert (column(there, "length") >= 0.499 * column(frames, "length")).all()
    assert (column(there, "width") >= 0.249 * column(frames, "width")).all()


@given(rng=generators())
def test_tones_keep_the_sign_and_the_range_of_contrast(rng) -> None:
    frames = many(circle(9, 6), 50)
    frames.attributes[::2, 3] *= -1

    there = tone(frames, rng, contrast=1.0, nfa=0.3)

    contrast = column(there, "contrast")
    assert (np.sign(contrast) == np.sign(column(frames, "contrast"))).all()
    assert np.abs(contrast).max() <= 1
    np.testing.assert_allclose(np.abs(contrast).reshape(50, 6).std(axis=1), 0, atol=1e-6)
    surer = np.log(column(there, "log10_nfa") / column(frames, "log10_nfa"))
    np.testing.assert_allclose(surer.std(), 0.3, rtol=0.2)


@given(rng=generators(), share=st.floats(0.05, 0.5))
def test_shares_are_those_asked_for(rng, share) -> None:
    frames = many(circle(20, 12), 200)
    tolerance = 4 * np.sqrt(share / len(frames))

    lost = 1 - len(drop(frames, rng, share=share)) / len(frames)
    cut = len(split(frames, rng, share=share)) / len(frames) - 1
    uncut = len(split(frames, rng, share=share, shortest=50.0))
    joints = 1 - len(merge(frames, rng, share=share)) / len(frames)

    np.testing.assert_allclose([lost, cut], share, atol=tolerance)
    assert uncut == len(frames)
    # Of joints in a row each is taken unless the one before is.
    np.testing.assert_allclose(joints, share / (1 + share), atol=tolerance + 0.02)

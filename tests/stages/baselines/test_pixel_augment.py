"""Augmentation of pixels: the maps that primitives have, drawn for each picture by itself."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from perceptgraph.stages.baselines.pixel_augment import bent, moving, splines, warped

STILL = {"turn_deg": 0.0, "scale": 1.0, "stretch": 1.0, "shear": 0.0, "shift": 0.0}


def spots(n: int, side: int = 33, sigma: float = 1.5) -> tuple[Tensor, np.ndarray]:
    """Pictures (n, 1, S, S) of a smooth spot each, and where it is, about the middle."""
    middle = np.random.default_rng(0).uniform(-4, 4, (n, 2))
    place = np.arange(side) - (side - 1) / 2
    row, column = (place[None] - middle[:, [axis]] for axis in (0, 1))
    picture = np.exp(-(row[:, :, None] ** 2 + column[:, None, :] ** 2) / (2 * sigma**2))
    return torch.from_numpy(picture[:, None].astype(np.float32)), middle


def centres(pictures: Tensor) -> np.ndarray:
    """Centre of mass (n, 2) of each picture, about the middle."""
    mass = pictures[:, 0].double().numpy()
    place = np.arange(mass.shape[1]) - (mass.shape[1] - 1) / 2
    total = mass.sum((1, 2))
    rows, columns = mass.sum(2) @ place / total, mass.sum(1) @ place / total
    return np.stack([rows, columns], axis=1)


@given(place=st.lists(st.floats(0, 4.99), min_size=1, max_size=5), n_controls=st.just(8))
def test_splines_are_a_partition_of_unity_with_its_slopes(
    place: list[float], n_controls: int
) -> None:
    at, step = np.array(place), 1e-2

    weight, slope = splines(at, n_controls)
    beyond, _ = splines(at + step, n_controls)

    np.testing.assert_allclose(weight.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(slope.sum(1), 0, atol=1e-6)
    np.testing.assert_allclose((beyond - weight) / step, slope, atol=0.02)


def test_nothing_drawn_leaves_the_pictures() -> None:
    pictures, _ = spots(3)

    same = warped(pictures, np.random.default_rng(0), {"affine": STILL, "mirror": {"share": 0.0}})

    torch.testing.assert_close(same, pictures, atol=1e-5, rtol=0)


def test_mirror_changes_left_and_right() -> None:
    pictures, _ = spots(3)

    turned = warped(pictures, np.random.default_rng(0), {"mirror": {"share": 1.0}})

    torch.testing.assert_close(turned, pictures.flip(3), atol=1e-5, rtol=0)


def test_what_is_shown_moves_as_the_linear_map_of_the_same_draw_says() -> None:
    from perceptgraph.graphs.augment import linear_maps

    how = {"turn_deg": 20.0, "scale": 1.2, "stretch": 1.1, "shear": 0.2}
    pictures, middle = spots(6)

    moved = warped(pictures, np.random.default_rng(5), {"affine": how | {"shift": 1.0}})

    rng = np.random.default_rng(5)
    shift = rng.normal(0, 1.0, (6, 1, 1, 2))[:, 0, 0]
    linear = linear_maps(rng, 6, **how)
    expected = np.einsum("gab,gb->ga", linear, middle) + shift
    np.testing.assert_allclose(centres(moved), expected, atol=0.1)


def test_elastic_displacements_have_their_deviation_and_do_not_fold() -> None:
    rng = np.random.default_rng(0)

    gentle = bent(400, 28, rng, amplitude=0.8, spacing=9.0)
    violent = bent(50, 28, rng, amplitude=20.0, spacing=9.0)

    assert gentle.shape == (400, 2, 28, 28)
    np.testing.assert_allclose(gentle.std(), 0.8, rtol=0.05)
    for axis in (2, 3):
        assert np.abs(np.diff(violent, axis=axis)).max() < 1


def test_each_picture_has_its_own_draw_and_a_seed_gives_the_same_again() -> None:
    pictures = spots(1)[0].expand(4, -1, -1, -1)
    recipe = {"elastic": {"amplitude": 1.0, "spacing": 9.0}, "affine": STILL | {"shift": 1.0}}

    first, again = (warped(pictures, np.random.default_rng(3), recipe) for _ in range(2))

    assert torch.equal(first, again)
    assert not torch.allclose(first[0], first[1], atol=0.1)
    assert first.min() >= 0
    assert first.max() <= 1


def test_a_recipe_keeps_what_moves_pictures() -> None:
    recipe = {
        "tone": {"contrast": 0.2, "nfa": 0.2},
        "mirror": {"share": 0.5},
        "elastic": {"amplitude": 1.0, "spacing": 9.0},
    }

    assert list(moving(recipe)) == ["elastic", "mirror"]
    assert moving({}) == {}
    with pytest.raises(ValueError, match="got 'blur'"):
        moving({"blur": {}})

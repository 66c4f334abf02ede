"""Squares with derivatives are the squares that pixel models see."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from perceptgraph.stages.attacks.soft_views import _upright, soft_squares
from perceptgraph.stages.baselines.pixels import pixels_in_memory
from perceptgraph.stages.baselines.views import VIEWS, deskewed


def drawings(n: int, side: int = 28, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Smooth blots on black."""
    rng = np.random.default_rng(seed)
    blots = np.zeros((n, side, side))
    blots[:, side // 4 : -side // 4, side // 3 : -side // 3] = rng.random((n, 1, 1))
    blots += rng.random(blots.shape) * (blots > 0)
    return np.stack([gaussian_filter(blot, 1.5) / 2 for blot in blots]).astype(np.float32)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("side", [14, 28, 32])
def test_values_are_those_of_the_true_squares(view: str, side: int) -> None:
    images = drawings(3)

    found = soft_squares(torch.from_numpy(images), side, view)

    store = pixels_in_memory(list(images), side, view)
    torch.testing.assert_close(found, store.batch(np.arange(3)).pixels)


@pytest.mark.parametrize("side", [14, 28, 32])
def test_a_derivative_says_how_the_square_changes(side: int) -> None:
    image = torch.from_numpy(drawings(1)).requires_grad_()
    weight = torch.rand(side, side, generator=torch.Generator().manual_seed(0))
    place, step = (0, 12, 13), 0.2
    more = image.detach().clone()
    more[place] += step

    before = (soft_squares(image, side, "raw") * weight).sum()
    (slope,) = torch.autograd.grad(before, image)

    after = (soft_squares(more, side, "raw") * weight).sum()
    assert float((after - before).detach()) == pytest.approx(step * float(slope[place]), abs=0.02)


def test_a_square_is_set_upright_as_the_view_does_it() -> None:
    images = drawings(4)

    found = _upright(torch.from_numpy(images)[:, None])[:, 0].numpy()

    wanted = np.stack([deskewed(image) for image in images])
    # OpenCV interpolates at multiples of 1/32 pixel.
    np.testing.assert_allclose(found, wanted, atol=0.02)


def test_what_crosses_the_threshold_with_more_light_has_a_positive_derivative() -> None:
    image = torch.from_numpy(drawings(1)).requires_grad_()

    (slope,) = torch.autograd.grad(soft_squares(image, 28, "thresholded").sum(), image)

    assert (slope >= 0).all()
    assert slope.max() > 1

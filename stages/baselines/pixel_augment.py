"""Other pictures of the same thing, from its pixels: the maps that `graphs.augment` has for nodes.

A pixel model takes of a recipe what moves the picture, so that it learns from the same warps as a
graph model of the same recipe; what changes primitives alone is none of its business.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from perceptgraph.graphs.augment import CONTROL_STD, check_augmentation, linear_maps
from perceptgraph.graphs.image_maps import MOST_STRAIN

Floats = NDArray[np.float64]
MOVING = ("elastic", "affine", "mirror")
"""Augmentations that move pixels, in the order in which a place of the new picture is traced back
to the old one; the others are left out."""


def moving(recipe: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """What of a recipe moves pixels; ValueError where it is no recipe."""
    check_augmentation(recipe)
    return {name: recipe[name] for name in MOVING if name in recipe}


def warped(
    pixels: Tensor, rng: np.random.Generator, recipe: Mapping[str, Mapping[str, Any]]
) -> Tensor:
    """Each picture moved by its own draw; beyond its border it goes on as the border is.

    Parameters
    ----------
    pixels : (G, 1, S, S) Tensor
        Grey levels.
    rng : np.random.Generator
        Source of the draws.
    recipe : mapping of str to mapping
        Some of MOVING, with the keywords that they have for nodes; lengths in pixels of the
        square. Turns and shears are about its middle.
    """
    n, side = len(pixels), pixels.shape[-1]
    place = np.arange(side) - (side - 1) / 2
    places = np.stack(np.meshgrid(place, place, indexing="ij"), axis=-1)
    found = np.broadcast_to(places, (n, side, side, 2))
    if "elastic" in recipe:
        found = found + bent(n, side, rng, **recipe["elastic"])
    if "affine" in recipe:
        keywords = dict(recipe["affine"])
        shift = rng.normal(0, keywords.pop("shift"), (n, 1, 1, 2))
        back = np.linalg.inv(linear_maps(rng, n, **keywords))
        found = np.einsum("gab,grcb->grca", back, found - shift)
    if "mirror" in recipe:
        sign = np.where(rng.random(n) < recipe["mirror"]["share"], -1.0, 1.0)
        found = found * np.stack([np.ones(n), sign], axis=1)[:, None, None]
    # (column, row) in units of half a side, as torch has it.
    grid = torch.from_numpy((found[..., ::-1] * (2 / side)).astype(np.float32))
    return functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def bent(
    n: int, side: int, rng: np.random.Generator, *, amplitude: float, spacing: float
) -> Floats:
    """Smooth random displacements (n, side, side, 2), (row, column), in pixels.

    Uniform cubic B-splines with white controls, as in `graphs.image_maps.elastic_map`: smaller for
    a picture whose strain passes MOST_STRAIN somewhere.

    Parameters
    ----------
    amplitude : float
        Standard deviation, in pixels.
    spacing : float
        Step of the grid of controls, in pixels.
    """
    n_controls = int(np.ceil(side / spacing)) + 4
    control = rng.normal(0, amplitude / CONTROL_STD, (n, n_controls, n_controls, 2))
    corner = rng.uniform(0, 1, (n, 2))
    weight, slope = splines(np.arange(side) / spacing + corner[..., None], n_controls)
    rows, columns = weight[:, 0], weight[:, 1]
    across = np.einsum("gsl,gkla->gksa", columns, control)
    moved = np.einsum("grk,gksa->grsa", rows, across)
    by_row = np.einsum("grk,gksa->grsa", slope[:, 0], across)
    by_column = np.einsum("grk,gksa->grsa", rows, np.einsum("gsl,gkla->gksa", slope[:, 1], control))
    squares = (by_row**2 + by_column**2).sum(3).max((1, 2), initial=0)
    strain = np.sqrt(squares) / spacing
    return moved * (MOST_STRAIN / np.maximum(strain, MOST_STRAIN))[:, None, None, None]


def splines(place: Floats, n_controls: int) -> tuple[Floats, Floats]:
    """Weights and slopes (..., P, n_controls) of cubic B-splines at places (..., P).

    The places are in [0, n_controls - 3), in steps of the grid. Spline k is that of [0, 4] moved
    by k - 3; weights at a place sum to 1, slopes to 0.
    """
    # Cubic pieces of the spline on [0, 4], the middle at 2.
    t = np.abs(place[..., None] - np.arange(n_controls) + 1)
    inner = 2 / 3 - t**2 + t**3 / 2
    outer = np.maximum(2 - t, 0) ** 3 / 6
    sign = np.sign(place[..., None] - np.arange(n_controls) + 1)
    inner_slope, outer_slope = sign * (1.5 * t**2 - 2 * t), -sign * np.maximum(2 - t, 0) ** 2 / 2
    return np.where(t < 1, inner, outer), np.where(t < 1, inner_slope, outer_slope)

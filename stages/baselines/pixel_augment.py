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
    places = np.stack(np.meshgrid(place, place, indexing="ij"))
    found = np.broadcast_to(places, (n, 2, side, side)).astype(np.float32)
    if "elastic" in recipe:
        found += bent(n, side, rng, **recipe["elastic"])
    found = found.reshape(n, 2, side**2)
    if "affine" in recipe:
        keywords = dict(recipe["affine"])
        shift = rng.normal(0, keywords.pop("shift"), (n, 2, 1))
        back = np.linalg.inv(linear_maps(rng, n, **keywords))
        found = back.astype(np.float32) @ (found - shift.astype(np.float32))
    if "mirror" in recipe:
        found[rng.random(n) < recipe["mirror"]["share"], 1] *= -1
    # (column, row) in units of half a side, as torch has it.
    grid = torch.from_numpy(found * np.float32(2 / side)).view(n, 2, side, side)
    return functional.grid_sample(
        pixels, grid.flip(1).permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )


def bent(
    n: int, side: int, rng: np.random.Generator, *, amplitude: float, spacing: float
) -> NDArray[np.float32]:
    """Smooth random displacements (n, 2, side, side), (row, column) first, in pixels.

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
    control = rng.normal(0, amplitude / CONTROL_STD, (n, 2, n_controls, n_controls))
    corner = rng.uniform(0, 1, (n, 2, 1))
    weight, slope = splines(np.arange(side) / spacing + corner, n_controls)
    rows, by_row = weight[:, :1], slope[:, :1]
    columns, by_column = (values[:, 1:].swapaxes(2, 3) for values in (weight, slope))
    along = control.astype(np.float32) @ columns
    moved = rows @ along
    squares = (by_row @ along) ** 2 + (rows @ (control.astype(np.float32) @ by_column)) ** 2
    strain = np.sqrt(squares.sum(1).max((1, 2), initial=0)) / spacing
    share = MOST_STRAIN / np.maximum(strain, MOST_STRAIN)
    return np.asarray(moved * share[:, None, None, None], np.float32)


def splines(
    place: NDArray[np.float64], n_controls: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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
    weight, slope = np.where(t < 1, inner, outer), np.where(t < 1, inner_slope, outer_slope)
    return weight.astype(np.float32), slope.astype(np.float32)

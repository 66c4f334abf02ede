"""CPU time to augment the nodes of digits, many images at once."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from perceptgraph.graphs.augment import AUGMENTATIONS, augmented
from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.nodes import frames_of_images
from perceptgraph.graphs.primitives import EdgeChains, Primitives, Ridges, primitives

ROUNDS = 5
TOGETHER = ("affine", "elastic", "level", "jitter", "tone")
"""Augmentations that keep the nodes, one after the other as a net may learn from them."""


def measure(n_images: int) -> dict[str, float]:
    """Microseconds a digit: `augment/us/<augmentation>/ours` and `augment/us/together/ours`.

    Each is the best of some rounds, with the default keywords; `augment/nodes` is the mean number
    of nodes of a digit.
    """
    rng = np.random.default_rng(0)
    digits = [drawn_digit(rng) for _ in range(n_images)]
    frames = frames_of_images(digits, kinds=("edges", "ridges"), piece_length=3.5)
    recipes: dict[str, Mapping[str, Mapping[str, Any]]] = {
        name: {name: {}} for name in AUGMENTATIONS
    }
    recipes["together"] = {name: {} for name in TOGETHER}
    figures = {
        f"augment/us/{name}/ours": 1e6 * _cpu_seconds(frames, recipe) / max(n_images, 1)
        for name, recipe in recipes.items()
    }
    return {**figures, "augment/nodes": len(frames) / max(n_images, 1)}


def drawn_digit(rng: np.random.Generator) -> Primitives:
    """The contour and the stroke of something like a one or a nought, in 28 x 28 pixels."""
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    axes, middle = rng.uniform(4, 10, 2), rng.uniform(13, 15, 2)
    outline = middle + axes * np.stack([np.sin(-t), np.cos(-t)], axis=1)
    s = np.linspace(-1, 1, 24)[:, None]
    stroke = middle + s * axes * (0.7, 0.1) + (1 - s * s) * rng.normal(0, 1, 2)
    one, no = np.ones(1, np.float32), np.zeros(1, np.float32)
    return primitives(
        edges=EdgeChains(
            outline.astype(np.float32),
            np.array([0, len(outline)]),
            np.array([True]),
            np.array([1], np.int8),
            one,
            no,
        ),
        ridges=Ridges(
            stroke.astype(np.float32),
            np.array([0, len(stroke)]),
            np.full(len(stroke), 3, np.float32),
            np.array([True]),
            no,
        ),
    )


def _cpu_seconds(frames: Frames, recipe: Mapping[str, Mapping[str, Any]]) -> float:
    """The best of some rounds, after one that compiles."""
    seconds = []
    for seed in range(ROUNDS + 1):
        rng = np.random.default_rng(seed)
        start = time.process_time()
        augmented(frames, rng, recipe)
        seconds.append(time.process_time() - start)
    return min(seconds[1:])

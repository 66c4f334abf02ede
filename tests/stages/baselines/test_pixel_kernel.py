"""Kernel ridge regression on pixels: what the embedding of a picture does not see."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from perceptgraph.stages.baselines.pixel_kernel import PixelEmbedding, PixelKernel, blurred
from perceptgraph.stages.baselines.pixels import PixelBatch, pixels_in_memory

SIDE = 28


def picture(seed: int) -> NDArray[np.float32]:
    """A bent stroke, bright on dark."""
    rng = np.random.default_rng(seed)
    points = rng.integers(9, 19, (1, 4, 2)) * 16
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    cv2.polylines(canvas, [points.astype(np.int32)], False, 255, 2, cv2.LINE_AA, shift=4)
    return canvas.astype(np.float32) / 255


def batch_of(pictures: list[NDArray[np.float32]]) -> PixelBatch:
    pixels = torch.from_numpy(np.stack(pictures))[:, None]
    return PixelBatch(pixels, torch.zeros(len(pictures), dtype=torch.int64))


def test_shift_and_slant_are_hardly_seen() -> None:
    embed = PixelEmbedding(SIDE, [1.0])
    pictures = [picture(seed) for seed in range(6)]
    slanted = [
        cv2.warpAffine(p, np.array([[1, 0.2, -1.0], [0, 1, 2]], np.float64), (SIDE, SIDE))
        for p in pictures
    ]

    here, there = embed(batch_of(pictures))[:, 0], embed(batch_of(slanted))[:, 0]

    alike = here @ there.T
    assert (alike.diagonal() > 0.93).all()
    assert (alike.argmax(1) == torch.arange(6)).all()


def test_embeddings_are_unit_vectors_or_nothing() -> None:
    embed = PixelEmbedding(SIDE, [0, 1.5])
    blank = np.full((SIDE, SIDE), 0.3, np.float32)

    found = embed(batch_of([picture(0), blank]))

    assert found.shape == (2, 2, SIDE**2)
    torch.testing.assert_close(found[0].norm(dim=1), torch.ones(2))
    assert (found[1] == 0).all()


def test_no_picture_is_legal() -> None:
    nothing = PixelBatch(torch.zeros(0, 1, SIDE, SIDE), torch.zeros(0, dtype=torch.int64))

    assert PixelEmbedding(SIDE, [0.7])(nothing).shape == (0, 1, SIDE**2)


def test_blur_keeps_the_mean_and_takes_the_contrast() -> None:
    square = picture(1)

    soft = blurred(square, 1.5)

    assert soft.mean() == pytest.approx(square.mean(), rel=0.02)
    assert soft.std() < square.std()
    assert blurred(square, 0) is square


def test_pictures_of_a_stroke_each_are_told_apart() -> None:
    store = pixels_in_memory([picture(seed // 2) for seed in range(8)], SIDE, "raw")
    store.label[:] = np.arange(8) // 2
    net = PixelKernel(
        tuple("abcd"),
        side=SIDE,
        view="raw",
        sigmas=[0.7],
        gamma=2.0,
        ridge=0.01,
        copies=3,
        references=40,
    )
    drawn = PixelKernel.drawn(store, {"elastic": {"amplitude": 0.5, "spacing": 9}})

    net.solve(store, np.arange(0, 8, 2), np.random.default_rng(0), drawn)

    assert len(net.reference) == 16
    assert (net.logits(store.batch(np.arange(8))).argmax(1).numpy() == store.label).all()


def test_blurs_must_not_be_negative() -> None:
    with pytest.raises(ValueError, match="sigmas"):
        PixelEmbedding(SIDE, [-1.0])

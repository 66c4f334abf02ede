"""Drawings in photographs: the stated contrast, photographs of one split only."""

import numpy as np
import pytest

from perceptgraph.datasets.composites import Composites, blended, open_composites
from perceptgraph.datasets.photographs import IN_SKIMAGE


def small(**keywords: object) -> Composites:
    return open_composites(train_per_class=3, val_per_class=1, test_per_class=2, **keywords)  # type: ignore[arg-type]


def test_strokes_have_the_stated_contrast_everywhere() -> None:
    scene = np.random.default_rng(0).random((20, 20))
    strokes = np.full((20, 20), -0.3)

    with_strokes, without = blended(scene, strokes, 0.4), blended(scene, 0 * strokes, 0.4)

    np.testing.assert_allclose(with_strokes - without, -0.3, atol=1e-12)
    assert with_strokes.min() >= 0
    assert np.ptp(without) <= 0.4


def test_strokes_that_would_be_clipped_are_an_error() -> None:
    with pytest.raises(ValueError, match="contrast \\+ background / 2 of at most"):
        small(contrast=0.4, background=0.4)


def test_no_photograph_is_in_two_splits() -> None:
    composites = small()
    seen: dict[int, set[str]] = {0: set(), 1: set(), 2: set()}
    for index in range(len(composites)):
        image_id, _, split = composites.identify(index)
        seen[split].add(image_id.split("/")[3])

    assert all(seen[split] <= set(IN_SKIMAGE[split]) for split in range(3))
    assert not seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2]


def test_an_inverted_scene_is_the_upright_one_upside_down() -> None:
    quiet = {"contrast": 0.0, "background": 0.9}
    upright, inverted = small(inverted_share=0.0, **quiet), small(inverted_share=1.0, **quiet)

    assert upright.identify(5)[0].endswith("/upright")
    assert inverted.identify(5)[0].endswith("/inverted")
    np.testing.assert_array_equal(inverted.read(5).pixels, upright.read(5).pixels[::-1, ::-1])


def test_strokes_are_where_the_truth_says() -> None:
    composites, bare = small(), small(contrast=0.0)
    for index in range(12):
        sample = composites.read(index)
        middles = sample.extras["truth/segment"].mean(axis=1).round().astype(int)

        change = sample.pixels.astype(int) - bare.read(index).pixels

        np.testing.assert_allclose(np.abs(change[tuple(middles.T)]), 0.3 * 255, atol=1.5)


def test_photographs_are_part_of_the_fingerprint() -> None:
    assert small().fingerprint == small().fingerprint
    assert small().photographs.digest in repr(small())


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        small(photographs="mine")

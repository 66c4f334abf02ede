"""Component tree: the components of all levels, each under the one around it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.ndimage import label as label_components

from perceptgraph.stages.detectors.component_tree import (
    AREA,
    AT_BORDER,
    DROP,
    PEAK,
    SIDES,
    component_tree,
)

Levels = NDArray[np.uint16]
images = arrays(
    np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 4)
)


def components_by_labelling(level: Levels) -> set[tuple[int, tuple[int, int, int]]]:
    """Level and (area, drop, sides) of every component of every level that is its lowest."""
    found = set()
    for v in np.unique(level):
        labels, n = label_components(level >= v)
        for k in range(1, n + 1):
            inside = labels == k
            if level[inside].min() != v:
                continue
            padded = np.pad(inside, 1)
            values = np.pad(level, 1, mode="edge").astype(int)
            drop = sides = 0
            for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
                side = padded & ~np.roll(padded, shift, axis)
                sides += int(side.sum())
                drop += int((values - np.roll(values, shift, axis))[side].sum())
            border = inside[[0, -1]].any() or inside[:, [0, -1]].any()
            found.add((int(v), (int(inside.sum()), drop, AT_BORDER if border else sides)))
    return found


@given(level=images)
def test_nodes_are_the_components_of_all_levels(level: Levels) -> None:
    tree = component_tree(level)

    flat, order = tree.level.ravel(), tree.order
    is_node = (flat[tree.parent[order]] != flat[order]) | (tree.parent[order] == order)
    names = order[is_node]
    nodes = {
        (int(flat[p]), tuple(int(x) for x in tree.nodes[p, [AREA, DROP, SIDES]])) for p in names
    }

    assert nodes == components_by_labelling(level)


@given(level=images)
def test_a_parent_is_darker_and_holds_its_children(level: Levels) -> None:
    tree = component_tree(level)

    flat, order = tree.level.ravel(), tree.order
    up = tree.parent[order]

    assert sorted(order) == sorted(
        (r + 1) * tree.level.shape[1] + c + 1 for r, c in np.ndindex(level.shape)
    )
    assert (flat[up] <= flat[order]).all()
    others = up != order
    assert others.sum() == level.size - 1
    assert (tree.nodes[up[others], AREA] > tree.nodes[order[others], AREA]).all()
    assert (flat[tree.nodes[order, PEAK]] >= flat[order]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1)])
def test_a_constant_image_is_one_component(shape: tuple[int, int]) -> None:
    tree = component_tree(np.full(shape, 3, np.uint16))

    root = tree.order[-1]
    assert tree.parent[root] == root
    assert tree.nodes[root, AREA] == shape[0] * shape[1]

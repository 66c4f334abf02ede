"""The nodes of a picture that is moved have the relations that the moved picture has."""

from dataclasses import replace

import numpy as np
import pytest
from curves import clothoid, turned
from drawn_nodes import drawn_nodes
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import angles, drawn_primitives, generators

from perceptgraph.graphs.fragments import kept
from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.image_maps import affine_map
from perceptgraph.graphs.primitives import EdgeChains, Primitives, Ridges
from perceptgraph.graphs.push_forward import pushed_forward
from perceptgraph.graphs.relation_graph import SPARSE_RELATIONS, RelationGraph, relate, related

KINDS = ("lines", "edges", "junctions", "ridges")
IN_PIXELS = ("across_stroke", "across_gap", "inward", "outward")
"""What rays tell, whose least and greatest length do not grow with the picture."""
PAIRWISE = ("parallel", "perpendicular", "collinear", "symmetric")
"""Relations that two nodes have whatever else there is, as long as none has too many."""

# The same examples each time: a pair within rounding of a threshold comes once in many runs.
same_examples = settings(derandomize=True, max_examples=30, deadline=None)


@st.composite
def pictures(draw: st.DrawFn) -> Primitives:
    """Segments and junctions, with contours and strokes that turn by up to a half."""
    found, rng = draw(drawn_primitives(5)), draw(generators())
    n = int(rng.integers(0, 5))
    paths = [
        rng.uniform(0, 64, 2)
        + turned(
            clothoid(rng.uniform(-3, 3), rng.uniform(-0.4, 0.4), rng.uniform(8, 40), 61),
            rng.uniform(-np.pi, np.pi),
        )
        for _ in range(n)
    ]
    points = np.concatenate([np.zeros((0, 2)), *paths]).astype(np.float32)
    offsets = 61 * np.arange(n + 1)
    chains = EdgeChains(
        points,
        offsets,
        np.zeros(n, np.bool_),
        rng.choice(np.array([-1, 1], np.int8), n),
        rng.uniform(0, 1, n).astype(np.float32),
        -rng.uniform(0, 20, n).astype(np.float32),
    )
    ridges = Ridges(
        points + np.float32(3),
        offsets,
        rng.uniform(2, 4, len(points)).astype(np.float32),
        np.ones(n, np.bool_),
        chains.log10_nfa,
    )
    return replace(found, edges=chains, ridges=ridges)


def moved(found: Primitives, linear: np.ndarray, theta: float, scale: float) -> Primitives:
    """The primitives of the picture turned by theta and made larger."""

    def there(points: np.ndarray) -> np.ndarray:
        return (points @ linear.T).astype(np.float32)

    turn = np.mod(found.junctions.branch_angle + theta + np.pi, 2 * np.pi) - np.pi
    return replace(
        found,
        lines=replace(
            found.lines,
            endpoints=there(found.lines.endpoints),
            width=(found.lines.width * scale).astype(np.float32),
        ),
        edges=replace(found.edges, points=there(found.edges.points)),
        ridges=replace(
            found.ridges,
            points=there(found.ridges.points),
            width=(found.ridges.width * scale).astype(np.float32),
        ),
        junctions=replace(
            found.junctions,
            position=there(found.junctions.position),
            branch_angle=turn.astype(np.float32),
            scale=(found.junctions.scale * scale).astype(np.float32),
        ),
    )


def edges(graph: RelationGraph, without: tuple[str, ...] = ()) -> set[tuple[str, int, int, int]]:
    columns = (graph.relation, graph.source, graph.target, graph.rank)
    named = ((graph.relations[r], i, j, k) for r, i, j, k in np.stack(columns, axis=1).tolist())
    return {edge for edge in named if edge[0] not in without}


def graph_of(found: Primitives, scale: float = 1.0) -> RelationGraph:
    return relate(found, kinds=KINDS, piece_length=8 * scale, ray_reach=48 * scale)


@same_examples
@given(found=pictures(), theta=angles(), scale=st.one_of(st.just(1.0), st.floats(0.5, 2)))
def test_a_picture_turned_and_enlarged_has_the_graph_of_its_nodes_mapped(
    found, theta, scale
) -> None:
    linear = scale * np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
    without = () if scale == 1 else IN_PIXELS
    here = graph_of(found)

    mapped = pushed_forward(here.frames, affine_map(linear[None], np.zeros((1, 2))))

    there = graph_of(moved(found, linear, theta, scale), scale)
    assert len(mapped) == len(there.frames)
    np.testing.assert_allclose(mapped.position, there.frames.position, atol=2e-3 * scale)
    np.testing.assert_allclose(mapped.direction, there.frames.direction, atol=2e-3)
    columns = [c for c, name in enumerate(ATTRIBUTES) if name not in without]
    np.testing.assert_allclose(
        mapped.attributes[:, columns], there.frames.attributes[:, columns], atol=1e-2 * scale
    )
    np.testing.assert_array_equal(mapped.following, there.frames.following)
    assert edges(related(mapped, SPARSE_RELATIONS), without) == edges(there, without)
    assert edges(here, without) == edges(there, without)


@pytest.mark.parametrize("name", PAIRWISE)
@same_examples
@given(nodes=drawn_nodes(), rng=generators())
def test_nodes_that_are_left_have_the_relations_that_they_had(name, nodes, rng) -> None:
    chosen = rng.random(len(nodes)) < 0.7
    all_of_them = {name: {"k": 64}}
    old = np.flatnonzero(chosen)

    before = edges(related(nodes, all_of_them))
    after = edges(related(kept(nodes, chosen), all_of_them))

    induced = {(i, j) for _, i, j, _ in before if chosen[i] and chosen[j]}
    assert {(old[i], old[j]) for _, i, j, _ in after} == induced

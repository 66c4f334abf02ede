"""Graphs of turned images: how much is found again."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from drawings import SQUARE, strokes
from hypothesis import given
from strategies import angles, drawn_primitives

from perceptgraph.benchmarks.rotation import agreement, measure, partners
from perceptgraph.benchmarks.turned_images import Pose, by_quarters, turned_pairs
from perceptgraph.datasets import perturb
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.graphs.relation_graph import RelationGraph, relate
from perceptgraph.stages import detect as detecting
from perceptgraph.stages import relate as relating

PARAMS = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())


def turned(primitives: Primitives, pose: Pose) -> Primitives:
    """Lines and junctions where the turned image has them."""
    lines, junctions = primitives.lines, primitives.junctions
    ends = pose.of(lines.endpoints.reshape(-1, 2)).reshape(-1, 2, 2)
    angle = (junctions.branch_angle + pose.turn + np.pi) % (2 * np.pi) - np.pi
    return replace(
        primitives,
        lines=replace(lines, endpoints=ends.astype(np.float32)),
        junctions=replace(
            junctions,
            position=pose.of(junctions.position).astype(np.float32),
            branch_angle=angle.astype(np.float32),
        ),
    )


def graph(primitives: Primitives) -> RelationGraph:
    return relate(primitives, relations={"near": {"k": 3}, "incidence": {}})


@given(found=drawn_primitives(), turn=angles())
def test_turned_primitives_are_found_again(found: Primitives, turn: float) -> None:
    pose = Pose(turn, (31.5, 31.5), (40.0, 20.0))
    one, other = graph(found), graph(turned(found, pose))

    both = agreement(one, other, pose)

    assert both.nodes == len(one.frames) + len(other.frames)
    assert both.node_share >= 0.9  # junctions whose gaps are equal may look another way
    assert both.edges_matched >= 0.8 * both.edges


@given(found=drawn_primitives(), turn=angles())
def test_no_node_has_two_partners(found: Primitives, turn: float) -> None:
    pose = Pose(turn, (31.5, 31.5), (40.0, 20.0))

    partner = partners(graph(found).frames, graph(turned(found, pose)).frames, pose)

    taken = partner[partner >= 0]
    assert len(set(taken.tolist())) == len(taken)


def test_what_is_gone_is_counted() -> None:
    image = np.rint(255 * strokes(64, SQUARE, 3.0)).astype(np.uint8)
    find = detecting.Recipe(**PARAMS["detect"]["recipes"]["segments"])
    whole = find.find(image)
    lines = whole.lines
    half = replace(
        whole,
        lines=replace(
            lines,
            **{
                name: getattr(lines, name)[::2]
                for name in ("endpoints", "width", "polarity", "contrast", "log10_nfa")
            },
        ),
    )
    pose = Pose(0.0, (31.5, 31.5), (31.5, 31.5))
    n_left = len(half.lines) + len(half.junctions)
    n_all = len(lines) + len(whole.junctions)

    both = agreement(graph(whole), graph(half), pose)

    assert both.nodes == n_all + n_left
    assert both.nodes_matched == 2 * n_left
    assert both.edge_share < 1


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_points_go_where_pixels_go(degrees: int) -> None:
    image = np.zeros((20, 30), np.uint8)
    image[3, 7] = 255

    pair = by_quarters(image, math.radians(degrees))

    place = np.argwhere(pair.turned)[0]
    np.testing.assert_allclose(pair.pose.of(np.array([[3.0, 7.0]])), [place], atol=1e-9)


def test_drawn_shapes_are_the_same_turned() -> None:
    (pair,) = turned_pairs("shapes", 1, 37)

    there = perturb.turned(pair.image, pair.pose.turn, mirrored=True).astype(float)

    inside = np.hypot(*(np.indices(pair.image.shape) - 55.0)) < pair.radius
    assert np.abs(there - pair.turned)[inside].mean() < 12  # noise of 5 in both, mostly


def test_graphs_of_turned_shapes_are_the_same() -> None:
    recipe = (
        detecting.Recipe(**PARAMS["detect"]["recipes"]["segments"]),
        relating.Recipe(**PARAMS["relate"]["recipes"]["segments"]),
    )

    figures = measure({"shapes": recipe}, 4)

    assert figures["rotation/shapes/90/nodes/ours"] >= 0.99
    assert figures["rotation/shapes/90/edges/ours"] >= 0.99
    assert figures["rotation/shapes/90/line_nodes/ours"] >= 0.99
    assert figures["rotation/shapes/37/nodes/ours"] >= 0.7


def test_arcs_of_drawn_shapes_are_found_again_at_any_angle() -> None:
    arcs = PARAMS["relate"]["recipes"]["strokes"] | {
        "kinds": ["edges"],
        "relations": {"next": {}, "previous": {}, "near": {"k": 4}},
    }
    recipe = (
        detecting.Recipe(**PARAMS["detect"]["recipes"]["strokes"]),
        relating.Recipe(**arcs),
    )

    figures = measure({"shapes": recipe}, 8)

    assert figures["rotation/shapes/90/edges/ours"] >= 0.99
    assert figures["rotation/shapes/37/arc_nodes/ours"] >= 0.95
    assert figures["rotation/shapes/37/arc_edges/ours"] >= 0.9

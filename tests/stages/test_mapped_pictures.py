"""A picture drawn anew and its nodes mapped give the same graph, as far as detection allows."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from drawings import strokes

from perceptgraph.benchmarks.rotation import agreement
from perceptgraph.benchmarks.turned_images import Pose
from perceptgraph.graphs.image_maps import affine_map
from perceptgraph.graphs.push_forward import pushed_forward
from perceptgraph.graphs.relation_graph import related
from perceptgraph.stages import detect, relate

PARAMS = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())
CENTRE = np.array([31.5, 31.5])
LETTER = [
    ((14.0, 16.0), (14.0, 44.0)),
    ((14.0, 44.0), (46.0, 20.0)),
    ((46.0, 20.0), (46.0, 50.0)),
    ((30.0, 20.0), (33.0, 50.0)),
]
QUARTER = [[0.0, 1.0], [-1.0, 0.0]]
SHEAR = [[1.0, 0.0], [0.2, 1.0]]


@pytest.mark.parametrize(
    ("recipe", "linear", "nodes", "edges"),
    [
        pytest.param("strokes", QUARTER, 0.99, 0.99, id="turned strokes"),
        pytest.param("strokes", [[1, 0], [0, -1]], 0.99, 0.99, id="mirrored strokes"),
        pytest.param("strokes", SHEAR, 0.9, 0.7, id="sheared strokes"),
        pytest.param("segments", [[1, 0], [0, -1]], 0.99, 0.99, id="mirrored segments"),
        pytest.param("segments", SHEAR, 0.9, 0.8, id="sheared segments"),
    ],
)
def test_nodes_mapped_are_the_nodes_of_the_picture_drawn_there(
    recipe, linear, nodes, edges
) -> None:
    find = detect.Recipe(**PARAMS["detect"]["recipes"][recipe])
    connect = relate.Recipe(**PARAMS["relate"]["recipes"][recipe])
    matrix = np.array(linear, float)
    shift = CENTRE - matrix @ CENTRE
    there = [tuple(tuple(matrix @ end + shift) for end in ends) for ends in LETTER]
    drawn, drawn_there = (
        relate.relate_one(find.find(strokes(64, segments, 3.0)), -1, connect)
        for segments in (LETTER, there)
    )

    mapped = pushed_forward(drawn.frames, affine_map(matrix[None], shift[None]))

    both = agreement(
        related(mapped, connect.relations), drawn_there, Pose(0.0, tuple(CENTRE), tuple(CENTRE))
    )
    assert both.node_share >= nodes
    assert both.edge_share >= edges

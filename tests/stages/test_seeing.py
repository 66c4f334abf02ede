"""Images that no store holds are seen as those of a store are."""

from typing import Any

import numpy as np
import pytest

from perceptgraph.graphs.loader import GraphSchema, graphs_in_memory
from perceptgraph.graphs.models.saved import classifier_of
from perceptgraph.graphs.store import graph_attributes
from perceptgraph.stages import detect, relate
from perceptgraph.stages.baselines.pixels import PixelStore
from perceptgraph.stages.seeing import graphs_of_images, samples_of_images
from perceptgraph.stages.train import CLASSIFIERS

DETECT: dict[str, Any] = {
    "min_side": 1,
    "max_zoom": 1,
    "detectors": {"contours": {"share": 0.5, "log10_eps": 0.0}},
}
RELATE: dict[str, Any] = {
    "kinds": ["edges"],
    "piece_length": 4.5,
    "cut": "phase",
    "cut_seed": 3,
    "ray_reach": 28.0,
    "relations": {"next": {}, "near": {"k": 4}},
}


def facts(cut: str = "phase") -> dict[str, Any]:
    """What a store of such graphs says of them."""
    return {
        **graph_attributes(list(RELATE["relations"])),
        "class_names": ["a", "b"],
        "detect": DETECT,
        "relate": {**RELATE, "cut": cut},
    }


def drawings(n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    images = np.zeros((n, 20, 20), np.float32)
    for image in images:
        row, column = rng.integers(2, 8, 2)
        image[row : row + 9, column : column + 7] = rng.uniform(0.5, 1)
    return list(images)


@pytest.mark.parametrize("cut", ["phase", "canonical"])
def test_graphs_are_those_of_each_image_by_itself(cut: str) -> None:
    images = drawings(4)
    made_with = facts(cut)

    found = graphs_of_images(images, made_with).batch(np.arange(4))

    finding, relating = detect.Recipe(**DETECT), relate.Recipe(**made_with["relate"])
    alone = [relate.relate_one(finding.find(image), -1, relating) for image in images]
    wanted = graphs_in_memory(alone, GraphSchema.of(made_with)).batch(np.arange(4))
    assert len(found.kind) > 4
    for name in ("kind", "position", "attributes", "edge_index", "relation", "rank", "ptr"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)


def test_a_model_that_reads_hops_gets_them_and_a_pixel_model_squares() -> None:
    h2gcn, lenet = (classifier_of(name, CLASSIFIERS) for name in ("h2gcn", "lenet"))

    graphs = samples_of_images(drawings(2), h2gcn, {}, facts())
    squares = samples_of_images(drawings(2), lenet, {"side": 16, "view": "thresholded"}, {})

    assert graphs.batch(np.arange(2)).two_hop.shape[1] > 0
    assert isinstance(squares, PixelStore)
    assert set(np.unique(squares.pixels)) == {0, 255}


def test_no_images_make_no_graphs() -> None:
    assert len(graphs_of_images([], facts())) == 0


def test_what_was_drawn_cannot_be_seen() -> None:
    with pytest.raises(ValueError, match="as they were drawn"):
        graphs_of_images(drawings(1), {**facts(), "detect": None})

"""Axes of models: each level is a change that can be made, and says what it is."""

import inspect
from typing import Any

import pytest

from perceptgraph.graphs.alterations import check_alterations
from perceptgraph.graphs.models.classifier import Classifier
from perceptgraph.graphs.models.fisher import Fisher
from perceptgraph.graphs.models.h2gcn import H2GCN
from perceptgraph.graphs.models.motif_gcn import MotifGCN
from perceptgraph.graphs.models.relative_pose import RelativePoseNet
from perceptgraph.stages.model_axes import AXES
from perceptgraph.stages.params import ParamsError

LEVELS: dict[str, list[Any]] = {
    "relations_out": ["near", ["next", "previous"]],
    "relations_only": ["near", ["next", "previous"], []],
    "pose": ["free", "absolute", "canonical"],
    "edges": [["relation", "pose"], ["pose"], []],
    "encoding": ["raw", "harmonics", "waves"],
    "aggregate": [["mean"], ["sum", "max"]],
    "readout": ["mean", "max", "mean and max", "not weighted"],
    "kept": ["all", "last"],
    "depth": [0, 1, 4],
    "width": [8, 64],
    "hops": [[1], [2], [1, 2]],
    "ego": ["apart", "among its neighbours"],
    "motifs": [
        {"fusion": "union"},
        {"runner": "typed_motif_gcn"},
        {"runner": "motif_gcn", "fusion": "union"},
    ],
    "radii": [[], [15], [15, 30.5]],
    "directions": [0, 2],
    "gaussians": [16, 64],
    "strips": [0, 3],
    "family": ["set", "h2gcn"],
}
"""Values of params.yaml."""
MODELS: dict[str, type[Classifier]] = {"hops": H2GCN, "ego": H2GCN, "motifs": MotifGCN}
MODELS |= dict.fromkeys(("radii", "directions", "gaussians", "strips"), Fisher)
"""Whose keywords an axis changes, where it is not the relative-pose net."""


@pytest.mark.parametrize("axis", AXES)
def test_levels_are_changes_of_their_model_and_are_told_apart(axis: str) -> None:
    levels = [AXES[axis](value) for value in LEVELS[axis]]
    known = inspect.signature(MODELS.get(axis, RelativePoseNet)).parameters

    assert len({level.name for level in levels}) == len(levels)
    assert len({level.change.model_dump_json() for level in levels}) == len(levels)
    for level in levels:
        assert level.change.keywords.keys() <= known.keys()
        check_alterations(level.change.graphs)


@pytest.mark.parametrize("axis", ["depth", "width", "directions", "gaussians", "strips"])
def test_numeric_levels_know_where_they_stand(axis: str) -> None:
    assert [AXES[axis](value).value for value in LEVELS[axis]] == LEVELS[axis]


@pytest.mark.parametrize("axis", ["encoding", "readout", "ego"])
def test_a_level_that_is_misspelt_is_named(axis: str) -> None:
    with pytest.raises(ParamsError, match=rf"axes\.{axis}: no 'rawe'"):
        AXES[axis]("rawe")


def test_a_relation_that_is_no_name_is_an_error() -> None:
    with pytest.raises(ParamsError, match="expected a name or a list of names"):
        AXES["relations_out"]([1])
    with pytest.raises(ParamsError, match="fusion"):
        AXES["motifs"]({"fuse": "union"})

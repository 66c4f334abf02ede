"""Axes of data: each level is a change that can be made, and says what it is."""

from typing import Any

import pytest

from perceptgraph.datasets.composites import open_composites
from perceptgraph.datasets.perturb import check_perturbation
from perceptgraph.graphs.alterations import check_alterations
from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.models.relative_pose import RelativePoseNet
from perceptgraph.stages.data_axes import AXES, GROUPS
from perceptgraph.stages.params import ParamsError, check_keywords

LEVELS: dict[str, list[Any]] = {
    "images_per_class": [1, 10, "all"],
    "primitives": [1, 16],
    "families": ["arc", ["arc", "dart"]],
    "families_in_graphs": ["line", ["line", "junction"]],
    "attributes": [
        {"without": ["contrast"]},
        {"only": ["contrast"]},
        {"only": []},
        {"without": ["length", "bend"]},
    ],
    "attributes_in_graphs": ["contrast", ["length", "contrast"]],
    "wrong_labels": [0.1, 0.5],
    "noise": [0.1, 0.3],
    "blur": [1.0, 2.0],
    "contrast": [0.4, {"factor": 0.4, "offset": 0.0}],
    "occlusion": [0.2, 0.4],
    "resolution": [0.25, 0.5],
    "randomised_features": [0.5, 1.0],
    "randomised_edges": [0.5, 1.0],
    "randomised": [0.5, 1.0],
    "bits": [1, 8],
    "context": ["upright", "inverted", "absent"],
}
"""Values of params.yaml."""
NUMERIC = ["primitives", "wrong_labels", "noise", "randomised", "bits"]


@pytest.mark.parametrize("axis", AXES)
def test_levels_are_changes_that_can_be_made_and_are_told_apart(axis: str) -> None:
    levels = [AXES[axis](value) for value in LEVELS[axis]]

    assert len({level.change.model_dump_json() for level in levels}) == len(levels)
    assert axis == "contrast" or len({level.name for level in levels}) == len(levels)
    for level in levels:
        check_alterations(level.change.graphs)
        check_perturbation(level.change.images)
        known = RelativePoseNet.__init__.__kwdefaults__ or {}
        assert level.change.keywords.keys() <= known.keys() | {"kinds"}


@pytest.mark.parametrize("axis", NUMERIC)
def test_numeric_levels_know_where_they_stand(axis: str) -> None:
    assert [AXES[axis](value).value for value in LEVELS[axis]] == LEVELS[axis]


def test_all_images_stand_nowhere_on_their_axis() -> None:
    assert [AXES["images_per_class"](n).value for n in (1, 10, "all")] == [1.0, 10.0, None]


@pytest.mark.parametrize("value", LEVELS["context"])
def test_contexts_are_keywords_of_the_data_set(value: str) -> None:
    keywords = AXES["context"](value).change.prepare

    check_keywords("prepare", open_composites, (open_composites.__kwdefaults__ or {}) | keywords)
    open_composites(**keywords)


def test_each_attribute_is_of_one_group() -> None:
    members = [name for group in GROUPS.values() for name in group]

    assert sorted(members) == sorted(ATTRIBUTES)


def test_an_attribute_is_read_or_left_out() -> None:
    without = AXES["attributes"]({"without": ["contrast"]}).change.keywords["left_out"]
    only = AXES["attributes"]({"only": ["contrast"]}).change.keywords["left_out"]

    assert without == ["contrast"]
    assert set(without) | set(only) == set(ATTRIBUTES)
    assert not set(without) & set(only)


@pytest.mark.parametrize(
    ("axis", "value", "words"),
    [
        ("families", ["arcs"], r"axes\.families: no 'arcs'; did you mean 'arc'"),
        ("attributes", {"without": ["size"]}, r"axes\.attributes: no 'size'"),
        ("attributes", {"without": [], "only": []}, "either without or only"),
        ("attributes", {"but": []}, r"axes\.attributes: no 'but'"),
        ("wrong_labels", 1.5, r"share in \[0, 1\]"),
        ("context", "sideways", r"axes\.context: no 'sideways'"),
    ],
)
def test_a_level_that_cannot_be_is_named(axis: str, value: Any, words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        AXES[axis](value)

"""Changes of contenders: one over the other, table by table."""

import pytest
from pydantic import ValidationError

from perceptgraph.stages.params import overlaid, without_nulls
from perceptgraph.stages.study import Change, Recipe

RECIPE = {
    "few_shot": "tiny",
    "per_class": 5,
    "optimisation": {},
    "small": {"seeds": 1},
    "full": {"seeds": 2},
    "contenders": {"net": {"runner": "net"}},
    "controls": {"bag": {"runner": "bag"}},
}


def test_the_later_change_wins_and_leaves_the_rest() -> None:
    first = Change(
        runner="net",
        keywords={"hidden": 8, "pose": "free"},
        optimisation={"max_steps": 9},
        graphs={"without_edges": {}},
        detect={"detectors": {"lines": {"density": 0.7}}},
    )
    second = Change(
        keywords={"hidden": 4},
        optimisation={"learning_rate": 0.1},
        graphs={"strongest": {"count": 3}},
        detect={"detectors": {"lines": {"max_gap": 3.0}, "junctions": None}},
    )

    both = first.then(second)

    assert both.runner == "net"
    assert both.keywords == {"hidden": 4, "pose": "free"}
    assert (both.optimisation.max_steps, both.optimisation.learning_rate) == (9, 0.1)
    assert list(both.graphs) == ["without_edges", "strongest"]
    assert both.detect == {
        "detectors": {"lines": {"density": 0.7, "max_gap": 3.0}, "junctions": None}
    }
    assert first.then(Change()) == first


def test_null_takes_an_entry_out_of_a_recipe() -> None:
    recipe = {"min_side": 1, "detectors": {"lines": {"density": 0.7}, "junctions": {"merge": 4.0}}}

    changed = without_nulls(overlaid(recipe, {"detectors": {"junctions": None}}))

    assert changed == {"min_side": 1, "detectors": {"lines": {"density": 0.7}}}
    assert recipe["detectors"] == {"lines": {"density": 0.7}, "junctions": {"merge": 4.0}}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"controls": {"net": {"runner": "bag"}}}, "net are contenders too; rename one"),
        ({"contenders": {"net": {}}}, "contenders.net: expected a runner"),
        ({"small": {"seeds": 0}}, "greater than 0"),
        ({"contenders": {"net": {"runner": "net", "wrong_labels": 2}}}, "less than or equal to 1"),
    ],
)
def test_recipe_that_cannot_be_is_an_error(other: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Recipe(**(RECIPE | other))

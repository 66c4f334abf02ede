"""A tiny study on the tiny rung, for the tests of the engine."""

import copy
from functools import cache, partial
from pathlib import Path
from typing import Any

from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stages.detectors.catalog import DETECTORS
from perceptgraph.stages.given import Given, SectionOf
from perceptgraph.stages.grid import run_grid
from perceptgraph.stages.outcome import Outcome, Power
from perceptgraph.stages.study import Axis, Change, GridParams, Level
from perceptgraph.stores.mapper import Mapper, serial

FINDING: dict[str, Any] = {
    "min_side": 112,
    "max_zoom": 4,
    "detectors": {
        name: (DETECTORS[name].find.__kwdefaults__ or {}) | keywords
        for name, keywords in {"lines": {"density": 0.7}, "junctions": {"min_branch": 8.0}}.items()
    },
}
RELATING: dict[str, Any] = {
    "kinds": ["lines", "junctions"],
    "piece_length": 12.0,
    "cut": "canonical",
    "cut_seed": 0,
    "ray_reach": 48.0,
    "relations": {"near": {"k": 3}, "incidence": {"reach": 1.0}},
}
"""How the tiny rung is made: with the defaults that detectors have by hand, and few relations."""
ROOT = Path(__file__).parents[1]
POWER = Power(4.0, "modelled-generic", "here")
AXES: dict[str, Axis] = {
    "noise": lambda v: Level(f"noise {v}", Change(images={"noise": {"deviation": v}}), v),
    "unseen": lambda v: Level(f"unseen {v}", Change(unseen={"noise": {"deviation": v}}), v),
    "labels": lambda v: Level(f"{v} wrong", Change(wrong_labels=v), v),
    "nodes": lambda v: Level(f"{v} nodes", Change(graphs={"strongest": {"count": v}}), v),
    "copies": lambda v: Level(
        f"{v} copies", Change(copies=v, noisy={"noise": {"deviation": 0.05}}), v
    ),
    "near": lambda v: Level(f"{v} near", Change(relate={"relations": {"near": {"k": v}}}), v),
    "drawn": lambda v: Level(f"contrast {v}", Change(prepare={"contrast": [v, v]}), v),
    "change": lambda v: Level(str(sorted(v)), Change(**v)),
}
"""One axis of each way in which a cell can be changed."""
RUNNER: dict[str, Any] = {
    "per_class": [],
    "keywords": {},
    "augmentation": "none",
    "optimisation": {"max_steps": 3, "batch_size": 8},
    "changes": {},
}


@cache
def in_file() -> dict[str, Any]:
    """Values of params.yaml, read once."""
    return load_params(ROOT / "params.yaml")


def sections(**study: Any) -> SectionOf:
    """Sections of params.yaml but for a study of two contenders and a control."""
    values = copy.deepcopy(in_file())
    values["few_shot"] = {
        "recipe_of": {},
        "recipes": {
            "tiny": {
                "draws": 1,
                "runners": {
                    "set": RUNNER | {"model": "set", "keywords": {"hidden": 4}},
                    "lenet": RUNNER | {"model": "lenet", "keywords": {"side": 20}},
                },
            }
        },
    }
    recipe: dict[str, Any] = {
        "few_shot": "tiny",
        "per_class": 2,
        "optimisation": {},
        "small": {"seeds": 2, "scored": 9},
        "full": {"seeds": 3},
        "contenders": {"set": {"runner": "set"}, "lenet": {"runner": "lenet"}},
        "controls": {"no_edges": {"runner": "set", "graphs": {"without_edges": {}}}},
    }
    values["study"] = {
        "in_development": False,
        "recipe_of": {"shapes": "tiny"},
        "recipes": {"tiny": recipe},
    } | study
    values["prepare"]["datasets"]["shapes"] |= {
        "train_per_class": 3,
        "val_per_class": 1,
        "test_per_class": 2,
    }
    return partial(section_of, values)


def climbed_sections(**study: Any) -> SectionOf:
    """The same with the recipes that the tiny rung was made by."""
    given = sections(**study)

    def section(name: str, model: Any) -> Any:
        found = given(name, model)
        recipe = {"detect": FINDING, "relate": RELATING}.get(name)
        if recipe is None:
            return found
        recipes = {"recipes": {"tiny": recipe}, "recipe_of": {"shapes": "tiny"}}
        return model(**(found.model_dump() | recipes))

    return section


def axes_of(**levels: list[Any]) -> GridParams:
    """A small grid of these levels of AXES, for both contenders."""
    axes = {
        name: {"subjects": ["set", "lenet"], "small": values, "full": values}
        for name, values in levels.items()
    }
    return GridParams(ablate="small", axes={"tiny": axes})


def linked(climbed: Path, folder: Path) -> Path:
    """A rung of its own with the stores of the tiny one."""
    root = folder / "shapes"
    root.mkdir(parents=True)
    for store in climbed.glob("*.zarr"):
        (root / store.name).symlink_to(store)
    return root


def run(root: Path, params: GridParams, mapper: Mapper = serial, **others: Any) -> Outcome:
    """The grid, as a stage named "tiny" that landed nothing."""
    given = {"section": climbed_sections(), "power": POWER, "landed": root / "landed"} | others
    return run_grid("tiny", AXES, params, root, mapper, Given(**given))

"""Recipes by their names, for commands that work on image files."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stages.params import check_choices

RECIPE_STAGES = ("detect", "relate")


def recipe_named(stage: str, name: str, params_path: Path) -> Any:
    """The recipe `name` of a stage in params.yaml; ParamsError where there is none."""
    module = importlib.import_module(f"perceptgraph.stages.{stage}")
    section = section_of(load_params(params_path), stage, module.Params)
    check_choices(f"{stage}.recipes", [name], section.recipes)
    return section.recipes[name]


def recipes_of_ladder(params_path: Path) -> Iterator[tuple[str, str]]:
    """Each rung of the ladder and the names of its recipes; ParamsError where it lacks one."""
    values = load_params(params_path)
    sections = [
        section_of(values, stage, importlib.import_module(f"perceptgraph.stages.{stage}").Params)
        for stage in RECIPE_STAGES
    ]
    for rung in values["ladder"]:
        for stage, section in zip(RECIPE_STAGES, sections, strict=True):
            check_choices(f"{stage}.recipe_of", [rung], section.recipe_of)
        yield rung, " and ".join(dict.fromkeys(section.recipe_of[rung] for section in sections))

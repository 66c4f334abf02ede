"""Command `bench robustness`: what is left on worse images and under attack, and at what cost."""

import math
from collections.abc import Collection, Iterator, Mapping

import pandas as pd

from perceptgraph.benchmarks import to_target
from perceptgraph.pipelines.bench import Figures
from perceptgraph.pipelines.bench_models import Settings, Suite, of_each
from perceptgraph.pipelines.bench_target import targets
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.rungs import built
from perceptgraph.pipelines.running import run_stage
from perceptgraph.stages import robustness, study
from perceptgraph.stages.attacks import ATTACKS
from perceptgraph.stages.comparisons import accuracies
from perceptgraph.stages.degradations import STRENGTHS
from perceptgraph.stages.grid import folder_of
from perceptgraph.stages.results_page import RECIPES
from perceptgraph.stages.tables import read_results

SETS: Mapping[str, tuple[str, ...]] = {"mnist": (), "ot8": RECIPES["ot8"]}
"""Data sets, and how the graphs are made that their contenders read."""
LIGHT = "light"
"""Folder below the results of the rungs whose graphs are made otherwise than their recipe says."""


def grid(names: Collection[str], sets: Mapping[str, tuple[str, ...]] = SETS) -> Suite:
    """The suite of these axes of stage `robustness` on these sets, a set after the other.

    Cells that were measured before are not measured again, so a bench that was interrupted goes
    on. Of `Settings`, `models` are contenders and controls of section `study`, and `draws` seeds.
    """

    def suite(settings: Settings) -> Iterator[Figures]:
        def of_set(dataset: str) -> Iterator[Figures]:
            yield from _of_set(dataset, sets[dataset], names, settings)

        yield from of_each(list(sets), of_set)

    return suite


def _of_set(
    dataset: str, made: tuple[str, ...], names: Collection[str], settings: Settings
) -> Iterator[Figures]:
    overrides = [*settings.overrides, *made]
    values = load_params(settings.params, overrides)
    studied = section_of(values, "study", study.Params)
    recipe = studied.recipe_of[dataset]
    params = section_of(values, "robustness", robustness.Params)
    subjects = _subjects(params, recipe, names, settings.models)
    if not subjects:
        return
    for axis, chosen in subjects.items():
        overrides.append(f"robustness.axes.{recipe}.{axis}.subjects=[{', '.join(chosen)}]")
    if settings.draws is not None:
        overrides.append(f"study.recipes.{recipe}.{params.ablate}.seeds={settings.draws}")
    if settings.in_development:
        overrides.append("study.in_development=true")
        studied = studied.model_copy(update={"in_development": True})
    outputs = settings.outputs / LIGHT if made else settings.outputs
    root = built(dataset, outputs, settings.params, overrides)
    run_stage(
        robustness.OUT,
        dataset=dataset,
        overrides=overrides,
        params_path=settings.params,
        outputs=outputs,
        axes=list(subjects),
    )
    table = read_results(folder_of(root, robustness.OUT, studied))
    for axis, chosen in subjects.items():
        yield figures_of(dataset, table[(table["axis"] == axis) & table["subject"].isin(chosen)])


def _subjects(
    params: robustness.Params, recipe: str, names: Collection[str], asked_for: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Who is measured along each axis of these names; none where nobody is asked for."""
    chosen = {
        axis: tuple(s for s in asked.subjects if not asked_for or s in asked_for)
        for axis, asked in params.axes.get(recipe, {}).items()
        if axis in names and asked.levels(params.ablate)
    }
    return {axis: subjects for axis, subjects in chosen.items() if subjects}


def figures_of(dataset: str, table: pd.DataFrame) -> Figures:
    """Figures of the rows of an axis; `<dataset>/<axis>/<level>/<subject>/accuracy` and so on.

    A level is named by its number, where no other level of the axis has the same one.
    """
    figures: Figures = {}
    found = accuracies(table)
    levels = found.drop_duplicates("level")
    shared = set(levels["value"][levels["value"].duplicated()])
    for row in found.to_dict("records"):
        value = row["value"]
        has_number = not math.isnan(value) and value not in shared
        level = f"{value:g}" if has_number else str(row["level"]).replace(" ", "_")
        at = f"{dataset}/{row['axis']}/{level}/{row['subject']}"
        measures = {
            "accuracy": row["accuracy"],
            "low": row["low"],
            "high": row["high"],
            "params": row["parameters"],
            "macs": row["macs"],
            "queries": row["queries"],
            "images": row["images"],
        }
        figures |= {f"{at}/{name}": float(v) for name, v in measures.items() if not math.isnan(v)}
    return figures


def labels_of(settings: Settings) -> set[str]:
    """Contenders and controls of all studies, and who is to reach targets."""
    values = load_params(settings.params, settings.overrides)
    asked = section_of(values, "to_target", to_target.Params).recipes.values()
    studies = section_of(values, "study", study.Params).recipes.values()
    reaching = {name for recipe in asked for name in {**recipe.models, **recipe.controls}}
    studied = {name for recipe in studies for name in recipe.all_contenders}
    return studied | reaching


SUITES: Mapping[str, Suite] = {
    "curves": grid(STRENGTHS),
    "attacks": grid(ATTACKS),
    "to_target": targets,
}
"""Cheap ones first."""

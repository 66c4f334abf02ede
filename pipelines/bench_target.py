"""Suite `to_target` of `bench robustness`: what it takes to reach an accuracy."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from perceptgraph.benchmarks import to_target
from perceptgraph.benchmarks.attempts import Pictures
from perceptgraph.benchmarks.to_target import Contest
from perceptgraph.pipelines.bench import Figures
from perceptgraph.pipelines.bench_models import Settings, of_each
from perceptgraph.pipelines.energy import EnergyParams
from perceptgraph.pipelines.metering import core_band
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.rungs import built
from perceptgraph.pipelines.running import power_of
from perceptgraph.stages import detect, few_shot_runs, relate, train
from perceptgraph.stages.target_views import TABLE, Line


def targets(settings: Settings) -> Iterator[Figures]:
    """Figures of all sets that section to_target names; the table of each beside its stores."""
    values = load_params(settings.params, settings.overrides)
    params = section_of(values, "to_target", to_target.Params)

    def of_set(dataset: str) -> Iterator[Figures]:
        recipe = params.recipe(dataset)
        names = [n for n in settings.models if n in recipe.models | recipe.controls]
        if names or not settings.models:
            yield from _of_set(dataset, settings, names)

    yield from of_each(list(params.recipe_of), of_set)


def contest(dataset: str, settings: Settings) -> Contest:
    """The recipe of a data set and all that its runs need; ParamsError for what cannot be."""
    values = load_params(settings.params, settings.overrides)
    recipe = section_of(values, "to_target", to_target.Params).recipe(dataset)
    few_shot = section_of(values, "few_shot", few_shot_runs.Params).recipes
    energy = section_of(values, "energy", EnergyParams)
    return Contest(
        recipe,
        few_shot[recipe.few_shot],
        section_of(values, "train", train.Params),
        dataset,
        section_of(values, "detect", detect.Params),
        section_of(values, "relate", relate.Params),
        power_of(energy),
        core_band(energy),
    )


def _of_set(dataset: str, settings: Settings, names: Sequence[str]) -> Iterator[Figures]:
    where = settings.outputs, settings.params, settings.overrides
    root = built(dataset, *where, up_to="prepare")
    asked = contest(dataset, settings)
    development = Pictures(root, in_development=True, most_scored=asked.recipe.validated)
    test = None if settings.in_development else Pictures(root)
    folder = root / "development" if settings.in_development else root
    lines: list[Line] = []
    for line in to_target.measure(asked, development, test, names, settings.draws):
        lines.append(line)
        write_table(folder / TABLE, lines)
        yield to_target.figures_of(dataset, line)


def write_table(path: Path, lines: Sequence[Line]) -> None:
    """A line for each target and model, then one for each trial, as CSV."""
    ordered = sorted(lines, key=lambda line: not line.target)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    pd.DataFrame([line.row() for line in ordered]).to_csv(partial, index=False)
    partial.replace(path)


def land_table(outputs: Path, results: Path, dataset: str) -> Path | None:
    """Copy the table of a data set to where it is committed; None where there is none."""
    table = outputs / dataset / TABLE
    if not table.exists():
        return None
    landed = results / dataset / TABLE
    landed.parent.mkdir(parents=True, exist_ok=True)
    landed.write_bytes(table.read_bytes())
    return landed

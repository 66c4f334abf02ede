"""What `bench digits` and `bench scenes` share: rungs made ready, figures as they come, a table."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from perceptgraph.benchmarks import few_shot
from perceptgraph.benchmarks.few_shot import Costs
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.pipelines.bench import Figures, look_in, write_figures
from perceptgraph.pipelines.energy import EnergyParams
from perceptgraph.pipelines.metering import watts_per_core
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.pipelines.rungs import built, extraction_s
from perceptgraph.stages import prepare, relate, train
from perceptgraph.stages.baselines import BASELINES
from perceptgraph.stages.few_shot import Rung
from perceptgraph.stages.few_shot_runs import ALL, Params, PerClass, Run, Runner, runs_of
from perceptgraph.stages.params import ParamsError, check_choices

LOGGER = logging.getLogger(__name__)
COLUMNS = {
    "accuracy": "accuracy",
    "mean_per_class": "per class",
    "random_mean_per_class": "random splits",
    "upright": "upright",
    "angle_error_deg": "angle error",
    "params": "parameters",
    "macs": "MACs",
    "cpu_s": "CPU-s",
    "joules": "joules",
}
"""Measures in the order of the table, and their heads; those that a suite lacks are left out, and
measures that are not named here are in the JSON alone."""
IN_COUNTS = ("params", "macs")
CAPTION = "* control: sees pixels. Accuracies in %, over the draws. Joules are modelled."
WIDTH = 100  # of tables, also where no terminal says how wide it is


@dataclass(frozen=True, slots=True)
class Settings:
    """What the suites are told."""

    outputs: Path
    """Folder of all results."""
    params: Path
    """Parameters of the runs."""
    overrides: tuple[str, ...]
    """"section.key=value"."""
    models: tuple[str, ...]
    """Labels that are measured; none: all."""
    per_class: tuple[PerClass, ...]
    """Numbers of images that are measured; none: those of each label."""
    draws: int | None
    """None: as params.yaml says."""
    in_development: bool
    """Draw from the training split and score on the validation split; the test split rests."""


Suite = Callable[[Settings], Iterator[Figures]]


def settings_of(
    outputs: Path,
    params: Path,
    overrides: Sequence[str] | None,
    models: Sequence[str] | None,
    per_class: Sequence[str] | None,
    draws: int | None,
    in_development: bool,
) -> Settings:
    """What the command line said; ParamsError for what is no number of images."""
    sizes: list[PerClass] = []
    for word in per_class or ():
        if word != ALL and not (word.isdecimal() and int(word)):
            raise ParamsError(f"--per-class {word}: expected a number from 1 on, or {ALL}")
        sizes.append(ALL if word == ALL else int(word))
    chosen = tuple(overrides or ()), tuple(models or ()), tuple(sizes)
    return Settings(outputs, params, *chosen, draws, in_development)


def runs_for(dataset: str, settings: Settings, per_class: Sequence[PerClass]) -> list[Run]:
    """The runs of a data set; none where no label of it is asked for.

    Raises
    ------
    ParamsError
        A runner that cannot be.
    """
    values = load_params(settings.params, settings.overrides)
    recipe = section_of(values, "few_shot", Params).recipe(dataset)
    labels = [label for label in settings.models if label in recipe.runners]
    if settings.models and not labels:
        return []
    base = section_of(values, "train", train.Params)
    return runs_of(recipe, base, labels, per_class, settings.draws)


def of_runs(dataset: str, settings: Settings, runs: Sequence[Run]) -> Iterator[Figures]:
    """Figures of these runs on a rung, which is made ready first."""
    if not runs:
        return
    reads_graphs = any(run.setting.cls.STORE == relate.OUT for run in runs)
    where = settings.outputs, settings.params, settings.overrides
    root = built(dataset, *where, up_to="relate" if reads_graphs else "prepare")
    rung = Rung(root, settings.in_development)
    yield from few_shot.measure(rung, runs, costs_of(root, settings))


def costs_of(root: Path, settings: Settings) -> Costs:
    """What runs on a rung cost besides, whatever they are."""
    values = load_params(settings.params, settings.overrides)
    watts = watts_per_core(section_of(values, "energy", EnergyParams))
    return Costs({relate.OUT: extraction_s(root), prepare.OUT: 0.0}, watts)


def few(*datasets: str) -> Suite:
    """The suite of few images of each class of these sets; sets that are not there are left out."""

    def suite(settings: Settings) -> Iterator[Figures]:
        asked = [k for k in settings.per_class if k != ALL]
        if settings.per_class and not asked:
            return

        def of_set(dataset: str) -> Iterator[Figures]:
            runs = [r for r in runs_for(dataset, settings, asked) if r.per_class != ALL]
            yield from of_runs(dataset, settings, runs)

        yield from of_each(datasets, of_set)

    return suite


def of_each(
    datasets: Sequence[str], of_set: Callable[[str], Iterator[Figures]]
) -> Iterator[Figures]:
    """Figures of one set after the other, but of those without data; MissingData where all are."""
    missing = []
    for dataset in datasets:
        try:
            yield from of_set(dataset)
        except MissingData as error:
            missing.append(error)
            LOGGER.warning("left out %s: %s", dataset, error)
    if len(missing) == len(datasets):
        raise missing[0]


def every(dataset: str) -> Suite:
    """The suite of all training images of a set."""

    def suite(settings: Settings) -> Iterator[Figures]:
        if settings.per_class and ALL not in settings.per_class:
            return
        runs = [r for r in runs_for(dataset, settings, []) if r.per_class == ALL]
        yield from of_runs(dataset, settings, runs)

    return suite


def bench_models(
    title: str,
    suites: Mapping[str, Suite],
    named: Sequence[str],
    data: Path | None,
    settings: Settings,
    json_out: Path | None,
    others: Collection[str] = (),
) -> None:
    """Measure the suites, all of them if none is named: a table of each, all figures as JSON.

    The JSON is written anew after every figure. A few-shot run that was measured before is taken
    from where its score is kept, so a bench that was interrupted goes on.

    Parameters
    ----------
    others : collection of str
        Labels of these suites that section few_shot does not have.

    Raises
    ------
    ParamsError
        An unknown suite, label or parameter, or nothing that is asked for.
    MissingData
        `data` is no folder, or a suite that was named lacks its data, or all do.
    """
    check_choices("--suite", named, suites)
    runners = runners_of(settings)
    check_choices("--model", settings.models, dict.fromkeys([*runners, *others]))
    look_in(data)
    torch.set_num_threads(1)
    figures: Figures = {}
    left_out: list[str] = []
    for name in named or suites:
        found: Figures = {}
        try:
            for few_figures in suites[name](settings):
                found |= few_figures
                write_figures(figures | found, json_out)
                for line in lines_of(few_figures):  # the table waits for the whole suite
                    Console(stderr=True).print(line, highlight=False)
        except MissingData as error:
            if named:
                raise
            Console(stderr=True).print(f"left out {name}: {error}", highlight=False)
            left_out.append(name)
        figures |= found
        if found:
            table = table_of(f"{title}: {name}", found, controls_among(runners))
            Console(width=WIDTH).print(table)
    if not figures and left_out:
        raise MissingData(f"nothing to measure: no data for {', '.join(left_out)}")
    if not figures:
        raise ParamsError(
            "nothing to measure: no suite that is asked for has these labels (--model) with these "
            "numbers of images (--per-class)"
        )


def runners_of(settings: Settings) -> dict[str, list[Runner]]:
    """Label to those of all data sets that it names."""
    params = section_of(load_params(settings.params, settings.overrides), "few_shot", Params)
    found: dict[str, list[Runner]] = {}
    for recipe in params.recipes.values():
        for label, runner in recipe.runners.items():
            found.setdefault(label, []).append(runner)
    return found


def controls_among(runners: Mapping[str, Sequence[Runner]]) -> set[str]:
    """The labels of pixel models."""
    return {label for label, each in runners.items() if any(r.model in BASELINES for r in each)}


def lines_of(figures: Figures) -> Iterator[str]:
    """The accuracies among the figures, in words."""
    for name, value in figures.items():
        if name.endswith("/accuracy"):
            yield f"{name.removesuffix('/accuracy')}: {value:.2f} %"


def table_of(title: str, figures: Figures, controls: Collection[str]) -> Table:
    """A row for each set, number of images and label, controls marked; a column a measure."""
    rows: dict[str, dict[str, float]] = {}
    for name, value in figures.items():
        who, _, measure = name.rpartition("/")
        rows.setdefault(who, {})[measure] = value
    columns = [c for c in COLUMNS if any(c in row for row in rows.values())]
    table = Table("", title=title, title_justify="left", caption=CAPTION, caption_justify="left")
    for column in columns:
        table.add_column(COLUMNS[column], justify="right")
    for name, row in rows.items():
        mark = " *" if name.rpartition("/")[2] in controls else ""
        table.add_row(name + mark, *(_cell(column, row) for column in columns))
    return table


def _cell(column: str, row: Mapping[str, float]) -> str:
    if column not in row:
        return ""
    if column in IN_COUNTS:
        return f"{row[column]:,.0f}"
    varies = "random_mean_per_class" if "random_mean_per_class" in row else "accuracy"
    deviation = f" ± {row['sd']:.2f}" if column == varies and "sd" in row else ""
    return f"{row[column]:.2f}{deviation}"

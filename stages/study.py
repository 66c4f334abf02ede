"""What ablations start from and what they change: section `study`, and the axes of each stage.

A *contender* is a runner of section `few_shot` with a change of its own; some are controls, which
stand in every table. An *axis* makes one more change for each of its *levels*. A *cell* is a
contender at a level with one seed: seeds are paired, since draw d takes the same images everywhere.
Cells that come to the same, whatever the axis, are measured once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from perceptgraph.stages import few_shot_runs as runs
from perceptgraph.stages import train
from perceptgraph.stages.baselines import BASELINES
from perceptgraph.stages.few_shot_runs import Optimisation, PerClass, Run
from perceptgraph.stages.params import ByRecipe, ParamsError, StageParams, check_choices, overlaid

Grid = Literal["small", "full"]
Operators = dict[str, dict[str, Any]]
"""Names of a table, each with its keyword arguments, in order."""


class Change(StageParams):
    """What is done otherwise; what is not named stays."""

    runner: str | None = None
    """Of the recipe of section few_shot: model, keywords, augmentation and optimisation."""
    per_class: PerClass | None = None
    keywords: dict[str, Any] = Field(default={})
    augmentation: str | None = None
    optimisation: Optimisation = Field(default=Optimisation())
    scored: int | None = Field(default=None, gt=0)
    """So many of the images that the recipe has scored, evenly spread; all by default."""
    prepare: dict[str, Any] = Field(default={})
    """Keywords of the data set, over those of section prepare."""
    images: Operators = Field(default={})
    """Of `datasets.perturb.PERTURBATIONS`, done to all images before anything is detected."""
    copies: int = Field(default=0, ge=0)
    """Noisy copies of each image that is learned from, which stand beside it."""
    noisy: Operators = Field(default={})
    """PERTURBATIONS of those copies, before anything is detected in them."""
    detect: dict[str, Any] = Field(default={})
    """Over the recipe of section detect, table by table; null takes an entry out."""
    relate: dict[str, Any] = Field(default={})
    """The same for section relate."""
    graphs: Operators = Field(default={})
    """Of `graphs.alterations.ALTERATIONS`, done to all graphs."""
    wrong_labels: float = Field(default=0.0, ge=0, le=1)
    """Share of the training images whose label is drawn among the other classes."""
    unseen: Operators = Field(default={})
    """PERTURBATIONS of the images that are scored; what was learned from stays clean."""
    attack: Operators = Field(default={})
    """One of `stages.attacks.ATTACKS`, on the images that are scored."""

    def then(self, other: "Change") -> "Change":
        """Do this and then the other one, which wins where both name a value."""
        return Change(**overlaid(self.model_dump(), other.model_dump(exclude_unset=True)))


class AxisParams(StageParams):
    """One axis of a stage for a kind of data: whose levels, and which."""

    subjects: tuple[str, ...]
    """Contenders or controls that are measured at each level."""
    small: tuple[Any, ...]
    full: tuple[Any, ...]

    def levels(self, grid: Grid) -> tuple[Any, ...]:
        """Values of the levels of a grid."""
        return self.small if grid == "small" else self.full


class Size(StageParams):
    """How large a grid is."""

    seeds: int = Field(gt=0)
    scored: int | None = Field(default=None, gt=0)
    """Test images that are scored, evenly spread; all by default."""


class Recipe(StageParams):
    """What studies of a kind of data start from."""

    few_shot: str
    """Recipe of section few_shot whose runners are meant."""
    per_class: PerClass
    optimisation: Optimisation
    """Over that of all runners."""
    small: Size
    full: Size
    contenders: dict[str, Change]
    """By what their rows are called."""
    controls: dict[str, Change]

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        both = sorted(set(self.contenders) & set(self.controls))
        if both:
            raise ValueError(f"controls: {', '.join(both)} are contenders too; rename one")
        for name, change in {**self.contenders, **self.controls}.items():
            if change.runner is None:
                raise ValueError(f"contenders.{name}: expected a runner of section few_shot")
        return self

    def size(self, grid: Grid) -> Size:
        """Seeds and images of a grid."""
        return self.small if grid == "small" else self.full

    @property
    def all_contenders(self) -> dict[str, Change]:
        """Contenders and controls."""
        return {**self.contenders, **self.controls}


class Params(ByRecipe[Recipe]):
    """Section `study` of params.yaml."""

    in_development: bool
    """Draw from the training split and score on the validation split: for choices."""


class GridParams(StageParams):
    """Section of a stage that runs a grid: its axes for each recipe of section `study`."""

    ablate: Grid
    """From the top of params.yaml."""
    axes: dict[str, dict[str, AxisParams]]
    """Recipe of section study to the axes of AXES."""


@dataclass(frozen=True, slots=True)
class Level:
    """A place on an axis."""

    name: str
    """What its rows are called."""
    change: Change
    value: float | None = None
    """Where it stands on a numeric axis."""


Axis = Callable[[Any], Level]
"""Value of a level in params.yaml to the level."""

AS_IS = Level("as is", Change())
"""The contender without a further change: it stands on every axis."""

CLEAN = "clean"
"""Name of the level of an attack's axis where as many images are scored as they are."""


@dataclass(frozen=True, slots=True)
class Cell:
    """All that a figure depends on but the images and the code."""

    run: Run
    """Its label plays no part in what comes out."""
    change: Change
    """Of which model, keywords, augmentation and optimisation are in the run already."""
    scored: int | None
    """Images that the recipe has scored, of which the change may take fewer."""
    in_development: bool
    source: "Cell | None" = None
    """The other contender that an attack names as its `source`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: where it stands, and the cell that fills it."""

    axis: str
    level: str
    value: float | None
    subject: str
    role: Literal["subject", "control"]
    cell: Cell


CONTROLS_AXIS = "controls"
"""The axis of all controls as they are; its rows belong to every table."""


@dataclass(frozen=True, slots=True)
class Sections:
    """What cells are made of."""

    study: Params
    few_shot: runs.Params
    base: train.Params


def cell_of(
    name: str, change: Change, draw: int, dataset: str, grid: Grid, sections: Sections
) -> Cell:
    """The cell of a contender after this change; ParamsError if it cannot be.

    What a pixel model does not see is left out of its change.
    """
    recipe = sections.study.recipe(dataset)
    runners = sections.few_shot.recipes[recipe.few_shot].runners
    check_choices(f"study: {name}.runner", [str(change.runner)], runners)
    runner = runners[str(change.runner)]
    per_class = change.per_class or recipe.per_class
    last = runs.Change(
        keywords=change.keywords,
        augmentation=change.augmentation,
        optimisation=recipe.optimisation.model_copy(
            update=change.optimisation.model_dump(exclude_none=True)
        ),
    )
    setting = runs.setting_of(name, runner, per_class, sections.base, last)
    if setting.model in BASELINES:
        change = change.model_copy(update={field: {} for field in OF_GRAPHS})
    return Cell(
        Run(name, per_class, draw, setting),
        change,
        recipe.size(grid).scored,
        sections.study.in_development,
        _source_of(change, draw, dataset, grid, sections),
    )


OF_GRAPHS = ("detect", "relate", "graphs")
"""Fields of a change that pixel models do not see."""


def _source_of(
    change: Change, draw: int, dataset: str, grid: Grid, sections: Sections
) -> Cell | None:
    """The contender that an attack takes its images from, as it is."""
    names = {str(keywords["source"]) for keywords in change.attack.values() if "source" in keywords}
    contenders = sections.study.recipe(dataset).all_contenders
    check_choices("attack: source", names, contenders)
    cells = [cell_of(name, contenders[name], draw, dataset, grid, sections) for name in names]
    return cells[0] if cells else None


def rows_of(
    dataset: str, params: GridParams, table: Mapping[str, Axis], sections: Sections
) -> list[Row]:
    """Rows of all axes of a data set, seeds side by side; the controls first.

    An axis without levels in the grid has no rows.

    Raises
    ------
    ParamsError
        An unknown axis, contender or runner, a level that cannot be, or what is there twice.
    """
    study = sections.study
    recipe = study.recipe(dataset)
    check_choices("axes", params.axes, study.recipes)
    axes = params.axes.get(study.recipe_of[dataset], {})
    check_choices("axes", axes, table)
    everyone = recipe.all_contenders
    places: list[tuple[str, Level, str]] = [
        (CONTROLS_AXIS, AS_IS, name) for name in recipe.controls
    ]
    for axis, settings in axes.items():
        check_choices(f"axes.{axis}.subjects", settings.subjects, everyone)
        levels = [table[axis](value) for value in settings.levels(params.ablate)]
        levels = [AS_IS, *levels] if levels else []
        _check_told_apart(axis, levels, settings.subjects)
        places += [(axis, level, name) for level in levels for name in settings.subjects]
    return [
        Row(
            axis,
            level.name,
            level.value,
            name,
            "control" if name in recipe.controls else "subject",
            cell_of(
                name, everyone[name].then(level.change), seed, dataset, params.ablate, sections
            ),
        )
        for axis, level, name in places
        for seed in range(recipe.size(params.ablate).seeds)
    ]


def _check_told_apart(axis: str, levels: Sequence[Level], subjects: Sequence[str]) -> None:
    """Raise ParamsError where rows of an axis would be called the same, and seeds counted twice."""
    for what, names in (("subject", subjects), ("level", [level.name for level in levels])):
        if twice := sorted({name for name in names if list(names).count(name) > 1}):
            raise ParamsError(
                f"axes.{axis}: expected each {what} once, got {', '.join(twice)} more than once"
            )

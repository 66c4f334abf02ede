"""What ablations start from and what they change: section `study`, and the axes of each stage.

A *contender* is a runner of section `few_shot` with a change of its own; some are controls, which
stand in every table. An *axis* makes one more change for each of its *levels*. A *cell* is a
contender at a level with one seed: seeds are paired, since draw d takes the same images everywhere.
Cells that come to the same, whatever the axis, are measured once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from perceptgraph.stages import few_shot_runs as runs
from perceptgraph.stages import train
from perceptgraph.stages.few_shot_runs import Optimisation, PerClass, Run
from perceptgraph.stages.params import ByRecipe, StageParams, check_choices

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
    prepare: dict[str, Any] = Field(default={})
    """Keywords of the data set, over those of section prepare."""
    images: Operators = Field(default={})
    """Of `datasets.perturb.PERTURBATIONS`, done to all images before anything is detected."""
    detect: dict[str, Any] = Field(default={})
    """Over the recipe of section detect."""
    relate: dict[str, Any] = Field(default={})
    """Over the recipe of section relate."""
    graphs: Operators = Field(default={})
    """Of `graphs.alterations.ALTERATIONS`, done to all graphs."""
    wrong_labels: float = Field(default=0.0, ge=0, le=1)
    """Share of the training images whose label is drawn among the other classes."""
    unseen: Operators = Field(default={})
    """PERTURBATIONS of the images that are scored; what was learned from stays clean."""
    attack: Operators = Field(default={})
    """One of `stages.attacks.ATTACKS`, on the first images that are scored."""

    def then(self, other: "Change") -> "Change":
        """Do this and then the other one, which wins where both name a value."""
        mine, others = self.model_dump(), other.model_dump(exclude_unset=True)
        for name, value in others.items():
            merge = isinstance(value, Mapping) and isinstance(mine[name], Mapping)
            mine[name] = {**mine[name], **value} if merge else value
        return Change(**mine)


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


@dataclass(frozen=True, slots=True)
class Cell:
    """All that a figure depends on but the images and the code."""

    run: Run
    """Its label plays no part in what comes out."""
    change: Change
    """Of which model, keywords, augmentation and optimisation are in the run already."""
    scored: int | None


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


def cell_of(
    name: str,
    change: Change,
    draw: int,
    recipe: Recipe,
    grid: Grid,
    few_shot: runs.Params,
    base: train.Params,
) -> Cell:
    """The cell of a contender after this change; ParamsError if it cannot be."""
    runners = few_shot.recipes[recipe.few_shot].runners
    check_choices(f"study.contenders.{name}.runner", [str(change.runner)], runners)
    runner = runners[str(change.runner)]
    per_class = change.per_class or recipe.per_class
    last = runs.Change(
        keywords=change.keywords,
        augmentation=change.augmentation,
        optimisation=recipe.optimisation.model_copy(
            update=change.optimisation.model_dump(exclude_none=True)
        ),
    )
    setting = runs.setting_of(name, runner, per_class, base, last)
    return Cell(Run(name, per_class, draw, setting), change, recipe.size(grid).scored)


def rows_of(
    dataset: str,
    params: GridParams,
    table: Mapping[str, Axis],
    study: Params,
    few_shot: runs.Params,
    base: train.Params,
) -> list[Row]:
    """Rows of all axes of a data set, seeds side by side; the controls first.

    Raises
    ------
    ParamsError
        An unknown axis, contender or runner, or a level that cannot be.
    """
    recipe = study.recipe(dataset)
    axes = params.axes.get(study.recipe_of[dataset], {})
    check_choices("axes", axes, table)
    everyone = recipe.all_contenders
    places: list[tuple[str, Level, str]] = [
        (CONTROLS_AXIS, AS_IS, name) for name in recipe.controls
    ]
    for axis, settings in axes.items():
        check_choices(f"axes.{axis}.subjects", settings.subjects, everyone)
        levels = [AS_IS, *(table[axis](value) for value in settings.levels(params.ablate))]
        places += [(axis, level, name) for level in levels for name in settings.subjects]
    return [
        Row(
            axis,
            level.name,
            level.value,
            name,
            "control" if name in recipe.controls else "subject",
            cell_of(
                name, everyone[name].then(level.change), seed, recipe, params.ablate, few_shot, base
            ),
        )
        for axis, level, name in places
        for seed in range(recipe.size(params.ablate).seeds)
    ]

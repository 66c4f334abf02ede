"""Who learns from few images, and how: section `few_shot` of params.yaml as a list of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from perceptgraph.graphs.models import fitting
from perceptgraph.graphs.models.classifier import Classifier
from perceptgraph.graphs.models.saved import classifier_of
from perceptgraph.stages import train
from perceptgraph.stages.params import ByRecipe, StageParams, check_choices, check_keywords

ALL: Literal["all"] = "all"
PerClass = Annotated[int, Field(gt=0)] | Literal["all"]
"""Training images of each class, or all that there are."""


class Optimisation(StageParams):
    """What is otherwise than in `train`; as nothing is validated, no run stops before its end."""

    batch_size: int | None = Field(default=None, gt=0)
    max_steps: int | None = Field(default=None, gt=0)
    learning_rate: float | None = Field(default=None, gt=0)
    weight_decay: float | None = Field(default=None, ge=0)


class Change(StageParams):
    """What a runner does otherwise, where it learns from more images."""

    keywords: dict[str, Any] = Field(default={})
    augmentation: str | None = None
    optimisation: Optimisation = Field(default=Optimisation())


class Runner(StageParams):
    """A model, and how it learns from few images."""

    model: str
    per_class: tuple[PerClass, ...]
    """How many images of each class it is measured with; none for what studies alone start from."""
    keywords: dict[str, Any]
    """Over those of `train.networks`."""
    augmentation: str
    """Of `train.augment.recipes`."""
    optimisation: Optimisation
    changes: dict[PerClass, Change]
    """From that many images of each class on, one over the other."""


class Recipe(StageParams):
    """Who learns from few images of a data set."""

    draws: int = Field(gt=0)
    """Of each number of images; one of all."""
    runners: dict[str, Runner]
    """By what their figures are called."""


class Params(ByRecipe[Recipe]):
    """Section `few_shot` of params.yaml."""

    @model_validator(mode="after")
    def _models_are_known(self) -> Self:
        for name, recipe in self.recipes.items():
            for label, runner in recipe.runners.items():
                at = f"recipes.{name}.runners.{label}.model"
                check_choices(at, [runner.model], train.CLASSIFIERS)
        return self


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a run depends on but its images."""

    model: str
    keywords: Mapping[str, Any]
    augmentation: Mapping[str, Mapping[str, Any]]
    recipe: fitting.Recipe

    @property
    def cls(self) -> type[Classifier]:
        """Class of the model."""
        return classifier_of(self.model, train.CLASSIFIERS)


@dataclass(frozen=True, slots=True)
class Run:
    """A model that learns from one draw."""

    label: str
    """What its figures are called."""
    per_class: PerClass
    draw: int
    setting: Setting


def size_of(per_class: PerClass) -> float:
    """A number to sort by.

    Examples
    --------
    >>> sorted(["all", 10, 5], key=size_of)
    [5, 10, 'all']
    """
    return float("inf") if per_class == ALL else float(per_class)


def setting_of(
    label: str, runner: Runner, per_class: PerClass, base: train.Params, last: Change | None = None
) -> Setting:
    """How a runner learns from that many images of each class; ParamsError if it cannot be told.

    `last` is a change over all those of the runner.
    """
    check_choices(f"few_shot: {label}.model", [runner.model], base.networks)
    keywords = base.networks[runner.model] | runner.keywords
    optimisation = runner.optimisation.model_dump(exclude_none=True)
    augmentation = runner.augmentation
    due = [first for first in runner.changes if size_of(first) <= size_of(per_class)]
    changes = [runner.changes[first] for first in sorted(due, key=size_of)]
    for change in [*changes, *([last] if last else [])]:
        keywords = keywords | change.keywords
        optimisation |= change.optimisation.model_dump(exclude_none=True)
        augmentation = change.augmentation or augmentation
    check_choices(f"few_shot: {label}.augmentation", [augmentation], base.augment.recipes)
    recipe = replace(base.recipe, **optimisation)
    recipe = replace(recipe, evaluate_every=recipe.max_steps, patience=1)
    setting = Setting(runner.model, keywords, base.augment.recipes[augmentation], recipe)
    check_keywords(f"few_shot: {label}.keywords", setting.cls, keywords)
    return setting


def runs_of(
    recipe: Recipe,
    base: train.Params,
    labels: Sequence[str] = (),
    per_class: Sequence[PerClass] = (),
    draws: int | None = None,
) -> list[Run]:
    """The runs of a recipe, those with few images first.

    Parameters
    ----------
    labels, per_class : sequences
        Those that are measured; all of the recipe if none is named, but for what is studied only. A
        number of images that is named is measured for every label, also where the recipe leaves
        it out.
    draws : int, optional
        As the recipe says by default.

    Raises
    ------
    ParamsError
        An unknown label, or a runner that cannot be.
    """
    check_choices("few_shot", labels, recipe.runners)
    benched = [label for label, runner in recipe.runners.items() if runner.per_class]
    chosen = {label: recipe.runners[label] for label in labels or benched}
    sizes = set(per_class) or {k for runner in chosen.values() for k in runner.per_class}
    return [
        Run(label, k, draw, setting_of(label, runner, k, base))
        for k in sorted(sizes, key=size_of)
        for label, runner in chosen.items()
        if per_class or k in runner.per_class
        for draw in range(1 if k == ALL else draws or recipe.draws)
    ]

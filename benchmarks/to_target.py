"""What it takes to reach an accuracy: the cheapest images and training of each model that do.

Each model has *trials*, from cheap to dear: a number of images of each class, and how it learns
from them. They are made on draws of the training split and scored on the validation split, one
after the other until one reaches the highest target; a trial reaches a target if its mean over the
draws does, less one standard error. The cheapest in CPU-seconds of those that reach a target is
then measured once on the test split, and it is these figures that are reported.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy import stats

from perceptgraph.benchmarks.attempts import Attempt, Pictures, Seeing
from perceptgraph.benchmarks.few_shot import Figures
from perceptgraph.stages import detect, few_shot_runs, relate, train
from perceptgraph.stages.few_shot_runs import Change, Optimisation, PerClass, Run
from perceptgraph.stages.outcome import Power
from perceptgraph.stages.params import ByRecipe, StageParams, check_choices
from perceptgraph.stages.target_views import Line

CONFIDENCE = 0.95
Target = float | str
"""An accuracy in percent, or a model of the recipe: the best that it has on validation images."""


class Trial(Change):
    """Images of each class, and how a model learns from them."""

    per_class: PerClass


class Contestant(Change):
    """A model, what it does otherwise than its runner in all of its trials, and these."""

    runner: str
    """Of the recipe of section few_shot."""
    detect: str | None = None
    """Recipe of section detect in place of that of the data set: what the model reads, no more."""
    relate: str | None = None
    """Recipe of section relate."""
    draws: int | None = Field(default=None, gt=0)
    """Where those of the recipe would take too long."""
    trials: tuple[Trial, ...] = Field(min_length=1)
    """Cheap ones first."""


class Recipe(StageParams):
    """What is to be reached on a kind of data, and by whom."""

    few_shot: str
    """Recipe of section few_shot whose runners are meant."""
    targets: tuple[Target, ...]
    draws: int = Field(gt=0)
    validated: int | None = Field(gt=0)
    """Validation images that a trial is scored on at most; null for all."""
    models: dict[str, Contestant]
    controls: dict[str, Contestant]

    @model_validator(mode="after")
    def _targets_are_known(self) -> Self:
        both = sorted(set(self.models) & set(self.controls))
        if both:
            raise ValueError(f"controls: {', '.join(both)} are models too; rename one")
        named = [target for target in self.targets if isinstance(target, str)]
        check_choices("targets", named, self.models | self.controls)
        return self


class Params(ByRecipe[Recipe]):
    """Section `to_target` of params.yaml."""


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A trial and what came of it."""

    per_class: PerClass
    words: str
    """Images, and what it does otherwise than its runner."""
    runs: tuple[Run, ...]
    seeing: Seeing
    attempts: tuple[Attempt, ...]

    @property
    def accuracy(self) -> float:
        """Mean over the draws."""
        return float(np.mean([a.accuracy for a in self.attempts]))

    @property
    def cpu_s(self) -> float:
        """Mean over the draws."""
        return float(np.mean([a.cpu_s for a in self.attempts]))

    def reaches(self, target: float) -> bool:
        """Its mean, less a standard error, is not below."""
        accuracies = [a.accuracy for a in self.attempts]
        error = float(stats.sem(accuracies)) if len(accuracies) > 1 else 0.0
        return self.accuracy - error >= target


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """A recipe and all that its runs need."""

    recipe: Recipe
    runners: few_shot_runs.Recipe
    base: train.Params
    dataset: str
    detect: detect.Params
    relate: relate.Params
    power: Power
    watts: tuple[float, float]
    """Of one busy core at least and at most, for the watts of `power` are modelled."""

    def all_models(self) -> dict[str, Contestant]:
        """Models and controls."""
        return {**self.recipe.models, **self.recipe.controls}

    def role(self, name: str) -> Literal["subject", "control"]:
        """Of a model of the recipe."""
        return "control" if name in self.recipe.controls else "subject"

    def seeing(self, who: Contestant) -> Seeing:
        """How a model is given its graphs."""
        check_choices("to_target.detect", [who.detect] if who.detect else [], self.detect.recipes)
        check_choices("to_target.relate", [who.relate] if who.relate else [], self.relate.recipes)
        return Seeing(
            self.detect.recipes[who.detect or self.detect.recipe_of[self.dataset]],
            self.relate.recipes[who.relate or self.relate.recipe_of[self.dataset]],
        )

    def runs(self, name: str, who: Contestant, trial: Trial, draws: int) -> tuple[Run, ...]:
        """The runs of a trial; ParamsError if it cannot be."""
        at = f"to_target.{name}.runner"
        check_choices(at, [who.runner], self.runners.runners)
        runner = self.runners.runners[who.runner]
        change = change_of(who, trial)
        setting = few_shot_runs.setting_of(name, runner, trial.per_class, self.base, change)
        return tuple(Run(name, trial.per_class, draw, setting) for draw in range(draws))


def tries(
    contest: Contest, name: str, goal: float, pictures: Pictures, draws: int | None
) -> Iterator[Tried]:
    """Trials of a model, until one reaches the goal."""
    who = contest.all_models()[name]
    seeing = contest.seeing(who)
    for trial in who.trials:
        runs = contest.runs(name, who, trial, draws or who.draws or contest.recipe.draws)
        attempts = tuple(pictures.attempt(run, seeing) for run in runs)
        words = in_words(trial.per_class, change_of(who, trial))
        yield (tried := Tried(trial.per_class, words, runs, seeing, attempts))
        if tried.reaches(goal):
            return


def change_of(who: Contestant, trial: Trial) -> Change:
    """What a model does otherwise than its runner in a trial."""
    optimisation = who.optimisation.model_dump(exclude_none=True)
    return Change(
        keywords=who.keywords | trial.keywords,
        augmentation=trial.augmentation or who.augmentation,
        optimisation=Optimisation(
            **optimisation | trial.optimisation.model_dump(exclude_none=True)
        ),
    )


def in_words(per_class: PerClass, change: Change) -> str:
    """How many images of a class, and what is otherwise than in a runner.

    Examples
    --------
    >>> in_words(5, Change(keywords={"copies": 9}, optimisation={"max_steps": 20}))
    '5 a class, copies 9, max_steps 20'
    """
    changes = change.keywords | change.optimisation.model_dump(exclude_none=True)
    if change.augmentation:
        changes["augmentation"] = change.augmentation
    return ", ".join([f"{per_class} a class", *(f"{k} {v}" for k, v in changes.items())])


def cheapest(tried: Sequence[Tried], target: float) -> Tried | None:
    """Of the trials that reach the target, the one of the fewest CPU-seconds."""
    there = [one for one in tried if one.reaches(target)]
    return min(there, key=lambda one: one.cpu_s, default=None)


def measure(
    contest: Contest,
    development: Pictures,
    test: Pictures | None,
    names: Sequence[str] = (),
    draws: int | None = None,
) -> Iterator[Line]:
    """Lines of the table: the trials of all models, then what each takes to reach each target.

    Every choice is made before the first image of `test` is read.

    Parameters
    ----------
    contest : Contest
        What is to be reached, by whom.
    development, test : Pictures
        Of the same rung; without `test` what was chosen is reported as it is in development.
    names : sequence of str
        Models that are measured; all by default. Those that are targets are measured in any case.
    draws : int, optional
        As the recipe says by default.
    """
    everyone = contest.all_models()
    check_choices("to_target", names, everyone)
    named = [target for target in contest.recipe.targets if isinstance(target, str)]
    goals = {f"{t:g}": float(t) for t in contest.recipe.targets if not isinstance(t, str)}
    chosen = list(names or everyone)
    tried: dict[str, list[Tried]] = {}
    for name in [*named, *(name for name in chosen if name not in named)]:
        goal = np.inf if name in named else max(goals.values(), default=np.inf)
        tried[name] = []
        for one in tries(contest, name, float(goal), development, draws):
            tried[name].append(one)
            yield line_of(contest, name, "", one, ())
        if name in named:
            goals[name] = max(one.accuracy for one in tried[name])
    for name in [*chosen, *(name for name in named if name not in chosen)]:
        for target, value in goals.items():
            yield reached(contest, name, target, value, tried[name], test)


def reached(
    contest: Contest,
    name: str,
    target: str,
    value: float,
    tried: Sequence[Tried],
    test: Pictures | None,
) -> Line:
    """The line of the cheapest trial of a model that reaches the target, an accuracy of `value`."""
    best = max(tried, key=lambda one: one.accuracy)
    chosen = best if target == name else cheapest(tried, value)
    attempts: Sequence[Attempt] = chosen.attempts if chosen else ()
    if chosen and test:
        attempts = [test.attempt(run, chosen.seeing) for run in chosen.runs]
    return line_of(contest, name, target, chosen or best, attempts)


def line_of(
    contest: Contest, name: str, target: str, tried: Tried, attempts: Sequence[Attempt]
) -> Line:
    """The line of a trial, or of what was measured with it on test images.

    Of a target without attempts, which no trial reaches, the best trial is named without costs.
    """
    shown = tried.attempts if not target else attempts
    watts, (least, most) = contest.power.watts, contest.watts

    def mean(field: str) -> float:
        return float(np.mean([getattr(a, field) for a in shown])) if shown else np.nan

    accuracy = [a.accuracy for a in attempts]
    low, high = interval(accuracy)
    cpu_low, cpu_high = interval([a.cpu_s for a in shown])
    return Line(
        target=target,
        model=name,
        role=contest.role(name),
        per_class=str(tried.per_class),
        trial=tried.words,
        images=mean("images"),
        development=tried.accuracy,
        accuracy=float(np.mean(accuracy)) if accuracy else np.nan,
        low=low,
        high=high,
        cpu_s=mean("cpu_s"),
        cpu_s_low=cpu_low,
        cpu_s_high=cpu_high,
        extraction_s=mean("see_s"),
        fit_s=mean("fit_s"),
        joules=mean("cpu_s") * watts,
        joules_low=least * (mean("cpu_s") if np.isnan(cpu_low) else cpu_low),
        joules_high=most * (mean("cpu_s") if np.isnan(cpu_high) else cpu_high),
        macs=mean("macs"),
        fit_macs=mean("fit_macs"),
        parameters=mean("parameters"),
        score_s=mean("score_s"),
        score_joules=mean("score_s") * watts,
        draws=len(shown),
        method=contest.power.method,
        host=contest.power.host,
    )


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Of the mean, CONFIDENCE, by Student's t; NaN of fewer than two values.

    Examples
    --------
    >>> low, high = interval([1.0, 2.0, 3.0])
    >>> round(low, 2), round(high, 2)
    (-0.48, 4.48)
    """
    if len(values) < 2:
        return np.nan, np.nan
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def figures_of(dataset: str, line: Line) -> Figures:
    """Figures of a line that has a target which is reached; none of another.

    Examples of names: `mnist/to95/kernel/cpu_s`, `ot8/to_resnet/fisher_light/joules`.
    """
    if not line.target or np.isnan(line.accuracy):
        return {}
    is_number = line.target.replace(".", "", 1).isdecimal()
    to = f"to{float(line.target):g}" if is_number else f"to_{line.target}"
    fields = ("images", "cpu_s", "joules", "macs", "fit_macs", "accuracy", "score_joules")
    values = asdict(line)
    return {f"{dataset}/{to}/{line.model}/{field}": float(values[field]) for field in fields}

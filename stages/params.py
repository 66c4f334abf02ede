"""What all stages share: the base of their Params, and operators chosen by name in params.yaml."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator


class ParamsError(ValueError):
    """A section of params.yaml that cannot be used."""


class StageParams(BaseModel):
    """One section of params.yaml: frozen, complete, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


Recipe = TypeVar("Recipe", bound=StageParams)


class ByRecipe(StageParams, Generic[Recipe]):
    """A section whose operators depend on what kind of images a data set has."""

    recipes: dict[str, Recipe]
    """What to do with images of a kind, by a name for it."""
    recipe_of: dict[str, str]
    """Data set to the name of its recipe."""

    @model_validator(mode="after")
    def _recipes_are_known(self) -> Self:
        for dataset, name in self.recipe_of.items():
            check_choices(f"recipe_of.{dataset}", [name], self.recipes)
        return self

    def recipe(self, dataset: str) -> Recipe:
        """The recipe of a data set; ParamsError where it has none."""
        check_choices("recipe_of", [dataset], self.recipe_of)
        return self.recipes[self.recipe_of[dataset]]


def suggest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` comes closest to, or all of them, as the end of an error."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"


def check_choices(section: str, chosen: Iterable[str], table: Mapping[str, Any]) -> None:
    """Raise ParamsError where a name is not in the table of operators."""
    for name in chosen:
        if name not in table:
            raise ParamsError(f"{section}: no {name!r}; {suggest(name, table)}")


def check_keywords(section: str, operator: Callable[..., Any], keywords: Mapping[str, Any]) -> None:
    """Raise ParamsError unless `keywords` are exactly the operator's keyword-only parameters.

    params.yaml is complete: a default of the operator is for people who call it by hand.
    """
    wanted = {
        name
        for name, parameter in inspect.signature(operator).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    for name in keywords:
        if name not in wanted:
            raise ParamsError(f"{section}.{name}: no such parameter; {suggest(name, wanted)}")
    missing = sorted(wanted - set(keywords))
    if missing:
        raise ParamsError(f"{section}: missing {', '.join(missing)}")


def overlaid(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of values with others over them, table by table.

    Examples
    --------
    >>> overlaid({"lines": {"density": 0.7, "max_gap": 20}}, {"lines": {"max_gap": None}})
    {'lines': {'density': 0.7, 'max_gap': None}}
    """
    mine = dict(values)
    for name, value in over.items():
        both = isinstance(value, Mapping) and isinstance(mine.get(name), Mapping)
        mine[name] = overlaid(mine[name], value) if both else value
    return mine


def without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    """The tables without the entries that are null.

    Examples
    --------
    >>> without_nulls({"lines": {"density": 0.7}, "junctions": None})
    {'lines': {'density': 0.7}}
    """
    return {
        name: without_nulls(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None
    }

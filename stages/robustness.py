"""Stage `robustness`: what was learned from images as they are, on worse ones and under attack."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from perceptgraph.stages.attacks import ATTACKS
from perceptgraph.stages.attacks.victim import check_attack
from perceptgraph.stages.degradations import axes_of
from perceptgraph.stages.given import Given
from perceptgraph.stages.grid import run_grid
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.study import CLEAN, Axis, Change, GridParams, Level
from perceptgraph.stores.mapper import Mapper

OUT = "robustness"
BUDGETS = ("eps", "pixels")
"""Keywords of attacks, one of which says how much an image may change."""


def attacked(attack: str, value: Any) -> Level:
    """The level of the axis of an attack (key of ATTACKS) at a value in params.yaml.

    Parameters
    ----------
    attack : str
        Key of ATTACKS.
    value : mapping
        Keywords of the attack, and `images`, how many of those that are scored are attacked. With
        a budget of 0 they are scored as they are, whatever the other keywords: clean accuracy on
        the same images.

    Raises
    ------
    ParamsError
        Another value.

    Examples
    --------
    >>> level = attacked("sparse", {"pixels": 20, "queries": 5000, "images": 200})
    >>> level.name, level.value, level.change.scored
    ('20 pixels in 5000 queries', 20.0, 200)
    >>> attacked("sparse", {"pixels": 0, "images": 200}).name
    'clean'
    """
    keywords = dict(value) if isinstance(value, Mapping) else {}
    budgets = [name for name in BUDGETS if name in keywords]
    if "images" not in keywords or len(budgets) != 1:
        raise ParamsError(
            f"axes.{attack}: expected keywords with images and one of {', '.join(BUDGETS)}, "
            f"got {value!r}"
        )
    scored, amount = keywords.pop("images"), keywords[budgets[0]]
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in (scored, amount)):
        raise ParamsError(
            f"axes.{attack}: expected numbers as images and {budgets[0]}, got {value!r}"
        )
    if amount == 0:
        return Level(CLEAN, Change(scored=scored), 0.0)
    check_attack({attack: keywords})
    words = f"{amount:g} pixels" if budgets == ["pixels"] else f"eps {amount:g}"
    if "queries" in keywords:
        words += f" in {keywords['queries']} queries"
    if "source" in keywords:
        words += f" from {keywords['source']}"
    return Level(words, Change(attack={attack: keywords}, scored=scored), float(amount))


AXES: dict[str, Axis] = {
    **axes_of("unseen"),
    **{attack: partial(attacked, attack) for attack in ATTACKS},
}
"""Axis to the function from its value in params.yaml to its level."""


class Params(GridParams):
    """Section `robustness` of params.yaml."""


def run(
    params: Params,
    root: Path,
    mapper: Mapper,
    given: Given,
) -> Outcome:
    """Read the stores of a rung, write `root/robustness/`; see `grid.run_grid`."""
    return run_grid(OUT, AXES, params, root, mapper, given)

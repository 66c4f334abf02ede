"""Axes along which images get worse: a perturbation at several strengths.

Of an ablation they change what is learned from too, of a robustness curve what is scored alone.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import numpy as np

from perceptgraph.datasets.perturb import check_perturbation, perturbed
from perceptgraph.stages.params import ParamsError, check_choices
from perceptgraph.stages.study import Change, Level

Strength = tuple[str, str, str, Mapping[str, Any]]
"""Of PERTURBATIONS, its keyword that says how much, how a level is called, its other keywords."""

STRENGTHS: dict[str, Strength] = {
    "noise": ("noise", "deviation", "noise of {:g}", {}),
    "sign_noise": ("sign_noise", "highest", "signs of up to {:g}", {"lowest": 0.0}),
    "blur": ("blur", "sigma", "blur of {:g} px", {}),
    "contrast": ("contrast", "factor", "contrast times {:g}", {}),
    "rotation": ("turn", "turn_deg", "turned by {:g}°", {"spread_deg": 0.0, "mirrored": False}),
    "shift": ("shift", "distance", "moved by {:g} px", {"mirrored": False}),
    "scale": ("scale", "factor", "size times {:g}", {"mirrored": False}),
    "occlusion": ("occlusion", "share", "{:g} of a side hidden", {"level": None}),
    "resolution": ("resolution", "factor", "{:g} of the pixels a side", {}),
}
"""By the name of the axis. Lengths in pixels, the others as in `datasets.perturb`."""

ANY = 180.0
"""Degrees by which a turn is anywhere around the circle."""


def degraded(axis: str, what: Literal["images", "unseen"], value: Any) -> Level:
    """The level of an axis of STRENGTHS at a value in params.yaml.

    Parameters
    ----------
    axis : str
        Key of STRENGTHS.
    what : "images" or "unseen"
        Whether all images get worse, or those alone that are scored.
    value : float or mapping
        The strength, or keywords of the perturbation with the strength among them. Contrast is
        lowered around middle grey unless an offset is named.

    Raises
    ------
    ParamsError
        Another value.

    Examples
    --------
    >>> level = degraded("contrast", "unseen", 0.4)
    >>> level.name, level.change.unseen
    ('contrast times 0.4', {'contrast': {'offset': 0.3, 'factor': 0.4}})
    """
    check_choices("axes", [axis], STRENGTHS)
    name, strength, words, others = STRENGTHS[axis]
    given = dict(value) if isinstance(value, Mapping) else {strength: value}
    amount = given.get(strength)
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ParamsError(
            f"axes.{axis}: expected a number, or keywords with {strength} among them, got {value!r}"
        )
    if name == "contrast":
        others = {"offset": (1 - amount) / 2}
    keywords = {**others, **given}
    try:
        check_perturbation({name: keywords})
        perturbed(np.zeros((4, 4), np.uint8), np.random.default_rng(0), {name: keywords})
    except (TypeError, ValueError) as error:
        raise ParamsError(f"axes.{axis}: {error}") from error
    change = Change.model_validate({what: {name: keywords}})
    spread = keywords.get("spread_deg", 0.0)
    if spread == ANY:
        return Level("turned by any angle", change)
    around = f" ± {spread:g}°" if spread else ""
    return Level(words.format(amount) + around, change, float(amount))


def axes_of(what: Literal["images", "unseen"]) -> dict[str, Callable[[Any], Level]]:
    """All axes of STRENGTHS, for all images or for those alone that are scored."""
    return {name: partial(degraded, name, what) for name in STRENGTHS}

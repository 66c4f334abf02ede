"""Numbers of the report in words: as many digits as they deserve, and no more."""

import math
from collections.abc import Callable, Mapping
from typing import Any

JOULES_PER_KWH = 3.6e6
NARROW_SPACE = "\u202f"
NO_FIGURE = "\N{EN DASH}"


def percent(share: float | None) -> str:
    r"""A share as per cent with one decimal.

    >>> percent(0.5)
    '50.0\u202f%'
    """
    if share is None or math.isnan(share):
        return NO_FIGURE
    return f"{100 * share:.1f}{NARROW_SPACE}%"


def points(share: float) -> str:
    """A share as per cent with one decimal, without the sign.

    >>> points(0.0123)
    '1.2'
    """
    return f"{100 * share:.1f}"


def count(number: float) -> str:
    r"""A count with thousands apart; over a million in millions.

    >>> count(12345), count(2_340_000)
    ('12\u202f345', '2.3\u202fM')
    """
    if number >= 1e9:
        return f"{number / 1e9:.1f}{NARROW_SPACE}G"
    if number >= 1e6:
        return f"{number / 1e6:.1f}{NARROW_SPACE}M"
    return f"{number:,.0f}".replace(",", NARROW_SPACE)


def rate(number: float) -> str:
    """A mean count: one decimal.

    >>> rate(12.345)
    '12.3'
    """
    return f"{number:.1f}"


def seconds(value: float) -> str:
    r"""Seconds to three significant digits.

    >>> seconds(17.134), seconds(1234.5)
    ('17.1', '1\u202f234')
    """
    return count(value) if value >= 1000 else f"{value:.3g}"


def joules(kwh: float | None) -> str:
    """Energy in joules to two significant digits, which is more than a model is worth.

    >>> joules(4.854e-05)
    '170'
    """
    if kwh is None:
        return NO_FIGURE
    value = float(f"{kwh * JOULES_PER_KWH:.2g}")
    return count(value) if value >= 10 else f"{value:.2g}"


def grams(kg: float) -> str:
    """CO2 in grams to two significant digits.

    >>> grams(3.515e-05)
    '0.035'
    """
    value = float(f"{1000 * kg:.2g}")
    return count(value) if value >= 10 else f"{value:.2g}"


FILTERS: Mapping[str, Callable[[Any], str]] = {
    f.__name__: f for f in (percent, points, count, rate, seconds, joules, grams)
}
"""Filters of the templates."""

"""Numbers of the report in words: as many digits as they deserve, and no more."""

import math
from collections.abc import Callable, Mapping
from typing import Any

JOULES_PER_KWH = 3.6e6
NARROW_SPACE = "\u202f"
NO_FIGURE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


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
    return NO_FIGURE if kwh is None else about(kwh * JOULES_PER_KWH)


def grams(kg: float) -> str:
    """CO2 in grams to two significant digits.

    >>> grams(3.515e-05)
    '0.035'
    """
    return about(1000 * kg)


def about(value: float) -> str:
    r"""A number to two significant digits.

    >>> about(171.3), about(0.0345), about(1234.0)
    ('170', '0.034', '1\u202f200')
    """
    if math.isnan(value):
        return NO_FIGURE
    rounded = float(f"{value:.2g}")
    return count(rounded) if rounded >= 10 else f"{rounded:.2g}"


def signed(value: float) -> str:
    r"""A difference with its sign and one decimal; none where it rounds to nothing.

    >>> signed(1.24), signed(-1.26), signed(-0.01)
    ('+1.2', '\u22121.3', '0.0')
    """
    rounded = round(value, 1)
    if rounded == 0:
        return "0.0"
    return f"{'+' if rounded > 0 else MINUS}{abs(rounded):.1f}"


def probability(p: float) -> str:
    """A p value to two digits, and no less than a thousandth.

    >>> probability(0.0231), probability(1e-9)
    ('0.023', '< 0.001')
    """
    if math.isnan(p):
        return NO_FIGURE
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


FILTERS: Mapping[str, Callable[[Any], str]] = {
    f.__name__: f
    for f in (percent, points, count, rate, seconds, joules, grams, about, signed, probability)
}
"""Filters of the templates."""

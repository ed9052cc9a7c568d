"""Numbers as text, with the digits that their standard error supports."""

from __future__ import annotations

import math

MOST_DIGITS = 3
MOST_DIGITS_WITH_ERROR = 6
MISSING = "n/a"
USD_STEPS = ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))
"""From which amount, divided by what, with which suffix."""


def decimals(value: float, se: float | None, most_digits: int = MOST_DIGITS) -> int:
    """Decimals that are worth printing; negative for tens and hundreds.

    The last digit printed is the first one that the standard error moves, and at most `most_digits`
    significant digits are printed (two where the error is unknown).

    Parameters
    ----------
    value : float
        Number to be printed.
    se : float or None
        Its standard error; 0 for a number known exactly, None for an unknown error.
    most_digits : int
        Most significant digits.
    """
    if se == 0 and value == round(value):
        return 0
    most = min(most_digits, 2) if se is None else most_digits
    limits = []
    if value != 0:
        limits.append(most - 1 - math.floor(math.log10(abs(value))))
    if se:
        limits.append(_first_digit(se))
    return min(limits, default=0)


def number(value: float | None, se: float | None = 0.0) -> str:
    """Format a plain number, with thousands separators."""
    return MISSING if value is None else _fixed(value, decimals(value, se))


def percent(value: float | None, se: float | None = 0.0, *, signed: bool = False) -> str:
    """Format a fraction as a percentage: at most one decimal, `+` in front of gains if signed."""
    if value is None:
        return MISSING
    places = decimals(100 * value, None if se is None else 100 * se)
    return f"{_fixed(100 * value, min(places, 1), signed=signed)} %"


def usd(value: float | None, se: float | None = 0.0) -> str:
    """Format an amount: `0.87 USD`, `9,920 USD`, `12.3k USD`, `1.25M USD`."""
    if value is None:
        return MISSING
    step, suffix = next(
        ((divisor, suffix) for least, divisor, suffix in USD_STEPS if abs(value) >= least),
        (1.0, ""),
    )
    places = decimals(value / step, None if se is None else se / step)
    return f"{_fixed(value / step, min(places, 2 if abs(value) >= 0.1 else 4))}{suffix} USD"


def percent_with_error(value: float | None, se: float | None) -> str:
    """Format a fraction with its standard error: `83.1 % (± 0.1)`."""
    if value is None or not se:
        return percent(value, se)
    places = decimals(100 * value, 100 * se, MOST_DIGITS_WITH_ERROR)
    return f"{_fixed(100 * value, places)} % (± {_fixed(100 * se, places)})"


def cell(value: float | None, se: float | None, unit: str) -> str:
    """Format a measure for a table, as `83.1 % ± 0.1`; the star of `9.2 *` stands for no error.

    Fractions become percentages; every other unit belongs in a heading or a column of its own.
    """
    if value is None:
        return f"{MISSING} *"
    step, sign = (0.01, " %") if unit == "fraction" else (1.0, "")
    if se is None:
        return f"{_fixed(value / step, decimals(value / step, se))}{sign} *"
    places = decimals(value / step, se / step, MOST_DIGITS_WITH_ERROR)
    return f"{_fixed(value / step, places)}{sign} ± {_fixed(se / step, places)}"


def _first_digit(se: float) -> int:
    """Decimals at which an error rounded to one digit has that digit (0.096 is 0.1: 1)."""
    return -int(f"{se:.0e}".split("e")[1])


def _fixed(value: float, places: int, *, signed: bool = False) -> str:
    rounded = round(value, places) + 0.0  # + 0.0 turns -0.0 into 0.0
    return f"{rounded:{'+' if signed and rounded else ''},.{max(places, 0)}f}"

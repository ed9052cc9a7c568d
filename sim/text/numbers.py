"""Numbers as text: one writer for terminal, notebook, page, slides and charts.

The standard error decides the digits, once: the last digit written is the first one that the error
moves, so that a mean of 2.4031 with an error of 0.012 is 240 % wherever it stands, with ± 1 where
there is room for it. Which of three forms a number takes is a matter of room alone:

=============  =======================  ================================================
function       example                  where
=============  =======================  ================================================
`brief`        ``73.3k USD``            headlines and labels: three digits at most
`told`         ``73,270 USD (± 70)``    sentences: the error in brackets, or why there is none
`cell`         ``73,270 ± 70``          tables: money and other units stand in the heading
=============  =======================  ================================================

A number without an error to speak of has a writer of its own: `tick` on an axis, `setting` for a
value that somebody set, `counted` for what is counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .currency import currency, in_currency

FRACTION = "fraction"
"""Unit of what is written in percent."""

MISSING = "n/a"
"""What stands where there is no number."""

NO_ERROR = "heavy tail or too few worlds"
"""Why a number that does not say it may have no standard error."""

_CODE = re.compile(r"[A-Z]{3}(?: |$)")
_CODE_IN = re.compile(r"\b[A-Z]{3}\b")
_UNSAID = frozenset({"", "ratio", "rank correlation"})
_BRIEF, _FULL, _UNKNOWN, _SET = 3, 6, 2, 4
"""Significant digits at most: in brief, beside an error, with an unknown error, of a value set."""

_STEPS = ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))
"""From which amount of money, divided by what, with which suffix."""


class Quantity(Protocol):
    """What can be written: a value with its standard error and unit; `Measured` is one."""

    @property
    def value(self) -> float | None:
        """The value, None where there is none."""

    @property
    def se(self) -> float | None:
        """Its standard error: 0 for a value known exactly, None for an unknown error."""

    @property
    def unit(self) -> str:
        """Unit of both."""

    @property
    def reason(self) -> str | None:
        """Why value or error is missing."""


@dataclass(frozen=True)
class Number:
    """A `Quantity` of its parts; exact and without unit unless these are given."""

    value: float | None
    se: float | None = 0.0
    unit: str = ""
    reason: str | None = None


def from_saved(entry: Mapping[str, Any]) -> Number:
    """Return a number as answers save it: ``value``, ``se``, ``unit`` and ``reason``."""
    return Number(entry["value"], entry.get("se"), str(entry.get("unit", "")), entry.get("reason"))


def decimals(value: float, se: float | None, most: int = _BRIEF) -> int:
    """Return the decimals worth writing; negative for tens and hundreds.

    Parameters
    ----------
    value : float
        Number to be written.
    se : float or None
        Its standard error; 0 for a number known exactly, None for an unknown error.
    most : int
        Significant digits at most; two where the error is unknown.
    """
    if se == 0 and _is_whole(value):
        return 0
    limits = []
    if value != 0:
        limits.append(min(most, _UNKNOWN if se is None else most) - 1 - _magnitude(value))
    if se:
        limits.append(_first_digit(se))
    return min(limits, default=0)


# --- With an error --------------------------------------------------------------------------------


def brief(x: Quantity, *, signed: bool = False) -> str:
    """Return a value in three digits at most: ``83.1 %``, ``73.3k USD``, ``0.47 USD per order``.

    Parameters
    ----------
    x : Quantity
        The number; its error limits the digits and is not written.
    signed : bool
        Whether gains have a plus.
    """
    if is_money(x.unit):
        amount = money(x.value, x.se, unit=False, signed=signed)
    elif is_fraction(x.unit):
        return percent(x.value, x.se, signed=signed)
    else:
        amount = plain(x.value, x.se, signed=signed)
    return amount if amount == MISSING else _with_unit(amount, x.unit)


def told(x: Quantity) -> str:
    """Return a number in a sentence: ``83.1 % (± 0.1)``, ``2.5 (no standard error: heavy tail)``."""
    value, se = _finite(x.value), _finite(x.se)
    if value is None:
        return MISSING
    text, error = _digits(value, se, x.unit)
    text = _with_unit(text, x.unit)
    if se is None:
        return f"{text} (no standard error: {why(x)})"
    return f"{text} (± {error})" if error else text


def cell(x: Quantity) -> str:
    """Return a number for a table: ``83.1 % ± 0.1``; the star of ``9.2 *`` stands for no error.

    Percentages have their sign; every other unit belongs in the heading or a column of its own.
    """
    value, se = _finite(x.value), _finite(x.se)
    if value is None:
        return f"{MISSING} *"
    text, error = _digits(value, se, x.unit)
    text += " %" if is_fraction(x.unit) else ""
    if se is None:
        return f"{text} *"
    return f"{text} ± {error}" if error else text


def change(x: Quantity) -> str:
    """Return a difference for a table: ``+1.2 points ± 0.3`` between percentages, ``unchanged``."""
    if _finite(x.value) is None:
        return MISSING
    if x.value == 0.0 and x.se == 0.0:
        return "unchanged"
    text = cell(x).replace(" %", " points", 1)
    return text if text[0] in "-0" else f"+{text}"


def plus_minus(x: Quantity) -> str:
    """Return the standard error alone: ``± 0.1``; ``none`` where there is none."""
    value, se = _finite(x.value), _finite(x.se)
    if value is None or se is None:
        return "none"
    text = _digits(value, se, x.unit)[1]
    return f"± {text or '0'}"


def why(x: Quantity) -> str:
    """Return in few words why a number has no standard error."""
    return (x.reason or NO_ERROR).partition(":")[0].partition(" (")[0]


def from_to(low: float, high: float, se: float | None = 0.0) -> str:
    """Return an interval, ``1,240 to 1,350``, with the digits of what it is about.

    Parameters
    ----------
    low, high : float
        Its ends; an infinite one is open: ``1,240 or more``.
    se : float or None
        Standard error of what lies between them; 0 for ends that were set.
    """
    if low == high:
        return setting(low)
    if math.isinf(high):
        return f"{setting(low)} or more"
    if math.isinf(low):
        return f"at most {setting(high)}"
    if not se:
        return f"{setting(low)} to {setting(high)}"
    # A further digit keeps the ends from moving by more than a tenth of the error.
    places = _first_digit(se) + 1
    return " to ".join(_fixed(end, min(places, _FULL - 1 - _magnitude(end))) for end in (low, high))


# --- In brief -------------------------------------------------------------------------------------


def percent(value: float | None, se: float | None = 0.0, *, signed: bool = False) -> str:
    """Return a fraction in percent, in brief: ``83.1 %``, ``+240 %``, ``0.03 %``, ``+850M %``."""
    if _finite(value) is None or value is None:
        return MISSING
    step, suffix = _large(100 * value)
    if suffix:
        places = min(decimals(100 * value / step, None if se is None else 100 * se / step), 1)
        return f"{_fixed(100 * value / step, places, signed=signed)}{suffix} %"
    scaled = 100 * value
    places = decimals(scaled, None if se is None else 100 * se)
    text = _fixed(scaled, min(places, 1 if abs(scaled) >= 0.1 else 4), signed=signed)
    return f"{_short(text, se)} %"


def whole_percent(fraction: float) -> str:
    """Return a fraction in whole percents, for a mark that has room for no more: ``33 %``."""
    return f"{_fixed(100 * fraction, 0)} %"


def gain(fraction: float, se: float | None = 0.0) -> str:
    """Return a gain or loss in percent, in brief: ``+300 %``, ``-75 %``."""
    return percent(fraction, se, signed=True)


class Writer(Protocol):
    """Writes values of one unit in brief; `gain` is one."""

    def __call__(self, value: float, se: float | None = 0.0, /) -> str:
        """Return a value as text; its error limits the digits."""


def writer(unit: str, *, signed: bool = False) -> Writer:
    """Return what writes values of a unit in brief.

    Parameters
    ----------
    unit : str
        Their unit.
    signed : bool
        Whether gains have a plus.
    """
    return lambda value, se=0.0: brief(Number(value, se, unit), signed=signed)


def money(
    value: float | None, se: float | None = 0.0, *, unit: bool = True, signed: bool = False
) -> str:
    """Return an amount in brief: ``0.87 USD``, ``9,920 USD``, ``12.3k USD``, ``1.25M USD``.

    Parameters
    ----------
    value, se : float or None
        The amount and its standard error.
    unit : bool
        Whether the unit is written; a table or an axis names it once.
    signed : bool
        Whether gains have a plus.
    """
    if _finite(value) is None or value is None:
        return MISSING
    step, suffix = _step(value)
    places = decimals(value / step, None if se is None else se / step)
    cents = 2 if abs(value) >= 0.1 else 4
    text = _short(_fixed(value / step, min(places, cents), signed=signed), se) + suffix
    return f"{text} {currency()}" if unit else text


def plain(value: float | None, se: float | None = 0.0, *, signed: bool = False) -> str:
    """Return a number without unit, in brief: ``12.3``, ``1,230``."""
    if _finite(value) is None or value is None:
        return MISSING
    return _short(_fixed(value, decimals(value, se), signed=signed), se)


def share_text(
    x: Quantity, *, mirrored: bool = False, with_error: bool = False, in_words: bool = False
) -> str:
    """Return a share of worlds: ``8.9 %``; zero and a hundred only where it is so.

    Parameters
    ----------
    x : Quantity
        The share, a fraction.
    mirrored : bool
        Whether it is seen from the other side: the share of the other worlds.
    with_error : bool
        Whether its error follows in brackets.
    in_words : bool
        Whether zero and a hundred are ``none`` and ``all``.
    """
    if x.value is None:
        return "an unknown share"
    value = 1 - x.value if mirrored else x.value
    if value in (0.0, 1.0):
        return ("all" if value else "none") if in_words else ("100 %" if value else "0 %")
    if with_error and x.se is not None:
        return told(Number(value, x.se, FRACTION, x.reason))
    if 0 < value < 0.0005:
        return "under 0.1 %"
    if 0.9995 < value < 1:
        return "over 99.9 %"
    text = percent(value, x.se)
    return {"0 %": "under 1 %", "100 %": "over 99 %", "100.0 %": "over 99.9 %"}.get(text, text)


def of_worlds(
    x: Quantity, *, mirrored: bool = False, with_error: bool = False, every: bool = False
) -> str:
    """Return a share with its noun: ``12.3 % of worlds``, ``none of the worlds``.

    Parameters
    ----------
    x, mirrored, with_error
        See `share_text`.
    every
        Whether some of the worlds have just been spoken of: ``12.3 % of all worlds``.
    """
    text = share_text(x, mirrored=mirrored, with_error=with_error, in_words=True)
    if text in ("none", "all"):
        return f"{text} of the worlds"
    return f"{text} of {'all ' if every else ''}worlds"


def in_hundred(share: float) -> str:
    """Return how many worlds of a hundred; none and all only where it is so."""
    exact = 100 * share
    if 0 < exact < 0.5:
        return "fewer than 1"
    return "more than 99" if 99.5 < exact < 100 else f"{exact:.0f}"


# --- Exact ----------------------------------------------------------------------------------------


def setting(value: float | str, digits: int = _SET) -> str:
    """Return a value that was set: ``0.031``, ``1,250``; text as it is.

    Parameters
    ----------
    value : float or str
        The value.
    digits : int
        Significant digits at most; whole numbers from a thousand on are written in full.
    """
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return MISSING
    if value == 0 or abs(value) >= 1000.0:
        return f"{round(value):,}"
    return _short(_fixed(value, digits - 1 - _magnitude(value)), 0.0)


def tick(value: float, unit: str = "", *, signed: bool = False, compact: bool = False) -> str:
    """Return a value on an axis: ``25 %``, ``12.5k``, ``0.025``; an axis names its unit of money.

    Parameters
    ----------
    value : float
        Where the tick stands.
    unit : str
        Its unit.
    signed : bool
        Whether gains have a plus.
    compact : bool
        Whether every number is in few letters, ``2k`` for two thousand.
    """
    if is_fraction(unit):
        step, suffix = _large(100 * value)
        return f"{_exact(100 * value / step, signed)}{suffix} %"
    if not compact and not is_money(unit):
        step, suffix = _large(value, 1e7)
        return _exact(value / step, signed) + suffix
    if compact or is_money(unit):
        step, suffix = _step(value, compact)
        return _exact(value / step, signed) + suffix
    return _exact(value, signed)


def counted(n: int, noun: str = "") -> str:
    """Return a count, with its noun in the singular or plural: ``1 world``, ``20,000 worlds``."""
    text = f"{n:,}"
    if not noun:
        return text
    return f"{text} {noun}" if n == 1 else f"{text} {noun}s"


def fixed(value: float, places: int, *, signed: bool = False) -> str:
    """Return a number with so many decimals: ``0.70``, ``1,250``."""
    return _fixed(value, places, signed=signed)


def multiple(factor: float) -> str:
    """Return a factor: ``0.85x``."""
    return f"{_fixed(factor, 2)}x"


def scored(value: float) -> str:
    """Return a normal score or a correlation: ``+1.28``, ``0``."""
    text = _fixed(value, 2, signed=True)
    return "0" if float(text) == 0.0 else text


def in_points(share: float, digits: int = _SET) -> str:
    """Return a difference of two percentages as an amount: ``2.5 percentage points``."""
    return f"{setting(100 * share, digits)} percentage points"


def p_value(p: float) -> str:
    """Return the p-value of a test after its sign: ``= 0.23``, ``< 0.01``."""
    return "< 0.01" if p < 0.01 else f"= {p:.2f}"


def seconds(duration: float) -> str:
    """Return a duration: ``0.42 s``, ``12 s``, ``3 min 5 s``."""
    if duration < 10:
        return f"{duration:.2g} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def rounded(value: float, digits: int = 4) -> float:
    """Return a number rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")


# --- Units ----------------------------------------------------------------------------------------


def is_money(unit: str) -> bool:
    """Return whether a unit is money, or money per something: whether it begins with a code."""
    return _CODE.match(unit) is not None


def is_fraction(unit: str) -> bool:
    """Return whether a unit is written in percent: a fraction, or a share of something."""
    return unit.partition(" ")[0] in (FRACTION, "share")


def labelled(words: str, unit: str, *, longest: int = 40) -> str:
    """Return a heading or the label of an axis with its unit: ``mean profit, USD``.

    Parameters
    ----------
    words : str
        What it is.
    unit : str
        Its unit; percentages say theirs, and one that is longer than `longest` is left out.
    longest : int
        Letters of a unit at most.
    """
    code = _CODE_IN.search(unit)
    words = in_currency(words, code[0]) if code else words
    of, _, what = unit.partition(" per ")
    if what and words.endswith(f"per {what}"):
        unit = of  # "cost per engagement, USD": the words say per what already
    unsaid = unit in _UNSAID or is_fraction(unit) or len(unit) > longest
    return words if unsaid else f"{words}, {unit}"


def _with_unit(text: str, unit: str) -> str:
    if is_fraction(unit):
        return f"{text} %"
    return text if unit in _UNSAID else f"{text} {unit}"


# --- Digits ---------------------------------------------------------------------------------------


def _digits(value: float, se: float | None, unit: str) -> tuple[str, str]:
    """Return a value and its error with the digits that the error decides."""
    scale = 100.0 if is_fraction(unit) else 1.0
    value, se = scale * value, None if se is None else scale * se
    if se == 0:
        return setting(value), ""
    places = decimals(value, se, _FULL)
    text = _fixed(value, places)
    # An error below the last of six digits is written with its own.
    return text, _fixed(se, max(places, _first_digit(se))) if se else ""


def _finite(x: float | None) -> float | None:
    return None if x is None or not math.isfinite(x) else x


def _is_whole(value: float) -> bool:
    """Return whether a value is whole but for the rounding of a computer."""
    return abs(value - round(value)) <= 1e-12 * abs(value)


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def _first_digit(se: float) -> int:
    """Return the decimals at which an error rounded to one digit has it (0.096 is 0.1: 1)."""
    return -int(f"{se:.0e}".split("e")[1])


def _step(value: float, compact: bool = False) -> tuple[float, str]:
    """Return by what an amount is divided, and the suffix that says so."""
    for least, divisor, suffix in _STEPS:
        if abs(value) >= (divisor if compact else least):
            return divisor, suffix
    return 1.0, ""


def _large(value: float, least: float = 1e6) -> tuple[float, str]:
    """Return by what a number too long to read is divided, with its suffix."""
    for step, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if abs(value) >= max(step, least):
            return step, suffix
    return 1.0, ""


def _fixed(value: float, places: int, *, signed: bool = False) -> str:
    rounded = round(value, places) + 0.0  # + 0.0 turns -0.0 into 0.0
    return f"{rounded:{'+' if signed and rounded else ''},.{max(places, 0)}f}"


def _exact(value: float, signed: bool) -> str:
    """Return a number to ten digits without zeros at its end."""
    return _short(_fixed(round(value, 10), max(9 - _magnitude(value), 0), signed=signed), 0.0)


def _short(text: str, se: float | None) -> str:
    """Return a number that is exact without zeros at its end: they would claim an error."""
    return text.rstrip("0").rstrip(".") if se == 0 and "." in text else text

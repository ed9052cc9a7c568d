"""Numbers as analysts write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_NUMBER = re.compile(
    r"^\s*([+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
    r"\s*(%|k|m|b)?\s*$",
    re.IGNORECASE | re.ASCII,
)
#: Digits with one point and nothing else: no count is written so.
_POINTED = re.compile(r"[+-]?\d+\.\d*", re.ASCII)
#: No count and no amount of money is beyond it.
LARGEST = 1e15
#: What is said of an amount that is written with a percent sign.
NO_SHARE = "an amount, no share of anything"
_EXPECTED = 'must be a number such as 250, "10k" or "3 %"'


class DistributionError(ValueError):
    """A number or distribution that cannot be understood, with the way out in its message."""


class Written(float):
    """A number with a point, as it stands in a file: ``20.000`` may be meant as 20,000."""

    def __new__(cls, text: str | float) -> Self:
        """Read a number, and keep how it was written."""
        self = super().__new__(cls, text)
        self.text = str(text)
        return self

    text: str


def number(value: Any, *, percent: bool = True) -> float:
    """Read a number: ``250``, ``"1.2M"``, ``"3 %"``, ``"10k"``, ``"1,000"``.

    Parameters
    ----------
    value
        What stands in the file.
    percent
        Whether a percent sign makes sense: it does not on money, accounts, hours and counts.

    Raises
    ------
    DistributionError
        Where the text is not a number, or the number is not finite or beyond 1e15.
    """
    if not percent:
        refuse_percent(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DistributionError(_EXPECTED)
    size, parts = 1.0, 1.0
    if isinstance(value, str):
        match = _NUMBER.match(value)
        if match is None:
            raise DistributionError(_EXPECTED + _comma(value))
        suffix = suffix_of(value)
        # Divided by 100, and not times 0.01: 7 % is 0.07 to the last digit.
        size, parts = (1.0, 100.0) if suffix == "%" else (_SUFFIX[suffix], 1.0)
        value = match.group(1).replace(",", "").replace("_", "")
    try:
        result = float(value) * size / parts
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise DistributionError("must be a finite number")
    if abs(result) > LARGEST:
        raise DistributionError(f"must lie within {LARGEST:.0e} of zero")
    return result


def whole(value: Any) -> float:
    """Read a count: no percent sign, and no point that may be meant to part thousands.

    Raises
    ------
    DistributionError
        As `number`, and for ``"20.000"``.
    """
    count = number(value, percent=False)
    text = value.text if isinstance(value, Written) else value if isinstance(value, str) else ""
    if count == int(count) and _POINTED.fullmatch(text.strip()):
        raise DistributionError(
            f"is a count, and in {text.strip()} the point parts decimals; write {count:.0f}, or "
            f"{text.strip().replace('.', '')} where thousands were meant"
        )
    return count


def refuse_percent(value: Any) -> None:
    """Refuse a percent sign, wherever it stands in a value.

    Raises
    ------
    DistributionError
        Where there is one.
    """
    if isinstance(value, str) and "%" in value:
        raise DistributionError(f"is {NO_SHARE}: a percent sign cannot be right")
    parts = value.values() if isinstance(value, Mapping) else value
    for part in parts if isinstance(parts, Iterable) and not isinstance(parts, str) else ():
        refuse_percent(part)


def suffix_of(text: str) -> str:
    """Return what follows the digits of a number: ``"%"``, ``"k"``, ``"m"``, ``"b"`` or nothing."""
    match = _NUMBER.match(text)
    return (match.group(2) or "").lower() if match else ""


def _comma(text: str) -> str:
    hint = "; a comma separates thousands, a point decimals"
    return hint if re.fullmatch(r"[\d\s.,]*,[\d\s.,%]*", text, re.ASCII) else ""

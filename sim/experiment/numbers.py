"""Numbers as analysts write them."""

from __future__ import annotations

import math
import re
from typing import Any

_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_NUMBER = re.compile(
    r"^\s*([+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
    r"\s*(%|k|m|b)?\s*$",
    re.IGNORECASE | re.ASCII,
)
#: No count and no amount of money is beyond it.
LARGEST = 1e15
_EXPECTED = 'must be a number such as 250, "10k" or "3 %"'


class DistributionError(ValueError):
    """A number or distribution that cannot be understood, with the way out in its message."""


def number(value: Any) -> float:
    """Read a number: ``250``, ``"1.2M"``, ``"3 %"``, ``"10k"``, ``"1,000"``.

    Raises
    ------
    DistributionError
        Where the text is not a number, or the number is not finite or beyond 1e15.
    """
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


def suffix_of(text: str) -> str:
    """Return what follows the digits of a number: ``"%"``, ``"k"``, ``"m"``, ``"b"`` or nothing."""
    match = _NUMBER.match(text)
    return (match.group(2) or "").lower() if match else ""


def _comma(text: str) -> str:
    hint = "; a comma separates thousands, a point decimals"
    return hint if re.fullmatch(r"[\d\s.,]*,[\d\s.,%]*", text, re.ASCII) else ""

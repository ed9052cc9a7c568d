"""Cells of an export: numbers as analysts, dashboards and spreadsheets write them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

#: What stands where nothing is known.
MISSING = frozenset(
    {"", "-", "--", "–", "—", "?", "n/a", "na", "#n/a", "nan", "null", "none", "nil", "unknown"}
)
_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9}
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009']+")
_MONEY = re.compile(r"(?:usd|eur|gbp|us\$|[$€£])", re.IGNORECASE)
_NUMBER = re.compile(r"([+-]?)([\d.,]*\d[\d.,]*(?:e[+-]?\d+)?)(mio|bn|[kmb])?(%)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


class CellError(ValueError):
    """A cell that is no number."""


def is_missing(text: str) -> bool:
    """Say whether a cell says nothing."""
    return text.strip().lower() in MISSING


def decimal_comma(cells: Sequence[str], semicolons: bool = False) -> bool:
    """Say whether a column writes its decimals after a comma.

    One cell can settle it: ``3,86`` or ``1.234,5``. Where none does (``1.234`` alone), files with
    semicolons between their columns count as written with decimal commas.

    Parameters
    ----------
    cells
        The column.
    semicolons
        Whether semicolons stand between the columns.
    """
    for cell in cells:
        match = _matched(cell)
        if match is None:
            continue
        digits = match.group(2)
        comma, point = digits.rfind(","), digits.rfind(".")
        if comma >= 0 and point >= 0:
            return comma > point
        if comma >= 0 and (not _THOUSANDS.fullmatch(digits) or match.group(4)):
            return True
        if point >= 0 and not _THOUSANDS.fullmatch(digits):
            return False
    return semicolons


def number(text: str, comma: bool = False) -> float:
    """Return the number in a cell: ``1.2M``, ``3,86 %``, ``$ 1,250``; NaN where it is missing.

    Parameters
    ----------
    text
        The cell.
    comma
        Whether decimals come after a comma, see `decimal_comma`.

    Raises
    ------
    CellError
        Where the cell holds something else.
    """
    if is_missing(text):
        return math.nan
    match = _matched(text)
    if match is None:
        raise CellError(text)
    sign, digits, suffix, percent = match.groups()
    plain = digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")
    try:
        value = float(plain) * _SUFFIX[(suffix or "").lower()]
    except ValueError:
        raise CellError(text) from None
    return (-value if sign == "-" else value) / (100.0 if percent else 1.0)


def _matched(text: str) -> re.Match[str] | None:
    return _NUMBER.fullmatch(_MONEY.sub("", _SPACES.sub("", text)))

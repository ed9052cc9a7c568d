"""A cell's text becomes the parts of a number: digits with their marks, suffix, percent, currency."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..text.currency import SIGN, SIGNS

#: What stands where nothing is known.
MISSING = frozenset(
    {
        "", "-", "--", "---", "–", "—", "?", "n/a", "na", "#n/a", "#na", "nan", "null", "none", "nil",
        "unknown", "not available", "n.a.", "k.a.", "k. a.", "tbd", "tba", ".", "…", "...",
    }
)  # fmt: skip
SIZES = {
    "": 1.0, "k": 1e3, "tsd": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "mm": 1e6,
    "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9, "mrd": 1e9,
}  # fmt: skip
_SPACES = "\u00a0\u202f\u2009\u2007\u2002\u2003"
_TRANSLATED = str.maketrans(
    {**dict.fromkeys(_SPACES, " "), "’": "'", "`": "'", "−": "-", "‐": "-", "﹪": "%", "％": "%"}
)
_SUFFIX = "|".join(sorted((name for name in SIZES if name), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?) ?(?P<body>[\d.,'_ ]*\d[\d.,]*)(?P<power>e[+-]?\d+)? ?"
    rf"(?P<suffix>{_SUFFIX})?\.? ?(?P<percent>[%‰])?",
    re.IGNORECASE | re.ASCII,
)
_GROUPED = re.compile(r"\d{1,3}(?:[ '_]\d{3})+(?:[.,]\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parts:
    """A number as written.

    Attributes
    ----------
    body
        Digits, points and commas.
    spaced
        Whether blanks, apostrophes or underscores separate thousands: a mark that is left is the decimal one.
    size, power
        Factor of the suffix, and the exponent as written.
    negative
        Whether it is below zero: with a minus or in brackets.
    percent
        ``"%"``, ``"‰"`` or nothing.
    currency
        Its code, or nothing.
    """

    body: str
    spaced: bool
    size: float
    power: str
    negative: bool
    percent: str
    currency: str

    @property
    def scaled(self) -> bool:
        """Whether a suffix such as K follows."""
        return self.size != 1.0


def is_missing(text: str) -> bool:
    """Say whether a cell says nothing."""
    return text.strip().lower() in MISSING


def parts_of(text: str) -> Parts | None:
    """Return the parts of a number; None where the cell holds something else."""
    if text.isascii() and text.isdigit():
        return Parts(text, False, 1.0, "", False, "", "")
    plain = text.translate(_TRANSLATED).strip()
    plain = plain.removeprefix("'")  # a spreadsheet's sign for text
    currency = ""
    signs = {SIGNS[sign.lower()] for sign in SIGN.findall(plain)}
    if len(signs) > 1:
        return None
    if signs:
        currency, plain = signs.pop(), SIGN.sub("", plain).strip()
    bracketed = plain.startswith("(") and plain.endswith(")")
    if bracketed:
        plain = plain[1:-1].strip()
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    body = match["body"].strip()
    spaced = any(sign in body for sign in " '_")
    if spaced:
        if not _GROUPED.fullmatch(body):
            return None
        body = re.sub("[ '_]", "", body)
    return Parts(
        body, spaced, SIZES[(match["suffix"] or "").lower()], match["power"] or "",
        bracketed or match["sign"] == "-", match["percent"] or "", currency,
    )  # fmt: skip

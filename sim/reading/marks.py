"""Which mark stands before decimals: decided over the whole file, never cell by cell.

``3.86`` and ``1.234,5`` settle it; ``0.014`` does, too, since a number that begins with 0 has no
thousands. ``1.234`` alone does not: the rest of its column decides, else the rest of the file, else
what the column holds (counts and money have thousands, rates have decimals), and it is told which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ..text.numbers import fixed, setting
from .cells import Parts

_OTHER = {",": ".", ".": ","}
_WORDS = {",": "comma", ".": "point"}


class Mark(Enum):
    """What a number says of the decimal mark."""

    NONE = "none"  # it has no marks
    POINT = "."
    COMMA = ","
    OPEN = "open"  # one mark before three digits
    WRONG = "wrong"  # no number is written so


@dataclass(frozen=True)
class Written:
    """A number of a column, where it stands, and how it is written."""

    line: int
    text: str
    parts: Parts

    @property
    def mark(self) -> Mark:
        """What it says of the decimal mark."""
        return mark_of(self.parts)


def mark_of(parts: Parts) -> Mark:
    """Return what a number says of the decimal mark."""
    body, counts = parts.body, {m: parts.body.count(m) for m in ".,"}
    if not any(counts.values()):
        return Mark.NONE
    if all(counts.values()):
        last = max(".,", key=body.rfind)
        whole, _, _ = body.rpartition(last)
        good = counts[last] == 1 and _grouped(whole, _OTHER[last])
        return Mark(last) if good else Mark.WRONG
    mark = "." if counts["."] else ","
    if counts[mark] > 1:
        return Mark(_OTHER[mark]) if _grouped(body, mark) and not parts.spaced else Mark.WRONG
    head, _, tail = body.partition(mark)
    closed = len(tail) != 3 or len(head) > 3 or head in ("", "0") or head.startswith("0")
    if closed or parts.spaced or parts.percent or parts.power:
        return Mark(mark)
    return Mark.OPEN


def _grouped(whole: str, mark: str) -> bool:
    """Say whether thousands, or lakhs and crores, are separated as they should be."""
    m = re.escape(mark)
    return bool(
        re.fullmatch(rf"\d{{1,3}}(?:{m}\d{{3}})+", whole)
        or re.fullmatch(rf"\d{{1,2}}(?:{m}\d{{2}})+{m}\d{{3}}", whole)
    )


def value_of(parts: Parts, decimal: str) -> float:
    """Return the number; percent and per mille are fractions.

    Parameters
    ----------
    parts
        As written.
    decimal
        The mark before decimals.
    """
    body = parts.body.replace(_OTHER[decimal], "").replace(decimal, ".")
    value = float(body + parts.power) * parts.size
    value /= {"%": 100.0, "‰": 1000.0}.get(parts.percent, 1.0)
    return -value if parts.negative else value


@dataclass(frozen=True)
class Decided:
    """How open numbers of a column are read.

    Attributes
    ----------
    decimal
        The mark before decimals.
    fault
        Why it cannot be said, where it cannot.
    note
        What was taken for granted.
    """

    decimal: str
    fault: str = ""
    note: str = ""


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column and what they can be.

    Attributes
    ----------
    title
        Its name.
    kind
        ``"count"``, ``"money"`` or ``"rate"``.
    cells
        Its numbers.
    averaged
        Whether its name says that they are means: counts need not be whole.
    """

    title: str
    kind: str
    cells: Sequence[Written]
    averaged: bool = False

    @property
    def told(self) -> Mapping[str, Written]:
        """A number for each decimal mark that the column settles."""
        settled: dict[str, Written] = {}
        for cell in self.cells:
            if cell.mark in (Mark.POINT, Mark.COMMA):
                settled.setdefault(cell.mark.value, cell)
        return settled

    @property
    def whole(self) -> bool:
        """Whether its numbers can only be whole: counts, none of which has decimals."""
        broken = any(
            cell.mark in (Mark.POINT, Mark.COMMA)
            and not cell.parts.scaled
            and value_of(cell.parts, cell.mark.value) % 1.0
            for cell in self.cells
        )
        return self.kind == "count" and not self.averaged and not broken


def decide(columns: Sequence[Numbers], unit: str) -> list[Decided]:
    """Return how the open numbers of each column are read.

    Parameters
    ----------
    columns
        All columns of numbers of a file.
    unit
        What a row is called: line or row.
    """
    whole_file: dict[str, tuple[Numbers, Written]] = {}
    for column in columns:
        for mark, cell in column.told.items():
            whole_file.setdefault(mark, (column, cell))
    return [_decide(column, whole_file, unit) for column in columns]


def _decide(
    column: Numbers, whole_file: Mapping[str, tuple[Numbers, Written]], unit: str
) -> Decided:
    own = column.told
    open_cells = [cell for cell in column.cells if cell.mark is Mark.OPEN]
    if not open_cells:
        return Decided(next(iter(own), "."))
    cell = open_cells[0]
    mark = "." if "." in cell.parts.body else ","
    told = own if len(own) == 1 else {m: c for m, (_, c) in whole_file.items()}
    where = f"{unit} {cell.line}, {column.title}: {cell.text!r}"
    if len(told) > 1:
        ways = " and ".join(f"{c.text!r} ({unit} {c.line})" for c in told.values())
        return Decided(
            ".", f"{where} can be read in two ways, as {ways} are both written in this file: "
            "write all numbers in one way",
        )  # fmt: skip
    if not told:
        # Thousands in counts and money, decimals in rates.
        decimal = mark if column.kind == "rate" else _OTHER[mark]
        return Decided(decimal, note=_taken(cell, decimal, column.title))
    ((decimal, settled),) = told.items()
    as_decimal = decimal == mark
    readings = (
        f"{setting(value_of(cell.parts, mark))} or {fixed(value_of(cell.parts, _OTHER[mark]), 0)}"
    )
    if (as_decimal and column.whole) or (not as_decimal and column.kind == "rate"):
        return Decided(
            ".",
            f"{where} is {readings}? {settled.text!r} ({unit} {settled.line}) has its decimals after "
            f"a {_WORDS[decimal]}; write it without the mark, or with fewer or more decimals",
        )
    return Decided(decimal)


def _taken(cell: Written, decimal: str, title: str) -> str:
    return f"{title}: {cell.text!r} is taken as {setting(value_of(cell.parts, decimal), 12)}"

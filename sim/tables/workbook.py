"""Tables as an Excel workbook: a sheet each, headers that stay, numbers in their format."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..text.numbers import counted, decimals, fixed, is_fraction
from ..text.safe import begins_like_a_formula, printable
from .table import Column, Table

#: Rows of a sheet, its header included.
MOST_ROWS = 1_048_576
#: Letters of a sheet's name.
LONGEST_NAME = 31
#: Rows of which widths and formats of columns are judged.
_LOOKED_AT = 200
_NARROWEST, _WIDEST = 9, 60
#: Significant digits of a number at most: beside an error, and without one.
_MOST, _ALONE = 6, 4
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


class SheetError(ValueError):
    """A table that a sheet cannot hold, with the way out."""


def write_workbook(tables: Sequence[Table], path: Path) -> None:
    """Write a sheet for each table.

    Text stays text, also where it begins like a formula. Numbers keep 16 digits; those shown are
    what their standard errors support, the same for a whole column of one unit.

    Raises
    ------
    SheetError
        For a table with more rows than a sheet has.
    """
    from openpyxl import Workbook

    for table in tables:
        if len(table) >= MOST_ROWS:
            raise SheetError(
                f"table {table.name} has {counted(len(table), 'row')}, an Excel sheet at most "
                f"{counted(MOST_ROWS - 1)}"
            )
    book = Workbook(write_only=True)
    book.properties.creator = "creator-roi"
    for name, table in zip(sheet_names([table.name for table in tables]), tables, strict=True):
        _write_sheet(book.create_sheet(name), table)
    book.save(path)


def sheet_names(names: Sequence[str]) -> list[str]:
    """Return names that sheets can have, each once whatever its capitals: the end is cut.

    Parameters
    ----------
    names
        Of the tables.
    """
    taken: set[str] = set()
    chosen = []
    for name in names:
        plain = _FORBIDDEN.sub("_", printable(name)).strip("'") or "table"
        short, number = plain[:LONGEST_NAME], 1
        while short.casefold() in taken:
            number += 1
            end = f"~{number}"
            short = plain[: LONGEST_NAME - len(end)] + end
        taken.add(short.casefold())
        chosen.append(short)
    return chosen


def _write_sheet(sheet: Any, table: Table) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    columns = table.flat
    # A value and its error are shown to the same digit.
    places = [own for column in table.columns for own in [_places(column)] * len(column.parts())]
    labels = sum(len(column.parts()) for column in table.columns[: table.labels])
    sheet.freeze_panes = f"{get_column_letter(labels + 1)}2"
    for number, (column, own) in enumerate(zip(columns, places, strict=True), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _width(column, own)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(table) + 1}"
    bold, grey = Font(bold=True), PatternFill("solid", fgColor="E6E6E6")

    def cell(value: Any, pattern: str = "") -> Any:
        text = isinstance(value, str)
        made = WriteOnlyCell(sheet, value=printable(value) if text else value)
        if text:
            made.data_type = "s"
            # What begins like a formula stays text also where somebody edits the cell.
            made.quotePrefix = begins_like_a_formula(value)
        if pattern and isinstance(value, int | float) and not isinstance(value, bool):
            made.number_format = pattern
        return made

    head = [cell(text) for text in table.header]
    for made, column in zip(head, columns, strict=True):
        side = "left" if _is_text(column) else "right"
        made.font, made.fill = bold, grey
        made.alignment = Alignment(wrap_text=True, vertical="top", horizontal=side)
    sheet.append(head)
    for k, row in enumerate(table.rows()):
        sheet.append(
            [
                cell(value, _pattern(column.unit_of(k), own[k if len(own) > 1 else 0]))
                for value, column, own in zip(row, columns, places, strict=True)
            ]
        )


def _places(column: Column) -> list[int]:
    """Return the decimals shown: one number for a column of one unit, else one for each row."""
    values, *errors = (part.plain() for part in column.parts())
    rows = range(len(values) if column.units else min(len(values), _LOOKED_AT))
    each = [
        _decimals(values[k], errors[0][k] if errors else 0.0, column.unit_of(k), bool(errors))
        for k in rows
    ]
    if column.units:
        return [places or 0 for places in each]
    known = sorted(places for places in each if places is not None)
    return [known[len(known) // 2] if known else 0]


def _decimals(value: Any, se: float | None, unit: str, with_error: bool) -> int | None:
    """Return the decimals that a number supports, in percent for a fraction; None for no number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    scale = 100.0 if is_fraction(unit) else 1.0
    error = None if se is None else scale * se
    return max(0, decimals(scale * value, error, _MOST if with_error else _ALONE))


def _pattern(unit: str, places: int) -> str:
    """Return how Excel shows a number of a unit with so many decimals."""
    tail = f".{'0' * places}" if places else ""
    return f"0{tail}%" if is_fraction(unit) else f"#,##0{tail}"


def _is_text(column: Column) -> bool:
    return any(isinstance(value, str) for value in column.values[:_LOOKED_AT])


def _width(column: Column, places: Sequence[int]) -> int:
    """Return a width in letters: every number whole, a word of the header on a line."""
    word = max(map(len, column.header.split()))
    longest = _NARROWEST
    for k, value in enumerate(column.plain()[:_LOOKED_AT]):
        if isinstance(value, str):
            longest = max(longest, min(len(value) + 2, _WIDEST))
        elif isinstance(value, int | float) and math.isfinite(value):
            scale = 100.0 if is_fraction(column.unit_of(k)) else 1.0
            shown = fixed(scale * value, places[k if len(places) > 1 else 0])
            longest = max(longest, len(shown) + 3)
    return max(longest, word + 4)

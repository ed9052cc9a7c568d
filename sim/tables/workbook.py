"""Tables as an Excel workbook: a sheet each, headers that stay, numbers in their format."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..text.numbers import counted, decimals, fixed, is_fraction
from ..text.safe import begins_like_a_formula, printable
from .native import add_chart, colour_map, pivoted
from .table import Column, Table, View

#: Rows of a sheet, its header included.
MOST_ROWS = 1_048_576
#: Letters of a sheet's name.
LONGEST_NAME = 31
#: Rows of which widths and formats of columns are judged.
_LOOKED_AT = 200
_NARROWEST, _WIDEST = 9, 60
#: Significant digits of a number at most: beside an error, and without one.
_MOST, _ALONE = 6, 4
#: Columns of a printed page, and points of a line of a header.
_PAGE, _LINE = 14, 15
#: Rows of a table that a chart may stand below.
_SCREEN = 30
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
    sheets = [sheet for table in tables for sheet in _sheets(table)]
    names = sheet_names([table.name for table, _ in sheets])
    where = {table.name: name for (table, _), name in zip(sheets, names, strict=True)}
    for name, (table, view) in zip(names, sheets, strict=True):
        sheet = book.create_sheet(name)
        _write_sheet(sheet, table, where if table.name == "contents" else {})
        if view is not None:
            _draw(sheet, table, view)
    book.save(path)


def _sheets(table: Table) -> list[tuple[Table, View | None]]:
    """Return a table with what is drawn on its sheet, and the sheet that is made of it, if any."""
    view = table.view
    if view is None or not view.by:
        return [(table, view)]
    made = pivoted(table, view)
    own = replace(view, values=tuple(column.name for column in made.columns[1:]))
    return [(table, None), (made, own)]


def _draw(sheet: Any, table: Table, view: View) -> None:
    from openpyxl.utils import get_column_letter

    width = len(table.flat)
    if view.kind == "map":
        letters = get_column_letter(2), get_column_letter(width)
        return colour_map(sheet, letters, len(table), view.middle)
    # Below a table of which all is on the screen, else beside it.
    below = len(table) <= _SCREEN
    anchor = f"B{len(table) + 3}" if below else f"{get_column_letter(width + 2)}2"
    add_chart(sheet, table, view, anchor)
    return None


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


def _write_sheet(sheet: Any, table: Table, links: Mapping[str, str]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.hyperlink import Hyperlink

    columns = table.flat
    # A value and its error are shown to the same digit.
    places = [own for column in table.columns for own in [_places(column)] * len(column.parts())]
    labels = sum(len(column.parts()) for column in table.columns[: table.labels])
    # Printed, so many columns are as wide as a page, and every page begins with the header.
    sheet.page_setup.orientation = "landscape"
    pages = math.ceil(len(columns) / _PAGE)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    sheet.freeze_panes = f"{get_column_letter(labels + 1)}2"
    widths = [_width(column, own) for column, own in zip(columns, places, strict=True)]
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    lines = max(
        len(textwrap.wrap(column.header, max(width - 2, 1))) or 1
        for column, width in zip(columns, widths, strict=True)
    )
    sheet.row_dimensions[1].height = _LINE * lines
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
        cells = [
            cell(value, _pattern(column.unit_of(k), own[k if len(own) > 1 else 0]))
            for value, column, own in zip(row, columns, places, strict=True)
        ]
        if row[0] in links:
            target = links[row[0]].replace("'", "''")
            cells[0].hyperlink = Hyperlink(ref="", location=f"'{target}'!A1")
            cells[0].style = "Hyperlink"
        sheet.append(cells)


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

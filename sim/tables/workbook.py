"""Tables as an Excel workbook: a sheet each, headers that stay, numbers in their format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..run.folder import RunError
from ..text.numbers import counted
from ..text.safe import begins_like_a_formula, printable
from .table import Table

#: Rows of a sheet, its header included.
MOST_ROWS = 1_048_576
#: Rows of which the widths of columns are judged.
_LOOKED_AT = 200
_NARROWEST, _WIDEST = 9, 60
#: The sheet that a reader opens first.
_FIRST = "run"


def check_size(tables: Sequence[Table]) -> None:
    """Refuse tables that a sheet cannot hold.

    Raises
    ------
    RunError
        With the way out.
    """
    for table in tables:
        if len(table) >= MOST_ROWS:
            raise RunError(
                f"table {table.name} has {counted(len(table), 'row')}, an Excel sheet at most "
                f"{counted(MOST_ROWS - 1)}; write parquet or csv, or leave out --worlds"
            )


def write_workbook(tables: Sequence[Table], path: Path) -> None:
    """Write a sheet for each table.

    Text stays text, also where it begins like a formula; numbers keep 16 digits and show those
    of their unit's format.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = "creator-roi"
    for table in sorted(tables, key=lambda table: table.name != _FIRST):
        _write_sheet(book.create_sheet(table.name), table)
    book.save(path)


def _write_sheet(sheet: Any, table: Table) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = f"{get_column_letter(_label_columns(table) + 1)}2"
    for number, width in enumerate(_widths(table), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(table) + 1}"
    bold, grey = Font(bold=True), PatternFill("solid", fgColor="E6E6E6")
    wrapped = Alignment(wrap_text=True, vertical="top")

    def cell(value: Any, pattern: str = "") -> Any:
        text = isinstance(value, str)
        made = WriteOnlyCell(sheet, value=printable(value) if text else value)
        if text:
            made.data_type = "s"
            # What begins like a formula stays text also where somebody edits the cell.
            made.quotePrefix = begins_like_a_formula(value)
        if pattern and isinstance(value, int | float):
            made.number_format = pattern
        return made

    head = [cell(text) for text in table.header]
    for made in head:
        made.font, made.fill, made.alignment = bold, grey, wrapped
    sheet.append(head)
    units = [column.unit for column in table.columns]
    beside = [column.name for column in table.columns]
    unit_at = beside.index("unit") if "unit" in beside else None
    for row in table.rows():
        own = str(row[unit_at]) if unit_at is not None else ""
        sheet.append(
            [
                cell(value, _pattern(unit or own, value))
                for value, unit in zip(row, units, strict=True)
            ]
        )


def _pattern(unit: str, value: Any) -> str:
    """Return how Excel shows a number of a unit; percentages only where the unit is a fraction."""
    if not isinstance(value, float):
        return "#,##0" if isinstance(value, int) else ""
    if unit.startswith("fraction"):
        return "0.0%" if abs(value) >= 0.001 else "0.0000%"
    return "#,##0" if abs(value) >= 1_000 else "#,##0.00" if abs(value) >= 1 else "0.0000"


def _label_columns(table: Table) -> int:
    """Return how many columns at the left say what a row is: they stay when one scrolls."""
    labels = {"portfolio", "a", "b", "line", "measure", "key", "name", "sim"}
    count = 0
    for column in table.columns:
        if column.name not in labels:
            break
        count += 1
    return count


def _widths(table: Table) -> list[int]:
    widths = []
    for column in table.columns:
        longest_word = max(map(len, column.header.split()))
        texts = (str(v) for v in column.values[:_LOOKED_AT] if isinstance(v, str))
        longest = max(map(len, texts), default=_NARROWEST)
        widths.append(max(_NARROWEST, longest_word + 4, min(longest + 2, _WIDEST)))
    return widths

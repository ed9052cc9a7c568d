"""Sheets of a workbook (.xlsx): cells with the numbers that the workbook knows."""

from __future__ import annotations

import datetime as dt
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from ..text.numbers import fixed
from .grid import LARGEST, Cell, ReadingError, Row

#: What openpyxl runs into in files that are no sound workbooks; a fault of XML is a SyntaxError.
_DAMAGE = (
    KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError,
    RecursionError, NotImplementedError, RuntimeError, zlib.error, zipfile.BadZipFile,
)  # fmt: skip


def is_zip(raw: bytes) -> bool:
    """Say whether a file is packed as workbooks are."""
    return raw.startswith(b"PK\x03\x04")


def sheets(raw: bytes) -> list[tuple[str, list[Row]]]:
    """Return name and rows of each sheet that holds anything, in their order.

    Raises
    ------
    ReadingError
        Where it is no workbook, or openpyxl is not installed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            names, size = packed.namelist(), sum(item.file_size for item in packed.infolist())
            kind = packed.read("mimetype")[:80] if "mimetype" in names else b""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise ReadingError("is a damaged workbook: save it anew") from None
    if b"opendocument" in kind:
        raise ReadingError("is an OpenDocument file: save it as .xlsx or CSV")
    if "xl/workbook.xml" not in names:
        if any(name.startswith("xl/") for name in names):
            raise ReadingError("is a binary workbook (.xlsb): save it as .xlsx or CSV")
        raise ReadingError("is packed (zip): unpack it first")
    if size > 5 * LARGEST:
        raise ReadingError(f"unpacks to {fixed(size / 1e6, 0)} MB: keep the sheet that counts")
    try:
        import openpyxl
    except ImportError:
        raise ReadingError(
            "is a workbook, which needs openpyxl: pip install 'creator-roi[tables]', or save the "
            "sheet as CSV"
        ) from None
    try:
        with warnings.catch_warnings():
            # Of styles and validations that it cannot keep: only the cells are read.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(raw), data_only=True, read_only=True)
            rows_of = [(sheet.title, list(_rows(sheet))) for sheet in book.worksheets]
            book.close()
    except _DAMAGE as error:
        why = type(error).__name__
        raise ReadingError(f"is a damaged workbook ({why}): save it anew") from None
    return [(name, rows) for name, rows in rows_of if any(not row.blank for row in rows)]


def _rows(sheet: Any) -> Iterator[Row]:
    # What a sheet says of its own size may be wrong, or a million empty rows.
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        row = Row(number, tuple(_cell(cell) for cell in cells))
        if not row.blank:
            yield row


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return Cell("")
    if isinstance(value, bool):
        return Cell(str(value))
    if isinstance(value, int | float):
        percent = "%" in str(getattr(cell, "number_format", ""))
        shown = f"{_as_entered(100 * value)}%" if percent else _as_entered(value)
        return Cell(shown, float(value), percent)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return Cell(value.isoformat())
    return Cell(str(value).strip())


def _as_entered(value: float) -> str:
    """Return a number as its cell would be typed: without the digits that binary fractions add."""
    return format(value, ".12g")

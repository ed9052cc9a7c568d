"""A file becomes rows of cells: only regular files of a sane size, in any usual encoding."""

from __future__ import annotations

import csv
import errno
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..text.safe import printable
from .files import bytes_of

#: Bytes beyond which a table is not read: a million rows of an export are about as many.
LARGEST = 100_000_000
DELIMITERS = ",;\t|"
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OTHER_KINDS = (
    (
        b"\xd0\xcf\x11\xe0",
        "is a workbook of the old kind (.xls) or one with a password: save it as .xlsx or CSV",
    ),
    (b"%PDF", "is a PDF: ask for the table behind it, as .xlsx or CSV"),
    (b"\x1f\x8b", "is compressed: unpack it first"),
    (b"PAR1", "is a Parquet file: save it as CSV"),
    (b"{\\rtf", "is a text document: save the table as .xlsx or CSV"),
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
)


class ReadingError(ValueError):
    """A table that cannot be read as it is.

    Attributes
    ----------
    faults
        What is wrong, each in one line that names the cell, and the way out; without the file.
    """

    def __init__(self, *faults: str) -> None:
        self.faults = tuple(printable(fault) for fault in faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, and its number where a workbook knows it; percent counts as a fraction."""

    text: str
    value: float | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row, and its number in the file."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def blank(self) -> bool:
        """Whether no cell holds anything."""
        return not any(cell.text for cell in self.cells)


def raw_bytes(path: Path) -> bytes:
    """Return the bytes of a file that may be a table.

    Raises
    ------
    ReadingError
        Where it is no regular file, is empty, too large, of another kind, or cannot be opened.
    """
    try:
        raw = bytes_of(path, LARGEST)
    except OSError as error:
        way_out = ": keep the columns and rows that count" if error.errno == errno.EFBIG else ""
        raise ReadingError(f"cannot be read: {error.strerror}{way_out}") from None
    if not raw.strip():
        raise ReadingError("is empty; its first row must name the columns")
    for start, problem in _OTHER_KINDS:
        if raw.startswith(start):
            raise ReadingError(problem)
    return raw


def decoded(raw: bytes) -> tuple[str, list[str]]:
    """Return the text of a file, and what its encoding was taken for where it does not say so.

    Raises
    ------
    ReadingError
        Where it is no text.
    """
    for start, name in _MARKS:
        if raw.startswith(start):
            try:
                return raw.decode(name), []
            except UnicodeDecodeError:
                raise ReadingError(f"says that it is {name}, and is not: save it anew") from None
    if b"\x00" in raw[:4096]:
        # Text in two bytes a letter without a mark: every other byte of plain letters is zero.
        name = "utf-16-le" if raw[1:2] == b"\x00" else "utf-16-be"
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            text = "\x00"
        if "\x00" in text or not _printable(text[:2000]):
            raise ReadingError("is no text: save the table as .xlsx or CSV")
        return text, [f"encoding {name}, as it seems"]
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if not _printable(text[:2000]):
        raise ReadingError("is no text: save the table as .xlsx or CSV")
    word = next((word for word in re.findall(r"[^\s,;|\"]+", text) if not word.isascii()), "")
    return text, [f"encoding Windows-1252, as it is not UTF-8: {word[:40]!r} should look right"]


def _printable(text: str) -> bool:
    odd = sum(not (c.isprintable() or c in "\r\n\t") for c in text)
    return odd * 20 <= len(text)


def separator_line(text: str) -> tuple[str | None, str]:
    """Return the delimiter that a first line ``sep=;`` names, and the text with that line blank."""
    first, end, rest = text.partition("\n")
    plain = first.strip().strip('"').lower()
    if plain.startswith("sep=") and len(plain) in (4, 5):
        sign = first.strip().strip('"')[4:] or "\t"
        return sign, end + rest
    return None, text


def split(text: str, delimiter: str) -> list[Row]:
    """Return the rows of a text.

    Raises
    ------
    ReadingError
        Where quotes do not close, or a cell is longer than any cell can be.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return list(_numbered(reader))


def _numbered(reader: Iterable[list[str]]) -> Iterator[Row]:
    start, rows = 1, iter(reader)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            why = str(error)
            if "unexpected end" in why:
                why = 'a quote is opened (") and never closed'
            raise ReadingError(f"line {start}: {why}") from None
        yield Row(start, tuple(Cell(cell.strip()) for cell in cells))
        start = reader.line_num + 1  # type: ignore[attr-defined]

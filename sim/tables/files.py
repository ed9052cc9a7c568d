"""Tables in files that other tools read: CSV, Excel, JSON, Parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..text.safe import cell
from .table import Table


def write_csv(table: Table, path: Path) -> None:
    """Write a table as CSV, every digit of a number, nothing for what is missing.

    Text is such that a spreadsheet reads it as text; the mark in front (U+FEFF) tells Excel that
    it is UTF-8, and other readers know it as ``utf-8-sig``.
    """
    frame = table.to_dataframe(units=True)
    for name in frame.columns[[str(kind) in ("string", "str", "object") for kind in frame.dtypes]]:
        frame[name] = frame[name].map(cell, na_action="ignore")
    frame.columns = frame.columns.map(cell)
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8-sig")


def write_json(tables: Sequence[Table], path: Path) -> None:
    """Write ``{table: {"about": ..., "units": {...}, "rows": [{...}]}}``; missing is null."""
    content = {
        table.name: {
            "about": table.about,
            "units": {column.name: column.unit for column in table.flat if column.unit},
            "rows": table.to_rows(),
        }
        for table in tables
    }
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_parquet(table: Table, path: Path) -> None:
    """Write a table as Parquet; what a row is and the units are in the file's metadata too."""
    table.to_dataframe(units=True).to_parquet(path, index=False, engine="pyarrow")

"""One table for terminal, notebook, page, slides and files: columns with unit, values and errors.

`table.py` says what a table is, `files.py` writes CSV, JSON and Parquet, `workbook.py` Excel, with native charts by
`native.py`.
"""

from __future__ import annotations

from .table import Column, Table, View, from_rows

__all__ = ["Column", "Table", "View", "from_rows"]

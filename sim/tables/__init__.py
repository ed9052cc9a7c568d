"""What a run found as tidy tables, with units in the header, in files that other tools read.

`table.py` says what a table is, `collect.py` makes them from a run's folder, `files.py` writes CSV,
JSON and Parquet, `workbook.py` an Excel workbook.
"""

from __future__ import annotations

from .collect import run_tables
from .files import FORMATS, MissingPackageError, write_tables
from .table import Column, Table

__all__ = ["FORMATS", "Column", "MissingPackageError", "Table", "run_tables", "write_tables"]

"""What a run found as tables in files that other tools read: `sim export`.

`collect.py` makes the tables of a run and of what it was asked, `files.py` writes them.
"""

from __future__ import annotations

from .collect import run_tables
from .files import FORMATS, MissingPackageError, write_tables

__all__ = ["FORMATS", "MissingPackageError", "run_tables", "write_tables"]

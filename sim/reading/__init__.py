"""Tables as they come, read once and in one way: exports, rosters, results, columns of figures.

Whatever decides how a cell is meant is decided over the whole file and told: delimiter, encoding,
decimal mark, percent, what each column stands for. What stays ambiguous is an error that shows the
cell. Read in this order: `table.py` (the steps), `grid.py` (a file becomes rows of cells, with
`workbook.py`), `header.py` and `vocabulary.py` (columns and their meanings), `cells.py` and `marks.py` (a
cell becomes a number), `rates.py` (percent or fraction), `totals.py` (rows that are no creators).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .grid import ReadingError
    from .platforms import platform_name
    from .table import Reading, read_table
    from .vocabulary import FIGURES, POSTS, RESULTS, ROSTER, Meaning, Vocabulary

# Loaded where they are asked for: most experiments name no table.
_HOME = {
    "ReadingError": "grid",
    "platform_name": "platforms",
    "Reading": "table",
    "read_table": "table",
    "FIGURES": "vocabulary",
    "POSTS": "vocabulary",
    "RESULTS": "vocabulary",
    "ROSTER": "vocabulary",
    "Meaning": "vocabulary",
    "Vocabulary": "vocabulary",
}

__all__ = [
    "FIGURES",
    "POSTS",
    "RESULTS",
    "ROSTER",
    "Meaning",
    "Reading",
    "ReadingError",
    "Vocabulary",
    "platform_name",
    "read_table",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim.reading' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)

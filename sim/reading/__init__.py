"""Tables as they come, read once and in one way: exports, rosters, results, columns of figures.

Whatever decides how a cell is meant is decided over the whole file and told: delimiter, encoding,
decimal mark, percent, what each column stands for. What stays ambiguous is an error that shows the
cell. Read in this order: `table.py` (the steps), `grid.py` (a file becomes rows of cells, with
`workbook.py`), `header.py` and `vocabulary.py` (columns and their meanings), `cells.py` and `marks.py` (a
cell becomes a number), `rates.py` (percent or fraction), `totals.py` (rows that are no creators).
"""

from .grid import ReadingError
from .platforms import platform_name
from .table import Reading, read_table
from .vocabulary import FIGURES, POSTS, RESULTS, ROSTER, Meaning, Vocabulary

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

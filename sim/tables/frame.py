"""A table as a pandas DataFrame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .table import Column, Table


def dataframe(table: Table, units: bool) -> pd.DataFrame:
    """Return a table as a DataFrame; see `Table.to_dataframe`."""
    flat = table.flat
    names = [column.header if units else column.name for column in flat]
    frame = pd.DataFrame({name: _series(column) for name, column in zip(names, flat, strict=True)})
    frame.attrs = {
        "about": table.about,
        "units": {n: column.unit for n, column in zip(names, flat, strict=True) if column.unit},
    }
    return frame


def _series(column: Column) -> pd.Series[Any]:
    """Return a column with the type of what it holds: text, yes or no, whole numbers, numbers."""
    import pandas as pd

    if isinstance(column.values, np.ndarray):
        return pd.Series(column.values)
    values = column.plain()
    known = [value for value in values if value is not None]
    if all(isinstance(value, str) for value in known):
        return pd.Series(values, dtype="string")
    if all(isinstance(value, bool) for value in known):
        return pd.Series(values, dtype="boolean")
    if all(isinstance(value, int) for value in known):
        return pd.Series(values, dtype="int64" if len(known) == len(values) else "Int64")
    if all(isinstance(value, int | float) for value in known):
        return pd.Series(values, dtype="float64")
    # Numbers and text in one column, such as the settings of a key: text.
    return pd.Series([None if value is None else str(value) for value in values], dtype="string")

"""A table: named columns of equal length, each with its unit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = Sequence[Any] | npt.NDArray[Any]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name
        Word of the model, such as ``roi``.
    values
        One per row; None or NaN for a missing one.
    unit
        Of all its values; empty for text and for numbers whose unit stands in a column beside.
    """

    name: str
    values: Values
    unit: str = ""

    @property
    def header(self) -> str:
        """Name and, in brackets, unit; one word where both are the same."""
        return f"{self.name} [{self.unit}]" if self.unit not in ("", self.name) else self.name


@dataclass(frozen=True)
class Table:
    """Columns of one length.

    Attributes
    ----------
    name
        Of its file or sheet.
    about
        What one row is.
    columns
        The columns.
    """

    name: str
    about: str
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.columns[0].values) if self.columns else 0

    def __getitem__(self, name: str) -> Values:
        """Return the values of a column."""
        return next(column.values for column in self.columns if column.name == name)

    @property
    def header(self) -> list[str]:
        """Headers of all columns."""
        return [column.header for column in self.columns]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as plain numbers and text, None for what is missing."""
        yield from zip(*(_plain(column.values) for column in self.columns), strict=True)


def from_rows(
    name: str, about: str, rows: Sequence[Mapping[str, Any]], units: Mapping[str, str]
) -> Table:
    """Return a table of rows by column.

    Parameters
    ----------
    name, about
        See `Table`.
    rows
        Rows with the keys of `units`.
    units
        The columns in their order, each with its unit or an empty text.
    """
    columns = (Column(key, [row[key] for row in rows], unit) for key, unit in units.items())
    return Table(name, about, tuple(columns))


def _plain(values: Values) -> Iterator[Any]:
    items = values.tolist() if isinstance(values, np.ndarray) else values
    for item in items:
        yield None if isinstance(item, float) and not math.isfinite(item) else item

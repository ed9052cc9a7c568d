"""A table: named columns of equal length, each with its unit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..text.numbers import Number, cell, setting

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
    errors
        Their standard errors; None or NaN for an unknown one.
    heading
        What people read above it; by default its name.
    """

    name: str
    values: Values
    unit: str = ""
    errors: Values | None = None
    heading: str = ""

    def texts(self) -> list[str]:
        """Return its values for people: with their errors, where it has such."""
        values = list(_plain(self.values))
        if self.errors is None:
            return ["" if value is None else _text(value) for value in values]
        errors = _plain(self.errors)
        return [
            cell(Number(value, se, self.unit)) for value, se in zip(values, errors, strict=True)
        ]

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

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the rows by name of the column; an error stands under its name and ``_se``."""
        columns: dict[str, list[Any]] = {}
        for column in self.columns:
            columns[column.name] = list(_plain(column.values))
            if column.errors is not None:
                columns[f"{column.name}_se"] = list(_plain(column.errors))
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def to_texts(self) -> list[dict[str, str]]:
        """Return the rows as people read them, by heading."""
        texts = {column.heading or column.name: column.texts() for column in self.columns}
        return [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]


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


def from_texts(name: str, about: str, rows: Sequence[Mapping[str, str]]) -> Table:
    """Return a table of texts, each row by heading; a text that a row lacks is empty."""
    heads = dict.fromkeys(key for row in rows for key in row)
    return Table(
        name, about, tuple(Column(head, [row.get(head, "") for row in rows]) for head in heads)
    )


def _plain(values: Values) -> Iterator[Any]:
    items = values.tolist() if isinstance(values, np.ndarray) else values
    for item in items:
        yield None if isinstance(item, float) and not math.isfinite(item) else item


def _text(value: Any) -> str:
    return setting(value) if isinstance(value, float) else str(value)

"""A table: named columns of equal length, each with its unit and, where it has such, its errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ..text.names import spoken
from ..text.numbers import MISSING, Number, Quantity, cell, labelled, setting

if TYPE_CHECKING:
    import pandas as pd

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
        Of all its values; empty for text.
    errors
        Their standard errors, in the same unit; None or NaN for an unknown one.
    heading
        What people read above it, its unit included; by default name and unit.
    units
        Unit of each value, where the rows differ; a column beside says it in files.
    error_name
        Name of the column of errors in files; by default the name and ``_se``.
    missing
        What people read where a value with an error is missing; empty where a row has none.
    writer
        Writes a value with its error for people; `change` for differences.
    """

    name: str
    values: Values
    unit: str = ""
    errors: Values | None = None
    heading: str = ""
    units: Sequence[str] = ()
    error_name: str = ""
    missing: str = f"{MISSING} *"
    writer: Callable[[Quantity], str] = cell

    @property
    def header(self) -> str:
        """Name and, in brackets, unit: what stands above it in a file."""
        said = ("", self.name, spoken(self.name))
        return self.name if self.unit in said else f"{self.name} [{self.unit}]"

    @property
    def title(self) -> str:
        """What people read above it."""
        words = spoken(self.name)
        return self.heading or labelled(words, "" if self.unit == words else self.unit)

    def unit_of(self, row: int) -> str:
        """Return the unit of a value."""
        return self.units[row] if self.units else self.unit

    def parts(self) -> tuple[Column, ...]:
        """Return the values and the errors as two columns, or the values alone."""
        alone = replace(self, errors=None)
        if self.errors is None:
            return (alone,)
        name = self.error_name or f"{self.name}_se"
        return alone, Column(name, self.errors, self.unit, units=self.units)

    def plain(self) -> list[Any]:
        """Return the values as plain numbers and text, None for what is missing."""
        items = self.values.tolist() if isinstance(self.values, np.ndarray) else self.values
        return [None if isinstance(x, float) and not math.isfinite(x) else x for x in items]

    def texts(self) -> list[str]:
        """Return the values as people read them: with their errors, where the column has such."""
        values, *errors = (part.plain() for part in self.parts())
        if not errors:
            return [self._text(k, value) for k, value in enumerate(values)]
        return [
            self.missing if value is None else self.writer(Number(value, se, self.unit_of(k)))
            for k, (value, se) in enumerate(zip(values, *errors, strict=True))
        ]

    def _text(self, row: int, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float) and self.unit_of(row):
            return cell(Number(value, 0.0, self.unit_of(row)))
        return setting(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class View:
    """What a workbook draws of a table.

    Attributes
    ----------
    kind
        ``bars`` along `x`; ``lines`` or ``points`` over it; a ``map`` coloured by its values.
    x
        Column of the categories, or of the values across; of a map, of its rows.
    values
        Columns drawn; one where `by` is given.
    by
        Column whose values become columns of a sheet of their own; empty where `values` are.
    title
        Above the chart.
    middle
        Value of a map that is white; its median where None.
    """

    kind: Literal["bars", "lines", "points", "map"]
    x: str
    values: tuple[str, ...]
    by: str = ""
    title: str = ""
    middle: float | None = None


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
    labels
        How many columns at the left say what a row is.
    view
        What a workbook draws of it; None for nothing.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    labels: int = 1
    view: View | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.columns[0].values) if self.columns else 0

    def __getitem__(self, name: str) -> Values:
        """Return the values of a column, errors under their own name."""
        return {column.name: column for column in self.flat}[name].values  # noqa: PD011

    @property
    def flat(self) -> tuple[Column, ...]:
        """All columns as files hold them: errors stand beside their values."""
        return tuple(part for column in self.columns for part in column.parts())

    @property
    def header(self) -> list[str]:
        """Headers of all columns in files."""
        return [column.header for column in self.flat]

    @property
    def titles(self) -> list[str]:
        """Headings of all columns for people."""
        return [column.title for column in self.columns]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a file as plain numbers and text, None for what is missing."""
        yield from zip(*(column.plain() for column in self.flat), strict=True)

    def texts(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows as people read them, one text for each column."""
        yield from zip(*(column.texts() for column in self.columns), strict=True)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the rows by name of the column; an error stands under its name and ``_se``."""
        names = [column.name for column in self.flat]
        return [dict(zip(names, row, strict=True)) for row in self.rows()]

    def to_texts(self) -> list[dict[str, str]]:
        """Return the rows as people read them, by heading."""
        return [dict(zip(self.titles, row, strict=True)) for row in self.texts()]

    def to_dataframe(self, *, units: bool = False) -> pd.DataFrame:
        """Return a pandas DataFrame, errors in columns beside their values.

        Parameters
        ----------
        units
            Whether units stand in brackets behind the names of the columns, as in files.

        Returns
        -------
        pandas.DataFrame
            Its `attrs` hold `about`, and `units` by column.
        """
        from .frame import dataframe

        return dataframe(self, units)

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table with some of its rows, in the order given."""

        def some(values: Values) -> Values:
            return values[list(rows)] if isinstance(values, np.ndarray) else [
                values[k] for k in rows
            ]  # fmt: skip

        columns = tuple(
            replace(
                column,
                values=some(column.values),
                errors=None if column.errors is None else some(column.errors),
                units=tuple(column.units[k] for k in rows) if column.units else (),
            )
            for column in self.columns
        )
        return replace(self, columns=columns)


def from_rows(
    name: str,
    about: str,
    rows: Sequence[Mapping[str, Any]],
    units: Mapping[str, str],
    *,
    labels: int = 1,
) -> Table:
    """Return a table of rows by column.

    Parameters
    ----------
    name, about, labels
        See `Table`.
    rows
        Rows with the keys of `units`.
    units
        The columns in their order, each with its unit or an empty text.
    """
    columns = (Column(key, [row[key] for row in rows], unit) for key, unit in units.items())
    return Table(name, about, tuple(columns), labels)


def from_records(
    name: str,
    about: str,
    rows: Sequence[Mapping[str, Any]],
    units: Mapping[str, str],
    *,
    labels: int = 1,
    errors: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """Return a table of tidy rows, in which the error of ``roi`` stands as ``roi_se``.

    Parameters
    ----------
    name, about, labels
        See `Table`.
    rows
        Rows by column; what a row lacks is missing.
    units
        Units by column; columns without one are text, counts, or have none.
    errors
        Names of columns of errors that are called otherwise, by column.
    """
    names = dict.fromkeys(key for row in rows for key in row)
    of = {key: errors.get(key, f"{key}_se") for key in names}
    beside = {error for error in of.values() if error in names}
    columns = []
    for key in names:
        if key in beside:
            continue
        known = [row.get(of[key]) for row in rows] if of[key] in names else None
        columns.append(
            Column(
                key,
                [row.get(key) for row in rows],
                units.get(key, ""),
                known,
                error_name=of[key],
                missing="",
            )
        )
    return Table(name, about, tuple(columns), labels)


def from_texts(name: str, about: str, rows: Sequence[Mapping[str, str]]) -> Table:
    """Return a table of texts, each row by heading; a text that a row lacks is empty."""
    heads = dict.fromkeys(key for row in rows for key in row)
    return Table(
        name, about, tuple(Column(head, [row.get(head, "") for row in rows]) for head in heads)
    )


def measured(
    name: str, entries: Sequence[Quantity | None], *, heading: str = "", unit: str = ""
) -> Column:
    """Return figures with their errors as a column; None for a row that has none.

    Parameters
    ----------
    name, heading
        See `Column`.
    entries
        One per row.
    unit
        Of all; by default that of the first.
    """
    known = [entry for entry in entries if entry is not None]
    return Column(
        name,
        [None if entry is None else entry.value for entry in entries],
        unit or (known[0].unit if known else ""),
        [None if entry is None else entry.se for entry in entries],
        heading,
        missing="" if len(known) < len(entries) else f"{MISSING} *",
    )

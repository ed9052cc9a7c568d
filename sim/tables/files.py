"""Tables as files: CSV, JSON, Parquet; the workbook is next door."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..run.folder import RunError, file_in_place
from ..text.safe import cell
from .table import Table, Values

#: Formats, with the package that each needs beyond the plain installation.
FORMATS: dict[str, str] = {"csv": "", "json": "", "parquet": "pyarrow", "xlsx": "openpyxl"}
#: Formats that are one file; the others are a folder with a file for each table.
SINGLE = ("json", "xlsx")


class MissingPackageError(RunError):
    """A format that needs an optional package."""


def check_format(kind: str) -> None:
    """Refuse a format whose package is not installed.

    Raises
    ------
    MissingPackageError
        With the line that installs it.
    """
    package = FORMATS[kind]
    if package and find_spec(package) is None:
        raise MissingPackageError(
            f"{kind} needs {package}, which is not installed: pip install 'creator-roi[tables]'"
        )


def write_tables(tables: Sequence[Table], path: str | Path, kind: str) -> list[Path]:
    """Write tables in one of `FORMATS`.

    Parameters
    ----------
    tables
        The tables.
    path
        A file for json and xlsx; a folder for csv and parquet, one file for each table.
    kind
        A key of `FORMATS`.

    Returns
    -------
    list of Path
        The files written, each whole or not at all.

    Raises
    ------
    MissingPackageError
        Where the format needs a package that is not installed.
    RunError
        For a table that a sheet cannot hold, or a path that cannot be written.
    """
    check_format(kind)
    path = Path(path)
    if kind == "xlsx":
        from .workbook import check_size, write_workbook

        check_size(tables)
        return [_in_place(path, lambda part: write_workbook(tables, part))]
    if kind == "json":
        return [_in_place(path, lambda part: _write_json(tables, part))]
    if path.exists() and not path.is_dir():
        raise RunError(f"{path}: is a file; {kind} needs a folder, one file for each table")
    path.mkdir(parents=True, exist_ok=True)
    write = _write_csv if kind == "csv" else _write_parquet

    def one(table: Table) -> Path:
        return _in_place(path / f"{table.name}.{kind}", lambda part: write(table, part))

    return [one(table) for table in tables]


def _in_place(path: Path, write: Callable[[Path], None]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with file_in_place(path) as part:
        write(part)
    return path


def _write_csv(table: Table, path: Path) -> None:
    """Write text that a spreadsheet reads as text; the mark in front tells Excel that it is UTF-8."""
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([cell(text) for text in table.header])
        writer.writerows([cell(value) for value in row] for row in table.rows())


def _write_json(tables: Sequence[Table], path: Path) -> None:
    """Write ``{table: {"about": ..., "units": {...}, "rows": [{...}]}}``; missing is null."""
    content = {}
    for table in tables:
        names = [column.name for column in table.columns]
        content[table.name] = {
            "about": table.about,
            "units": {column.name: column.unit for column in table.columns if column.unit},
            "rows": [dict(zip(names, row, strict=True)) for row in table.rows()],
        }
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_parquet(table: Table, path: Path) -> None:
    """Write columns under their headers; the unit of each is in its metadata too."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays, fields = [], []
    for column in table.columns:
        array = _arrow(column.values)
        arrays.append(array)
        fields.append(pa.field(column.header, array.type, metadata={"unit": column.unit}))
    schema = pa.schema(fields, metadata={"about": table.about})
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path)


def _arrow(values: Values) -> Any:
    import pyarrow as pa

    array = pa.array(values, from_pandas=isinstance(values, np.ndarray))
    # A column with nothing in it still has a type that every reader knows.
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array

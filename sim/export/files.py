"""Tables of a run as files, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from ..run.folder import RunError, file_in_place
from ..tables import Table
from ..tables.files import write_csv, write_json, write_parquet
from ..tables.workbook import SheetError, write_workbook

#: Formats, with the package that each needs beyond the plain installation.
FORMATS: dict[str, str] = {"csv": "", "json": "", "parquet": "pyarrow", "xlsx": "openpyxl"}
#: Formats that are one file; the others are a folder with a file for each table.
SINGLE = ("json", "xlsx")


def kind_of(out: Path | None) -> str:
    """Return the format that a file's name says: ``xlsx`` of ``book.xlsx``; csv where it says none."""
    said = "" if out is None else out.suffix.lower().removeprefix(".")
    return said if said in SINGLE else "csv"


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
        try:
            return [_in_place(path, lambda part: write_workbook(tables, part))]
        except SheetError as error:
            raise RunError(f"{error}; write parquet or csv, or leave out --worlds") from None
    if kind == "json":
        return [_in_place(path, lambda part: write_json(tables, part))]
    if path.exists() and not path.is_dir():
        raise RunError(f"{path}: is a file; {kind} needs a folder, one file for each table")
    path.mkdir(parents=True, exist_ok=True)
    write = write_csv if kind == "csv" else write_parquet

    def one(table: Table) -> Path:
        return _in_place(path / f"{table.name}.{kind}", lambda part: write(table, part))

    return [one(table) for table in tables]


def _in_place(path: Path, write: Callable[[Path], None]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with file_in_place(path) as part:
        write(part)
    return path

"""The command `sim export`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .common import clear_errors


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "xlsx", "parquet", "json"]),
    help="csv and parquet: a file for each table; xlsx and json: one file [what the name of --out "
    "says, else csv].",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Folder (csv, parquet) or file (xlsx, json) [in FOLDER/tables].",
)
@click.option("--worlds", is_flag=True, help="Also the worlds: a row for each portfolio in each.")
@clear_errors
def export(folder: Path, kind: str | None, out: Path | None, worlds: bool) -> None:
    """Write the run in FOLDER as tidy tables with units in the header.

    Tables: run, contents, summary, comparison, portfolios, costs, payback, assumptions, and those
    of every question that was asked (sweep, breakeven, tornado, worth, ...); with --worlds also
    worlds and shared (shocks and doubts of each world).

    Example: sim export results/micro_vs_macro -o micro_vs_macro.xlsx
    """
    from ..export import run_tables, write_tables
    from ..export.files import SINGLE, check_format, kind_of

    kind = kind or kind_of(out)
    check_format(kind)
    if out is None:
        out = folder / "tables"
        if kind in SINGLE:
            out /= f"{folder.resolve().name}.{kind}"
    tables = run_tables(folder, worlds=worlds)
    for path in write_tables(tables, out, kind):
        click.echo(f"wrote {path}")

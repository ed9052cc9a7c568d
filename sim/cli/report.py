"""The command `sim report`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .common import MISTAKE, clear_errors, fail
from .light import loading


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The file [report.html in FOLDER]."
)
@click.option(
    "--theme",
    "brand",
    type=click.Path(path_type=Path),
    help="A TOML file with a table [theme]: colours and font of the charts.",
)
@clear_errors
def report(folder: Path, out: Path | None, brand: Path | None) -> None:
    """Write the run in FOLDER as one HTML page that works offline.

    Shows what is free from the run, and what has been asked of it since (`sim tornado`,
    `sim breakeven`, ...).

    Example: sim report results/micro_vs_macro
    """
    with loading():
        from ..charts import load_theme
        from ..report import write_report

    if out is not None and not out.resolve().parent.is_dir():
        fail(f"{out.parent}: no such folder; make it, or name another file with -o", MISTAKE)
    theme = load_theme(brand) if brand is not None else None
    click.echo(f"wrote {write_report(folder, out, theme=theme)}")

"""The command `sim diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from .common import clear_errors, print_json

if TYPE_CHECKING:
    from ..tables import Table


@click.command()
@click.argument("run1", type=click.Path(file_okay=False, path_type=Path))
@click.argument("run2", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Also write both tables: a file .xlsx or .json, or a folder for CSV.",
)
@clear_errors
def diff(run1: Path, run2: Path, as_json: bool, out: Path | None) -> None:
    """Say which assumptions changed from RUN1 to RUN2, and what that did to the answer.

    Runs of the same seed share their worlds; their differences are paired.

    Example: sim diff results/micro_vs_macro results/cheaper_macro
    """
    from ..diff import changes
    from ..export.files import check_format, kind_of, write_tables

    kind = kind_of(out)
    check_format(kind)
    answer = changes(run1, run2)
    if out is not None:
        for path in write_tables(answer.tables(), out, kind):
            click.echo(f"wrote {path}", err=True)
    if as_json:
        print_json(answer.to_dict())
        return
    names = {"first run": str(run1), "second run": str(run2)}
    shown, keys = answer.shown(), answer.tables()[1]
    if len(keys):
        _columns(keys, names, right=False)
    else:
        click.echo("No assumption in use changed.")
    if answer.unused:
        click.echo(f"({answer.unused} more keys differ that no portfolio uses)")
    click.echo("")
    whose = list(shown["of"])
    for of in dict.fromkeys(whose):
        click.echo(of)
        _columns(shown.take([k for k, other in enumerate(whose) if other == of]), names, first=1)
        click.echo("")
    click.echo(answer.sentence)
    for note in answer.notes:
        click.echo(f"Note: {note}")
    click.echo("± is one Monte Carlo standard error, * has none.")


def _columns(table: Table, names: dict[str, str], first: int = 0, right: bool = True) -> None:
    """Print a table from its column `first` on, as wide as its texts; a long value goes on."""
    titles = [names.get(title, title) for title in table.titles]
    rows = [titles[first:]]
    rows += [[text or "-" for text in row[first:]] for row in table.texts()]
    for row in rows[1:]:
        row[0] = f"{'  ' * first}{row[0]}"
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for label, *rest in rows:
        texts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width in zip(rest, widths[1:], strict=True)
        ]
        click.echo("  ".join([label.ljust(widths[0]), *texts]).rstrip())

"""The command `sim diff`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from .common import clear_errors, print_json


@click.command()
@click.argument("run1", type=click.Path(file_okay=False, path_type=Path))
@click.argument("run2", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@clear_errors
def diff(run1: Path, run2: Path, as_json: bool) -> None:
    """Say which assumptions changed from RUN1 to RUN2, and what that did to the answer.

    Runs of the same seed share their worlds; their differences are paired.

    Example: sim diff results/micro_vs_macro results/cheaper_macro
    """
    from ..diff import changes, changes_table

    answer = changes(run1, run2)
    if as_json:
        print_json(answer.to_dict())
        return
    keys = [(entry.key, entry.old or "-", entry.new or "-") for entry in answer.changed]
    if keys:
        _columns([("changed", str(run1), str(run2)), *keys], right=False)
    else:
        click.echo("No assumption in use changed.")
    if answer.unused:
        click.echo(f"({answer.unused} more keys differ that no portfolio uses)")
    click.echo("")
    rows = [tuple(row.values()) for row in changes_table(answer)]
    for of in dict.fromkeys(row[0] for row in rows):
        head = ("measure", str(run1), str(run2), "difference")
        click.echo(of)
        _columns([head, *((f"  {row[1]}", *row[2:]) for row in rows if row[0] == of)])
        click.echo("")
    click.echo(answer.sentence)
    for note in answer.notes:
        click.echo(f"Note: {note}")
    click.echo("± is one Monte Carlo standard error, * has none.")


def _columns(rows: Sequence[Sequence[str]], right: bool = True) -> None:
    """Print a table as wide as its texts; a long value goes on over the edge."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        rest = [
            text.rjust(width) if right else text.ljust(width)
            for text, width in zip(row[1:], widths[1:], strict=True)
        ]
        click.echo("  ".join([row[0].ljust(widths[0]), *rest]).rstrip())

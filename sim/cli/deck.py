"""The command `sim deck`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import rich_click as click

from .common import MISTAKE, clear_errors, fail
from .light import loading


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The file [NAME.pptx in FOLDER]."
)
@click.option(
    "--template",
    type=click.Path(path_type=Path),
    help="A .pptx or .potx whose size, layouts, colours and fonts are used.",
)
@click.option(
    "--for",
    "audience",
    type=click.Choice(["internal", "client"]),
    default="internal",
    show_default=True,
    help="A client sees no seeds, commands, warnings and gradings of sources.",
)
@click.option(
    "--only",
    metavar="PARTS",
    default="",
    help="Some parts, such as answer,risk,drivers [all that belong to the audience].",
)
@clear_errors
def deck(
    folder: Path,
    out: Path | None,
    template: Path | None,
    audience: Literal["internal", "client"],
    only: str,
) -> None:
    """Write the run in FOLDER as slides whose charts and tables can be edited.

    Shows what is free from the run, and what has been asked of it since (`sim tornado`,
    `sim breakeven`, ...).

    Parts: answer, recommendation, comparison, risk, drivers, flips, mix, claims, other,
    assumptions, warnings, appendix.

    Example: sim deck results/micro_vs_macro -o deck.pptx --template brand.pptx --for client
    """
    with loading():
        from ..report import write_deck
        from ..report.deck import check_parts
        from ..report.slides import TemplateError

    if out is None:
        out = folder / f"{folder.resolve().name}.pptx"
    elif out.suffix.lower() != ".pptx":
        fail(f"{out}: slides are written as .pptx; name such a file with -o", MISTAKE)
    elif not out.resolve().parent.is_dir():
        fail(f"{out.parent}: no such folder; make it, or name another file with -o", MISTAKE)
    parts = tuple(filter(None, (part.strip() for part in only.split(","))))
    try:
        check_parts(parts)
    except ValueError as error:
        fail(f"--only: {error}", MISTAKE)
    try:
        written = write_deck(folder, out, template=template, audience=audience, only=parts)
        click.echo(f"wrote {written}")
    except TemplateError as error:
        fail(str(error), MISTAKE)

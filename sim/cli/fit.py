"""The command `sim fit`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..text.names import spoken
from ..text.numbers import Number, cell, counted, p_value
from .common import MISTAKE, clear_errors, fail, print_json, print_rows, progress_bar, write_whole

if TYPE_CHECKING:
    from ..fit import Fit

_COLUMNS = ("input", "parameter", "estimate", "from", "p")
_PICTURES = (".png", ".svg", ".pdf")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Which column is what: --map followers=Fans. Repeatable.",
)
@click.option("--platform", help="instagram, tiktok or youtube [a column, or the file's name].")
@click.option(
    "--basis",
    type=click.Choice(["followers", "impressions"]),
    help="Denominator of engagement rates [that of the packaged tier].",
)
@click.option("--out", type=click.Path(path_type=Path), help="TOML to write [NAME.fit.toml].")
@click.option("--picture", type=click.Path(path_type=Path), help="Fit against data [NAME.fit.png].")
@click.option("--no-picture", is_flag=True, help="Draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the estimates as JSON.")
@clear_errors
def fit(
    file: Path,
    mapped: tuple[str, ...],
    platform: str | None,
    basis: str | None,
    out: Path | None,
    picture: Path | None,
    no_picture: bool,
    as_json: bool,
) -> None:
    """Fit tiers to an export FILE of posts or campaigns; write TOML for `include = [...]`.

    Rows are posts (or campaigns) with followers and views, engagements, fees or orders; rows of one
    creator share a name. What few creators tell is pooled with the packaged tier.

    Example: sim fit posts.csv --platform tiktok --map views="Video views" --out fit.toml
    """
    from ..fit import FitError, fit_posts, read_posts, to_toml

    out = out or Path(f"{file.stem}.fit.toml")
    drawn = None if no_picture else picture or out.with_name(f"{out.stem}.png")
    columns = columns_of(mapped)
    _check(file, out, drawn)
    try:
        posts = read_posts(file, columns=columns, platform=platform)
        with progress_bar("fitting tiers", as_json) as progress:
            found = fit_posts(posts, basis=basis, progress=progress)  # type: ignore[arg-type]
    except FitError as error:
        fail(str(error), MISTAKE)
    if drawn is not None:
        _draw(found, drawn)
    write_whole(out, to_toml(found, out.name))
    _print(found, out, drawn, as_json)


def columns_of(mapped: tuple[str, ...]) -> dict[str, str]:
    """Return columns by what they stand for, as `--map` says it."""
    columns = {}
    for pair in mapped:
        name, sign, column = pair.partition("=")
        if not sign or not column:
            fail(f"--map takes NAME=COLUMN, such as followers=Fans (got {pair!r})", MISTAKE)
        columns[name.strip()] = column.strip()
    return columns


def _check(file: Path, out: Path, drawn: Path | None) -> None:
    """Refuse targets that cannot be written, before any time is spent."""
    for target in (out, drawn):
        if target is None:
            continue
        if not target.parent.is_dir():
            fail(f"{target.parent}: no such folder", MISTAKE)
        if target.is_dir() or (target.exists() and target.resolve() == file.resolve()):
            fail(f"{target}: cannot be written over; name another file", MISTAKE)
    if drawn is not None and drawn.suffix.lower() not in _PICTURES:
        fail(f"{drawn}: pictures are written as {', '.join(_PICTURES)}", MISTAKE)


def _draw(found: Fit, target: Path) -> None:
    from ..charts.fit import draw_fit
    from ..charts.theme import save
    from ..run.folder import file_in_place

    with file_in_place(target) as part:
        save(draw_fit(found), part, dpi=130)


def _print(found: Fit, out: Path, drawn: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(found.to_dict())
        return
    piped = not sys.stdout.isatty()
    rows = found.to_rows()
    if piped:
        print_rows(rows, list(rows[0]))
    else:
        _print_tables(rows)
    click.echo(found.read, err=piped)
    for text in found.warnings:
        click.secho(f"Warning: {text}.", err=piped, fg=None if piped else "yellow")
    for tier in found.tiers:
        for mean in tier.means:
            click.echo(f"{tier.tier} on {tier.platform}: {mean.words}", err=piped)
    remarks = [f"{t.tier} on {t.platform}: {note}" for t in found.tiers for note in t.notes]
    for text in (*found.notes, *remarks):
        click.echo(f"Note: {text}.", err=piped)
    for text in found.skipped:
        click.echo(f"Not fitted: {text}.", err=piped)
    shown = "" if drawn is None else f", fit against data in {drawn}"
    click.echo(
        f"± is one standard error (bootstrap over creators, or likelihood); p: chance of a worse fit. Written to {out}"
        f'{shown}. Use it with: include = ["{out.name}"]',
        err=piped,
    )


def _print_tables(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table for each tier that fits the terminal."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        name = f"{row['tier']} on {row['platform']}" if row["tier"] else "economics"
        line = {
            "input": spoken(row["key"]),
            "parameter": row["parameter"],
            "estimate": "" if row["value"] is None else cell(Number(row["value"], row["se"])),
            "from": f"{counted(row['n'])} {row['of']}",
            "p": "" if row["p"] is None else p_value(row["p"]).removeprefix("= "),
        }
        tables.setdefault(name, []).append(line)
    for name, lines in tables.items():
        print_rows(lines, _COLUMNS, title=name)

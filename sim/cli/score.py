"""The command `sim score`."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..text.names import spoken
from ..text.numbers import Number, brief, fixed, from_to, is_money
from ..text.safe import printable
from .common import MISTAKE, clear_errors, fail, print_json, print_rows
from .fit import columns_of
from .log import log_option

if TYPE_CHECKING:
    from ..forecasts import Calibration, Scored
    from ..forecasts.scores import Score

_PICTURES = (".png", ".svg", ".pdf")


@click.command()
@click.argument(
    "files", metavar="[RUN] RESULTS", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@log_option
@click.option(
    "--date",
    "day",
    metavar="YYYY-MM-DD",
    help="Day of the results; no later forecast is scored [today].",
)
@click.option(
    "--outside",
    type=click.Path(path_type=Path),
    help="Measured campaigns for the outside view: a table like RESULTS, a campaign for a portfolio "
    "[packaged ones].",
)
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Which column of RESULTS is what: --map cost=Spent. Repeatable.",
)
@click.option(
    "--picture", type=click.Path(path_type=Path), help="Calibration chart [NAME.calibration.png]."
)
@click.option("--no-picture", is_flag=True, help="Draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print scores and calibration as JSON.")
@clear_errors
def score(
    files: tuple[Path, ...],
    path: Path,
    day: str | None,
    outside: Path | None,
    mapped: tuple[str, ...],
    picture: Path | None,
    no_picture: bool,
    as_json: bool,
) -> None:
    """Mark the recorded forecast, the last or that of RUN, by the campaign's RESULTS.

    RESULTS is a table with any of portfolio, creator, cost, impressions, engagements, tracked orders
    and revenue (as codes and links see it); a row for each portfolio, or for each of its creators,
    which are summed. From five campaigns on, the ranges themselves are judged.

    Example: sim score results/micro_vs_macro results.csv --date 2026-03-31
    """
    from ..forecasts import ForecastError, packaged, read_results, record_and_score
    from ..run.folder import read_manifest

    if len(files) > 2:
        fail("takes at most a run and its results: sim score [RUN] RESULTS", MISTAKE)
    table, when, columns = files[-1], _day(day), columns_of(mapped)
    drawn = None if no_picture else picture or path.with_name(f"{path.stem}.calibration.png")
    if drawn is not None and drawn.suffix.lower() not in _PICTURES:
        fail(f"{drawn}: pictures are written as {', '.join(_PICTURES)}", MISTAKE)
    run_hash = read_manifest(files[0])["experiment_hash"] if len(files) == 2 else None
    try:
        scored = record_and_score(
            path,
            lambda names: read_results(table, names, mapped=columns),
            when,
            experiment_hash=run_hash,
            outside=packaged() if outside is None else read_results(outside, None),
        )
    except ForecastError as error:
        fail(str(error), MISTAKE)
    if drawn is not None and scored.calibration is not None:
        _draw(scored.calibration, drawn)
    _print(scored, None if scored.calibration is None else drawn, as_json)


def _day(written: str | None) -> date:
    if written is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(written)
    except ValueError:
        fail(f"--date: must be a day such as 2026-03-31 (got {written!r})", MISTAKE)
        raise


def _draw(calibration: Calibration, target: Path) -> None:
    from ..charts.theme import save
    from ..figures.matplotlib import draw
    from ..run.folder import file_in_place

    sheet = draw(calibration.figure()).get_figure(root=True)
    assert sheet is not None
    with file_in_place(target) as part:
        save(sheet, part, dpi=130)


def _print(scored: Scored, drawn: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(scored.to_dict())
        return
    piped = not sys.stdout.isatty()
    rows = [_all_digits(s) if piped else _brief(s) for s in scored.scores]
    made = f"{scored.forecast.experiment}, forecast of {scored.forecast.day}"
    columns = [name for name in rows[0] if piped or any(row[name] != "" for row in rows)]
    print_rows(rows, columns, title=made)
    for sentence in scored.sentences:
        click.echo(printable(sentence), err=piped)
    for note in scored.notes:
        click.echo(f"Note: {printable(note)}.", err=piped)
    if drawn is not None:
        click.echo(f"Calibration chart in {drawn}", err=piped)
    click.echo(f"head: {scored.head}", err=piped)


def _all_digits(score: Score) -> dict[str, Any]:
    told = score.to_dict()
    told |= {f"{name}_crps": value for name, value in told.pop("baselines").items()}
    for share in ("50", "90"):
        told[f"low_{share}"], told[f"high_{share}"] = told.pop(f"range_{share}")
    return told


def _brief(score: Score) -> dict[str, str]:
    unit = score.unit

    def amount(value: float | None) -> str:
        return "" if value is None else brief(Number(value, 0.0, unit if is_money(unit) else ""))

    return {
        "portfolio": score.portfolio,
        "figure": spoken(score.figure),
        "came": amount(score.actual),
        "forecast": amount(score.median),
        "90 % range": from_to(*score.range_90),
        "PIT": fixed(score.pit, 2),
        "CRPS": amount(score.crps),
        "outside view": amount(score.baselines.get("outside")),
        "last again": amount(score.baselines.get("last")),
    }

"""The command `sim log`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .common import MISTAKE, clear_errors, fail, print_json

#: Where forecasts are recorded unless somebody says otherwise.
DEFAULT_LOG = Path("forecasts.jsonl")
log_option = click.option(
    "--log",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT_LOG,
    help="File of records [forecasts.jsonl].",
)


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@log_option
@click.option("--json", "as_json", is_flag=True, help="Print what was recorded as JSON.")
@clear_errors
def log(run: Path, path: Path, as_json: bool) -> None:
    """Record what RUN forecasts, before its results are in; `sim score` marks it later.

    A line is added to forecasts.jsonl: date, hash of the resolved file, and 1,001 quantiles of cost,
    impressions, engagements, tracked orders and tracked revenue of each portfolio. Each line holds the
    hash of the one before: who keeps the printed head can tell any later change.

    Example: sim log results/micro_vs_macro
    """
    from ..forecasts import ForecastError, extended, forecast_of

    record = forecast_of(run)
    try:
        written = extended(path, lambda _: record)
    except ForecastError as error:
        fail(str(error), MISTAKE)
    last = written.entries[-1]
    if as_json:
        print_json(
            {"log": str(path), "line": last.line, "head": written.head, "record": last.record}
        )
        return
    names = ", ".join(record["portfolios"])
    click.echo(
        f"recorded the forecast of {record['experiment']} ({names}) in {path}, line {last.line}"
    )
    click.echo(f"head: {written.head}")

"""The command `sim learn`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from ..text.safe import printable
from .common import (
    MISTAKE,
    MOST_THREADS,
    clear_errors,
    experiment_options,
    fail,
    is_quiet,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    read,
    write_whole,
)
from .fit import columns_of

if TYPE_CHECKING:
    from ..learn import Learnt


@click.command()
@experiment_options
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="TOML to write [NAME.learned.toml]."
)
@click.option("--portfolio", help="Portfolio that was run, where no column of RESULTS says it.")
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Which column of RESULTS is what: --map cost=Spent. Repeatable.",
)
@click.option(
    "--day",
    type=click.FloatRange(0.0, min_open=True),
    help="Days since the first post: the campaign of RESULTS still runs. Writes nothing.",
)
@click.option(
    "--left",
    type=click.FloatRange(0.0),
    metavar="AMOUNT",
    help="With --day: money that is not spent [what the plan has left].",
)
@click.option("--threads", type=click.IntRange(1, MOST_THREADS), help="Threads [all processors].")
@click.option("--json", "as_json", is_flag=True, help="Print what was learned as JSON.")
@quiet_option
@clear_errors
def learn(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    results: tuple[Path, ...],
    out: Path | None,
    portfolio: str | None,
    mapped: tuple[str, ...],
    day: float | None,
    left: float | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Learn from the RESULTS of campaigns that ran portfolios of FILE; write TOML for `include`.

    RESULTS are tables with any of portfolio, line, creator, cost, impressions, engagements, tracked
    orders and revenue (as codes and links see it), a row for each portfolio, line or creator; a file
    is a campaign. What FILE includes of earlier results is learned from again, in any order. With
    --day, while it runs: what is still to come, and what to do with the money that is left.

    Example: sim learn experiments/micro_vs_macro.toml spring.csv -o learned.toml
    """
    from ..learn import LearnError, check_target, read_campaign, to_toml
    from ..learn import learn as learn_from

    experiment = read(file, overrides, worlds, seed)
    target = out or Path(f"{file.stem}.learned.toml")
    if day is not None and out is not None:
        fail(
            "--out: results on the way are not kept; learn again when the campaign is over", MISTAKE
        )
    if day is None and left is not None:
        fail("--left: goes with --day", MISTAKE)
    if not target.parent.is_dir():
        fail(f"{target.parent}: no such folder", MISTAKE)
    columns = columns_of(mapped)
    try:
        if day is None:
            check_target(target, experiment)
        campaigns = [
            read_campaign(path, experiment, portfolio=portfolio, mapped=columns) for path in results
        ]
        with progress_bar("simulating worlds", as_json) as progress:
            learnt = learn_from(
                experiment, campaigns, day=day, left=left, threads=threads, progress=progress
            )
    except LearnError as error:
        fail(str(error), MISTAKE)
    assert learnt.experiment.learned is not None
    if day is None:
        write_whole(target, to_toml(learnt.experiment.learned, target.name))
    _print(learnt, None if day is not None else target, as_json)


def _print(learnt: Learnt, target: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(learnt.to_dict())
        return
    piped = not sys.stdout.isatty()
    if not is_quiet():
        rows = learnt.to_rows() if piped else learnt.shown()
        print_rows(rows, list(rows[0]))
    for sentence in learnt.sentences:
        click.echo(printable(sentence), err=piped and not is_quiet())
    if is_quiet():
        return
    for note in learnt.notes:
        click.secho(f"Note: {printable(note)}.", err=piped, fg=None if piped else "yellow")
    if target is None:
        return
    click.echo(f'Written to {target}. Use it with: include = ["{target.name}"]', err=piped)

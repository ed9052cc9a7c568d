"""The command `sim run`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..experiment import Experiment
from .common import clear_errors, experiment_options, print_json, progress_bar, read

if TYPE_CHECKING:
    import xarray as xr

#: The measures of the table on the terminal, as rows.
_TABLE = (
    ("creators", "creators"),
    ("cost_mean", "cost, mean"),
    ("roi_mean", "ROI, mean"),
    ("roi_median", "ROI, median"),
    ("roi_p05", "ROI, worst 5 % begin at"),
    ("roi_es05", "ROI, mean of worst 5 %"),
    ("roi_p95", "ROI, best 5 % begin at"),
    ("loss_probability", "probability of loss"),
    ("profit_median", "profit, median"),
    ("roas", "ROAS (revenue / cost)"),
    ("cpe", "cost per engagement"),
    ("top_creator_share", "share of the top creator"),
)


@click.command()
@experiment_options
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder [results/NAME].")
@click.option("--no-charts", is_flag=True, help="Write no charts.")
@click.option("--threads", type=click.IntRange(1), help="Threads [all processors].")
@click.option(
    "--precision",
    multiple=True,
    metavar="MEASURE=ERROR",
    help="Add worlds until a measure's standard error is below: roi_es05=0.01, roi_mean=1%.",
)
@click.option("--max-worlds", metavar="N", help="Most worlds for --precision [4M].")
@click.option("--resume", is_flag=True, help="Keep finished blocks; run only what is missing.")
@click.option("--workers", type=click.IntRange(1), help="Processes of a local Dask cluster.")
@click.option("--cluster", metavar="ADDRESS", help="Dask scheduler: tcp://host:port.")
@click.option("--quiet", is_flag=True, help="Print the sentences only.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json instead of a table.")
@clear_errors
def run(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    out: Path | None,
    no_charts: bool,
    threads: int | None,
    precision: tuple[str, ...],
    max_worlds: str | None,
    resume: bool,
    workers: int | None,
    cluster: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Simulate an experiment FILE and say how its portfolios compare.

    Writes results/NAME: worlds, summary, charts, and the experiment as it was used.

    Example: sim run experiments/micro_vs_macro.toml --worlds 20k
    """
    from ..runs import check_target, run_folder, write_run
    from ..simulation import forget_blocks

    experiment = read(file, overrides, worlds, seed)
    folder = run_folder(experiment, out)
    check_target(folder)
    started = time.monotonic()
    reached: list[str] = []
    with progress_bar("simulating worlds", quiet or as_json) as progress:
        if precision:
            if resume or workers or cluster:
                raise click.UsageError("--precision runs on threads: without the other options")
            dataset, reached = _to_precision(experiment, precision, max_worlds, threads, progress)
        else:
            dataset = _simulated(
                experiment,
                folder,
                resume,
                threads=threads,
                progress=progress,
                workers=workers,
                cluster=cluster,
            )
    simulated = time.monotonic()
    found = write_run(
        folder,
        experiment,
        dataset,
        charts=not no_charts,
        seconds={"simulation": round(simulated - started, 3)},
    )
    forget_blocks(blocks_folder(folder))
    if as_json:
        print_json(found.to_dict())
        return
    if not quiet:
        title = experiment.title or experiment.name
        click.echo(f"{title}\n")
        _table(found)
    click.echo("")
    for sentence in found.sentences:
        click.echo(sentence)
    for sentence in reached:
        click.echo(sentence)
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for warning in found.warnings:
        click.secho(f"Note: {warning}", fg="yellow" if coloured else None)
    if not quiet:
        click.echo(
            f"\n{dataset.attrs['worlds']:,} worlds, seed {dataset.attrs['seed']}; ± is one Monte "
            f"Carlo standard error, * has none (heavy tail). Written to {folder}"
        )


def _simulated(experiment: Experiment, folder: Path, resume: bool, **options: Any) -> xr.Dataset:
    """Simulate; long runs, and those that are to be resumed, keep their blocks beside the run."""
    from ..plan import make_plan
    from ..simulation import LONG_RUN, creator_posts, simulate

    kept = (
        resume or blocks_folder(folder).is_dir() or creator_posts(make_plan(experiment)) > LONG_RUN
    )
    return simulate(experiment, blocks_in=blocks_folder(folder) if kept else None, **options)


def blocks_folder(folder: Path) -> Path:
    """Return where finished blocks of a run wait until it is written."""
    return folder.parent / f".{folder.name}.blocks"


def _to_precision(
    experiment: Experiment,
    precision: tuple[str, ...],
    max_worlds: str | None,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[xr.Dataset, list[str]]:
    from ..analysis.precision import CEILING, parse_target, simulate_to_precision
    from ..experiment.distributions import number

    try:
        targets = [parse_target(text) for text in precision]
        ceiling = CEILING if max_worlds is None else int(number(max_worlds))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    dataset, reached = simulate_to_precision(
        experiment, targets, ceiling=ceiling, threads=threads, progress=progress
    )
    return dataset, [r.sentence for r in reached]


def _table(found: Any) -> None:
    """Print the comparison table, as wide as its numbers need."""
    from ..measures.format import cell

    names = list(found.summary.creators)
    rows = [["", *names]]
    for key, label in _TABLE:
        if key == "creators":
            rows.append([label, *(f"{found.summary.creators[name]:,}" for name in names)])
            continue
        measured = [found.summary[name][key] for name in names]
        rows.append([label, *(cell(m.value, m.se, m.unit) for m in measured)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        first = row[0].ljust(widths[0])
        rest = [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        click.echo("  ".join([first, *rest]))

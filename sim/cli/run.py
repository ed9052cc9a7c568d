"""The command `sim run`."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from ..experiment import Experiment
from ..text.numbers import fixed
from .common import (
    MOST_THREADS,
    clear_errors,
    experiment_options,
    is_quiet,
    print_json,
    progress_bar,
    quiet_option,
    read,
    say_what_goes,
    tell_not_drawn,
)
from .light import loading

if TYPE_CHECKING:
    import xarray as xr

    from ..run.written import Answer


#: Options that a first run does without, in panels of their own.
_OPTION_PANELS = [
    {"name": "Experiment", "options": ["--set", "--evidence", "--worlds", "--seed"]},
    {"name": "Output", "options": ["--out", "--report", "--no-charts", "--quiet", "--json"]},
    {"name": "More worlds, more machines",
     "options": ["--precision", "--max-worlds", "--resume", "--threads", "--workers", "--cluster"]},
]  # fmt: skip


@click.command()
@click.rich_config({"option_groups": {"*": _OPTION_PANELS}})
@experiment_options
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder [results/NAME].")
@click.option("--no-charts", is_flag=True, help="Write no charts.")
@click.option("--report", is_flag=True, help="Also write report.html, as `sim report` does.")
@click.option("--threads", type=click.IntRange(1, MOST_THREADS), help="Threads [all processors].")
@click.option(
    "--precision",
    multiple=True,
    metavar="MEASURE=ERROR",
    help="Add worlds until the error is below: roi_es05=0.01.",
)
@click.option("--max-worlds", metavar="N", help="Most worlds for --precision [4M].")
@click.option("--resume", is_flag=True, help="Keep finished blocks of worlds; run what is missing.")
@click.option(
    "--workers", type=click.IntRange(1, MOST_THREADS), help="Processes of a local Dask cluster."
)
@click.option("--cluster", metavar="ADDRESS", help="Dask scheduler: tcp://host:port.")
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print summary.json instead of a table.")
@clear_errors
def run(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    out: Path | None,
    no_charts: bool,
    report: bool,
    threads: int | None,
    precision: tuple[str, ...],
    max_worlds: str | None,
    resume: bool,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
) -> None:
    """Simulate an experiment FILE and say how its portfolios compare.

    Writes results/NAME: worlds, summary, charts, and the experiment as it was used.

    Example: sim run experiments/micro_vs_macro.toml --worlds 20k
    """
    with loading():
        from ..report.beside import draw_charts, drawing_beside
        from ..run.dataset import WORLDS
        from ..run.simulate import Where, waiting_blocks, worlds_of
        from ..run.written import check_target, draw_run, run_folder, write_run

    experiment = read(file, overrides, worlds, seed)
    folder = run_folder(experiment, out)
    check_target(folder)
    if not precision:
        say_what_goes(folder, experiment, default=out is None, asked=True)
    started = time.monotonic()
    reached: list[str] = []
    with ExitStack() as stack:
        beside = None if no_charts else stack.enter_context(drawing_beside(folder / WORLDS))
        with progress_bar("simulating worlds", as_json) as progress:
            if precision:
                if resume or workers or cluster:
                    raise click.UsageError("--precision runs on threads: without the other options")
                dataset, reached = _to_precision(
                    experiment, precision, max_worlds, threads, progress
                )
            else:
                where = Where(threads, progress, cluster, workers)
                dataset = stack.enter_context(worlds_of(experiment, folder, where, resume=resume))
        simulated = time.monotonic()
        answer = write_run(
            folder,
            experiment,
            dataset,
            seconds={"simulation": round(simulated - started, 3)},
            threads=threads,
        )
        try:
            # Nobody waits for pictures to read the answer.
            _print(experiment, answer, reached, folder, as_json)
            sys.stdout.flush()
        finally:
            # Nor do they go missing where nobody reads it.
            if not no_charts:
                draw_run(folder, dataset, answer, partial(draw_charts, beside=beside))
            if report:
                from ..report import write_report

                write_report(folder, answer=answer)
    if not no_charts:
        tell_not_drawn([experiment.title, *experiment.portfolio])
    for place, size in waiting_blocks(folder):
        click.echo(
            f"Note: {place} keeps {fixed(size / 1e6, 0)} MB of an interrupted run with other settings: "
            "its command goes on with them; remove the folder where that is not wanted.",
            err=True,
        )


def _print(
    experiment: Experiment, answer: Answer, reached: list[str], folder: Path, as_json: bool
) -> None:
    """Print what a run found, and where it lies."""
    from ..notebook import as_text, basis, headline_table

    if as_json:
        print_json(answer.to_dict())
        return
    sentences = [*answer.sentences, *reached]
    if is_quiet():
        click.echo("\n".join(sentences))
        return
    title = experiment.title or experiment.name
    click.echo(f"{title}\n\n{as_text(headline_table(answer), _width())}\n")
    for sentence in sentences:
        click.echo(sentence)
    for warning in answer.warnings:
        click.secho(f"Note: {warning}", fg="yellow")
    click.echo(f"\n{basis(answer)} Written to {folder}")


def _width() -> int | None:
    """Return how wide the terminal is; in a pipe lines are as long as they come."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _to_precision(
    experiment: Experiment,
    precision: tuple[str, ...],
    max_worlds: str | None,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[xr.Dataset, list[str]]:
    from ..experiment.distributions import number
    from ..run.precision import CEILING, parse_target, simulate_to_precision

    try:
        targets = [parse_target(text) for text in precision]
        most = float(CEILING) if max_worlds is None else number(max_worlds)
        if most < 1.0 or most != int(most):
            raise ValueError(f"--max-worlds takes a whole number of at least 1 (got {max_worlds})")
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    dataset, reached = simulate_to_precision(
        experiment, targets, ceiling=int(most), threads=threads, progress=progress
    )
    return dataset, [r.sentence for r in reached]

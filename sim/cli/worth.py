"""The command `sim worth`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, tell
from .common import clear_errors, experiment_options, progress_bar, read


@click.command()
@experiment_options
@click.option(
    "--pilot",
    "pilots",
    type=int,
    multiple=True,
    help="Creators of a pilot, 0 for no pilot. Repeatable. [10]",
)
@click.option(
    "--option", "options", multiple=True, help="A portfolio to choose among. Repeatable. [all]"
)
@click.option("--nothing", is_flag=True, help="Keeping the money is an option too.")
@click.option("--budget", type=float, help="USD at which profits are compared.")
@click.option("--risk-tolerance", type=float, help="USD: certainty equivalents instead of means.")
@answer_options
@clear_errors
def worth(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    pilots: tuple[int, ...],
    options: tuple[str, ...],
    nothing: bool,
    budget: float | None,
    risk_tolerance: float | None,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Say what it is worth to know more before choosing among the portfolios of FILE.

    Per number in doubt, per group of them, and for a pilot against its cost.

    Example: sim worth experiments/micro_vs_macro.toml --pilot 10 --pilot 40
    """
    from ..questions.shown import worth_table
    from ..questions.worth._worth import worth

    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    with progress_bar("pilot worlds", as_json) as progress:
        answer = worth(
            experiment,
            options=options or None,
            pilot=[n for n in pilots or (10,) if n != 0],
            budget=budget,
            nothing=nothing,
            risk_tolerance=risk_tolerance,
            run=run,
            threads=threads,
            progress=progress,
        )
    columns = ("what", "kind", "learnable", "worth", "se", "changes_choice", "cost")
    tell(
        answer,
        "worth",
        folder,
        columns,
        as_json,
        shown=worth_table(answer),
        run=run,
    )

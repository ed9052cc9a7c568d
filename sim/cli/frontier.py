"""The command `sim frontier`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, tell
from .common import clear_errors, experiment_options, progress_bar, read


@click.command()
@experiment_options
@click.option("--budget", type=float, help="USD committed [the largest budget in FILE].")
@click.option(
    "--risk",
    type=click.Choice(["es05", "loss"]),
    default="es05",
    show_default=True,
    help="Mean profit of the worst 5 % of worlds, or the probability of loss.",
)
@click.option("--min", "least", multiple=True, metavar="NAME=N", help="At least N creators.")
@click.option("--max", "most", multiple=True, metavar="NAME=N", help="At most N creators.")
@click.option("--pin", multiple=True, metavar="NAME=N", help="Exactly N creators.")
@click.option("--share", multiple=True, metavar="NAME=S", help="At most the share S of spend.")
@click.option("--exclude", multiple=True, metavar="NAME", help="Nobody of that name.")
@click.option(
    "--spend",
    type=float,
    default=0.9,
    show_default=True,
    help="Share of the budget spent at least; 0 lets a mix keep the money.",
)
@click.option("--points", type=click.IntRange(2), default=7, show_default=True, help="Mixes.")
@answer_options
@clear_errors
def frontier(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    budget: float | None,
    risk: str,
    least: tuple[str, ...],
    most: tuple[str, ...],
    pin: tuple[str, ...],
    share: tuple[str, ...],
    exclude: tuple[str, ...],
    spend: float,
    points: int,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Search the mixes of the lines of FILE that no other beats in both mean and risk.

    NAME is a line, tier, compensation, platform or niche; limits are repeatable.

    Example: sim frontier experiments/budget_mix.toml --budget 50000 --max mega=1
    """
    from ..questions.frontier._frontier import frontier
    from ..questions.shown import frontier_table

    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    limits = {"min": least, "max": most, "pin": pin, "share": share, "exclude": exclude}
    with progress_bar("worlds", as_json) as progress:
        answer = frontier(
            experiment,
            budget=budget,
            risk=risk,
            limits=limits,
            spend=spend,
            points=points,
            threads=threads,
            progress=progress,
        )
    columns = ("name", "hired", "committed", "profit_mean", "profit_median", "profit_es05",
               "loss_probability", "efficient")  # fmt: skip
    tell(
        answer,
        "frontier",
        folder,
        columns,
        as_json,
        shown=frontier_table(answer),
        run=run,
    )

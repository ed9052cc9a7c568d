"""The command `sim diversify`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, tell
from .common import clear_errors, experiment_options, progress_bar, read


@click.command()
@experiment_options
@click.option(
    "--portfolio", "portfolios", multiple=True, help="A portfolio to follow. Repeatable. [decision]"
)
@click.option("--counts", help="Numbers of creators, such as 1,5,20,100.")
@click.option(
    "--risk",
    type=click.Choice(["es05", "loss", "spread"]),
    default="es05",
    show_default=True,
    help="What another creator has to improve.",
)
@click.option(
    "--amount",
    type=float,
    default=0.001,
    show_default=True,
    help="Improvement per creator that is worth having, a fraction.",
)
@answer_options
@clear_errors
def diversify(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    portfolios: tuple[str, ...],
    counts: str | None,
    risk: str,
    amount: float,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Follow the risk of the portfolios of FILE along their number of creators.

    Example: sim diversify experiments/micro_vs_macro.toml --amount 0.002
    """
    from ..questions.diversify._diversify import diversify
    from ..questions.shown import diversify_table

    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    with progress_bar("worlds", as_json) as progress:
        answer = diversify(
            experiment,
            portfolios=portfolios or None,
            counts=_numbers(counts),
            risk=risk,
            amount=amount,
            threads=threads,
            progress=progress,
        )
    columns = ("portfolio", "creators", "roi_mean", "roi_median", "spread", "roi_es05",
               "loss_probability")  # fmt: skip
    tell(
        answer,
        "diversify",
        folder,
        columns,
        as_json,
        shown=diversify_table(answer),
        run=run,
    )


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise click.BadParameter(
            f"must be whole numbers such as 1,5,20 (got {text})", param_hint="--counts"
        ) from None

"""The command `sim discover`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, pair_options, tell
from .common import MISTAKE, clear_errors, experiment_options, fail, progress_bar, read


@click.command()
@experiment_options
@click.option(
    "--coverage",
    type=float,
    default=0.5,
    show_default=True,
    help="Share of the losing worlds that the region must hold.",
)
@click.option(
    "--inputs", type=click.IntRange(1), default=3, show_default=True, help="Conditions at most."
)
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=RANGE",
    help='Vary a key too: --vary "tier.macro.fee=1500 to 8000". Repeatable.',
)
@click.option(
    "--points", type=click.IntRange(20), default=200, show_default=True, help="Values of --vary."
)
@pair_options
@answer_options
@clear_errors
def discover(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    coverage: float,
    inputs: int,
    vary: tuple[str, ...],
    points: int,
    a: str | None,
    b: str | None,
    measure: str | None,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Find where one portfolio of FILE loses to the other, as conditions in words.

    Example: sim discover experiments/when_does_micro_lose.toml
    """
    from ..questions.discover._discover import discover
    from ..questions.shown import discover_table

    experiment = read(file, overrides, worlds, seed)
    ranges = {}
    for text in vary:
        key, sign, written = text.partition("=")
        if not sign:
            fail(
                f"--vary takes KEY=RANGE, such as tier.macro.fee=1500 to 8000 (got {text})", MISTAKE
            )
        ranges[key.strip()] = written.strip()
    folder, run = finished_run(experiment, out, threads, as_json)
    with progress_bar("sets of worlds", as_json) as progress:
        answer = discover(
            experiment,
            a=a,
            b=b,
            measure=measure,
            coverage=coverage,
            inputs=inputs,
            vary=ranges,
            points=points,
            run=run,
            threads=threads,
            progress=progress,
        )
    columns = ("condition", "density", "density_without_it", "coverage", "losing")
    tell(
        answer,
        "discover",
        folder,
        columns,
        as_json,
        shown=discover_table(answer),
        run=run,
    )

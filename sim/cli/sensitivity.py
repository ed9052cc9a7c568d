"""The command `sim sensitivity`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, pair_options, tell
from .common import clear_errors, experiment_options, progress_bar, read


@click.command()
@experiment_options
@click.option(
    "--method",
    type=click.Choice(["sobol", "morris", "delta"]),
    default="sobol",
    show_default=True,
    help="Sobol' indices, Morris screening (needs SALib), or Borgonovo's delta.",
)
@click.option(
    "--sample", type=click.IntRange(256), help="Worlds of each sample [16384; morris 1024]."
)
@pair_options
@answer_options
@clear_errors
def sensitivity(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    method: str,
    sample: int | None,
    a: str | None,
    b: str | None,
    measure: str | None,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Say what drives the outcome of FILE: shares of its variance by belief, shock and chance.

    Example: sim sensitivity experiments/micro_vs_macro.toml
    """
    from ..questions.sensitivity._sensitivity import SAMPLE, sensitivity
    from ..questions.shown import sensitivity_table

    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    with progress_bar("samples", as_json) as progress:
        answer = sensitivity(
            experiment,
            method=method,
            a=a,
            b=b,
            measure=measure,
            worlds=sample or (1024 if method == "morris" else SAMPLE),
            run=run,
            threads=threads,
            progress=progress,
        )
    figures = [key for key in answer.to_rows()[0] if not key.endswith(("_low", "_high", "kind"))]
    name = "sensitivity" if method == "sobol" else f"sensitivity_{method}"
    tell(
        answer,
        name,
        folder,
        figures,
        as_json,
        shown=sensitivity_table(answer),
        run=run,
    )

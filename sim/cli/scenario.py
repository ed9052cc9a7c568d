"""The command `sim scenario`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, pair_options, settle, tell
from .common import clear_errors, experiment_options, progress_bar, read


@click.command()
@experiment_options
@click.option(
    "--only", "names", multiple=True, metavar="NAME", help="A scenario to run. Repeatable [all]."
)
@click.option("--resize", is_flag=True, help="Budgets hire again in each scenario.")
@pair_options
@answer_options
@clear_errors
def scenario(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    names: tuple[str, ...],
    resize: bool,
    a: str | None,
    b: str | None,
    measure: str | None,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Run the tables [scenario.NAME] of FILE side by side with FILE itself, in the same worlds.

    Example: sim scenario experiments/cost_sensitivity.toml
    """
    from ..questions.point_tables import scenario_table
    from ..questions.scenario._scenario import scenario as run_scenarios
    from ..questions.scenario._scenario import table_of
    from ..run.answers import save_analysis

    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    with progress_bar("scenarios", as_json) as progress:
        answer = run_scenarios(
            experiment,
            names or None,
            a=a,
            b=b,
            measure=measure,
            resize=resize,
            run=run,
            threads=threads,
            progress=progress,
        )
    settle()
    save_analysis(folder, "scenario", answer.to_dict(), table_of(answer))
    columns = ["scenario", "portfolio", answer.decision.measure, "change", "change_se",
               "loss_probability", "profit_median", "a_beats_b"]  # fmt: skip
    tell(
        answer,
        "scenario",
        folder,
        columns,
        as_json,
        run=run,
        shown=scenario_table(answer),
    )

"""The command `sim breakeven`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, tell
from .common import clear_errors, experiment_options, progress_bar, read


@click.command()
@experiment_options
@click.option("--key", required=True, help="Key to solve for, such as tier.macro.fee.")
@click.option("--key2", "second", help="A second key: the answer is a line.")
@click.option(
    "--on",
    default="roi_mean",
    show_default=True,
    help="What they tie on: roi_mean, roi_median, roi_es05, a_beats_b (even chances), ...",
)
@click.option("--values", help='Where to look, such as "1000 to 20000" [all that makes sense].')
@click.option("--values2", "second_values", help="The same for --key2.")
@click.option("--resize", is_flag=True, help="Budgets hire again at each value.")
@click.option("--no-beliefs", is_flag=True, help="Leave out the range over draws of the beliefs.")
@click.option("--points", metavar="N", type=int, help="Worlds of a simulated point [20000].")
@click.option("--b", help="The other portfolio [decision.b].")
@click.option("--a", help="One portfolio [decision.a].")
@answer_options
@clear_errors
def breakeven(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    key: str,
    second: str | None,
    on: str,
    values: str | None,
    second_values: str | None,
    resize: bool,
    no_beliefs: bool,
    points: int | None,
    a: str | None,
    b: str | None,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Find the value of a key at which the two portfolios of FILE tie; none is an answer too.

    Example: sim breakeven experiments/micro_vs_macro.toml --key tier.macro.fee --on roi_median
    """
    from ..questions.breakeven._breakeven import breakeven as find_tie
    from ..questions.point_tables import breakeven_table

    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    with progress_bar("points", as_json) as progress:
        answer = find_tie(
            experiment,
            key,
            second,
            on=on,
            values=values,
            second_values=second_values,
            a=a,
            b=b,
            worlds=points,
            beliefs=not no_beliefs,
            resize=resize,
            run=run,
            threads=threads,
            progress=progress,
        )
    if second is None:
        columns = [key, "portfolio", on if on != "roi_mean" else "roi_median", "roi_mean",
                   "roi_mean_se", "a_beats_b"]  # fmt: skip
    else:
        columns = [second, key, f"{key}_se"]
    name = "_".join(["breakeven", on, key, *([second] if second else [])])
    tell(
        answer,
        name,
        folder,
        list(dict.fromkeys(columns)),
        as_json,
        run=run,
        shown=breakeven_table(answer),
    )

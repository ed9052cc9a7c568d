"""The command `sim tornado`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .asking import answer_options, finished_run, pair_options, tell
from .common import clear_errors, experiment_options, progress_bar, read


@click.command()
@experiment_options
@click.option("--rank", is_flag=True, help="Rank correlations of the finished run: free.")
@click.option("--of", metavar="PORTFOLIO", help="One portfolio's measure [a's minus b's].")
@click.option("--points", metavar="N", type=int, help="Worlds of every point [20000].")
@pair_options
@answer_options
@clear_errors
def tornado(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    rank: bool,
    of: str | None,
    points: int | None,
    a: str | None,
    b: str | None,
    measure: str | None,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Move every uncertain input of FILE from its 10 % to its 90 % point, all others as drawn.

    Example: sim tornado experiments/micro_vs_macro.toml --measure roi_es05
    """
    from ..questions.point_tables import tornado_table
    from ..questions.tornado._tornado import rank_tornado
    from ..questions.tornado._tornado import tornado as find_swings

    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    if rank:
        answer = rank_tornado(experiment, run, a=a, b=b, measure=measure, of=of)
    else:
        with progress_bar("points", as_json) as progress:
            answer = find_swings(
                experiment,
                a=a,
                b=b,
                measure=measure,
                of=of,
                worlds=points,
                threads=threads,
                progress=progress,
            )
    columns = ["input", "low", "middle", "high", "swing", "swing_se", "monotone",
               "rank_correlation"]  # fmt: skip
    if rank:
        columns = ["input", "rank_correlation", "rank_correlation_se", "words"]
    asked = [part for part in ("rank" if rank else None, measure, of) if part]
    tell(
        answer,
        "_".join(["tornado", *asked]),
        folder,
        columns,
        as_json,
        run=run,
        shown=tornado_table(answer),
    )

"""The command `sim sweep`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import rich_click as click

from .asking import answer_options, finished_run, pair_options, settle, tell
from .common import MISTAKE, clear_errors, experiment_options, fail, progress_bar, read

_COLUMNS = ("portfolio", "roi_mean", "roi_median", "roi_p05", "roi_es05", "loss_probability",
            "a_beats_b")  # fmt: skip


@click.command()
@experiment_options
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="Key to sweep, such as tier.macro.fee. Repeatable [those of [sweep], else fees].",
)
@click.option(
    "--values",
    "values",
    multiple=True,
    help='Its values: "0.5x to 2x in 21 steps" (the default), "2000 to 8000", "1000, 3000".',
)
@click.option("--zip/--grid", "zipped", default=None, help="Take values together [grid].")
@click.option("--resize", is_flag=True, default=None, help="Budgets hire again at each point.")
@click.option("--means", is_flag=True, help="Means and shares only: several times faster.")
@click.option("--points", metavar="N", type=int, help="Worlds of a simulated point [20000].")
@click.option("--resume", is_flag=True, help="Keep finished runs; simulate only what is missing.")
@pair_options
@answer_options
@clear_errors
def sweep(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    keys: tuple[str, ...],
    values: tuple[str, ...],
    zipped: bool | None,
    resize: bool | None,
    means: bool,
    points: int | None,
    resume: bool,
    a: str | None,
    b: str | None,
    measure: str | None,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Show FILE's portfolios at other values of some keys, in the same worlds.

    Prices (fees, commission, product, hours, rates) cost no new draw; other keys are simulated.

    Example: sim sweep experiments/micro_vs_macro.toml --key tier.macro.fee --values "0.5x to 2x"
    """
    from ..questions.point_tables import sweep_table
    from ..questions.sweep._sweep import DEFAULT_RANGE
    from ..questions.sweep._sweep import sweep as run_sweep
    from ..run.answers import save_analysis

    if len(values) > len(keys):
        fail(f"--values belongs to a --key: {len(values)} against {len(keys)}", MISTAKE)
    given: dict[str, Any] = dict.fromkeys(keys, DEFAULT_RANGE)
    given.update(zip(keys, values, strict=False))
    experiment = read(file, overrides, worlds, seed)
    folder, run = finished_run(experiment, out, threads, as_json)
    kept = folder.parent / f".{folder.name}.points"
    if not resume:
        shutil.rmtree(kept, ignore_errors=True)
    with progress_bar("points", as_json) as progress:
        answer = run_sweep(
            experiment,
            given or None,
            zipped=zipped,
            resize=resize,
            a=a,
            b=b,
            measure=measure,
            worlds=points,
            quantiles=not means,
            run=run,
            points_in=kept,
            threads=threads,
            progress=progress,
        )
    shutil.rmtree(kept, ignore_errors=True)
    name = "_".join(["sweep", *keys])
    settle()
    save_analysis(folder, name, answer.to_dict(), answer.dataset)
    tell(
        answer,
        name,
        folder,
        [*(key.name for key in answer.keys), *_COLUMNS],
        as_json,
        run=run,
        shown=sweep_table(answer),
    )

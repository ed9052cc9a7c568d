"""What commands that ask a question of a run share: its folder, the table, the sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ..experiment import Experiment
from .common import (
    MOST_THREADS,
    progress_bar,
    quiet_option,
    say_what_goes,
)

if TYPE_CHECKING:
    import xarray as xr

F = TypeVar("F", bound=Callable[..., Any])


_NO_CHARTS = "sim.no_charts"


def _note_charts(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Remember ``--no-charts`` for `tell`, so that no command has to pass it on."""
    context.meta[_NO_CHARTS] = value


def charts_wanted() -> bool:
    """Return whether the command may draw."""
    context = click.get_current_context(silent=True)
    return context is None or not context.meta.get(_NO_CHARTS, False)


#: What every question's help says of its output.
_GOES = (
    "Output: the table and its sentence; in a pipe the table alone, as CSV with every digit, and the "
    "sentence on stderr; with --json all of it as JSON on stdout; with --quiet the sentence alone."
)


def answer_options(function: F) -> F:
    """Add the options of every question, and where what they print goes.

    In a pipe a command's output is its table alone; what is told about it goes to stderr.
    """
    function.__doc__ = f"{function.__doc__}\n\n{_GOES}"
    for decorator in (
        click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
        quiet_option,
        click.option(
            "--no-charts",
            is_flag=True,
            expose_value=False,
            callback=_note_charts,
            help="Draw no chart.",
        ),
        click.option(
            "--threads", type=click.IntRange(1, MOST_THREADS), help="Threads [all processors]."
        ),
        click.option(
            "--out", type=click.Path(path_type=Path), help="The run's folder [results/NAME]."
        ),
    ):
        function = decorator(function)
    return function


def finished_run(
    experiment: Experiment, out: Path | None, threads: int | None, quiet: bool
) -> tuple[Path, xr.Dataset]:
    """Return a run's folder and worlds: the run there if it is this experiment, else a fresh one.

    A fresh run is written without charts; `sim run` draws them. Where it takes the place of
    another one, that waits until the question is answered (`settle`): a mistake in the question
    costs nothing that was there.
    """
    from ..run.answers import stored_run
    from ..run.folder import is_run
    from ..run.simulate import Where, worlds_of
    from ..run.written import check_target, run_folder, write_run

    folder = run_folder(experiment, out)
    stored = stored_run(experiment, folder)
    if stored is not None:
        return folder, stored
    check_target(folder)
    context = click.get_current_context()
    assert context is not None
    with progress_bar("simulating worlds", quiet) as progress:
        dataset = context.with_resource(worlds_of(experiment, folder, Where(threads, progress)))

    def write() -> None:
        say_what_goes(folder, experiment, default=out is None)
        write_run(folder, experiment, dataset, threads=threads)

    if is_run(folder):
        context.meta[_WAITING] = write
    else:
        write()
    return folder, dataset


#: Where a run waits to be written.
_WAITING = "sim.waiting"


def settle() -> None:
    """Write the run that waited for its question to be answered."""
    context = click.get_current_context(silent=True)
    write = None if context is None else context.meta.pop(_WAITING, None)
    if write is not None:
        write()

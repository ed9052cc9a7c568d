"""What commands that ask a question of a run share: its folder, the table, the sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import rich_click as click

from ..experiment import Experiment
from .common import (
    MOST_THREADS,
    drawing,
    is_quiet,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say_what_goes,
)

if TYPE_CHECKING:
    import xarray as xr

F = TypeVar("F", bound=Callable[..., Any])


class Answer(Protocol):
    """What every question of `sim.questions` returns."""

    @property
    def sentence(self) -> str:
        """The answer in words."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done about what is not obvious."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        ...

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows."""
        ...


_NO_CHARTS = "sim.no_charts"


def _note_charts(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Remember ``--no-charts`` for `tell`, so that no command has to pass it on."""
    context.meta[_NO_CHARTS] = value


def charts_wanted() -> bool:
    """Return whether the command may draw."""
    context = click.get_current_context(silent=True)
    return context is None or not context.meta.get(_NO_CHARTS, False)


def save_charts(content: Mapping[str, Any], stem: Path, run: xr.Dataset) -> None:
    """Draw a saved answer into files, PNG and SVG of each of its charts, by the tiers of its run."""
    from ..charts import chart_parts, plot_answer, save
    from ..charts.run import portfolio_tiers
    from ..run.folder import file_in_place

    for part in chart_parts(content):
        ax = plot_answer(content, part=part, tiers=portfolio_tiers(run))
        figure = ax.get_figure(root=True)
        assert figure is not None
        name = f"{stem.name}_{part}" if part else stem.name
        for kind in ("png", "svg"):
            with file_in_place(stem.with_name(f"{name}.{kind}")) as temporary:
                save(figure, temporary)
            figure.set_layout_engine("none")  # laid out once, by the first file


def answer_options(function: F) -> F:
    """Add the options of every question: where the run is, how to print, threads."""
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


def pair_options(function: F) -> F:
    """Add the options that override ``[decision]``."""
    for decorator in (
        click.option("--measure", help="What is compared, such as roi_mean [decision.measure]."),
        click.option("--b", help="The other portfolio [decision.b]."),
        click.option("--a", help="One portfolio [decision.a]."),
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
    found = stored_run(experiment, folder)
    if found is not None:
        return folder, found
    check_target(folder)
    context = click.get_current_context()
    assert context is not None
    with progress_bar("simulating worlds", quiet) as progress:
        dataset = context.with_resource(worlds_of(experiment, folder, Where(threads, progress)))

    def write() -> None:
        say_what_goes(folder, experiment, default=out is None)
        write_run(folder, experiment, dataset)

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


def tell(
    answer: Answer,
    name: str,
    folder: Path,
    columns: Sequence[str],
    as_json: bool,
    *,
    run: xr.Dataset,
    shown: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Save an answer and its chart beside its run and print it.

    JSON where asked for; else a table, which is CSV with all columns and digits in a pipe. There
    the sentence goes to stderr. With ``--quiet`` the sentence alone.

    Parameters
    ----------
    answer
        What the question returned.
    name
        Name of the question.
    folder
        The run's folder.
    columns
        Columns of the table on a terminal.
    as_json
        Whether to print JSON.
    run
        The run, for the colours of its portfolios.
    shown
        Rows of the table on a terminal, where they are not those of `to_rows`: their keys are its
        columns.
    """
    from ..run.answers import save_analysis

    settle()
    content = answer.to_dict()
    path = save_analysis(folder, name, content)
    if charts_wanted():
        with drawing():
            save_charts(content, path.with_suffix(""), run)
    if as_json:
        print_json(content)
        return
    if is_quiet():
        click.echo(answer.sentence)
        return
    piped = not sys.stdout.isatty()
    rows: Sequence[Mapping[str, Any]] = answer.to_rows()
    if shown is not None and not piped:
        rows, columns = shown, list(shown[0]) if shown else columns
    missing = "" if piped else _missing(rows)
    if rows:
        every = list(dict.fromkeys(key for row in rows for key in row))
        print_rows(rows, every if piped else columns)
    click.echo(answer.sentence, err=piped)
    for note in answer.notes:
        click.secho(f"Note: {note}", err=piped, fg=None if piped else "yellow")
    click.echo(f"± is one Monte Carlo standard error{missing}. Written to {path}", err=piped)


def _missing(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what a star in a table means, where there is one."""
    starred = any(str(value).endswith(" *") for row in rows for value in row.values())
    return "; *: none, the JSON says why" if starred else ""

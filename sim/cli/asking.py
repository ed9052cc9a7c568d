"""What commands that ask a question of a run share: its folder, the table, the sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import rich_click as click

from ..experiment import Experiment
from .common import print_json, print_rows, progress_bar

if TYPE_CHECKING:
    import xarray as xr

F = TypeVar("F", bound=Callable[..., Any])


class Answer(Protocol):
    """What every question of `sim.analysis` returns."""

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


def _charts_wanted() -> bool:
    context = click.get_current_context(silent=True)
    return context is None or not context.meta.get(_NO_CHARTS, False)


def chart_of(answer: Answer, run: xr.Dataset) -> Callable[[Path], None] | None:
    """Return what draws an answer into files, by the tiers of its run; None without a chart."""
    if not _charts_wanted():
        return None
    from ..charts import has_chart, plot_answer, save
    from ..charts.run import portfolio_tiers
    from ..folders import file_in_place

    content, tiers = answer.to_dict(), portfolio_tiers(run)
    if not has_chart(content):
        return None

    def draw(stem: Path) -> None:
        figure = plot_answer(content, tiers=tiers).get_figure(root=True)
        assert figure is not None
        for kind in ("png", "svg"):
            with file_in_place(stem.with_name(f"{stem.name}.{kind}")) as temporary:
                save(figure, temporary)
            figure.set_layout_engine("none")  # laid out once, by the first file

    return draw


def answer_options(function: F) -> F:
    """Add the options of every question: where the run is, how to print, threads."""
    for decorator in (
        click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
        click.option(
            "--no-charts",
            is_flag=True,
            expose_value=False,
            callback=_note_charts,
            help="Draw no chart.",
        ),
        click.option("--threads", type=click.IntRange(1), help="Threads [all processors]."),
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

    A fresh run is written without charts; `sim run` draws them.
    """
    from ..analysis.common import stored_run
    from ..runs import check_target, run_folder, write_run
    from ..simulation import simulate

    folder = run_folder(experiment, out)
    found = stored_run(experiment, folder)
    if found is not None:
        return folder, found
    check_target(folder)
    with progress_bar("simulating worlds", quiet) as progress:
        dataset = simulate(experiment, threads=threads, progress=progress)
    write_run(folder, experiment, dataset, charts=False)
    return folder, dataset


def tell(
    answer: Answer,
    name: str,
    folder: Path,
    columns: Sequence[str],
    as_json: bool,
    *,
    draw: Callable[[Path], None] | None = None,
    shown: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Save an answer and its chart beside its run and print it.

    JSON where asked for; else a table, which is CSV with all columns and digits in a pipe. There
    the sentence goes to stderr.

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
    draw
        Draws the answer; takes the path of its files without a suffix.
    shown
        Rows of the table on a terminal, where they are not those of `to_rows`: their keys are its
        columns.
    """
    from ..analysis.common import save_analysis

    content = answer.to_dict()
    path = save_analysis(folder, name, content)
    if draw is not None and _charts_wanted():
        draw(path.with_suffix(""))
    if as_json:
        print_json(content)
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

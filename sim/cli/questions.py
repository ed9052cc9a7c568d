"""Commands of questions, made from the options that each question declares."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import rich_click as click

from ..questions.question import Answer, Flag, Question, Setting
from .asking import answer_options, charts_wanted, finished_run, settle
from .common import (
    clear_errors,
    experiment_options,
    is_quiet,
    print_json,
    print_rows,
    progress_bar,
    read,
    tell_not_drawn,
)

if TYPE_CHECKING:
    import xarray as xr

    from ..figures.spec import Figure

#: What a full disk, a missing font or a library of another version makes drawing raise.
_REFUSED = (OSError, RuntimeError, ValueError, ArithmeticError, MemoryError, ImportError)


def command_of(question: Question[Any, Any]) -> click.Command:
    """Return the command of a question: FILE, its options, and those of every question."""

    @clear_errors
    def ask(
        file: Path,
        overrides: tuple[str, ...],
        worlds: str | None,
        seed: int | None,
        out: Path | None,
        threads: int | None,
        as_json: bool,
        **given: Any,
    ) -> None:
        experiment = read(file, overrides, worlds, seed)
        asked = {name: value for name, value in given.items() if value not in (None, ())}
        options = question.read_options(
            asked, experiment.file, flags=True, currency=experiment.currency
        )
        folder, run = finished_run(experiment, out, threads, as_json)
        kept = folder.parent / f".{folder.name}.points"
        with progress_bar(question.counts, as_json) as progress:
            answer = question.answer_to(Setting(experiment, run, threads, progress, kept), options)
        tell(answer, options.stem(question.name), folder, as_json, run)

    ask.__doc__ = question.about
    ask.__name__ = question.name
    decorated = answer_options(ask)
    for option in reversed(_options(question)):
        decorated = option(decorated)
    made: click.Command = click.command(question.name)(experiment_options(decorated))
    return made


def _options(question: Question[Any, Any]) -> list[Any]:
    return [_option(name, field, question.flag(name)) for name, field in question.fields.items()]


def _option(name: str, field: Any, flag: Flag) -> Any:
    """Return the option of the command for one field of the options."""
    written = flag.name
    kind, default = _plain(field.annotation), field.get_default()
    told: dict[str, Any] = {"help": field.description}
    if flag.metavar:
        told["metavar"] = flag.metavar
    if field.is_required():
        told["required"] = True
    if kind is bool:
        if flag.off:
            return click.option(f"{written}/{flag.off}", name, default=None, **told)
        return click.option(written, name, flag_value=default is not True, default=None, **told)
    if get_origin(kind) is tuple and not _reads_text(field.metadata):
        inner = _type(_plain(get_args(kind)[0]), [])
        return click.option(written, name, multiple=True, type=inner, **told)
    if not field.is_required() and default is not None:
        # Shown, not given: the options know their defaults.
        told |= {"default": default, "show_default": True}
    return click.option(written, name, type=_type(kind, field.metadata), **told)


def _plain(annotation: Any) -> Any:
    """Return a type without None beside it."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    optional = type(None) in get_args(annotation)
    return parts[0] if optional and len(parts) == 1 else annotation


def _reads_text(metadata: list[Any]) -> bool:
    """Return whether the options read what is written by themselves."""
    from pydantic import BeforeValidator

    return any(isinstance(part, BeforeValidator) for part in metadata)


def _type(kind: Any, metadata: list[Any]) -> Any:
    """Return what click checks of a value; the options check the rest."""
    if _reads_text(metadata):
        return str
    if get_origin(kind) is Literal:
        return click.Choice([str(choice) for choice in get_args(kind)])
    least = next((part.ge for part in metadata if hasattr(part, "ge")), None)
    if kind is int and least is not None:
        return click.IntRange(least)
    return kind if kind in (int, float) else str


def tell(answer: Answer, name: str, folder: Path, as_json: bool, run: xr.Dataset) -> None:
    """Save an answer and its figures beside its run and print it.

    JSON where asked for; else its table, which is CSV with all columns and digits in a pipe. There
    the sentence goes to stderr. With ``--quiet`` the sentence alone.

    Parameters
    ----------
    answer
        What the question returned.
    name
        Name of its files.
    folder
        The run's folder.
    as_json
        Whether to print JSON.
    run
        The run, for the colours of its portfolios.
    """
    from ..run.answers import save_analysis

    settle()
    content = answer.to_dict()
    path = save_analysis(folder, name, content, answer.axes)
    _print(answer, content, path, as_json)
    if charts_wanted():
        save_figures(answer, path.with_suffix(""), run)
        tell_not_drawn(run["portfolio"].values.tolist())


def _print(answer: Answer, content: dict[str, Any], path: Path, as_json: bool) -> None:
    if as_json:
        print_json(content)
        return
    if is_quiet():
        click.echo(answer.sentence)
        return
    piped = not sys.stdout.isatty()
    rows = answer.to_rows() if piped else answer.shown().to_texts()
    if rows:
        print_rows(rows, list(dict.fromkeys(key for row in rows for key in row)))
    click.echo(answer.sentence, err=piped)
    for note in answer.notes:
        click.secho(f"Note: {note}", err=piped, fg=None if piped else "yellow")
    starred = not piped and any(text.endswith(" *") for row in rows for text in row.values())
    missing = "; *: none, the JSON says why" if starred else ""
    click.echo(f"± is one Monte Carlo standard error{missing}. Written to {path}", err=piped)


def save_figures(answer: Answer, stem: Path, run: xr.Dataset) -> None:
    """Draw the figures of an answer into files, PNG and SVG; all but the first by their names.

    What the machine or a drawing library refuses is told: the answer is saved and printed already.
    A figure that cannot be made of the answer is a fault of ours, and none to be quiet about.
    """
    from ..charts.run import portfolio_tiers

    figures = answer.figures(portfolio_tiers(run))
    try:
        _draw(figures, stem)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the answer is whole but for its charts") from None
    except _REFUSED as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        click.echo(f"Note: the answer is whole, but could not be drawn ({reason}).", err=True)


def _draw(figures: Sequence[Figure], stem: Path) -> None:
    from ..charts.theme import lay_out, save
    from ..figures.matplotlib import draw
    from ..run.folder import file_in_place

    for place, figure in enumerate(figures):
        if figure.plot is None and not figure.charts:
            continue
        sheet = draw(figure).get_figure(root=True)
        assert sheet is not None
        name = f"{stem.name}_{figure.name}" if place else stem.name
        lay_out(sheet)
        for kind in ("png", "svg"):
            with file_in_place(stem.with_name(f"{name}.{kind}")) as temporary:
                save(sheet, temporary)

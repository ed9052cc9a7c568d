"""What all commands share: options, errors as one line, progress on stderr, tables on stdout."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ..evidence.sets import SETS
from ..text.currency import writing_in
from ..text.names import spoken
from ..text.numbers import counted, setting
from ..text.safe import Screen, cell, printable

if TYPE_CHECKING:
    from ..experiment import Experiment

F = TypeVar("F", bound=Callable[..., Any])

#: Most threads, or processes of a local cluster: more only cost memory.
MOST_THREADS = 1024
#: Exit codes: a mistake in what was asked, a failure of the machine, an interruption.
MISTAKE, FAILURE, INTERRUPTED = 2, 1, 130


_EVIDENCE = "sim.evidence"


def _note_evidence(context: click.Context, _: click.Parameter, value: str | None) -> None:
    """Remember ``--evidence``, so that no command has to pass it on."""
    context.meta[_EVIDENCE] = value


#: Adds ``--evidence`` to a command; `evidence_asked` returns it as an assignment.
evidence_option = click.option(
    "--evidence",
    type=click.Choice(SETS),
    expose_value=False,
    callback=_note_evidence,
    help="Whose figures fill up what FILE does not say [pooled].",
)


def evidence_asked() -> tuple[str, ...]:
    """Return what ``--evidence`` assigns, or nothing."""
    context = click.get_current_context(silent=True)
    chosen = None if context is None else context.meta.get(_EVIDENCE)
    return (f"evidence={chosen}",) if chosen else ()


def experiment_options(function: F) -> F:
    """Add the argument FILE and the options that change an experiment."""
    for decorator in (
        evidence_option,
        click.option("--seed", type=int, help="Seed of all random streams."),
        click.option("--worlds", metavar="N", help="Worlds to simulate: 20000, 20k, 1M."),
        click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="KEY=VALUE",
            help="Override any key: --set portfolio.macro.budget=80000. Repeatable.",
        ),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        function = decorator(function)
    return function


def read(
    file: Path, overrides: Sequence[str] = (), worlds: str | None = None, seed: int | None = None
) -> Experiment:
    """Load an experiment with the options of the command line."""
    from ..experiment import ExperimentError, Fault, load
    from ..experiment.faults import suggestion
    from ..measures import COMPARISONS, MEASURES
    from .light import light_scipy

    light_scipy()
    experiment = load(file, (*overrides, *evidence_asked()), worlds=worlds, seed=seed)
    known = {*MEASURES, *COMPARISONS}
    asked = experiment.decision.measure if experiment.decision else None
    if asked is not None and asked not in known:
        problem = f"is no measure; {suggestion(asked, known)}"
        raise ExperimentError(experiment.file, [Fault("decision.measure", problem, asked)])
    context = click.get_current_context(silent=True)
    if context is not None:
        context.with_resource(writing_in(experiment.currency))
    return experiment


def clear_errors(function: F) -> F:
    """Turn mistakes and failures into one clear message and an exit code."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from ..engine.cluster import ClusterError
        from ..run.folder import DiskFullError, RunError

        try:
            return function(*args, **kwargs)
        except ValueError as error:
            from ..experiment import ExperimentError

            if not isinstance(error, ExperimentError):
                raise
            fail(str(error), MISTAKE)
        except DiskFullError as error:
            click.echo(str(error), err=True)
            # HDF5 crashes when the interpreter closes a file that could not be written.
            os._exit(FAILURE)
        except RunError as error:
            fail(str(error), FAILURE)
        except KeyboardInterrupt as error:
            kept = str(error) or "nothing was written, an earlier run is as it was"
            fail(f"interrupted; {kept}", INTERRUPTED)
        except ClusterError as error:
            fail(str(error), FAILURE)
        except MemoryError:
            fail("not enough memory; fewer --worlds need less", FAILURE)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(FAILURE)
        except OSError as error:
            fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), FAILURE)

    return wrapped  # type: ignore[return-value]


_QUIET = "sim.quiet"


def _note_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Remember ``--quiet``, so that no command has to pass it on."""
    context.meta[_QUIET] = value


#: Adds ``--quiet`` to a command; `is_quiet` says whether it was given.
quiet_option = click.option(
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_note_quiet,
    help="Print the answer in words and nothing else.",
)


def is_quiet() -> bool:
    """Return whether the command was asked to print sentences only."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET, False))


def fail(message: str, code: int) -> None:
    """Print a message on stderr and leave with a code."""
    click.echo(message, err=True)
    sys.exit(code)


def write_whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    from ..run.folder import file_in_place

    with file_in_place(path) as part:
        part.write_text(text, encoding="utf-8")


def say_what_goes(folder: Path, experiment: Experiment, default: bool, asked: bool = False) -> None:
    """Tell on stderr which run makes way for a fresh one of other numbers.

    Parameters
    ----------
    folder
        The run's folder.
    experiment
        What will be run.
    default
        Whether the folder is the one that nobody named.
    asked
        Whether a fresh run was asked for: then only what was made of the old one is worth a word.
    """
    from ..run.folder import EARLIER, is_run, listed, made_of, read_manifest
    from ..run.written import has_numbers_of

    if not is_run(folder) or has_numbers_of(folder, experiment):
        return
    there, made = read_manifest(folder), made_of(folder)
    if asked and not made:
        return
    moves = f"; {listed(made)} move to {folder / EARLIER}" if made else ""
    way_out = "; --out FOLDER keeps both" if default else ""
    click.secho(
        f"Note: {folder} holds another run ({counted(there['worlds'], 'world')}, seed {there['seed']}), "
        f"which a fresh one replaces{moves}{way_out}.",
        err=True,
        fg="yellow" if sys.stderr.isatty() else None,
    )


def tell_not_drawn(texts: Iterable[str]) -> None:
    """Tell which characters stand as boxes in charts, since no font here has them."""
    from ..charts.theme import not_drawn

    missing = not_drawn(texts)
    if missing:
        few = missing[:8] + ("…" if len(missing) > 8 else "")
        click.echo(
            f"Note: no font of this machine has {few}, so charts show boxes; install one that has, "
            "such as Noto Sans CJK (fonts-noto-cjk). Pages, slides and tables are not affected.",
            err=True,
        )


def print_json(content: Any) -> None:
    """Print JSON on stdout: no NaN, keys in the order given, escapes where stdout needs them."""
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    if isinstance(sys.stdout, Screen) and not sys.stdout.takes(text):
        text = json.dumps(content, indent=2, allow_nan=False)
    click.echo(text)


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], title: str = "") -> None:
    """Print a table: with rich on a terminal, as CSV with all digits elsewhere.

    Text stays text: it is no markup on a terminal and no formula in a spreadsheet.
    """
    if not sys.stdout.isatty():
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[cell(row.get(column)) for column in columns] for row in rows])
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heading = Text(printable(title)) if title else None
    table = Table(title=heading, box=box.SIMPLE_HEAD, title_justify="left")
    for column in columns:
        words = printable(spoken(column))
        # No word of a heading is broken where there is room for it.
        least = max(map(len, words.split()), default=1)
        table.add_column(Text(words), overflow="fold", min_width=least)
    for row in rows:
        table.add_row(*(Text(_shown(row.get(column))) for column in columns))
    Console().print(table)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return setting(value) if isinstance(value, float) else printable(str(value))


@contextmanager
def progress_bar(label: str, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback that shows a bar with time left after a second; silent in a pipe."""
    if quiet or is_quiet() or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(label),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
    )
    started, task = time.monotonic(), None

    def update(done: int, total: int) -> None:
        nonlocal task
        if task is None and time.monotonic() - started > 1.0:
            bar.start()
            task = bar.add_task(label, total=total)
        if task is not None:
            bar.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        bar.stop()

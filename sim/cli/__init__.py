"""The command line: parse, call, print."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, TextIO

import rich_click as click

from .._version import __version__
from ..questions import QUESTIONS
from ..text.safe import Screen
from .light import loading

_NEXT = """creator-roi: what do many micro creators return against a few macro creators, and how sure is that?

  sim run experiments/micro_vs_macro.toml      answer the shipped question
  sim tornado experiments/micro_vs_macro.toml  what moves that answer most
  sim new experiments/mine                     start your own
  sim explain experiments/micro_vs_macro.toml  see every input with its source
  sim explore experiments/micro_vs_macro.toml  move sliders and watch the figures
  sim list                                     what you have run, with the answers
  sim --help                                   all commands

experiments/README.md goes from a question to a decision in fifteen minutes.
"""

#: What stands for the module of a command that a question declares.
_ASKED = "questions"
#: Every command by panel of `sim --help`, with the module that holds a function of its name.
_PANELS = {
    "Run": {
        "run": "run",
        "new": "files",
        "check": "files",
        "explain": "files",
        "schema": "files",
        "audit": "audit",
        "fit": "fit",
    },
    "Decide": {name: _ASKED for name in QUESTIONS if name != "audit"},
    "Learn": {
        "learn": "learn",
        "log": "log",
        "score": "score",
    },
    "Show": {
        "report": "report",
        "deck": "deck",
        "list": "list_runs",
        "diff": "diff",
        "export": "export",
        "explore": "explore",
    },
}
_MODULES = {name: module for panel in _PANELS.values() for name, module in panel.items()}


def _nowhere() -> TextIO:
    """Return a stream for output that was closed before we began; also keeps its number taken."""
    return open(os.devnull, "w", encoding="utf-8")


def _import_elsewhere() -> None:
    """Import matplotlib from another folder: it reads the settings of the one it is imported in."""
    here = os.getcwd()
    os.chdir(os.path.dirname(os.__file__))
    try:
        import matplotlib  # noqa: F401, ICN001
    finally:
        os.chdir(here)


class _Commands(click.RichGroup):
    """Commands that are imported when they are asked for."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command with output that shows what the terminal can, and never fails."""
        # A user's choice of windows is none for files, and may be none of matplotlib's; nor does a
        # matplotlibrc change a chart, so one that cannot be read is no fault.
        os.environ["MPLBACKEND"] = "agg"
        os.environ["MATPLOTLIBRC"] = os.devnull
        # Our matrices are small: threads of a library of linear algebra would only wait in circles
        # beside our own, and how a sum is cut would depend on the number of processors.
        for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        if os.path.lexists("matplotlibrc"):
            _import_elsewhere()
        stdout, stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
        sys.stdout, sys.stderr = Screen(stdout), Screen(stderr)
        try:
            return super().main(*args, **kwargs)
        finally:
            sys.stdout, sys.stderr = stdout, stderr

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands in the order of the panels."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for an unknown name."""
        if cmd_name not in _MODULES:
            return None
        with loading():
            module = import_module(f".{_MODULES[cmd_name]}", __name__)
        if _MODULES[cmd_name] == _ASKED:
            from ..questions import named

            made: click.Command = module.command_of(named(cmd_name))
            return made
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for; an unknown one is met with the nearest."""
        if args and args[0] not in _MODULES and not args[0].startswith("-"):
            from ..experiment.faults import suggestion

            hint = suggestion(args[0], _MODULES)
            raise click.UsageError(f"There is no command `{args[0]}`; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="creator-roi")
@click.rich_config(
    {
        "command_groups": {
            "*": [
                {"name": name, "commands": list(panel)} for name, panel in _PANELS.items() if panel
            ]
        }
    }
)
@click.pass_context
def main(context: click.Context) -> None:
    """Monte Carlo ROI of creator portfolios, as distributions with their assumptions."""
    if os.environ.get("NO_COLOR"):
        context.color = False
    if context.invoked_subcommand is None:
        click.echo(_NEXT)

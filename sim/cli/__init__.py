"""The command line: parse, call, print."""

from __future__ import annotations

import rich_click as click

from .._version import __version__
from .files import check, explain, new, schema
from .run import run

_NEXT = """creator-roi: what do many micro creators return against a few macro creators, and how sure is that?

  sim run experiments/micro_vs_macro.toml      answer the shipped question
  sim new experiments/mine                     start your own
  sim explain experiments/micro_vs_macro.toml  see every input with its source
  sim --help                                   all commands
"""


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="creator-roi")
@click.pass_context
def main(context: click.Context) -> None:
    """Monte Carlo ROI of creator portfolios, as distributions with their assumptions."""
    if context.invoked_subcommand is None:
        click.echo(_NEXT)


for command in (run, check, explain, new, schema):
    main.add_command(command)

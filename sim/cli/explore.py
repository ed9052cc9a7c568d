"""The command `sim explore`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .common import FAILURE, MOST_THREADS, clear_errors, experiment_options, fail, read


@click.command()
@experiment_options
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port [any that is free].")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--threads", type=click.IntRange(1, MOST_THREADS), help="Threads [all processors].")
@clear_errors
def explore(
    file: Path,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    port: int,
    no_browser: bool,
    threads: int | None,
) -> None:
    """Open a page with sliders over FILE: figures follow, a button saves the experiment.

    Only this machine can open it, at the address printed. Each move simulates again, in as many
    worlds as take a moment or in --worlds. Ctrl-C ends it.

    Example: sim explore experiments/micro_vs_macro.toml
    """
    from ..explore.server import Server
    from ..explore.whatif import WhatIf

    experiment = read(file, overrides, worlds, seed)
    asked = experiment.simulation.worlds if worlds is not None else None
    what_if = WhatIf(experiment, worlds=asked, threads=threads)
    try:
        server = Server(what_if, port)
    except OSError as error:
        fail(f"port {port}: {error.strerror}; another --port, or none, will do", FAILURE)
    try:
        with server:
            click.echo(f"{server.address}\nCtrl-C ends it.")
            if not no_browser:
                import webbrowser

                webbrowser.open(server.address)
            server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        click.echo("\nended", err=True)

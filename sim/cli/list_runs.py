"""The command `sim list`."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from .common import clear_errors, print_json, print_rows

_COLUMNS = ("folder", "finished", "worlds", "seed", "answer", "analyses")


# Named as the command, like every other; the built-in of that name is not needed here.
@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="results")
@click.option("--json", "as_json", is_flag=True, help="Print a list of runs instead of a table.")
@clear_errors
def list(folder: Path, as_json: bool) -> None:
    """Show the runs in FOLDER [results], latest first, each with its answer in a line.

    Example: sim list
    """
    runs = _runs_in(folder)
    if as_json:
        print_json(runs)
        return
    if not runs:
        click.echo(f"{folder}: no runs; make one with `sim run`", err=True)
        return
    print_rows([{**run, "analyses": " ".join(run["analyses"])} for run in runs], _COLUMNS)


def _runs_in(folder: Path) -> Any:
    """Return what the manifests of the runs in a folder say; one that cannot be read is told."""
    from ..run.folder import MANIFEST, RunError, read_manifest

    runs = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not (path / MANIFEST).is_file():
            continue
        try:
            manifest = read_manifest(path)
        except RunError as error:
            click.echo(f"Note: {error}", err=True)
            continue
        written = datetime.fromtimestamp((path / MANIFEST).stat().st_mtime, UTC)
        with suppress(KeyError, TypeError, ValueError):
            written = datetime.fromisoformat(manifest["finished"])
        runs.append(
            {
                "folder": str(path),
                "title": manifest.get("title", ""),
                "finished": written.strftime("%Y-%m-%d %H:%M UTC"),
                "worlds": manifest["worlds"],
                "seed": manifest["seed"],
                "answer": manifest.get("answer", ""),
                "analyses": sorted(file.stem for file in path.glob("analysis/*.json")),
            }
        )
    return sorted(runs, key=lambda run: run["finished"], reverse=True)

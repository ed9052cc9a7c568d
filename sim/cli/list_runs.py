"""The command `sim list`."""

from __future__ import annotations

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
    """Return what the manifests of the runs in a folder say."""
    from ..folders import is_run, read_manifest

    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not is_run(path):
            continue
        manifest = read_manifest(path)
        written = (path / "manifest.json").stat().st_mtime
        found.append(
            {
                "folder": str(path),
                "title": manifest.get("title", ""),
                "finished": datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%d %H:%M UTC"),
                "worlds": manifest["worlds"],
                "seed": manifest["seed"],
                "answer": manifest["answer"],
                "analyses": sorted(file.stem for file in path.glob("analysis/*.json")),
            }
        )
    return sorted(found, key=lambda run: run["finished"], reverse=True)

"""A run's folder as the story needs it: worlds, answer, inputs, and what has been asked since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..experiment import load
from ..explain import Input, explain
from ..results import open_results
from ..runs import Answer, RunError, read_answer, read_manifest

if TYPE_CHECKING:
    from ..charts.run import Run


@dataclass(frozen=True)
class Opened:
    """A run, open for reading.

    Attributes
    ----------
    folder : Path
        Where it is.
    manifest : mapping
        ``manifest.json``.
    run : Run
        What charts read.
    answer : Answer
        Figures, comparisons, sentences, warnings.
    inputs : tuple of Input
        Every input with its source.
    analyses : mapping of str to mapping
        Saved answers by file name, without its suffix.
    """

    folder: Path
    manifest: Mapping[str, Any]
    run: Run
    answer: Answer
    inputs: tuple[Input, ...]
    analyses: Mapping[str, Mapping[str, Any]]


@contextmanager
def open_run(folder: str | Path, answer: Answer | None = None) -> Iterator[Opened]:
    """Open a run for reading; its file of worlds is closed afterwards.

    Parameters
    ----------
    folder
        Folder of a run.
    answer
        Where it is known already.

    Raises
    ------
    RunError
        For a folder without a whole run.
    """
    from ..charts.run import Run

    folder = Path(folder)
    manifest = read_manifest(folder)
    worlds = folder / "worlds.nc"
    if not worlds.is_file() or not (folder / "experiment.toml").is_file():
        raise RunError(f"{folder}: a part of the run is missing; run it again with `sim run`")
    try:
        dataset = open_results(worlds)
    except (OSError, ValueError):
        raise RunError(f"{worlds}: cannot be read; run it again with `sim run`") from None
    with dataset:
        found = answer or read_answer(dataset)
        inputs = tuple(explain(load(folder / "experiment.toml")))
        run = Run(dataset, found.summary)
        yield Opened(folder, manifest, run, found, inputs, saved_analyses(folder))


def saved_analyses(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the answers saved beside a run, by file name; what is no answer is passed over."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted((folder / "analysis").glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict) and isinstance(content.get("sentence"), str):
            found[path.stem] = content
    return found

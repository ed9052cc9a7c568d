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
from ..measures import COMPARISONS, MEASURES, Comparison, Measured, Summary
from ..measures.summary import DEFAULT_TARGET
from ..results import open_results
from ..runs import Answer, RunError, read_answer, read_manifest

if TYPE_CHECKING:
    import xarray as xr

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
        found = answer or _stored(folder, dataset) or read_answer(dataset)
        inputs = tuple(explain(load(folder / "experiment.toml")))
        run = Run(dataset, found.summary)
        yield Opened(folder, manifest, run, found, inputs, saved_analyses(folder))


def _stored(folder: Path, dataset: xr.Dataset) -> Answer | None:
    """Return the answer that the run wrote: figures are computed once; None if it is not whole."""
    try:
        content = json.loads((folder / "summary.json").read_text("utf-8"))
        measures = {
            name: {key: _measured(entry) for key, entry in row["measures"].items()}
            for name, row in content["portfolios"].items()
        }
        pairs = tuple(_compared(row, dataset.sizes["sim"]) for row in content["comparisons"])
        sentences, warnings = map(tuple, (content["answer"], content["warnings"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    names = [str(name) for name in dataset["portfolio"].values]
    if list(measures) != names or any(set(row) != set(MEASURES) for row in measures.values()):
        return None
    creators = {name: int(content["portfolios"][name]["creators"]) for name in names}
    summary = Summary(measures, creators, int(dataset.sizes["sim"]), DEFAULT_TARGET, None)
    return Answer(summary, pairs, sentences, warnings, dict(dataset.attrs))


def _measured(entry: Mapping[str, Any]) -> Measured:
    return Measured(entry["value"], entry["se"], entry["unit"], entry.get("reason"))


def _compared(row: Mapping[str, Any], worlds: int) -> Comparison:
    measures = {key: _measured(row[key]) for key in COMPARISONS}
    told = Comparison.told_in(row)
    return Comparison(str(row["a"]), str(row["b"]), measures, told, worlds)


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

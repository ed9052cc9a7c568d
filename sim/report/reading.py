"""A run's folder as the story needs it: worlds, answer, inputs, and what has been asked since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..experiment import Experiment
from ..explain import Believed, Input, believed, explain
from ..measures import COMPARISONS, MEASURES, Comparison, Measured, Summary
from ..measures.best import read_best
from ..measures.summary import DEFAULT_TARGET
from ..measures.why import read_why
from ..measures.worlds import currency_of
from ..run.answers import saved_analyses
from ..run.dataset import open_results
from ..run.evidence import read_by_evidence
from ..run.written import Answer, read_answer, read_experiment, read_manifest, read_summary
from ..text.currency import writing_in

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
    experiment : Experiment
        What was run.
    inputs : tuple of Input
        Every input with its source.
    analyses : mapping of str to mapping
        Saved answers by file name, without its suffix.
    rosters : mapping of str to sequence of Believed
        Creators of each portfolio with a roster, as read and as believed.
    """

    folder: Path
    manifest: Mapping[str, Any]
    run: Run
    answer: Answer
    experiment: Experiment
    inputs: tuple[Input, ...]
    analyses: Mapping[str, Mapping[str, Any]]
    rosters: Mapping[str, Sequence[Believed]]


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
    experiment = read_experiment(folder)
    dataset = open_results(folder)
    with dataset, writing_in(currency_of(dataset)):
        said = answer or _stored(folder, dataset) or read_answer(dataset)
        inputs = tuple(explain(experiment))
        run = Run(dataset, said.summary)
        rosters = {
            name: believed(experiment, name)
            for name, portfolio in experiment.portfolio.items()
            if portfolio.roster is not None
        }
        analyses = saved_analyses(folder)
        yield Opened(folder, manifest, run, said, experiment, inputs, analyses, rosters)


def _stored(folder: Path, dataset: xr.Dataset) -> Answer | None:
    """Return the answer that the run wrote: figures are computed once; None if it is not whole."""
    try:
        content = read_summary(folder)
        measures = {
            name: {key: _measured(entry) for key, entry in row["measures"].items()}
            for name, row in content["portfolios"].items()
        }
        pairs = tuple(_compared(row, dataset.sizes["sim"]) for row in content["comparisons"])
        sentences, warnings = map(tuple, (content["answer"], content["warnings"]))
        evidence = read_by_evidence(content)
        best, reason = read_best(content), read_why(content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    names = [str(name) for name in dataset["portfolio"].values]
    if list(measures) != names or any(set(row) != set(MEASURES) for row in measures.values()):
        return None
    creators = {name: int(content["portfolios"][name]["creators"]) for name in names}
    summary = Summary(measures, creators, int(dataset.sizes["sim"]), DEFAULT_TARGET, None)
    return Answer(summary, pairs, sentences, warnings, dict(dataset.attrs), evidence, best, reason)


def _measured(entry: Mapping[str, Any]) -> Measured:
    return Measured(entry["value"], entry["se"], entry["unit"], entry.get("reason"))


def _compared(row: Mapping[str, Any], worlds: int) -> Comparison:
    measures = {key: _measured(row[key]) for key in COMPARISONS}
    told = Comparison.told_in(row)
    return Comparison(str(row["a"]), str(row["b"]), measures, told, worlds)

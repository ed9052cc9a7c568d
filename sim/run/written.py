"""A run on disk: everything it was, everything it gave, moved into place whole."""

from __future__ import annotations

import csv
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..experiment import Experiment, ExperimentError, load
from ..experiment.write import to_toml
from ..measures import (
    Best,
    Comparison,
    Summary,
    Why,
    answer,
    best_of,
    number_warnings,
    summarize,
    why,
)
from ..measures.comparison import compare_pairs
from ..measures.levels import split_levels
from ..measures.worlds import sides_of
from ..plan import sampling_of
from ..text.currency import MONEY, writing_in
from ..text.safe import cell, printable
from .dataset import WORLDS, open_results, save, warnings_of
from .evidence import NOTHING, ByEvidence, by_evidence
from .folder import (
    MAKE_AGAIN,
    DiskFullError,
    RunError,
    added,
    check_space,
    check_target,
    checked,
    read_manifest,
    replaced,
    sign,
    silent_deallocation,
)
from .outside import outside_view
from .provenance import identity

__all__ = [
    "Answer",
    "DiskFullError",
    "RunError",
    "check_target",
    "has_numbers_of",
    "read_answer",
    "read_experiment",
    "read_manifest",
    "read_summary",
    "run_folder",
    "write_run",
]

if TYPE_CHECKING:
    import xarray as xr

_LOG = logging.getLogger("sim")


@dataclass(frozen=True)
class Answer:
    """What a run says.

    Figures, comparisons (that of the pair spoken of first), sentences, warnings, the answer by
    evidence, which of more than two portfolios is best how often, and why one of the pair earns
    more per USD.
    """

    summary: Summary
    comparisons: tuple[Comparison, ...]
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    attrs: Mapping[str, Any]
    evidence: ByEvidence | None = None
    best: Best | None = None
    why: Why | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return ``summary.json``."""
        return {
            "experiment": self.attrs["experiment"],
            "seed": int(self.attrs["seed"]),
            "worlds": int(self.attrs["worlds"]),
            **({} if self.summary.currency == MONEY else {"currency": self.summary.currency}),
            "portfolios": self.summary.to_dict(),
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "best": self.best.to_dict() if self.best else None,
            "why": self.why.to_dict() if self.why else None,
            "answer": list(self.sentences),
            "warnings": list(self.warnings),
            **(self.evidence.to_dict() if self.evidence else NOTHING),
        }


#: Portfolios up to which every pair of them is compared.
MOST_PAIRED = 16


#: Draws the worlds of a run, with its answer, into a folder.
Draw = Callable[["xr.Dataset", Path, Answer], None]


def read_answer(dataset: xr.Dataset) -> Answer:
    """Summarise a run: every portfolio, every pair, the sentences and the warnings.

    A two-level run says how much of its spread is doubt. The pair of ``[decision]`` comes first;
    without one, of more than two portfolios the pair of `Best.pair`. Other pairs stand in the order
    of the file; of more than `MOST_PAIRED` portfolios those of the first with each other one, as
    all pairs would take the time of many runs. `sim.compare` has any pair.
    """
    sides = sides_of(dataset)
    summary = summarize(dataset, sides=sides)
    names = [str(name) for name in dataset["portfolio"].values]
    asked = tuple(json.loads(dataset.attrs.get("decision_json", "[]")))
    best = best_of(dataset)
    chosen = asked or (best.pair(summary) if best else ())
    few = len(names) <= MOST_PAIRED or not chosen
    pairs = list(combinations(names, 2) if few else ((chosen[0], one) for one in names))
    if len(chosen) == 2:
        told = [{*chosen}, {chosen[0]}]
        pairs = [chosen, *(pair for pair in pairs if {*pair} not in told)]
    comparisons = tuple(compare_pairs(dataset, pairs, sides))
    first = comparisons[0] if comparisons else None
    reason = why(dataset, first.a, first.b) if first else None
    sentences = answer(summary, first, best=best, why=reason, asked=bool(asked))
    levels = split_levels(dataset)
    if levels is not None:
        sentences = [*sentences, levels.sentence]
    with writing_in(summary.currency):
        warnings = [*number_warnings(dataset, summary), *warnings_of(dataset)]
    return Answer(
        summary,
        comparisons,
        tuple(sentences),
        tuple(warnings),
        dict(dataset.attrs),
        best=best,
        why=reason,
    )


def write_run(
    folder: str | Path,
    experiment: Experiment,
    dataset: xr.Dataset,
    *,
    seconds: Mapping[str, float] | None = None,
    threads: int | None = None,
) -> Answer:
    """Write a run into its folder, whole or not at all.

    Parameters
    ----------
    folder
        The run's folder. The own files of a run in it are replaced; what was made from it stays
        where the numbers are the same and moves to ``earlier`` where not, and what is not the
        run's stays. A folder that holds anything but a run is left alone.
    experiment
        What was run.
    dataset
        What it gave.
    seconds
        What to note in the manifest about time.
    threads
        For the worlds of the sets of evidence; all processors by default.

    Raises
    ------
    RunError
        Where the folder cannot be written or holds something else.
    """
    with writing_in(experiment.currency):
        return _written_run(folder, experiment, dataset, seconds, threads)


def _written_run(
    folder: str | Path,
    experiment: Experiment,
    dataset: xr.Dataset,
    seconds: Mapping[str, float] | None,
    threads: int | None,
) -> Answer:
    check_target(Path(folder))
    folder = Path(folder).resolve()
    said = _with_evidence(read_answer(dataset), experiment, dataset, threads)
    with replaced(folder) as fresh:
        check_space(dataset, fresh)
        with silent_deallocation():
            save(dataset, fresh / WORLDS)
        resolved = _with_inputs(experiment, int(dataset.attrs["worlds"]), fresh)
        (fresh / "experiment.toml").write_text(resolved, encoding="utf-8")
        _write_json(fresh / "summary.json", said.to_dict())
        _write_csv(fresh / "summary.csv", said.summary.to_rows())
        sign(
            fresh,
            {
                "experiment": experiment.name,
                "title": experiment.title,
                "answer": said.sentences[0] if said.sentences else "",
                "experiment_hash": dataset.attrs["experiment_hash"],
                "seed": int(dataset.attrs["seed"]),
                "worlds": int(dataset.attrs["worlds"]),
                "version": __version__,
                "packages": json.loads(dataset.attrs["packages"]),
                "seconds": dict(seconds or {}),
            },
        )
    return said


def _with_evidence(
    said: Answer, experiment: Experiment, dataset: xr.Dataset, threads: int | None
) -> Answer:
    """Return an answer that also says what each set of evidence answers, and what was measured."""
    first = said.comparisons[0] if said.comparisons else None
    pair = (first.a, first.b) if first else None
    evidence = by_evidence(experiment, dataset, pair, threads=threads)
    told = [evidence.sentence] if evidence else []
    names = pair or tuple(said.summary.portfolios)
    outside, warnings = outside_view(dataset, experiment, said.summary, names)
    return replace(
        said,
        evidence=evidence,
        # What moves the answer more than chance does stands beside it.
        sentences=(*said.sentences[:1], *told, *said.sentences[1:], *outside),
        warnings=(*said.warnings, *warnings),
    )


def draw_run(folder: Path, dataset: xr.Dataset, said: Answer, draw: Draw) -> None:
    """Add its charts to a run that is in its place; what fails is told and costs no worlds.

    Parameters
    ----------
    folder, dataset, said
        The run.
    draw
        Draws the charts of a run into a folder.
    """
    folder = folder.resolve()
    try:
        with writing_in(said.summary.currency), added(folder, "charts") as staged:
            # Worlds that came in a file went with it into the run's folder.
            moved = dataset.encoding.get("source")
            with open_results(folder / WORLDS) if moved else nullcontext(dataset) as worlds:
                draw(worlds, staged, said)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{folder}: the run is whole but for its charts") from None
    except Exception as error:  # noqa: BLE001 - whatever a drawing library raises
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        _LOG.warning("Note: the run is whole, its charts could not be drawn (%s).", reason)


def _with_inputs(experiment: Experiment, worlds: int, temporary: Path) -> str:
    """Copy the files that the experiment reads; return its TOML with their new places.

    A run to an accuracy holds as many worlds as it came to. A copy of what lies outside of the
    experiment's folder is told: whoever gets the run gets it too.
    """
    places: dict[str, str] = {}
    for name in experiment.inputs:
        plain = Path(printable(Path(name).name))
        copy, number = Path("inputs") / plain, 2
        # Files of one name in different folders stay apart.
        while copy.as_posix() in places.values():
            copy, number = Path("inputs") / f"{plain.stem}-{number}{plain.suffix}", number + 1
        (temporary / copy).parent.mkdir(exist_ok=True)
        shutil.copyfile(experiment.folder / name, temporary / copy)
        places[name] = copy.as_posix()
        home, there = experiment.folder.resolve(), (experiment.folder / name).resolve()
        if not there.is_relative_to(home):
            _LOG.warning(
                "Note: %s, outside of the experiment's folder, is copied into the run as %s: "
                "whoever gets the run gets it.",
                *(name, copy.as_posix()),
            )
    own = None if sampling_of(experiment.simulation)[1] == worlds else worlds
    return to_toml(experiment, places, own)


def read_summary(folder: str | Path) -> dict[str, Any]:
    """Return ``summary.json`` of a run.

    Raises
    ------
    RunError
        Where it is missing, or is not what the run wrote.
    """
    path = checked(folder, "summary.json")
    try:
        summary: dict[str, Any] = json.loads(path.read_text("utf-8"))
        known = set(summary) >= _SUMMARY
    except (OSError, ValueError, TypeError, RecursionError):
        known = False
    if not known:
        raise RunError(f"{path}: is no summary of a run; {MAKE_AGAIN}")
    return summary


def read_experiment(folder: str | Path) -> Experiment:
    """Return the experiment of a run, as it was used.

    Raises
    ------
    RunError
        Where it is missing, is not what the run wrote, or is of a version that this one cannot read.
    """
    path = checked(folder, "experiment.toml")
    try:
        return load(path)
    except ExperimentError as error:
        wrote, faults = (
            read_manifest(folder)["version"],
            "; ".join(f"{fault.key} {fault.problem}" for fault in error.faults),
        )
        problem = f"written by creator-roi {wrote}, cannot be read by {__version__}: {faults}"
        raise RunError(f"{path}: {problem}; {MAKE_AGAIN}") from None


#: What `read_answer` writes, and its readers rely on.
_SUMMARY = {"portfolios", "comparisons", "answer", "warnings"}


def has_numbers_of(folder: str | Path, experiment: Experiment) -> bool:
    """Say whether the run in a folder has the numbers that an experiment would give."""
    manifest = read_manifest(folder)
    return all(manifest[key] == value for key, value in identity(experiment).items())


def run_folder(experiment: Experiment, out: str | Path | None = None) -> Path:
    """Return where a run goes: ``--out``, or ``results/NAME``."""
    return Path(out) if out is not None else Path("results") / experiment.name


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)

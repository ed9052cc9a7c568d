"""A run on disk: everything it was, everything it gave, moved into place whole."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .analysis.levels import split_levels
from .experiment import Experiment
from .experiment.write import to_toml
from .folders import (
    MANIFEST,
    DiskFullError,
    RunError,
    check_space,
    check_target,
    is_run,
    moved_into_place,
    read_manifest,
    silent_deallocation,
)
from .measures import Comparison, Summary, answer, compare, number_warnings, summarize
from .plan import sampling_of
from .results import save, warnings_of
from .text.safe import cell

__all__ = [
    "MANIFEST",
    "Answer",
    "DiskFullError",
    "RunError",
    "check_target",
    "read_answer",
    "read_manifest",
    "run_folder",
    "write_run",
]

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Answer:
    """What a run says: figures, comparisons, sentences, warnings."""

    summary: Summary
    comparisons: tuple[Comparison, ...]
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    attrs: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return ``summary.json``."""
        return {
            "experiment": self.attrs["experiment"],
            "seed": int(self.attrs["seed"]),
            "worlds": int(self.attrs["worlds"]),
            "portfolios": self.summary.to_dict(),
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "answer": list(self.sentences),
            "warnings": list(self.warnings),
        }


def read_answer(dataset: xr.Dataset) -> Answer:
    """Summarise a run: every portfolio, every pair, the sentences and the warnings.

    A two-level run says how much of its spread is doubt. The pair of ``[decision]`` comes first; without one, pairs stand in the order of the file.
    """
    summary = summarize(dataset)
    names = [str(name) for name in dataset["portfolio"].values]
    chosen = tuple(json.loads(dataset.attrs.get("decision_json", "[]")))
    pairs = list(combinations(names, 2))
    if len(chosen) == 2:
        pairs = [chosen, *(pair for pair in pairs if set(pair) != set(chosen))]
    comparisons = tuple(compare(dataset, a, b) for a, b in pairs)
    sentences = answer(summary, comparisons[0] if comparisons else None)
    levels = split_levels(dataset)
    if levels is not None:
        sentences = [*sentences, levels.sentence]
    warnings = [*number_warnings(dataset, summary), *warnings_of(dataset)]
    return Answer(summary, comparisons, tuple(sentences), tuple(warnings), dict(dataset.attrs))


def write_run(
    folder: str | Path,
    experiment: Experiment,
    dataset: xr.Dataset,
    *,
    charts: bool = True,
    seconds: Mapping[str, float] | None = None,
) -> Answer:
    """Write a run into its folder, whole or not at all.

    Parameters
    ----------
    folder
        The run's folder. A run in it is replaced; its ``analysis`` is kept where hash, seed and
        worlds are the same. A folder that holds anything else is left alone.
    experiment
        What was run.
    dataset
        What it gave.
    charts
        Whether to draw the charts.
    seconds
        What to note in the manifest about time.

    Raises
    ------
    RunError
        Where the folder cannot be written or holds something else.
    """
    check_target(Path(folder))
    folder = Path(folder).resolve()
    found = read_answer(dataset)
    with moved_into_place(folder) as temporary:
        check_space(dataset, temporary)
        with silent_deallocation():
            save(dataset, temporary / "worlds.nc")
        resolved = _with_inputs(_as_run(experiment, int(dataset.attrs["worlds"])), temporary)
        (temporary / "experiment.toml").write_text(resolved, encoding="utf-8")
        _write_json(temporary / "summary.json", found.to_dict())
        _write_csv(temporary / "summary.csv", found.summary.to_rows())
        if charts:
            from .charts import draw_all

            first = found.comparisons[0] if found.comparisons else None
            draw_all(dataset, temporary / "charts", summary=found.summary, comparison=first)
        manifest = {
            "experiment": experiment.name,
            "title": experiment.title,
            "answer": found.sentences[0] if found.sentences else "",
            "experiment_hash": dataset.attrs["experiment_hash"],
            "seed": int(dataset.attrs["seed"]),
            "worlds": int(dataset.attrs["worlds"]),
            "version": __version__,
            "packages": json.loads(dataset.attrs["packages"]),
            "seconds": dict(seconds or {}),
            "files": sorted(
                str(p.relative_to(temporary)) for p in temporary.rglob("*") if p.is_file()
            ),
        }
        _write_json(temporary / MANIFEST, manifest)
        _keep_analysis(folder, temporary, manifest)
    return found


def _as_run(experiment: Experiment, worlds: int) -> Experiment:
    """Return the experiment with the number of worlds that a run to an accuracy came to."""
    if sampling_of(experiment.simulation)[1] == worlds:
        return experiment
    simulation = experiment.simulation.model_copy(update={"worlds": worlds, "beliefs": None})
    return experiment.model_copy(update={"simulation": simulation})


def _with_inputs(experiment: Experiment, temporary: Path) -> str:
    """Copy the files that the experiment reads; return its TOML with their new places."""
    places: dict[str, str] = {}
    for name in experiment.inputs:
        plain = Path(name)
        copy, number = Path("inputs") / plain.name, 2
        # Files of one name in different folders stay apart.
        while copy.as_posix() in places.values():
            copy, number = Path("inputs") / f"{plain.stem}-{number}{plain.suffix}", number + 1
        (temporary / copy).parent.mkdir(exist_ok=True)
        shutil.copyfile(experiment.folder / name, temporary / copy)
        places[name] = copy.as_posix()
    return to_toml(experiment, places)


def _keep_analysis(folder: Path, temporary: Path, manifest: Mapping[str, Any]) -> None:
    old = read_manifest(folder) if is_run(folder) else {}
    same = all(old.get(k) == manifest[k] for k in ("experiment_hash", "seed", "worlds"))
    if same and (folder / "analysis").is_dir():
        shutil.copytree(folder / "analysis", temporary / "analysis")


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

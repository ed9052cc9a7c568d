"""A run on disk: everything it was, everything it gave, moved into place whole."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .experiment import Experiment
from .experiment.write import to_toml
from .measures import Comparison, Summary, answer, compare, number_warnings, summarize
from .results import save, warnings_of

if TYPE_CHECKING:
    import xarray as xr

MANIFEST = "manifest.json"


class RunError(RuntimeError):
    """A run that cannot be written or read, with the way out."""


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

    The pair of ``[decision]`` comes first; without one, pairs stand in the order of the file.
    """
    summary = summarize(dataset)
    names = [str(name) for name in dataset["portfolio"].values]
    chosen = tuple(json.loads(dataset.attrs.get("decision_json", "[]")))
    pairs = list(combinations(names, 2))
    if len(chosen) == 2:
        pairs = [chosen, *(pair for pair in pairs if set(pair) != set(chosen))]
    comparisons = tuple(compare(dataset, a, b) for a, b in pairs)
    sentences = answer(summary, comparisons[0] if comparisons else None)
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
    folder = Path(folder)
    check_target(folder)
    found = read_answer(dataset)
    with _moved_into_place(folder) as temporary:
        save(dataset, temporary / "worlds.nc")
        (temporary / "experiment.toml").write_text(
            _with_inputs(experiment, temporary), encoding="utf-8"
        )
        _write_json(temporary / "summary.json", found.to_dict())
        _write_csv(temporary / "summary.csv", found.summary.to_rows())
        if charts:
            from .charts import draw_all

            draw_all(dataset, temporary / "charts")
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


def _with_inputs(experiment: Experiment, temporary: Path) -> str:
    """Copy the files that the experiment reads; return its TOML with their new places."""
    text = to_toml(experiment)
    for name in experiment.inputs:
        copy = Path("inputs") / Path(name).name
        (temporary / copy).parent.mkdir(exist_ok=True)
        shutil.copyfile(experiment.folder / name, temporary / copy)
        text = text.replace(f'"{name}', f'"{copy.as_posix()}')
    return text


def check_target(folder: Path) -> None:
    """Refuse a folder that holds anything but a run, before any time is spent.

    Raises
    ------
    RunError
        With the reason.
    """
    if folder.exists():
        if not folder.is_dir():
            raise RunError(f"{folder}: is a file; name a folder with --out")
        if any(folder.iterdir()) and not (folder / MANIFEST).is_file():
            raise RunError(f"{folder}: holds something that is no run; name another with --out")
    parent = next(p for p in folder.absolute().parents if p.exists())
    if not os.access(parent, os.W_OK):
        raise RunError(f"{parent}: cannot be written to; name another folder with --out")


@contextmanager
def _moved_into_place(folder: Path) -> Iterator[Path]:
    """Yield a temporary sibling that replaces the folder if nothing fails."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        temporary.chmod(0o755)
        yield temporary
        old = temporary.with_name(temporary.name + ".old")
        if folder.exists():
            folder.rename(old)
        try:
            temporary.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _keep_analysis(folder: Path, temporary: Path, manifest: Mapping[str, Any]) -> None:
    old = read_manifest(folder) if (folder / MANIFEST).is_file() else {}
    same = all(old.get(k) == manifest[k] for k in ("experiment_hash", "seed", "worlds"))
    if same and (folder / "analysis").is_dir():
        shutil.copytree(folder / "analysis", temporary / "analysis")


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a run.

    Raises
    ------
    RunError
        Where the folder holds no run.
    """
    try:
        manifest: dict[str, Any] = json.loads((Path(folder) / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        raise RunError(f"{folder}: holds no run; make one with `sim run`") from None
    return manifest


def run_folder(experiment: Experiment, out: str | Path | None = None) -> Path:
    """Return where a run goes: ``--out``, or ``results/NAME``."""
    return Path(out) if out is not None else Path("results") / experiment.name


Progress = Callable[[int, int], None]


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

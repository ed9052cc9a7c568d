"""A run on disk: everything it was, everything it gave, moved into place whole."""

from __future__ import annotations

import csv
import ctypes
import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .experiment import Experiment
from .experiment.write import to_toml
from .measures import Comparison, Summary, answer, compare, number_warnings, summarize
from .plan import sampling_of
from .results import save, warnings_of

if TYPE_CHECKING:
    import xarray as xr

MANIFEST = "manifest.json"


class RunError(RuntimeError):
    """A run that cannot be written or read, with the way out."""


class DiskFullError(RunError):
    """No space left for a run."""


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
    check_target(Path(folder))
    folder = Path(folder).resolve()
    found = read_answer(dataset)
    with _moved_into_place(folder) as temporary:
        _check_space(dataset, temporary)
        with _silent_deallocation():
            save(dataset, temporary / "worlds.nc")
        resolved = _with_inputs(_as_run(experiment, int(dataset.attrs["worlds"])), temporary)
        (temporary / "experiment.toml").write_text(resolved, encoding="utf-8")
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


# --- The run's folder -----------------------------------------------------------------------------


def check_target(folder: Path) -> None:
    """Refuse a folder that holds anything but a run, before any time is spent.

    Raises
    ------
    RunError
        With the reason.
    """
    target = folder.resolve()
    if target.exists():
        if not target.is_dir():
            raise RunError(f"{folder}: is a file; name a folder with --out")
        if target == Path.cwd():
            raise RunError(f"{folder}: is the current folder; name another with --out")
        if any(target.iterdir()) and not _is_run(target):
            raise RunError(f"{folder}: holds something that is no run; name another with --out")
    parent = next(p for p in target.parents if p.exists())
    if not parent.is_dir():
        raise RunError(f"{parent}: is a file; name another folder with --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise RunError(f"{parent}: cannot be written to; name another folder with --out")


def _is_run(folder: Path) -> bool:
    try:
        manifest = read_manifest(folder)
    except RunError:
        return False
    return isinstance(manifest, dict) and "experiment_hash" in manifest


@contextmanager
def _moved_into_place(folder: Path) -> Iterator[Path]:
    """Yield a temporary sibling that takes the folder's place if nothing fails.

    Whatever happens in between, `folder` is the old run whole or the new one whole; what a killed
    process left beside it goes.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_remains(folder)
        prefix = f".{folder.name}.{os.getpid()}."
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {_reason(error)}") from None
    old = temporary.with_name(f"{temporary.name}.old")
    try:
        temporary.chmod(0o755)
        yield temporary
        if folder.exists() and not _exchanged(temporary, folder):
            folder.rename(old)
        if not folder.exists():
            temporary.rename(folder)
    except OSError as error:
        kind = DiskFullError if _is_full(error) else RunError
        raise kind(f"{folder}: cannot be written: {_reason(error)}") from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for remains in (old, temporary):
            shutil.rmtree(remains, ignore_errors=True)


def _exchanged(first: Path, second: Path) -> bool:
    """Swap two folders in one step where the system can (Linux: renameat2, RENAME_EXCHANGE)."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, exchange = -100, 2
    return bool(rename(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0)


def _clear_remains(folder: Path) -> None:
    """Remove what killed processes left beside a run; put back a run that was set aside."""
    name = re.compile(rf"\.{re.escape(folder.name)}\.(\d+)\.\w{{8}}(\.old)?")
    for path in folder.parent.iterdir():
        match = name.fullmatch(path.name)
        if match is None or _alive(int(match[1])):
            continue
        if match[2] and not folder.exists():
            path.rename(folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _reason(error: OSError) -> str:
    said = str(error.strerror or error).splitlines()[0]
    if not _is_full(error):
        return said
    return "no space left on the disk" + (f": {said}" if said.startswith("needs") else "")


def _is_full(error: OSError) -> bool:
    # The HDF5 library reports a full disk in its own words.
    return error.errno == errno.ENOSPC or "errno = 28" in str(error)


def _check_space(dataset: xr.Dataset, folder: Path) -> None:
    """Refuse to begin what cannot end: a failed write of HDF5 may crash the process later."""
    needed = sum(v.nbytes for name, v in dataset.data_vars.items() if name != "cost_quantity")
    free = shutil.disk_usage(folder).free
    if needed > free:
        problem = f"needs {needed / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free"
        raise OSError(errno.ENOSPC, problem)


@contextmanager
def _silent_deallocation() -> Iterator[None]:
    """Keep HDF5's second complaint about a file that it could not write off the terminal."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda *_: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _keep_analysis(folder: Path, temporary: Path, manifest: Mapping[str, Any]) -> None:
    old = read_manifest(folder) if _is_run(folder) else {}
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


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

"""Two runs on disk, compared."""

from __future__ import annotations

from pathlib import Path

from ..experiment import Experiment, load
from ..folders import RunError, read_manifest
from ..measures.worlds import creators_hired
from ..results import open_results
from .answer import Changes, notes_of, sentence_of
from .keys import changed_keys
from .measures import moved_measures, share_worlds


def changes(first: str | Path, second: str | Path) -> Changes:
    """Compare two runs on disk.

    Parameters
    ----------
    first, second
        Folders of runs; differences are the second minus the first.

    Raises
    ------
    RunError
        Where a folder holds no whole run.
    """
    folders = (Path(first), Path(second))
    old, new = (_experiment(folder) for folder in folders)
    changed, unused = changed_keys(old, new)
    datasets = [open_results(folder / "worlds.nc") for folder in folders]
    try:
        shared = share_worlds(*datasets)
        moved = tuple(moved_measures(datasets[0], datasets[1], shared))
        hired = [creators_hired(dataset) for dataset in datasets]
    finally:
        for dataset in datasets:
            dataset.close()
    return Changes(
        runs=(str(first), str(second)),
        paired=shared,
        changed=changed,
        unused=unused,
        moved=moved,
        sentence=sentence_of(moved),
        notes=tuple(notes_of(hired, folders, shared)),
    )


def _experiment(folder: Path) -> Experiment:
    read_manifest(folder)
    if not ((folder / "experiment.toml").is_file() and (folder / "worlds.nc").is_file()):
        raise RunError(f"{folder}: the run is not whole; make it again with `sim run`")
    return load(folder / "experiment.toml")

"""Two runs on disk, compared."""

from __future__ import annotations

from pathlib import Path

from ..measures.worlds import creators_hired
from ..run.dataset import open_results
from ..run.written import read_experiment
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
    old, new = (read_experiment(folder) for folder in folders)
    changed, unused = changed_keys(old, new)
    datasets = [open_results(folder) for folder in folders]
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

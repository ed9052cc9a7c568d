"""Two runs on disk, compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..measures.worlds import creators_hired, currency_of
from ..run.dataset import open_results
from ..run.folder import RunError
from ..run.written import read_experiment
from ..text.currency import writing_in
from .answer import Changes, notes_of, sentence_of
from .keys import changed_keys
from .measures import moved_measures, share_worlds

if TYPE_CHECKING:
    import xarray as xr


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
        _same_currency(folders, datasets)
        shared = share_worlds(*datasets)
        with writing_in(currency_of(datasets[0])):
            moved = tuple(moved_measures(datasets[0], datasets[1], shared))
            sentence = sentence_of(moved)
        hired = [creators_hired(dataset) for dataset in datasets]
    finally:
        for dataset in datasets:
            dataset.close()
    return Changes(
        currency=currency_of(datasets[0]),
        runs=(str(first), str(second)),
        paired=shared,
        changed=changed,
        unused=unused,
        moved=moved,
        sentence=sentence,
        notes=tuple(notes_of(hired, folders, shared)),
    )


def _same_currency(folders: tuple[Path, Path], datasets: Sequence[xr.Dataset]) -> None:
    """Refuse runs whose money cannot be subtracted."""
    codes = [currency_of(dataset) for dataset in datasets]
    if codes[0] != codes[1]:
        raise RunError(
            f"{folders[0]} counts in {codes[0]} and {folders[1]} in {codes[1]}: run one of them in "
            "the currency of the other"
        )

"""What was asked of a run: the run that a question needs, and its answer beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..experiment import Experiment
from ..text.safe import file_stem
from . import netcdf
from .dataset import open_results
from .folder import RunError, file_in_place
from .provenance import identity

if TYPE_CHECKING:
    import xarray as xr

    from ..labelled import Labelled


def stored_run(experiment: Experiment, folder: Path) -> xr.Dataset | None:
    """Return the run in a folder if it is one of exactly this experiment, else None.

    Hash, seed, worlds and version must match. Variables are read from the file as they are used.
    """
    try:
        dataset = open_results(folder)
    except (FileNotFoundError, RunError):
        return None
    if any(dataset.attrs.get(key) != value for key, value in identity(experiment).items()):
        dataset.close()
        return None
    return dataset


def save_analysis(
    folder: str | Path,
    name: str,
    content: Mapping[str, Any],
    dataset: xr.Dataset | None = None,
) -> Path:
    """Write an answer beside its run: ``FOLDER/analysis/NAME.json``, and its Dataset as ``.nc``.

    Parameters
    ----------
    folder
        Folder of the run.
    name
        Name of the question, such as ``sweep``.
    content
        What `to_dict` returned: no NaN.
    dataset
        Figures on named axes, where the answer has such: its `axes`.

    Returns
    -------
    pathlib.Path
        The JSON file; both files are in place whole or not at all.
    """
    target = Path(folder) / "analysis"
    target.mkdir(parents=True, exist_ok=True)
    if dataset is not None:
        with file_in_place(target / f"{name}.nc") as temporary:
            own = cast("Labelled", dataset)
            variables = {name: (v.dims, v.values, v.attrs) for name, v in own.variables.items()}
            netcdf.write(temporary, variables, own.names_of_coords, own.attrs)
    path = target / f"{file_stem(name)}.json"
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    with file_in_place(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path


def saved_analyses(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the answers saved beside a run, by file name; what is no answer is passed over."""
    answers: dict[str, Mapping[str, Any]] = {}
    for path in sorted((folder / "analysis").glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict) and isinstance(content.get("sentence"), str):
            answers[path.stem] = content
    return answers

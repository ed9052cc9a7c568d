"""A sweep as a Dataset: the swept keys as named coordinates in their units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..._version import __version__
from ...labelled import labelled
from ...plan import make_plan
from ..common import long_name_of, unit_of
from ._algebra import DIFFERENCE, MEANS, PAIRED, QUANTILES, Figures
from ._points import Job

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]


def on_axes(
    job: Job,
    axes: Sequence[Sequence[float | str]],
    zipped: bool,
    figures: Figures,
    creators: Array,
) -> xr.Dataset:
    """Return the figures of a sweep by portfolio and keys, or by portfolio and point if zipped.

    Parameters
    ----------
    job
        The sweep, done.
    axes
        Values of each key.
    zipped
        Whether they were taken together.
    figures
        Figures of all points.
    creators
        Creators hired, shape (portfolios, points).
    """
    dims = ("point",) if zipped else tuple(key.name for key in job.keys)
    shape = (len(job.points),) if zipped else tuple(len(axis) for axis in axes)
    names = np.array(list(job.experiment.portfolio))
    coords: dict[str, Any] = {"portfolio": (("portfolio",), names, {})}
    for key, axis in zip(job.keys, axes, strict=True):
        # Numbers stay numbers; a mixture becomes text.
        text = any(isinstance(value, str) for value in axis)
        values = [str(value) for value in axis] if text else list(axis)
        labels: dict[str, Any] = {"units": key.unit, "long_name": key.name}
        if key.base is not None:
            labels["base"] = key.base
        dim = "point" if zipped else key.name
        coords[key.name] = ((dim,), np.array(values), labels)
    data: dict[str, Any] = {}
    for name in (*MEANS, *QUANTILES, *PAIRED, DIFFERENCE):
        if name not in figures.value:
            continue
        own = ("portfolio",) if figures.value[name].ndim == 2 else ()
        for suffix, rows in (("", figures.value[name]), ("_se", figures.se[name])):
            of = job.outcome if name == DIFFERENCE else name
            words = long_name_of(of) + (", a minus b" if name == DIFFERENCE else "")
            words += ", standard error" if suffix else ""
            labels = {"units": unit_of(of), "long_name": words}
            data[name + suffix] = ((*own, *dims), rows.reshape(*rows.shape[:-1], *shape), labels)
    hired = creators.reshape(len(creators), *shape)
    labels = {"units": "creators", "long_name": "creators hired"}
    data["creators"] = (("portfolio", *dims), hired, labels)
    plan = make_plan(job.experiment)
    attrs = {
        "experiment": job.experiment.name,
        "experiment_hash": job.experiment.fingerprint(),
        "seed": plan.seed,
        "worlds": plan.worlds,
        "version": __version__,
        "creators": "hired again at each point" if job.resize else "held",
        "a": job.decision.a,
        "b": job.decision.b or "",
        "measure": job.outcome,
    }
    return labelled(coords | data, tuple(coords), attrs)

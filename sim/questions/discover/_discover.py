"""When does it lose: the assumptions under which one portfolio falls behind the other, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...measures import Measured
from ...measures import functions as f
from ...measures.evaluate import measured
from ...measures.outcome import variable_of
from ...run.simulate import Progress
from ...text.numbers import percent
from ..common import Decision, decide
from ..question import Setting
from ._answer import Condition, LostCells, Region
from .prim import Box, find_box
from .sample import Cloud, run_cloud, varied_cloud

if TYPE_CHECKING:
    import xarray as xr

    from . import DiscoverOptions


Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Worlds that the box is looked for in at most, and as many that judge it.
MOST_WORLDS = 40_000
#: Worlds in a cell of the picture at least.
FEWEST_IN_CELL = 25
#: Points of varied keys.
POINTS = 200


def ask(setting: Setting, options: DiscoverOptions) -> Region:
    """Find the region of assumptions in which portfolio a loses to portfolio b."""
    return losing_region(
        setting.experiment,
        a=options.a,
        b=options.b,
        measure=options.measure,
        coverage=options.coverage,
        inputs=options.inputs,
        vary=dict(options.vary),
        points=options.points,
        run=setting.run,
        threads=setting.threads,
        progress=setting.progress,
    )


def losing_region(
    experiment: Experiment,
    *,
    a: str | None = None,
    b: str | None = None,
    measure: str | None = None,
    coverage: float = 0.5,
    inputs: int = 3,
    vary: Mapping[str, Any] | None = None,
    points: int = POINTS,
    worlds: int = MOST_WORLDS,
    run: xr.Dataset | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Region:
    """Find the region of assumptions in which portfolio a loses to portfolio b.

    Patient rule induction (Friedman and Fisher 1999) over what differs between worlds: shared
    shocks, and the tiers' mean figures as believed, in their own units. Half of the worlds are
    searched, the other half judges what was found.

    Parameters
    ----------
    experiment
        The experiment.
    a, b, measure
        Override ``[decision]``; the measure decides what is compared in each world.
    coverage
        Share of the losing worlds that the region must hold; the densest such region is taken.
    inputs
        Conditions at most.
    vary
        Keys that the analyst is unsure of without a belief about them, with their range, such as
        ``{"shocks.loadings.conversion_rate.campaign": "0 to 0.7"}``: drawn evenly within it
        (Latin hypercube) for each of `points` sets of worlds, and treated as inputs too.
    points
        Sets of worlds where keys are varied.
    worlds
        Worlds to search at most; as many judge.
    run
        A finished run of the experiment; not of use where keys are varied.
    threads, progress
        See `sim.simulate`.

    Raises
    ------
    ExperimentError
        For one portfolio only, unknown keys, and settings out of range.
    """
    decision = decide(experiment, a, b, measure)
    _check(experiment, decision, coverage, inputs, points)
    variable = variable_of(decision.measure)
    if vary:
        cloud = varied_cloud(experiment, decision, variable, vary, points, threads, progress)
    else:
        cloud = run_cloud(experiment, decision, variable, 2 * worlds, run, threads, progress)
    searched = np.flatnonzero(cloud.defined[: cloud.half])
    box = find_box(cloud.x[:, searched], cloud.lost[searched], coverage, inputs)
    return _region(decision, variable, box, cloud, tuple(vary or ()))


# --- The region -----------------------------------------------------------------------------------


def _region(
    decision: Decision, variable: str, box: Box, cloud: Cloud, varied: tuple[str, ...]
) -> Region:
    x, lost = cloud.x[:, cloud.half :], cloud.lost[cloud.half :].astype(np.float64)
    everywhere = cloud.defined[cloud.half :].astype(np.float64)
    inside = box.holds(x) * everywhere

    def share(top: Array, bottom: Array) -> Measured:
        estimate = f.ratio_of_means(top, bottom)
        return measured(estimate, "fraction", groups=cloud.groups_left, clustered=True)

    return Region(
        a=decision.a,
        b=str(decision.b),
        variable=variable,
        worlds=int(everywhere.sum()),
        varied=varied,
        conditions=tuple(
            _condition(j, box, cloud, share(lost * without, without))
            for j, without in ((j, box.without(j).holds(x) * everywhere) for j in box.ends)
        ),
        losing=share(lost, everywhere),
        density=share(lost * inside, inside),
        coverage=share(lost * inside, lost),
        mass=share(inside, everywhere),
        cells=_cells(cloud, list(box.ends)[:2]),
        notes=tuple(_notes(cloud, varied)),
    )


def _cells(cloud: Cloud, chosen: Sequence[int]) -> LostCells | None:
    """Return how often a loses over inputs, in all worlds: a picture, not an estimate."""
    if not chosen:
        return None
    edges = [np.unique(np.quantile(cloud.x[j], np.linspace(0.01, 0.99, 11))) for j in chosen]
    x = [cloud.x[j] for j in chosen]
    worlds = np.histogramdd(x, bins=edges, weights=cloud.defined.astype(np.float64))[0]
    lost = np.histogramdd(x, bins=edges, weights=cloud.lost.astype(np.float64))[0]
    share = np.full(worlds.shape, np.nan)
    np.divide(lost, worlds, out=share, where=worlds >= FEWEST_IN_CELL)
    known = share.round(6).astype(object)
    known[np.isnan(share)] = None
    return LostCells(
        tuple(cloud.inputs[j].name for j in chosen),
        tuple(edge.tolist() for edge in edges),
        known.tolist(),
    )


def _condition(j: int, box: Box, cloud: Cloud, matter: Measured) -> Condition:
    item, (low, high) = cloud.inputs[j], box.ends[j]
    below, above = (item.text(end) if math.isfinite(end) else "" for end in (high, low))
    if not above:
        words = f"{item.words} is below {below}"
    elif not below:
        words = f"{item.words} is above {above}"
    else:
        words = f"{item.words} is between {above} and {below}"
    return Condition(
        input=item.name,
        words=words,
        unit=item.unit,
        low=low if math.isfinite(low) else None,
        high=high if math.isfinite(high) else None,
        density_without_it=matter,
    )


def _check(
    experiment: Experiment, decision: Decision, coverage: float, inputs: int, points: int
) -> None:
    faults = []
    if decision.b is None:
        faults.append(Fault("decision", "needs a second portfolio to lose to"))
    if not 0.0 < coverage < 1.0:
        faults.append(Fault("--coverage", "must lie between 0 and 1", coverage))
    if inputs < 1:
        faults.append(Fault("--inputs", "must be at least 1", inputs))
    if points < 20:
        faults.append(Fault("--points", "must be at least 20", points))
    if faults:
        raise ExperimentError(experiment.file, faults)


def _notes(cloud: Cloud, varied: tuple[str, ...]) -> list[str]:
    notes = [
        *cloud.left_out,
        (
            f"Found in {percent(cloud.half / len(cloud.lost))} of the worlds and judged in the "
            "others, so that what is said of the region is not said of the worlds that shaped it."
        ),
        (
            "Conditions that noise alone would explain at a chance of 5 % are left out; what the "
            "luck of creators decides is in no condition."
        ),
    ]
    if varied:
        notes.append(
            f"{', '.join(varied)} drawn evenly over the given range, {cloud.groups} values, which "
            "is no belief: shares of worlds depend on the range."
        )
    return notes

"""When does it lose: the assumptions under which one portfolio falls behind the other, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...experiment import ExperimentError, Fault
from ...measures import Measured
from ...measures import functions as f
from ...measures.evaluate import measured
from ...measures.outcome import variable_of
from ...text.numbers import percent
from ..common import Decision, decide
from ..question import Setting
from ._answer import Condition, LostCells, Region
from .prim import Box, find_box
from .sample import Cloud, run_cloud, varied_cloud

if TYPE_CHECKING:
    from . import DiscoverOptions


Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Worlds that the box is looked for in at most, and as many that judge it.
MOST_WORLDS = 40_000
#: Worlds in a cell of the picture at least.
FEWEST_IN_CELL = 25


def ask(setting: Setting, options: DiscoverOptions, *, worlds: int = MOST_WORLDS) -> Region:
    """Find the region of assumptions in which portfolio a loses to portfolio b.

    Patient rule induction (Friedman and Fisher 1999) over what differs between worlds: shared
    shocks, and the tiers' mean figures as believed, in their own units. Half of the worlds are
    searched, the other half judges what came of it.

    Keys that the analyst is unsure of without a belief about them are varied, each with its range,
    such as ``{"shocks.loadings.conversion_rate.campaign": "0 to 0.7"}``: drawn evenly within it
    (Latin hypercube) for each of `points` sets of worlds, and treated as inputs too. A finished run
    is of no use then.

    Parameters
    ----------
    setting, options
        What is asked, and of what.
    worlds
        Worlds to search at most; as many judge.

    Raises
    ------
    ExperimentError
        For one portfolio only, and unknown keys.
    """
    experiment, run = setting.experiment, setting.run
    threads, progress = setting.threads, setting.progress
    decision = decide(experiment, options.a, options.b, options.measure)
    if decision.b is None:
        fault = Fault("decision", "needs a second portfolio to lose to")
        raise ExperimentError(experiment.file, [fault])
    variable, vary = variable_of(decision.measure), dict(options.vary)
    if vary:
        points = options.points
        cloud = varied_cloud(experiment, decision, variable, vary, points, threads, progress)
    else:
        cloud = run_cloud(experiment, decision, variable, 2 * worlds, run, threads, progress)
    searched = np.flatnonzero(cloud.defined[: cloud.half])
    box = find_box(cloud.x[:, searched], cloud.lost[searched], options.coverage, options.inputs)
    return _region(decision, variable, box, cloud, tuple(vary))


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

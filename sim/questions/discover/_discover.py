"""When does it lose: the assumptions under which one portfolio falls behind the other, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...displays import Told
from ...experiment import Experiment, ExperimentError, Fault
from ...measures import Measured
from ...measures import functions as f
from ...measures.evaluate import measured
from ...measures.outcome import variable_of
from ...run.simulate import Progress
from ...text.numbers import percent, told
from ...text.verdicts import TOLD_APART
from ..common import Decision, decide
from .prim import Box, find_box
from .sample import Cloud, run_cloud, varied_cloud

if TYPE_CHECKING:
    import xarray as xr


Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Worlds that the box is looked for in at most, and as many that judge it.
MOST_WORLDS = 40_000
#: Worlds in a cell of the picture at least.
FEWEST_IN_CELL = 25
#: Points of varied keys.
POINTS = 200


@dataclass(frozen=True)
class Condition:
    """One condition of a region.

    Attributes
    ----------
    name
        Key or shock.
    words
        What it is.
    unit
        Unit of the ends.
    low, high
        Ends, None where open.
    low_text, high_text
        The same as text.
    matter
        Share of losing worlds in the region without this condition; None where it is empty.
    """

    name: str
    words: str
    unit: str
    low: float | None
    high: float | None
    low_text: str
    high_text: str
    matter: Measured

    @property
    def sentence(self) -> str:
        """Return the condition in words."""
        if self.low is None:
            return f"{self.words} is below {self.high_text}"
        if self.high is None:
            return f"{self.words} is above {self.low_text}"
        return f"{self.words} is between {self.low_text} and {self.high_text}"


@dataclass(frozen=True)
class Cells:
    """How often a loses by one or two inputs, in cells between their deciles.

    Attributes
    ----------
    names
        Conditions' inputs, one or two.
    edges
        By input, shape (cells + 1,).
    share
        Share of losing worlds, shape (cells of the first[, of the second]); NaN below
        `FEWEST_IN_CELL` worlds.
    """

    names: tuple[str, ...]
    edges: tuple[Array, ...]
    share: Array

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON, None for missing shares."""
        share = self.share.round(6).astype(object)
        share[np.isnan(self.share)] = None
        return {
            "inputs": list(self.names),
            "edges": [edges.tolist() for edges in self.edges],
            "share": share.tolist(),
        }


@dataclass(frozen=True)
class Region(Told, table="sim.questions.shown:discover_table"):
    """Where a loses to b.

    Attributes
    ----------
    decision
        The portfolios.
    variable
        What is compared in each world.
    conditions
        All of them hold in the region, most telling first; none where no region was found.
    losing
        Share of all worlds in which a loses to b.
    density
        Share of the region's worlds in which it does.
    coverage
        Share of the losing worlds that lie in the region.
    mass
        Share of all worlds that lie in the region.
    varied
        Keys that were varied beside what differs between worlds.
    worlds
        Worlds that the figures rest on; the region was looked for in others.
    cells
        How often a loses over the one or two conditions that tell most; None without a region.
    notes
        What was done.
    """

    decision: Decision
    variable: str
    conditions: tuple[Condition, ...]
    losing: Measured
    density: Measured
    coverage: Measured
    mass: Measured
    varied: tuple[str, ...]
    worlds: int
    cells: Cells | None
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return the region: ``campaign shock is below -0.4 sd and mean fee of macro is below 2,600 USD``."""
        return " and ".join(condition.sentence for condition in self.conditions)

    @property
    def sentence(self) -> str:
        """Return where a loses to b, with errors."""
        a, b = self.decision.a, self.decision.b
        base = told(self.losing)
        if not self.losing.value:
            return f"{a} loses to {b} in none of the worlds."
        if not self.conditions:
            return (
                f"{a} loses to {b} in {base} of worlds, and no region of the assumptions stands "
                "out: chance decides."
            )
        if not self._stands_out:
            there = told(self.density)
            return (
                f"{a} loses to {b} in {base} of worlds, and no region of the assumptions is told "
                f"from the rest: where {self.words} it loses in {there}."
            )
        return (
            f"{a} loses to {b} most often where {self.words}: there it loses in "
            f"{told(self.density)} of worlds against {base} "
            f"overall, and {told(self.coverage)} of its "
            "losses lie there."
        )

    @property
    def _stands_out(self) -> bool:
        """Whether the region loses more often than all worlds by two standard errors of both."""
        there, overall = self.density, self.losing
        gap = (there.value or 0.0) - (overall.value or 0.0)
        return gap > TOLD_APART * math.hypot(there.se or 0.0, overall.se or 0.0)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows for a table: one per condition."""
        return [
            {
                "condition": c.sentence,
                "input": c.name,
                "low": c.low,
                "high": c.high,
                "unit": c.unit,
                "density_without_it": c.matter.value,
                "density_without_it_se": c.matter.se,
                "density": self.density.value,
                "density_se": self.density.se,
                "coverage": self.coverage.value,
                "coverage_se": self.coverage.se,
                "losing": self.losing.value,
                "losing_se": self.losing.se,
            }
            for c in self.conditions
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "analysis": "discover",
            "a": self.decision.a,
            "b": self.decision.b,
            "variable": self.variable,
            "worlds": self.worlds,
            "varied": list(self.varied),
            "sentence": self.sentence,
            "notes": list(self.notes),
            "conditions": [
                {
                    "input": c.name,
                    "words": c.sentence,
                    "unit": c.unit,
                    "low": c.low,
                    "high": c.high,
                    "density_without_it": c.matter.to_dict(),
                }
                for c in self.conditions
            ],
            "losing": self.losing.to_dict(),
            "density": self.density.to_dict(),
            "coverage": self.coverage.to_dict(),
            "mass": self.mass.to_dict(),
            "cells": None if self.cells is None else self.cells.to_dict(),
        }


def discover(
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


# --- Worlds with their assumptions ----------------------------------------------------------------


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
        decision,
        variable,
        tuple(
            _condition(j, box, cloud, share(lost * without, without))
            for j, without in ((j, box.without(j).holds(x) * everywhere) for j in box.ends)
        ),
        share(lost, everywhere),
        share(lost * inside, inside),
        share(lost * inside, lost),
        share(inside, everywhere),
        varied,
        int(everywhere.sum()),
        _cells(cloud, list(box.ends)[:2]),
        tuple(_notes(cloud, varied)),
    )


def _cells(cloud: Cloud, chosen: Sequence[int]) -> Cells | None:
    """Return how often a loses over inputs, in all worlds: a picture, not an estimate."""
    if not chosen:
        return None
    edges = [np.unique(np.quantile(cloud.x[j], np.linspace(0.01, 0.99, 11))) for j in chosen]
    x = [cloud.x[j] for j in chosen]
    worlds = np.histogramdd(x, bins=edges, weights=cloud.defined.astype(np.float64))[0]
    lost = np.histogramdd(x, bins=edges, weights=cloud.lost.astype(np.float64))[0]
    share = np.full(worlds.shape, np.nan)
    np.divide(lost, worlds, out=share, where=worlds >= FEWEST_IN_CELL)
    return Cells(tuple(cloud.inputs[j].name for j in chosen), tuple(edges), share)


def _condition(j: int, box: Box, cloud: Cloud, matter: Measured) -> Condition:
    item, (low, high) = cloud.inputs[j], box.ends[j]
    return Condition(
        item.name,
        item.words,
        item.unit,
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
        item.text(low) if math.isfinite(low) else "",
        item.text(high) if math.isfinite(high) else "",
        matter,
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

"""As many worlds as the accuracy asked for needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..experiment import Experiment
from ..measures import MEASURES, Summary, summarize
from ..plan import Plan, make_plan, sampling_of
from ..text.numbers import counted, rounded, setting
from .dataset import to_dataset
from .folder import RunError
from .provenance import attributes
from .room import most_worlds

if TYPE_CHECKING:
    import xarray as xr

#: Worlds of the first look; a multiple of every block.
_PILOT = 8192
#: What is added to the predicted number, so that one more round is rarely needed.
_MARGIN = 1.1
#: The most worlds that are simulated for an accuracy unless more are allowed.
CEILING = 4_000_000
#: Targets that would take so many times the most worlds are refused, not approached.
_HOPELESS = 100


@dataclass(frozen=True)
class Target:
    """An accuracy: standard error of a measure, absolute or relative to its size."""

    measure: str
    error: float
    relative: bool = False

    def allowed(self, value: float) -> float:
        """Return the largest standard error allowed for a value."""
        return self.error * abs(value) if self.relative else self.error


@dataclass(frozen=True)
class Reached:
    """What was reached for a target: the largest standard error over the portfolios."""

    target: Target
    portfolio: str
    value: float | None
    se: float | None
    met: bool

    @property
    def sentence(self) -> str:
        """Return what was reached, in words."""
        asked = setting(self.target.error) + (" of its size" if self.target.relative else "")
        if self.se is None:
            return (
                f"{self.target.measure} of {self.portfolio} has no standard error (heavy tail), so "
                "no number of worlds reaches one."
            )
        state = "reached" if self.met else "not reached within the ceiling"
        return (
            f"{self.target.measure}: standard error {asked} {state}; the largest is "
            f"{setting(self.se, 3)} ({self.portfolio})."
        )


def parse_target(text: str) -> Target:
    """Read ``measure=0.01`` (absolute) or ``measure=1%`` (relative).

    Raises
    ------
    ValueError
        With what is wrong.
    """
    name, sign, figure = text.partition("=")
    relative = figure.strip().endswith("%")
    known = list(MEASURES)
    try:
        error = float(figure.strip().rstrip("%")) / (100.0 if relative else 1.0)
    except ValueError:
        error = math.nan
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise ValueError(f'--precision: no measure is called "{name}"{hint}')
    if not sign or not error > 0.0 or not math.isfinite(error):
        raise ValueError(f'--precision takes MEASURE=ERROR, such as roi_mean=1% (got "{text}")')
    return Target(name, error, relative)


def simulate_to_precision(
    experiment: Experiment,
    targets: list[Target],
    *,
    ceiling: int = CEILING,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[xr.Dataset, list[Reached]]:
    """Simulate until the standard errors of the named measures are small enough.

    A first look of 8,192 worlds predicts how many are needed (the error of n worlds falls as one
    over the square root of n); more are added until the targets are met or the ceiling is. Plain
    and two-level runs keep the worlds that they have; stratified runs are drawn again, since their
    strata depend on the number.

    Parameters
    ----------
    experiment
        What `sim.load` returned; its own number of worlds is not used.
    targets
        The accuracies asked for, of every portfolio.
    ceiling
        Most worlds.
    threads, progress
        As for `sim.simulate`.

    Returns
    -------
    dataset : xarray.Dataset
        As `sim.simulate` returns it.
    reached : list of Reached
        One for each target.

    Raises
    ------
    RunError
        Where a first look shows that a target is out of reach by far.
    """
    plan = make_plan(experiment)
    ceiling = min(ceiling, most_worlds(plan))
    plan = _with_worlds(plan, experiment, min(_PILOT, ceiling))
    arrays = _extended(plan, {}, 0, threads, progress)
    while True:
        dataset = to_dataset(plan, arrays, attributes(experiment, plan, arrays))
        summary = summarize(dataset, [target.measure for target in targets])
        reached = [_worst(summary, target) for target in targets]
        missing = [r for r in reached if not r.met and r.se is not None]
        if not missing or plan.worlds >= ceiling:
            return dataset, reached
        wanted = max(_needed(plan.worlds, r) for r in missing)
        if wanted > _HOPELESS * ceiling:
            worst = max(missing, key=lambda r: _needed(plan.worlds, r)).target
            unit = "%" if worst.relative else ""
            asked = f"{worst.measure}={setting(worst.error * (100 if unit else 1))}{unit}"
            raise RunError(
                f"--precision {asked}: needs about {setting(rounded(wanted, 2))} worlds; at most {counted(ceiling)} are "
                "simulated (--max-worlds, or what memory holds)"
            )
        more = max(math.ceil(wanted), plan.worlds + _PILOT)
        larger = _with_worlds(plan, experiment, min(more, ceiling))
        keep = 0 if plan.sampling.kind == "stratified" else plan.worlds // _PILOT * _PILOT
        arrays = _extended(larger, arrays, keep, threads, progress)
        plan = larger


def _needed(worlds: int, reached: Reached) -> float:
    """Return how many worlds a target takes, given what so many have reached."""
    allowed = reached.target.allowed(reached.value or 0.0)
    ratio = (reached.se or 0.0) / max(allowed, 1e-300)
    # Beyond the range of floats a product is infinite; a power would be an error.
    return worlds * ratio * ratio * _MARGIN


def _with_worlds(plan: Plan, experiment: Experiment, worlds: int) -> Plan:
    sampling, rounded = sampling_of(experiment.simulation, worlds)
    return replace(plan, sampling=sampling, worlds=rounded)


def _extended(
    plan: Plan,
    have: Mapping[str, np.ndarray],
    keep: int,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> dict[str, np.ndarray]:
    """Return arrays of all worlds of a plan, running only those beyond `keep`."""
    from ..engine.run import run

    rows = run(plan, threads=threads, progress=progress, first=keep)
    if keep == 0:
        return rows
    return {name: np.concatenate([have[name][..., :keep], rows[name]], axis=-1) for name in rows}


def _worst(summary: Summary, target: Target) -> Reached:
    """Return the portfolio that is furthest from a target."""
    every = []
    for portfolio in summary.creators:
        measured = summary[portfolio][target.measure]
        if measured.se is None or measured.value is None:
            return Reached(target, portfolio, measured.value, None, False)
        excess = measured.se / max(target.allowed(measured.value), 1e-300)
        met = excess <= 1.0
        every.append((excess, Reached(target, portfolio, measured.value, measured.se, met)))
    return max(every, key=lambda item: item[0])[1]

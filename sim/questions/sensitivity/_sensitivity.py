"""What drives the outcome: shares of its variance by belief, by shared shock, and by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...engine.reuse import reusing
from ...experiment import ExperimentError, Fault
from ...measures import Estimate
from ...measures.evaluate import measured
from ...measures.outcome import LOG_PARTS, LOG_SCALE, Outcome, choose_outcome, variable_of
from ...measures.precision import HEAVY_TAIL
from ...measures.worlds import rows_of
from ...plan import Plan, make_plan
from ...run.simulate import Progress
from ...text.numbers import counted, fixed, in_points, percent
from ...vary.draw import draw, plainly, shared_scores
from ...vary.factors import CHANCE, FactorGroup, factor_groups, single_factors
from ..common import Decision, check_defined, decide, left_out
from ..pickfreeze import sobol
from ..question import Setting
from ._answer import Indices, Sensitivity
from ._drivers import Driver, zero_if_missing

if TYPE_CHECKING:
    import xarray as xr

    from . import SensitivityOptions

Array = npt.NDArray[np.float64]

#: Worlds of each sample; powers of two.
SAMPLE, MORRIS_SAMPLE = 1 << 14, 1 << 10
#: Standard error of an index above which the sample is called too small.
_COARSE = 0.05


@reusing()
def ask(setting: Setting, options: SensitivityOptions) -> Sensitivity:
    """Split the variance of an outcome over beliefs, shared shocks and chance.

    Inputs are the shared factors of the worlds, independent by construction, and the chance of
    creators, posts and orders as one more. With two portfolios the outcomes are each one's and
    their difference: what both share cancels in it. The measure decides the variable: ROI for
    ``roi_mean``.

    ``sobol``: first-order and total indices (Saltelli et al. 2010; Jansen 1999), one sample of
    worlds for each input and six more; ``morris``: elementary effects (Morris 1991; Campolongo et
    al. 2007), which need SALib; ``delta``: Borgonovo's (2007) moment-independent index from one
    sample. Samples are rounded down to a power of two.

    Raises
    ------
    ExperimentError
        For an unknown portfolio, where nothing is shared, and where SALib is missing.
    """
    experiment, method, progress = setting.experiment, options.method, setting.progress
    decision = decide(experiment, options.a, options.b, options.measure)
    worlds = options.sample or (MORRIS_SAMPLE if method == "morris" else SAMPLE)
    plan = make_plan(experiment)
    if not plan.factors:
        problem = "nothing is shared by creators: set [shocks] or [beliefs]"
        raise ExperimentError(experiment.file, [Fault("shocks", problem)])
    variable = variable_of(decision.measure)
    size = 1 << int(math.log2(worlds))
    file, shared = experiment.file, plainly(plan)
    sampler = Sampler(shared, decision, variable, size, file, setting.threads, setting.run)
    if method == "sobol":
        drivers = _sobol_drivers(sampler, progress)
    else:
        from ._screening import delta_drivers, morris_drivers

        screen = morris_drivers if method == "morris" else delta_drivers
        drivers = screen(sampler, experiment.file, progress)
    outcome = sampler.outcome
    assert outcome is not None
    notes = [*sampler.left_out, *_notes(method, outcome, drivers, sampler.size)]
    return Sensitivity(
        method=method,
        variable=variable,
        scale=outcome.scale,
        a=decision.a,
        b=decision.b,
        worlds=sampler.simulated,
        drivers=tuple(Indices.of(driver, method) for driver in drivers),
        notes=tuple(notes),
    )


class Sampler:
    """Outcomes of given factors in given worlds, on a scale chosen at the first sample.

    Attributes
    ----------
    outcome : Outcome or None
        Known after the first sample.
    left_out : tuple of str
        What is to be said of worlds in which a portfolio has no outcome.
    simulated : int
        Worlds simulated so far.
    """

    def __init__(
        self,
        plan: Plan,
        decision: Decision,
        variable: str,
        size: int,
        file: str,
        threads: int | None = None,
        run: xr.Dataset | None = None,
    ) -> None:
        self.plan, self.decision, self.variable, self.size = plan, decision, variable, size
        self.file = file
        self.outcome: Outcome | None = None
        self.left_out: tuple[str, ...] = ()
        self.simulated = 0
        self._threads = threads
        self._run = run if run is not None and run.attrs.get("sampling") == "plain" else None
        self._names = tuple(dict.fromkeys((variable, *LOG_PARTS)))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the rows that `sample` returns."""
        names = self.decision.portfolios
        return names if len(names) == 1 else (*names, f"{names[0]} - {names[1]}")

    def sample(self, first: int, factors: Array | None = None) -> Array:
        """Return outcomes of `size` worlds, shape (outcomes, size).

        Parameters
        ----------
        first
            First world: decides the luck.
        factors
            Scores instead of the worlds' own, shape (factors, size).
        """
        rows = self._stored(first) if factors is None else None
        if rows is None:
            rows = draw(
                self.plan,
                self._names,
                first=first,
                worlds=self.size,
                factors=factors,
                threads=self._threads,
            )
            self.simulated += self.size
            places = [self.plan.portfolios.index(name) for name in self.decision.portfolios]
            rows = {name: row[places] for name, row in rows.items()}
        if self.outcome is None:
            self.outcome = choose_outcome(self.variable, rows)
            check_defined(self.file, self.variable, rows[self.variable], self.decision.portfolios)
            self.left_out = left_out(self.variable, rows[self.variable], self.decision.portfolios)
        values = self.outcome.values(rows)
        return values if len(values) == 1 else np.concatenate([values, values[:1] - values[1:]])

    def _stored(self, first: int) -> dict[str, Array] | None:
        if self._run is None or int(self._run.sizes["sim"]) < first + self.size:
            return None
        here = self._run.isel(sim=slice(first, first + self.size))
        return {name: rows_of(here, name, self.decision.portfolios) for name in self._names}


def _sobol_drivers(sampler: Sampler, progress: Progress | None) -> list[Driver]:
    plan, n = sampler.plan, sampler.size
    inputs = [*single_factors(plan), *factor_groups(plan)]
    first, second = shared_scores(plan, 0, n), shared_scores(plan, n, n)
    f_a, f_b = sampler.sample(0), sampler.sample(n)
    mixed = []
    for k, item in enumerate(inputs):
        mixed.append(_swapped(sampler, item, first, second))
        if progress is not None:
            progress(k + 1, len(inputs))
    f_ab = np.array(mixed)
    drivers = []
    for j, outcome in enumerate(sampler.outcomes):
        shares = sobol(f_a[j], f_b[j], f_ab[:, j])
        for k, item in enumerate(inputs):
            alone, total = (measured(_row_of(s, k), "share of variance") for s in shares)
            drivers.append(Driver(outcome, item.name, item.kind, item.words, alone, total))
    return drivers


def _swapped(sampler: Sampler, item: FactorGroup, first: Array, second: Array) -> Array:
    """Return outcomes of sample A with one input, or all luck, from B, shape (outcomes, worlds)."""
    if item.kind == CHANCE:
        return sampler.sample(sampler.size, first)
    factors = first.copy()
    factors[list(item.rows)] = second[list(item.rows)]
    return sampler.sample(0, factors)


def _row_of(estimate: Estimate, k: int) -> Estimate:
    return replace(estimate, value=estimate.value[k], influence=estimate.influence[k])


# --- Words ----------------------------------------------------------------------------------------


def _notes(method: str, outcome: Outcome, drivers: Sequence[Driver], size: int) -> list[str]:
    notes = ["The shared factors are independent by construction; nothing had to be corrected."]
    if outcome.scale == LOG_SCALE:
        notes.append(
            f"Tails of {outcome.variable} are too heavy for shares of a variance (Pareto k "
            f"{fixed(outcome.khat or 0.0, 2)}, above {HEAVY_TAIL}): shares are of {LOG_SCALE}, which is log "
            "ROAS plus what the economics keep of it."
        )
        if outcome.floored > 0.0:
            notes.append(
                f"{percent(outcome.floored)} of worlds without revenue count as the smallest "
                "positive one."
            )
    if method == "morris":
        notes.append(
            "A trajectory moves one factor after the other in one world, with the luck of its "
            "creators held: chance is no input here."
        )
    if method == "delta":
        notes.append(
            "Delta is never below zero, and noise makes it positive: an input is told from nothing "
            "where it exceeds that of the dummy by more than their errors."
        )
    if method != "sobol":
        return notes
    notes.append(
        "Chance of creators, posts and orders is an input of its own: two runs with the same "
        "factors and fresh creators tell it apart (pick-freeze)."
    )
    below = [d for d in drivers if d.first.value is not None and d.first.value < 0.0]
    if below:
        notes.append(
            f"{len(below)} of {len(drivers)} first-order estimates are below zero: an input that "
            "explains nothing scatters around zero; they are printed as they came."
        )
    over = [d for d in drivers if zero_if_missing(d.first) > zero_if_missing(d.total) > 0.0]
    if over:
        notes.append(
            f"{len(over)} totals lie below the same input's share alone: both are estimates, and "
            "where nothing interacts they differ by their errors only."
        )
    errors = [e for d in drivers for e in (d.first.se, d.total.se) if e is not None]
    if errors and max(errors) > _COARSE:
        notes.append(
            f"Too few worlds: standard errors reach {in_points(max(errors), 2)} with "
            f"{counted(size, 'world')} per sample; take more with --sample."
        )
    return notes

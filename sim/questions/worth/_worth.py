"""What it is worth to know something before choosing: a number, all of them, or a pilot's result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...measures import Measured
from ...measures.worlds import first_worlds
from ...plan import Plan, make_plan
from ...run.simulate import Progress, simulate
from ...text.currency import currency
from ...text.names import spoken
from ...text.numbers import money
from ...vary.draw import shared_scores
from ...vary.factors import CHANCE, Uncertain, uncertain_figures
from ..common import as_measured, with_worlds
from ..question import Setting
from ._answer import Known, PilotWorth, Worth
from .evppi import (
    Additive,
    Learner,
    Multiplied,
    Smoothing,
    best_option,
    policy,
    utilities,
    worth_of_knowing,
)
from .evsi import run_pilots

if TYPE_CHECKING:
    import xarray as xr

    from . import WorthOptions

Array = npt.NDArray[np.float64]

NOTHING = "nothing"
#: Worlds of a run that the regressions use at most.
MOST_WORLDS = 50_000


def ask(setting: Setting, options: WorthOptions) -> Worth:
    """Say what it is worth to know more before choosing among portfolios.

    Expected values of perfect information by input and group (EVPPI: Strong, Oakley and Brennan
    2014) and of pilots (EVSI: Strong et al. 2015), by regression on the worlds of one run; see
    `evppi` for how they are kept honest. At most `MOST_WORLDS` are used, the first of the run: an
    independent part of it, so rounded to whole groups where worlds come in groups. Profits are
    scaled to the budget by the portfolio's mean cost; by default they stay as they are where all
    portfolios have one budget, and are scaled to the dearest portfolio's mean cost otherwise.

    Raises
    ------
    ExperimentError
        For fewer than two options, unknown ones, and settings that are not positive.
    """
    experiment, run = setting.experiment, setting.run
    threads, progress = setting.threads, setting.progress
    pilot = tuple(count for count in options.pilot if count != 0)
    budget, nothing, risk_tolerance = options.budget, options.nothing, options.risk_tolerance
    names = _options(experiment, options.options or None, pilot, nothing)
    if run is None and experiment.simulation.sampling == "plain":
        experiment = with_worlds(experiment, MOST_WORLDS)
    plan = make_plan(experiment)
    results = run if run is not None else simulate(experiment, threads=threads, progress=progress)
    results = first_worlds(results, MOST_WORLDS)
    plan = replace(plan, worlds=int(results.sizes["sim"]))
    chosen = results[["profit", "contribution", "cost"]].sel(portfolio=list(names))
    rows = {name: np.asarray(chosen[name].transpose("portfolio", "sim")) for name in chosen}
    scale, at = _scales(experiment, names, rows["cost"], budget)
    profit = rows["profit"] * scale
    parts = np.concatenate([rows["contribution"], rows["cost"]]) * np.concatenate([scale, scale])
    if nothing:
        profit = np.concatenate([profit, np.zeros((1, profit.shape[1]))])
    study = _Study(profit, _positive(parts), risk_tolerance or math.inf, results)
    known = _known(experiment, plan, study)
    tried = tuple(_pilots(experiment, plan, study, pilot, threads, progress))
    every = (*names, NOTHING) if nothing else names
    everything = worth_of_knowing(profit, profit.argmax(axis=0), study.risk_tolerance)
    return Worth(
        options=every,
        best=every[study.best],
        budget=at,
        risk_tolerance=risk_tolerance,
        worlds=profit.shape[1],
        perfect=as_measured(everything, currency(), results),
        known=tuple(known),
        pilots=tried,
        notes=tuple(_notes(experiment, names, budget, at, known)),
    )


@dataclass(frozen=True)
class _Study:
    """Profits of all options, and what turns a learner into a worth."""

    profit: Array
    parts: Array
    risk_tolerance: float
    results: xr.Dataset

    @property
    def best(self) -> int:
        return best_option(self.profit, self.risk_tolerance)

    def of(self, learner: Learner) -> tuple[Measured, float]:
        """Return the worth of what a learner knows, and how often it changes the choice."""
        taken = policy(learner, utilities(self.profit, self.risk_tolerance))
        gained = worth_of_knowing(self.profit, taken, self.risk_tolerance)
        return as_measured(gained, currency(), self.results), float(np.mean(taken != self.best))

    def of_several(self, known: Array) -> tuple[Measured, float]:
        return self.of(Multiplied(known, self.parts) if self.parts.size else Additive(known))


def _known(experiment: Experiment, plan: Plan, study: _Study) -> list[Known]:
    scores = shared_scores(plan, 0, study.profit.shape[1])
    figures = uncertain_figures(experiment, plan)
    known = []
    for figure in figures:
        worth = study.of(Smoothing(figure.weights @ scores))
        learnable = figure.kind == "belief"
        known.append(Known(figure.name, figure.words, figure.kind, learnable, *worth))
    for name, words, members in _groups(figures):
        worth = study.of_several(np.array([figure.weights @ scores for figure in members]))
        learnable = all(figure.kind == "belief" for figure in members)
        known.append(Known(name, words, "group", learnable, *worth))
    everything = policy_of_luck(study)
    known.append(Known(CHANCE, "everything, luck included", CHANCE, False, *everything))
    return known


def policy_of_luck(study: _Study) -> tuple[Measured, float]:
    """Return the worth of knowing how every option ends."""
    taken = study.profit.argmax(axis=0)
    gained = worth_of_knowing(study.profit, taken, study.risk_tolerance)
    return as_measured(gained, currency(), study.results), float(np.mean(taken != study.best))


def _groups(figures: list[Uncertain]) -> list[tuple[str, str, list[Uncertain]]]:
    """Return groups of more than one figure: of a tier, of a topic, all beliefs, all shocks."""
    beliefs = [figure for figure in figures if figure.kind == "belief"]
    shocks = [figure for figure in figures if figure.kind == "shock"]
    groups = []
    for tier in dict.fromkeys(figure.tier for figure in beliefs if figure.tier):
        members = [figure for figure in beliefs if figure.tier == tier]
        groups.append((f"tier.{tier}", f"all figures of {tier}", members))
    for topic in dict.fromkeys(figure.topic for figure in beliefs if figure.tier):
        members = [figure for figure in beliefs if figure.topic == topic]
        groups.append((topic, f"{spoken(topic)} of all tiers", members))
    groups.append(("beliefs", "all beliefs together", beliefs))
    groups.append(("shocks", "all shared shocks together", shocks))
    return [group for group in groups if len(group[2]) > 1]


def _pilots(
    experiment: Experiment,
    plan: Plan,
    study: _Study,
    counts: Sequence[int],
    threads: int | None,
    progress: Progress | None,
) -> list[PilotWorth]:
    if not counts:
        return []
    tried = run_pilots(experiment, plan, counts, threads=threads, progress=progress)
    pilots = [
        PilotWorth(p.line, p.creators, *_named(study.of_several(p.seen), p.cost)) for p in tried
    ]
    for count in sorted(set(counts)):
        members = [p for p in tried if p.creators == count]
        if len(members) > 1:
            seen = np.concatenate([p.seen for p in members])
            cost = sum(p.cost for p in members)
            line = " + ".join(p.line for p in members)
            pilots.append(PilotWorth(line, count, *_named(study.of_several(seen), cost)))
    return sorted(pilots, key=lambda p: p.cost - (p.worth.value or 0.0))


def _named(worth: tuple[Measured, float], cost: float) -> tuple[Measured, float, float]:
    return worth[0], cost, worth[1]


# --- Settings -------------------------------------------------------------------------------------


def _options(
    experiment: Experiment,
    options: Sequence[str] | None,
    pilot: Sequence[int],
    nothing: bool,
) -> tuple[str, ...]:
    names = tuple(options or experiment.portfolio)
    faults = [
        Fault("--option", "no such portfolio", name)
        for name in names
        if name not in experiment.portfolio
    ]
    if len(names) + nothing < 2:
        faults.append(Fault("portfolio", "a choice needs two options, or one and --nothing"))
    faults += [Fault("--pilot", "must be at least 1", count) for count in pilot if count < 1]
    if faults:
        raise ExperimentError(experiment.file, faults)
    return names


def _scales(
    experiment: Experiment, names: Sequence[str], cost: Array, budget: float | None
) -> tuple[Array, float]:
    """Return the factors that bring options to one budget, (options, 1), and that budget, USD."""
    means = cost.mean(axis=1)
    budgets = {experiment.portfolio[name].budget for name in names}
    only = next(iter(budgets)) if len(budgets) == 1 else None
    if budget is None and only is not None:
        return np.ones((len(names), 1)), float(only)
    at = budget if budget is not None else float(means.max())
    return np.where(means > 0.0, at / np.maximum(means, 1e-300), 1.0)[:, None], at


def _positive(parts: Array) -> Array:
    """Return parts, zeros raised to their row's least positive value; none if a row has no such."""
    if not (parts > 0.0).any(axis=1).all():
        return np.empty((0, parts.shape[1]))
    floors = np.min(parts, axis=1, where=parts > 0.0, initial=np.inf)
    return np.asarray(np.maximum(parts, floors[:, None]))


# --- Words ----------------------------------------------------------------------------------------

_ALWAYS = (
    (
        "Only beliefs can be learned before the money is spent; shared shocks and the luck of "
        "creators cannot, whatever is paid. Their rows say what an oracle would be worth."
    ),
    (
        "Each worth is that of acting on a regression in worlds that it has not seen, so it errs "
        "on the low side, and what is worth nothing scatters around zero."
    ),
    (
        "A pilot shares the beliefs, not the season or the creators; its own orders are not "
        "counted as a return."
    ),
)


def _notes(
    experiment: Experiment,
    names: Sequence[str],
    budget: float | None,
    at: float,
    known: Sequence[Known],
) -> list[str]:
    notes = list(_ALWAYS)
    budgets = {experiment.portfolio[name].budget for name in names}
    if budget is not None or len(budgets) != 1 or None in budgets:
        notes.append(f"Profits are scaled to {money(at)} by each portfolio's mean cost.")
    below = [item for item in known if item.worth.value is not None and item.worth.value < 0.0]
    if below:
        notes.append(f"{len(below)} estimates are below zero by chance; they are printed as such.")
    return notes

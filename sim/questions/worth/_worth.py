"""What it is worth to know something before choosing: a number, all of them, or a pilot's result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...measures import Estimate, Measured
from ...measures import functions as f
from ...measures.worlds import first_worlds, rows_of
from ...plan import Plan, make_plan
from ...run.simulate import Progress, Where, simulated
from ...text.currency import currency
from ...text.names import listed, spoken
from ...text.numbers import money
from ...vary.draw import shared_scores
from ...vary.factors import CHANCE, Uncertain, uncertain_figures
from ..common import as_measured, with_worlds
from ..question import Setting
from ._answer import Known, PilotWorth, Worth
from .evppi import (
    Additive,
    Ints,
    Learner,
    Multiplied,
    Smoothing,
    best_option,
    policy,
    utilities,
    valuation,
    worth_of_knowing,
)
from .evsi import run_pilots
from .nested import Inside, best_inside, in_order

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
    `evppi` for how they are kept honest, `nested` for how they are kept in order. At most `MOST_WORLDS` are used, the first of the run: an
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
    results = run if run is not None else simulated(experiment, Where(threads, progress))
    results = first_worlds(results, MOST_WORLDS)
    plan = replace(plan, worlds=int(results.sizes["sim"]))
    rows = {name: rows_of(results, name, names) for name in ("profit", "contribution", "cost")}
    scale, at = _scales(experiment, names, rows["cost"], budget)
    profit = rows["profit"] * scale
    parts = np.concatenate([rows["contribution"], rows["cost"]]) * np.concatenate([scale, scale])
    if nothing:
        profit = np.concatenate([profit, np.zeros((1, profit.shape[1]))])
    study = _Study(profit, _positive(parts), risk_tolerance or math.inf, results)
    figures = uncertain_figures(experiment, plan)
    scores = shared_scores(plan, 0, profit.shape[1])
    weights = {figure.name: figure.weights @ scores for figure in figures}
    items = _items(figures)
    ran = _pilots(experiment, plan, pilot, threads, progress)
    paid, dear = ([p for p in ran if (p.committed > at) is out] for out in (False, True))
    taken = {
        item.name: study.of(Smoothing(weights[item.name]))
        if item.kind != "group"
        else study.of_several(np.array([weights[name] for name in item.members]))
        for item in items
    } | {p.name: study.of_several(p.seen) for p in paid}
    judged = study.judged(taken, _nested(items, paid))
    known = [
        Known(
            item.name,
            item.words,
            item.kind,
            item.learnable,
            study.measured(judged[item.name].worth),
            judged[item.name].changes,
        )
        for item in items
    ]
    known.append(_luck(study))
    pilots = [_worth_of(p, judged[p.name], study, at) for p in paid]
    every = (*names, NOTHING) if nothing else names
    return Worth(
        options=every,
        best=every[study.best],
        budget=at,
        risk_tolerance=risk_tolerance,
        worlds=profit.shape[1],
        perfect=known[-1].worth,
        known=tuple(known),
        pilots=tuple(sorted(pilots, key=lambda p: -(p.net.value or 0.0))),
        notes=tuple(_notes(experiment, names, budget, at, dear)),
    )


@dataclass(frozen=True)
class _Study:
    """Profits of all options, and what turns a learner into a policy."""

    profit: Array
    parts: Array
    risk_tolerance: float
    results: xr.Dataset

    @property
    def best(self) -> int:
        return best_option(self.profit, self.risk_tolerance)

    @cached_property
    def worth(self) -> Array:
        """What a policy has to maximise in expectation."""
        return utilities(self.profit, self.risk_tolerance)

    def of(self, learner: Learner) -> Ints:
        """Return the option that a learner takes in each world, learned out of fold."""
        return policy(learner, self.worth)

    def of_several(self, known: Array) -> Ints:
        return self.of(Multiplied(known, self.parts) if self.parts.size else Additive(known))

    def judged(self, taken: Mapping[str, Ints], inside: Inside) -> dict[str, Judged]:
        """Return what each policy is worth, in order, and how often it changes the choice."""
        policies = best_inside(taken, inside, self.worth)
        raw = {
            name: worth_of_knowing(self.profit, one, self.risk_tolerance)
            for name, one in policies.items()
        }
        for name, estimate in raw.items():
            if not estimate.influence.any():
                # Nothing known is acted on: how sure that is, what was tried says.
                own = worth_of_knowing(self.profit, taken[name], self.risk_tolerance)
                raw[name] = replace(estimate, influence=own.influence)
        result = {}
        for name, estimate in in_order(raw, inside).items():
            # What is worth nothing is best left aside.
            changes = float(np.mean(policies[name] != self.best)) if estimate.value > 0.0 else 0.0
            result[name] = Judged(estimate, policies[name], changes)
        return result

    def measured(self, estimate: Estimate) -> Measured:
        return as_measured(estimate, currency(), self.results)


@dataclass(frozen=True)
class Judged:
    """What a policy earns beyond the best option unseen, the policy, and how often it differs."""

    worth: Estimate
    policy: Ints
    changes: float


@dataclass(frozen=True)
class _Item:
    """Something that can be known: its name, words and kind, and what figures it is made of."""

    name: str
    words: str
    kind: str
    members: tuple[str, ...]
    learnable: bool


def _items(figures: Sequence[Uncertain]) -> list[_Item]:
    """Return single figures, then groups of them, small before large."""
    single = [_Item(f.name, f.words, f.kind, (f.name,), f.kind == "belief") for f in figures]
    groups = [
        _Item(
            name,
            words,
            "group",
            tuple(figure.name for figure in members),
            all(figure.kind == "belief" for figure in members),
        )
        for name, words, members in _groups(list(figures))
    ]
    return [*single, *groups]


def _nested(items: Sequence[_Item], pilots: Sequence[Tried]) -> dict[str, list[str]]:
    """Return what is known with each item and pilot, smallest first.

    A pilot shows of the beliefs what its figures let through, so all beliefs hold it; a pilot of
    more creators or lines holds one of fewer.
    """
    sets = {item.name: set(item.members) for item in items}
    inside = {
        item.name: sorted(
            (one for one in sets if one != item.name and sets[one] < sets[item.name]),
            key=lambda one: len(sets[one]),
        )
        for item in items
    }
    beliefs = {item.name for item in items if item.kind == "belief"}
    for item in items:
        if beliefs and set(item.members) == beliefs:
            inside[item.name] += [pilot.name for pilot in pilots]
    for pilot in pilots:
        inside[pilot.name] = [
            other.name
            for other in pilots
            if other is not pilot
            and set(other.lines) <= set(pilot.lines)
            and other.creators <= pilot.creators
        ]
    return inside


def _luck(study: _Study) -> Known:
    """Return the worth of knowing how every option ends: in every world at least that of any policy."""
    taken = study.profit.argmax(axis=0)
    gained = worth_of_knowing(study.profit, taken, study.risk_tolerance)
    changes = float(np.mean(taken != study.best))
    what = "everything, luck included"
    return Known(CHANCE, what, CHANCE, False, study.measured(gained), changes)


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


@dataclass(frozen=True)
class Tried:
    """A pilot that can be paid for: on the terms of one line, or of several at once."""

    lines: tuple[str, ...]
    creators: int
    committed: float
    seen: Array
    contribution: Array
    cost: Array

    @property
    def line(self) -> str:
        return " + ".join(self.lines)

    @property
    def name(self) -> str:
        return f"pilot of {self.creators} {self.line}"


def _pilots(
    experiment: Experiment,
    plan: Plan,
    counts: Sequence[int],
    threads: int | None,
    progress: Progress | None,
) -> list[Tried]:
    """Return pilots of every line, then for each number of creators one of all lines."""
    if not counts:
        return []
    ran = run_pilots(experiment, plan, counts, threads=threads, progress=progress)
    tried = [Tried((p.line,), p.creators, p.committed, p.seen, p.contribution, p.cost) for p in ran]
    for count in sorted(set(counts)):
        members = [p for p in tried if p.creators == count]
        if len(members) > 1:
            lines = tuple(p.line for p in members)
            committed = sum(p.committed for p in members)
            seen = np.concatenate([p.seen for p in members])
            contribution, cost = (
                np.sum([getattr(p, part) for p in members], axis=0)
                for part in ("contribution", "cost")
            )
            tried.append(Tried(lines, count, committed, seen, contribution, cost))
    return tried


def _worth_of(pilot: Tried, judged: Judged, study: _Study, budget: float) -> PilotWorth:
    """Return what a pilot is worth, and what it leaves where it is paid out of the budget.

    What is left of the budget is spent as its result says, so profits are as much smaller; its own
    orders and its own cost count. Held against spending all of it on the best option at once.
    """
    share = 1.0 - pilot.committed / budget
    taken = np.take_along_axis(study.profit, judged.policy[None], axis=0)[0]
    left = share * taken + pilot.contribution - pilot.cost
    at_once = study.profit[study.best]
    value = valuation(study.risk_tolerance)
    net = (
        f.mean(left - at_once) if math.isinf(study.risk_tolerance) else value(left) - value(at_once)
    )
    return PilotWorth(
        pilot.line,
        pilot.creators,
        study.measured(judged.worth),
        pilot.committed,
        study.measured(f.mean(pilot.contribution)),
        study.measured(net),
        judged.changes,
    )


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
        "on the low side; knowing more is never worth less, and nothing less than zero."
    ),
)
_PILOTS = (
    "A pilot shares the beliefs, not the season or the creators. It is paid out of the budget, so "
    "the campaign after it is as much smaller; its own orders count."
)


def _notes(
    experiment: Experiment,
    names: Sequence[str],
    budget: float | None,
    at: float,
    dear: Sequence[Tried],
) -> list[str]:
    notes = [*_ALWAYS, _PILOTS]
    budgets = {experiment.portfolio[name].budget for name in names}
    if budget is not None or len(budgets) != 1 or None in budgets:
        notes.append(f"Profits are scaled to {money(at)} by each portfolio's mean cost.")
    if dear:
        left = listed([f"{p.creators} {p.line} ({money(p.committed)})" for p in dear])
        notes.append(f"Pilots that cost more than the budget are not offered: {left}.")
    return notes

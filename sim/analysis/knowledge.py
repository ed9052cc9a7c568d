"""What it is worth to know something before choosing: a number, all of them, or a pilot's result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..displays import Told
from ..experiment import Experiment, ExperimentError, Fault
from ..measures import Measured
from ..measures.format import percent, usd
from ..plan import Plan, make_plan
from ..simulation import Progress, simulate
from .common import as_measured, with_worlds
from .doubts import Doubt, doubts_of
from .draws import shared_scores
from .information import (
    Additive,
    Learner,
    Multiplied,
    Smoothing,
    best_option,
    policy,
    utilities,
    worth_of_knowing,
)
from .inputs import CHANCE
from .pilots import run_pilots
from .telling import listed, near

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

NOTHING = "nothing"
#: Worlds of a run that the regressions use at most.
MOST_WORLDS = 50_000


@dataclass(frozen=True)
class Known:
    """What knowing something is worth.

    Attributes
    ----------
    name, words
        What is known.
    kind
        ``"belief"``, ``"shock"``, ``"group"`` or ``"chance"``.
    learnable
        Whether research can find it out before the money is spent: beliefs only.
    worth
        USD at most that knowing it perfectly is worth.
    changes
        Share of worlds in which it changes the choice.
    """

    name: str
    words: str
    kind: str
    learnable: bool
    worth: Measured
    changes: float


@dataclass(frozen=True)
class PilotWorth:
    """What a pilot is worth, and what it costs.

    Attributes
    ----------
    line
        Line whose terms it is on; several joined by ``+``.
    creators
        Creators in each line.
    worth
        USD that its result is worth.
    cost
        USD committed for it.
    changes
        Share of worlds in which its result changes the choice.
    """

    line: str
    creators: int
    worth: Measured
    cost: float
    changes: float

    @property
    def pays(self) -> bool | None:
        """Whether it is worth its money; None where two standard errors leave that open."""
        if self.worth.value is None:
            return None
        gap, error = self.worth.value - self.cost, self.worth.se
        # Without an error only a wide gap speaks.
        allowed = 2.0 * error if error is not None else 0.5 * max(self.cost, abs(gap))
        return None if abs(gap) <= allowed else gap > 0.0


@dataclass(frozen=True)
class Worth(Told, table="sim.analysis.shown:worth_table"):
    """What finding out is worth.

    Attributes
    ----------
    options
        What is chosen among.
    best
        The choice without knowing more.
    budget
        USD that profits refer to.
    risk_tolerance
        USD of certainty equivalents; None for means.
    perfect
        Knowing everything, luck included: what nobody can.
    known
        By input and group.
    pilots
        Pilots asked about.
    worlds
        Worlds in the regressions.
    notes
        What was done.
    """

    options: tuple[str, ...]
    best: str
    budget: float
    risk_tolerance: float | None
    perfect: Measured
    known: tuple[Known, ...]
    pilots: tuple[PilotWorth, ...]
    worlds: int
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> Known:
        """Return what knowing an input or group is worth."""
        return next(item for item in self.known if item.name == name)

    @property
    def research(self) -> Known | None:
        """The single number to research first; None where none is in doubt."""
        single = [item for item in self.known if item.kind == "belief"]
        return max(single, key=lambda item: item.worth.value or 0.0, default=None)

    @property
    def sentence(self) -> str:
        """Return what to find out before spending, with its error."""
        return " ".join([_research_sentence(self), *_pilot_sentences(self)])

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows for a table: inputs and groups, then pilots."""
        rows: list[dict[str, Any]] = [
            {
                "what": item.name,
                "kind": item.kind,
                "learnable": item.learnable,
                "worth": item.worth.value,
                "se": item.worth.se,
                "changes_choice": item.changes,
                "cost": None,
            }
            for item in self.known
        ]
        rows += [
            {
                "what": f"pilot of {p.creators} {p.line}",
                "kind": "pilot",
                "learnable": True,
                "worth": p.worth.value,
                "se": p.worth.se,
                "changes_choice": p.changes,
                "cost": p.cost,
            }
            for p in self.pilots
        ]
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "question": "worth",
            "options": list(self.options),
            "best": self.best,
            "budget": self.budget,
            "risk_tolerance": self.risk_tolerance,
            "worlds": self.worlds,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "perfect": self.perfect.to_dict(),
            "known": [
                {
                    "name": item.name,
                    "words": item.words,
                    "kind": item.kind,
                    "learnable": item.learnable,
                    "worth": item.worth.to_dict(),
                    "changes_choice": item.changes,
                }
                for item in self.known
            ],
            "pilots": [
                {
                    "line": p.line,
                    "creators": p.creators,
                    "worth": p.worth.to_dict(),
                    "cost": p.cost,
                    "pays": p.pays,
                    "changes_choice": p.changes,
                }
                for p in self.pilots
            ],
        }


def worth(
    experiment: Experiment,
    *,
    options: Sequence[str] | None = None,
    pilot: Sequence[int] = (10,),
    budget: float | None = None,
    nothing: bool = False,
    risk_tolerance: float | None = None,
    worlds: int = MOST_WORLDS,
    run: xr.Dataset | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Worth:
    """Say what it is worth to know more before choosing among portfolios.

    Expected values of perfect information by input and group (EVPPI: Strong, Oakley and Brennan
    2014) and of pilots (EVSI: Strong et al. 2015), by regression on the worlds of one run; see
    `information` for how they are kept honest.

    Parameters
    ----------
    experiment
        The experiment.
    options
        Portfolios to choose among; all by default.
    pilot
        Numbers of creators in pilots, each tried on the terms of every line; none for no pilot.
    budget
        USD at which profits are compared; profits are scaled to it by the portfolio's mean cost.
        By default profits stay as they are where all portfolios have one budget, and are scaled to
        the dearest portfolio's mean cost otherwise.
    nothing
        Whether keeping the money is an option too.
    risk_tolerance
        USD: certainty equivalents under exponential utility instead of mean profit.
    worlds
        Worlds to use at most, the first of the run: an independent part of it, so rounded to
        whole groups where worlds come in groups.
    run
        A finished run of the experiment.
    threads, progress
        See `sim.simulate`.

    Raises
    ------
    ExperimentError
        For fewer than two options, unknown ones, and settings that are not positive.
    """
    names = _options(experiment, options, pilot, budget, nothing, risk_tolerance)
    if run is None and experiment.simulation.sampling == "plain":
        experiment = with_worlds(experiment, worlds)
    plan = make_plan(experiment)
    results = run if run is not None else simulate(experiment, threads=threads, progress=progress)
    results = first_worlds(results, worlds)
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
        every,
        every[study.best],
        at,
        risk_tolerance,
        as_measured(everything, "USD", results),
        tuple(known),
        tried,
        profit.shape[1],
        tuple(_notes(experiment, names, budget, at, known)),
    )


def first_worlds(results: xr.Dataset, worlds: int) -> xr.Dataset:
    """Return the first worlds of a run; whole groups where its worlds come in groups."""
    size, groups = int(results.sizes["sim"]), int(results.attrs.get("groups", 0))
    if size <= worlds:
        return results
    kept = max(worlds * groups // size, 2)
    first = results.isel(sim=slice(0, kept * size // groups if groups else worlds))
    return first.assign_attrs(groups=kept if groups else 0)


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
        return as_measured(gained, "USD", self.results), float(np.mean(taken != self.best))

    def of_several(self, known: Array) -> tuple[Measured, float]:
        return self.of(Multiplied(known, self.parts) if self.parts.size else Additive(known))


def _known(experiment: Experiment, plan: Plan, study: _Study) -> list[Known]:
    scores = shared_scores(plan, 0, study.profit.shape[1])
    doubts = doubts_of(experiment, plan)
    known = []
    for doubt in doubts:
        found = study.of(Smoothing(doubt.weights @ scores))
        learnable = doubt.kind == "belief"
        known.append(Known(doubt.name, doubt.words, doubt.kind, learnable, *found))
    for name, words, members in _groups(doubts):
        found = study.of_several(np.array([doubt.weights @ scores for doubt in members]))
        learnable = all(doubt.kind == "belief" for doubt in members)
        known.append(Known(name, words, "group", learnable, *found))
    everything = policy_of_luck(study)
    known.append(Known(CHANCE, "everything, luck included", CHANCE, False, *everything))
    return known


def policy_of_luck(study: _Study) -> tuple[Measured, float]:
    """Return the worth of knowing how every option ends."""
    taken = study.profit.argmax(axis=0)
    gained = worth_of_knowing(study.profit, taken, study.risk_tolerance)
    return as_measured(gained, "USD", study.results), float(np.mean(taken != study.best))


def _groups(doubts: list[Doubt]) -> list[tuple[str, str, list[Doubt]]]:
    """Return groups of more than one figure: of a tier, of a topic, all beliefs, all shocks."""
    beliefs = [doubt for doubt in doubts if doubt.kind == "belief"]
    shocks = [doubt for doubt in doubts if doubt.kind == "shock"]
    groups = []
    for tier in dict.fromkeys(doubt.tier for doubt in beliefs if doubt.tier):
        members = [doubt for doubt in beliefs if doubt.tier == tier]
        groups.append((f"tier.{tier}", f"all figures of {tier}", members))
    for topic in dict.fromkeys(doubt.topic for doubt in beliefs if doubt.tier):
        members = [doubt for doubt in beliefs if doubt.topic == topic]
        groups.append((topic, f"{topic} of all tiers", members))
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
    found = [
        PilotWorth(p.line, p.creators, *_named(study.of_several(p.seen), p.cost)) for p in tried
    ]
    for count in sorted(set(counts)):
        members = [p for p in tried if p.creators == count]
        if len(members) > 1:
            seen = np.concatenate([p.seen for p in members])
            cost = sum(p.cost for p in members)
            line = " + ".join(p.line for p in members)
            found.append(PilotWorth(line, count, *_named(study.of_several(seen), cost)))
    return sorted(found, key=lambda p: p.cost - (p.worth.value or 0.0))


def _named(found: tuple[Measured, float], cost: float) -> tuple[Measured, float, float]:
    return found[0], cost, found[1]


# --- Settings -------------------------------------------------------------------------------------


def _options(
    experiment: Experiment,
    options: Sequence[str] | None,
    pilot: Sequence[int],
    budget: float | None,
    nothing: bool,
    risk_tolerance: float | None,
) -> tuple[str, ...]:
    names = tuple(options or experiment.portfolio)
    faults = [
        Fault("--option", "no such portfolio", name)
        for name in names
        if name not in experiment.portfolio
    ]
    if len(names) + nothing < 2:
        faults.append(Fault("portfolio", "a choice needs two options, or one and --nothing"))
    for key, value in (("--budget", budget), ("--risk-tolerance", risk_tolerance)):
        if value is not None and not 0.0 < value < math.inf:
            faults.append(Fault(key, "must be a positive amount of USD", value))
    faults += [Fault("--pilot", "must be at least 1", count) for count in pilot if count < 1]
    if faults:
        raise ExperimentError(experiment.file, faults)
    return names


def _scales(
    experiment: Experiment, names: Sequence[str], cost: Array, budget: float | None
) -> tuple[Array, float]:
    """Return the factor on each option's profit and the budget that this makes."""
    means = cost.mean(axis=1)
    budgets = {experiment.portfolio[name].budget for name in names}
    only = next(iter(budgets)) if len(budgets) == 1 else None
    if budget is None and only is not None:
        return np.ones((len(names), 1)), float(only)
    at = budget if budget is not None else float(means.max())
    return np.where(means > 0.0, at / np.maximum(means, 1e-300), 1.0)[:, None], at


def _positive(parts: Array) -> Array:
    """Return parts with zeros at the smallest positive value; nothing where one is never positive."""
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
        notes.append(f"Profits are scaled to {usd(at)} by each portfolio's mean cost.")
    below = [item for item in known if item.worth.value is not None and item.worth.value < 0.0]
    if below:
        notes.append(f"{len(below)} estimates are below zero by chance; they are printed as such.")
    return notes


def _amount(entry: Measured) -> str:
    if entry.value is None:
        return f"an unknown amount ({entry.reason})"
    # Knowing more is never worth less than nothing: one need not act on it.
    if entry.value <= 0.0:
        return "nothing that can be told from zero"
    if entry.se is None:
        return f"{usd(entry.value, None)} (no standard error: heavy tail)"
    return usd(entry.value, entry.se) + (f" (± {usd(entry.se, entry.se)})" if entry.se else "")


def _at_most(entry: Measured) -> str:
    bound = "at most " if entry.value is not None and entry.value > 0.0 else ""
    return bound + _amount(entry)


def _research_group(found: Worth) -> Known | None:
    """Return the group to research, smaller than all beliefs, whose worth is told from zero."""
    groups = [k for k in found.known if k.kind == "group" and k.learnable and k.name != "beliefs"]
    told = [k for k in groups if k.worth.se and (k.worth.value or 0.0) > 2.0 * k.worth.se]
    return max(told, key=lambda k: k.worth.value or 0.0, default=None)


def _research_sentence(found: Worth) -> str:
    top = found.research
    if top is None:
        return "No number is in doubt, so there is nothing to research."
    total = next((item for item in found.known if item.name == "beliefs"), top)
    start = (
        f"Without knowing more, {found.best} is the choice; knowing every doubtful number would be "
        f"worth {_at_most(total.worth)} of profit at a budget of {usd(found.budget)}"
    )
    if not top.worth.value or top.worth.value <= 2.0 * (top.worth.se or 0.0):
        none = f"{start}. No single number is worth researching first: none changes the choice"
        group = _research_group(found)
        if group is None:
            return f"{none} often enough for its worth to be told from zero."
        return (
            f"{none} by itself; the numbers to research together are {group.words}, worth "
            f"{_at_most(group.worth)}."
        )
    equal = [
        item
        for item in found.known
        if item.kind == "belief" and (item is top or near(top.worth, item.worth))
    ]
    if len(equal) > 1:
        return (
            f"{start}; the numbers to research first are {listed([i.words for i in equal])}, worth "
            f"{_at_most(top.worth)} each, which their errors do not tell apart."
        )
    return (
        f"{start}; the one to research first is {top.words}, worth {_at_most(top.worth)}, "
        f"which changes the choice in {percent(top.changes)} of worlds."
    )


def _pilot_sentences(found: Worth) -> list[str]:
    if not found.pilots:
        return []
    best = found.pilots[0]
    verdict = {
        True: "is worth its money",
        False: "is not worth its money",
        None: "may or may not be worth its money",
    }[best.pays]
    start = "Of the pilots tried, the nearest to paying is" if len(found.pilots) > 1 else ""
    words = f"one of {best.creators:,} {best.line}" if start else ""
    if not start:
        start = f"A pilot of {best.creators:,} {best.line} creators {verdict}:"
        return [f"{start} {_pilot_figures(best, found.budget)}."]
    if best.pays:
        start = "Of the pilots tried, the best is"
    return [f"{start} {words} creators: {_pilot_figures(best, found.budget)}; it {verdict}."]


def _pilot_figures(pilot: PilotWorth, budget: float) -> str:
    return (
        f"its result is worth {_amount(pilot.worth)} in profit at a budget of {usd(budget)}, and "
        f"it costs {usd(pilot.cost)}"
    )

"""Which mix: the efficient set over lines for a budget, searched, bounded, checked on fresh worlds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..displays import Told
from ..experiment import Experiment, ExperimentError, Fault
from ..measures import Measured
from ..measures import functions as f
from ..measures.evaluate import measured
from ..measures.format import percent_with_error, usd
from ..plan import make_plan
from ..simulation import Progress
from .choices import Bound, Program, Stops, nearest_whole, rounded, search, worst_mean
from .common import as_dataset, measure_of
from .draws import draw, plainly
from .limits import (
    BUDGET,
    KINDS,
    SOMEONE,
    SPEND,
    Candidate,
    Limit,
    conflict,
    most_creators,
    read_limits,
)
from .prefixes import ladder, prefix_totals
from .variants import line_names, on_terms, with_portfolios

Array = npt.NDArray[np.float64]

RISKS = ("es05", "loss")
SEARCH_WORLDS, CHECK_WORLDS = 5_000, 20_000
#: Share of the budget that a mix commits at least, unless told otherwise.
SPENT = 0.9
#: Points of the efficient set, ends included.
POINTS = 7
#: Measures of the check.
_CHECKED = ("profit_mean", "profit_es05", "profit_median", "roi_mean", "roi_median", "roi_es05",
            "loss_probability", "cost_mean")  # fmt: skip
#: How many whole numbers around a found one the second pass looks at, on either side.
_AROUND = 4
#: Weight of falling short of a floor in the search, USD of mean per USD.
_SHORTFALL = 50.0
#: USD of mean profit per unit of a limit that count as nothing.
_NO_PRICE = 1e-6


@dataclass(frozen=True)
class Price:
    """What a limit that binds costs.

    Attributes
    ----------
    limit
        Its words.
    at_margin
        USD of mean profit for moving its end by one unit (a USD of budget, a creator, all of the
        spend for a share) in the linear program.
    gain
        USD of mean profit without it, the risk no worse; of the budget: with one per cent more.
    """

    limit: str
    at_margin: float
    gain: Measured


@dataclass(frozen=True)
class Mix:
    """A portfolio found.

    Attributes
    ----------
    name
        ``"mix 1"`` has the highest mean; or the line of which all is.
    creators
        By line; only lines that are hired.
    spend
        USD committed to each line.
    committed
        USD committed, the fixed cost of the programme included.
    searched
        Mean profit and risk in the worlds of the search.
    bound
        The most that any mix of the numbers tried could have there at that risk; None where no
        bound is known.
    checked
        Measures on fresh worlds, by name.
    efficient
        Whether it meets all limits and no other that does is better in both on the fresh worlds,
        by the figures as they came.
    prices
        Of limits that bind.
    """

    name: str
    creators: Mapping[str, int]
    spend: Mapping[str, float]
    committed: float
    searched: tuple[float, float]
    bound: float | None
    checked: Mapping[str, Measured]
    efficient: bool
    prices: tuple[Price, ...]

    @property
    def words(self) -> str:
        """Who is hired: ``120 nano-paid, 3 macro-paid``."""
        return ", ".join(f"{count:,} {line}" for line, count in self.creators.items())


@dataclass(frozen=True)
class Frontier(Told, table="sim.analysis.shown:frontier_table"):
    """The efficient set for a budget.

    Attributes
    ----------
    budget
        USD.
    risk
        ``"es05"`` or ``"loss"``.
    limits
        In words.
    mixes
        From the highest mean to the lowest risk.
    alone
        Each line alone, for comparison.
    search_worlds, check_worlds
        Worlds of the search, and fresh ones of the check.
    notes
        What was done.
    """

    budget: float
    risk: str
    limits: tuple[str, ...]
    mixes: tuple[Mix, ...]
    alone: tuple[Mix, ...]
    search_worlds: int
    check_worlds: int
    notes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Return the two ends of the set, with their errors."""
        return _sentence(self)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows for a table."""
        return [_row(mix) for mix in (*self.mixes, *self.alone)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "question": "frontier",
            "budget": self.budget,
            "risk": self.risk,
            "limits": list(self.limits),
            "search_worlds": self.search_worlds,
            "check_worlds": self.check_worlds,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "mixes": [_mix_dict(mix) for mix in self.mixes],
            "alone": [_mix_dict(mix) for mix in self.alone],
        }


def frontier(
    experiment: Experiment,
    *,
    budget: float | None = None,
    risk: str = "es05",
    limits: Mapping[str, Sequence[str]] | None = None,
    spend: float = SPENT,
    points: int = POINTS,
    search_worlds: int = SEARCH_WORLDS,
    check_worlds: int = CHECK_WORLDS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Search the mixes of an experiment's lines that no other beats in both mean and risk.

    Lines are what the portfolios of the experiment hire: one for each different terms. Linear
    programs over the worlds (Rockafellar and Uryasev 2000) bound what is possible and point to
    where to search; the search takes whole creators, whose prefix totals keep the risk of two where
    two are hired. What it finds is simulated again, with fixed costs and saturation, in worlds of
    another seed.

    Parameters
    ----------
    experiment
        The experiment.
    budget
        USD committed before any revenue; the largest budget of a portfolio by default.
    risk
        ``"es05"``: mean profit of the worst 5 % of worlds, larger is better; ``"loss"``:
        probability of losing money.
    limits
        By kind, see `limits.read_limits`: ``{"max": ["macro=3"], "exclude": ["mega"]}``.
    spend
        Share of the budget that a mix commits at least; without it the safest mix keeps the money.
    points
        Points of the set.
    search_worlds, check_worlds
        Worlds of the search, and fresh ones of the check.
    threads, progress
        See `sim.simulate`.

    Raises
    ------
    ExperimentError
        For limits that cannot be read, and where they cannot all hold: which ones.
    """
    candidates, amount = _setting(experiment, budget, risk, spend, limits or {})
    asked = read_limits(
        candidates, amount, experiment.costs.fixed, spend, limits or {}, experiment.file
    )
    _check_feasible(experiment, asked)
    # What a limit forbids is simulated too, to say what the limit costs.
    most = [_beyond(count) for count in most_creators(candidates, asked[:1])]
    prices = np.array([c.price for c in candidates])
    first = {c.name: _stops_of(i, most[i], asked, []) for i, c in enumerate(candidates)}
    stops = prefix_totals(experiment, candidates, first, search_worlds, threads=threads)
    fixed = experiment.costs.fixed
    coarse = _search_all(stops, asked, prices, risk, points, fixed)
    found = [counts for item in coarse for counts in (stops.counts(item.taken), item.linear)]
    second = {
        c.name: _stops_of(i, most[i], asked, [round(counts[i]) for counts in found])
        for i, c in enumerate(candidates)
    }
    stops = prefix_totals(
        experiment, candidates, second, search_worlds, threads=threads, progress=progress
    )
    fine = _search_all(stops, asked, prices, risk, points, fixed)
    mixes = [
        _mix(k, item, stops, candidates, fixed, risk) for k, item in enumerate(_distinct(fine))
    ]
    alone = _alone(candidates, asked, stops, fixed, risk)
    checked = _check(experiment, candidates, [*mixes, *alone], check_worlds, threads)
    within = [mix for mix in checked if _holds(mix, candidates, asked)]
    checked = [
        replace(m, efficient=m in within and _is_efficient(m, within, risk)) for m in checked
    ]
    mixes, alone = _by_mean(checked[: len(mixes)]), checked[len(mixes) :]
    return Frontier(
        amount,
        risk,
        tuple(limit.words for limit in asked),
        tuple(mixes),
        tuple(alone),
        search_worlds,
        check_worlds,
        tuple(_notes(experiment, risk, mixes)),
    )


# --- Settings -------------------------------------------------------------------------------------


def _setting(
    experiment: Experiment,
    budget: float | None,
    risk: str,
    spend: float,
    limits: Mapping[str, Sequence[str]],
) -> tuple[list[Candidate], float]:
    faults = []
    budgets = [p.budget for p in experiment.portfolio.values() if p.budget is not None]
    if budget is None and not budgets:
        faults.append(Fault("--budget", "is needed: no portfolio has one"))
    if budget is not None and not 0.0 < budget < math.inf:
        faults.append(Fault("--budget", "must be a positive amount of USD", budget))
    if risk not in RISKS:
        faults.append(Fault("--risk", f"must be one of {', '.join(RISKS)}", risk))
    if not 0.0 <= spend <= 1.0:
        faults.append(Fault("--spend", "must be a share of the budget, 0 to 1", spend))
    faults += [Fault(f"--{kind}", "is no kind of limit") for kind in limits if kind not in KINDS]
    if faults:
        raise ExperimentError(experiment.file, faults)
    plan = make_plan(experiment)
    prices = {line.terms: line.committed_per_creator for line in plan.lines}
    names = line_names(list(prices))
    candidates = [Candidate(names[terms], terms, price) for terms, price in prices.items()]
    return candidates, float(budget if budget is not None else max(budgets))


def _check_feasible(experiment: Experiment, limits: Sequence[Limit]) -> None:
    clash = conflict(limits)
    if not clash:
        return
    words = " and ".join(limit.words for limit in clash)
    raise ExperimentError(
        experiment.file, [Fault("frontier", f"no mix meets {words}; loosen one of them")]
    )


def _beyond(most: int) -> int:
    """Return a number somewhat above what the budget buys, so that its price can be told."""
    return max(math.ceil(1.02 * most), most + 1) if most else 0


def _stops_of(i: int, most: int, limits: Sequence[Limit], found: Sequence[int]) -> list[int]:
    """Return the numbers of a line to try: a ladder, what limits name, and around what was found."""
    ends = [
        int(end / limit.weights[i])
        for limit in limits
        for end in (limit.low, limit.high)
        if limit.weights[i] > 0.0 and np.isfinite(end) and (limit.weights >= 0.0).all()
    ]
    near = [n + k for n in found for k in range(-_AROUND, _AROUND + 1)]
    return sorted({n for n in [*ladder(most), *ends, *near] if 1 <= n <= most})


# --- Search ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """A choice, the creators by line that a linear program would hire, its bound and its prices."""

    taken: Array
    linear: Array
    bound: float | None
    prices: tuple[Price, ...]


def _search_all(
    stops: Stops, limits: Sequence[Limit], prices: Array, risk: str, points: int, fixed: float
) -> list[_Found]:
    """Return choices from the highest mean to the lowest risk."""
    program = Program(stops, limits)
    top, safe = program.best_mean(), program.best_worst()
    assert top is not None
    assert safe is not None
    first = worst_mean(top.taken @ stops.profit)
    floors = np.linspace(first, safe.value, points)
    bounds = [top, *(program.best_mean(float(floor)) or safe for floor in floors[1:-1]), safe]
    if risk == "loss":
        return _search_loss(stops, limits, prices, bounds, fixed)
    found = []
    for k, (bound, floor) in enumerate(zip(bounds, floors, strict=True)):
        score = (
            _mean_above(float(floor)) if 0 < k < points - 1 else (_mean if k == 0 else worst_mean)
        )
        taken = _whole(stops, limits, bound, prices, score)
        if taken is not None:
            level = program.best_mean(worst_mean(taken @ stops.profit))
            found.append(
                _Found(
                    taken,
                    stops.counts(bound.taken),
                    level.value if level else None,
                    tuple(_prices_of(stops, limits, bound, None if k == 0 else float(floor))),
                )
            )
    return found


def _search_loss(
    stops: Stops, limits: Sequence[Limit], prices: Array, bounds: Sequence[Bound], fixed: float
) -> list[_Found]:
    """Return choices by probability of loss: from what expected shortfall found, on to its levels."""
    safest = _lowest_loss(fixed)
    starts = [_whole(stops, limits, bound, prices, _mean) for bound in bounds]
    starts += [_whole(stops, limits, bound, prices, safest) for bound in bounds]
    known = [taken for taken in starts if taken is not None]
    losses = [_loss(taken @ stops.profit, fixed) for taken in known]
    levels = np.linspace(max(losses), min(losses), len(bounds))
    found = []
    for level in levels:
        score = _mean_below(float(level), fixed)
        start = max(known, key=lambda taken: score(taken @ stops.profit))
        taken = search(stops, limits, start, score)
        if taken is not None:
            found.append(_Found(taken, stops.counts(taken), None, ()))
    return found


def _whole(
    stops: Stops,
    limits: Sequence[Limit],
    bound: Bound,
    prices: Array,
    score: Callable[[Array], float],
) -> Array | None:
    """Return the choice of whole creators that a search reaches from a linear program's answer."""
    target = stops.counts(bound.taken)
    found = search(stops, limits, rounded(stops, target), score)
    if found is not None:
        return found
    start = nearest_whole(stops, limits, target, prices)
    return None if start is None else search(stops, limits, start, score)


def _mean(profit: Array) -> float:
    return float(profit.mean())


def _mean_above(floor: float) -> Callable[[Array], float]:
    return lambda profit: _mean(profit) + _SHORTFALL * min(worst_mean(profit) - floor, 0.0)


def _loss(profit: Array, fixed: float) -> float:
    return float((profit < fixed).mean())


def _lowest_loss(fixed: float) -> Callable[[Array], float]:
    """Return a score that lowers the probability of loss, and then raises the mean."""
    return lambda profit: -_loss(profit, fixed) + 1e-9 * _mean(profit)


def _mean_below(level: float, fixed: float) -> Callable[[Array], float]:
    def score(profit: Array) -> float:
        excess = max(_loss(profit, fixed) - level, 0.0)
        return _mean(profit) - 100.0 * excess * float(np.abs(profit).mean())

    return score


def _prices_of(
    stops: Stops, limits: Sequence[Limit], bound: Bound, floor: float | None
) -> list[Price]:
    """Return what binding limits cost: the linear program again without each of them."""
    found = []
    for limit in limits:
        margin = bound.prices.get(limit.name, 0.0)
        if limit.name == SOMEONE or abs(margin) <= _NO_PRICE:
            continue
        others = [other for other in limits if other is not limit]
        if limit.name == BUDGET:
            others.append(replace(limit, high=1.01 * limit.high))
        freed = Program(stops, others).best_mean(floor)
        held = Program(stops, limits).best_mean(floor)
        if freed is None or held is None:
            continue
        gain = (freed.taken - held.taken) @ stops.profit
        found.append(Price(limit.words, margin, measured(f.mean(gain), "USD")))
    return found


def _distinct(found: Sequence[_Found]) -> list[_Found]:
    seen: dict[bytes, _Found] = {}
    for item in found:
        seen.setdefault(item.taken.tobytes(), item)
    return list(seen.values())


# --- What was found -------------------------------------------------------------------------------


def _mix(
    k: int, item: _Found, stops: Stops, candidates: Sequence[Candidate], fixed: float, risk: str
) -> Mix:
    counts = stops.counts(item.taken)
    profit = item.taken @ stops.profit - fixed
    return Mix(
        f"mix {k + 1}",
        {c.name: int(n) for c, n in zip(candidates, counts, strict=True) if n > 0.0},
        {c.name: float(c.price * n) for c, n in zip(candidates, counts, strict=True) if n > 0.0},
        float(sum(c.price * n for c, n in zip(candidates, counts, strict=True))) + fixed,
        (_mean(profit), worst_mean(profit) if risk == "es05" else _loss(profit, 0.0)),
        None if item.bound is None else item.bound - fixed,
        {},
        False,
        item.prices,
    )


def _alone(
    candidates: Sequence[Candidate],
    limits: Sequence[Limit],
    stops: Stops,
    fixed: float,
    risk: str,
) -> list[Mix]:
    """Return every line with as much of the budget as the limits allow it alone."""
    found = []
    most = most_creators(candidates, limits)
    for i, (candidate, count) in enumerate(zip(candidates, most, strict=True)):
        counts = np.zeros(len(candidates))
        counts[i] = count
        if count < 1 or not all(x.holds(counts) for x in limits if x.name != SPEND):
            continue
        place = stops.of_line(i)[np.searchsorted(stops.creators[stops.of_line(i)], count)]
        taken = np.zeros(len(stops.line))
        taken[place] = 1.0
        mix = _mix(0, _Found(taken, counts, None, ()), stops, candidates, fixed, risk)
        found.append(replace(mix, name=candidate.name))
    return found


def _check(
    experiment: Experiment,
    candidates: Sequence[Candidate],
    mixes: Sequence[Mix],
    worlds: int,
    threads: int | None,
) -> list[Mix]:
    """Simulate mixes in worlds of another seed, with everything that the search leaves out."""
    terms = {c.name: c.terms for c in candidates}
    portfolios = {
        mix.name: {
            "creators": sum(mix.creators.values()),
            "mix": {
                line: on_terms(terms[line]) | {"share": count / sum(mix.creators.values())}
                for line, count in mix.creators.items()
            },
        }
        for mix in mixes
    }
    fresh = with_portfolios(experiment, portfolios, seed=experiment.simulation.seed + 1)
    rows = draw(
        plainly(make_plan(fresh)), ("profit", "roi", "cost"), worlds=worlds, threads=threads
    )
    data = as_dataset(tuple(portfolios), rows, {})
    return [
        replace(mix, checked={m: measure_of(data, mix.name, m) for m in _CHECKED}) for mix in mixes
    ]


def _by_mean(mixes: Sequence[Mix]) -> list[Mix]:
    """Return mixes from the highest mean on the fresh worlds, named in that order."""
    ordered = sorted(mixes, key=lambda mix: -(mix.checked["profit_mean"].value or 0.0))
    return [replace(mix, name=f"mix {k + 1}") for k, mix in enumerate(ordered)]


def _holds(mix: Mix, candidates: Sequence[Candidate], limits: Sequence[Limit]) -> bool:
    counts = np.array([mix.creators.get(c.name, 0) for c in candidates], dtype=np.float64)
    return all(limit.holds(counts) for limit in limits)


def _is_efficient(mix: Mix, others: Sequence[Mix], risk: str) -> bool:
    mean, safety = _coordinates(mix, risk)
    for other in others:
        more, safer = _coordinates(other, risk)
        if more >= mean and safer >= safety and (more > mean or safer > safety):
            return False
    return True


def _coordinates(mix: Mix, risk: str) -> tuple[float, float]:
    """Return mean profit, and what is safer the larger it is."""
    mean = mix.checked["profit_mean"].value or 0.0
    if risk == "es05":
        return mean, mix.checked["profit_es05"].value or 0.0
    return mean, -(mix.checked["loss_probability"].value or 0.0)


# --- Words ----------------------------------------------------------------------------------------


def _notes(experiment: Experiment, risk: str, mixes: Sequence[Mix]) -> list[str]:
    notes = [
        (
            "Figures are from fresh worlds of another seed; in the worlds of the search a mix looks "
            "better than it is."
        ),
        (
            "The bound is a linear program over the same worlds and numbers of creators: mixes of "
            "stops are allowed there, so no choice of whole creators can pass it."
        ),
    ]
    if risk == "loss":
        notes[1] = "A probability of loss has no linear program: the search has no bound."
    if len(mixes) > 1 and len({tuple(mix.creators) for mix in mixes}) == 1:
        lines = " and ".join(mixes[0].creators)
        notes.append(
            f"Every mix hires {lines}: along the set only their numbers and what is left unspent "
            "change."
        )
    notes += [_priced(price) for mix in mixes[:1] for price in mix.prices]
    if any(niche.market is not None for niche in experiment.niche.values()):
        notes.append(
            "Audiences overlap between lines only in the check: the search adds lines up as if "
            "they did not."
        )
    return notes


def _sentence(found: Frontier) -> str:
    best = found.mixes[0]
    safest = max(found.mixes, key=lambda mix: _coordinates(mix, found.risk)[1])
    parts = [
        f"For {usd(found.budget)} the highest mean is {best.words}: {_levels(best, found.risk)}"
    ]
    if safest.creators != best.creators:
        parts.append(f"the safest is {safest.words}: {_levels(safest, found.risk)}")
    text = "; ".join(parts) + "."
    budget = next((p for p in best.prices if p.limit.startswith("a budget")), None)
    if budget is not None:
        text += f" One more USD of budget is worth {usd(budget.at_margin)} of mean profit there."
    others = [
        p
        for p in best.prices
        if p is not budget and (p.gain.value or 0.0) > 2.0 * (p.gain.se or 0.0)
    ]
    if others:
        dearest = max(others, key=lambda p: p.gain.value or 0.0)
        text += (
            f" The dearest limit is {dearest.limit}: without it mean profit is higher by "
            f"{_usd(dearest.gain)}."
        )
    return text


def _priced(price: Price) -> str:
    if price.limit.startswith("a budget"):
        return f"One per cent more than {price.limit} brings {_usd(price.gain)} of mean profit."
    return f"The limit “{price.limit}” costs {_usd(price.gain)} of mean profit."


def _levels(mix: Mix, risk: str) -> str:
    mean, loss = mix.checked["profit_mean"], mix.checked["loss_probability"]
    text = f"mean profit {_usd(mean)}, median {_usd(mix.checked['profit_median'])}"
    if risk == "es05":
        return f"{text}, worst 5 % of worlds {_usd(mix.checked['profit_es05'])}"
    return f"{text}, loses money in {percent_with_error(loss.value, loss.se)} of worlds"


def _usd(entry: Measured) -> str:
    error = "" if entry.se is None else f" (± {usd(entry.se, entry.se)})"
    return usd(entry.value, entry.se) + error


def _row(mix: Mix) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": mix.name,
        "hired": mix.words,
        "committed": mix.committed,
        "efficient": mix.efficient,
    }
    for name, entry in mix.checked.items():
        row[name], row[f"{name}_se"] = entry.value, entry.se
    row["searched_mean"], row["searched_risk"] = mix.searched
    row["bound"] = mix.bound
    return row


def _mix_dict(mix: Mix) -> dict[str, Any]:
    return {
        "name": mix.name,
        "creators": dict(mix.creators),
        "spend": dict(mix.spend),
        "committed": mix.committed,
        "efficient": mix.efficient,
        "checked": {name: entry.to_dict() for name, entry in mix.checked.items()},
        "searched": {"mean": mix.searched[0], "risk": mix.searched[1], "bound": mix.bound},
        "prices": [
            {"limit": p.limit, "at_margin": p.at_margin, "gain": p.gain.to_dict()}
            for p in mix.prices
        ],
    }

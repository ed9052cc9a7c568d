"""Which mix: the efficient set over lines for a budget, searched, bounded, checked on fresh worlds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...measures.worlds import as_dataset
from ...plan import make_plan
from ...plan.boosting import boosts
from ...vary.draw import draw, plainly
from ...vary.variant import line_names, on_terms, variant
from ..common import measure_of
from ..question import Setting
from ._answer import Frontier, Mix, Searched, coordinates, priced
from ._limits import KINDS, SPEND, Candidate, Limit, conflict, most_creators, read_limits
from ._prefixes import ladder, prefix_totals
from ._programs import Stops, worst_mean
from ._search import Choice, distinct_choices, loss_share, mean_profit, search_all

if TYPE_CHECKING:
    from . import FrontierOptions

Array = npt.NDArray[np.float64]

SEARCH_WORLDS, CHECK_WORLDS = 5_000, 20_000
#: Measures of the check.
_CHECKED = ("profit_mean", "profit_es05", "profit_median", "roi_mean", "roi_median", "roi_es05",
            "loss_probability", "cost_mean")  # fmt: skip
#: Whole numbers that the second pass tries on either side of a count of the first.
_AROUND = 4


def ask(
    setting: Setting,
    options: FrontierOptions,
    *,
    search_worlds: int = SEARCH_WORLDS,
    check_worlds: int = CHECK_WORLDS,
) -> Frontier:
    """Search the mixes of an experiment's lines that no other beats in both mean and risk.

    Lines are what the portfolios of the experiment hire: one for each different terms. Linear
    programs over the worlds (Rockafellar and Uryasev 2000) bound what is possible and point to
    where to search; the search takes whole creators, whose prefix totals keep the risk of two where
    two are hired. What comes of it is simulated again, with fixed costs and saturation, in worlds
    of another seed.

    Parameters
    ----------
    setting, options
        What is asked, and of what.
    search_worlds, check_worlds
        Worlds of the search, and fresh ones of the check.

    Raises
    ------
    ExperimentError
        For limits that cannot be read, and where they cannot all hold: which ones.
    """
    experiment, threads, risk = setting.experiment, setting.threads, options.risk
    points, spend = options.points, options.spend
    limits = {kind: getattr(options, kind) for kind in KINDS}
    candidates, amount = _candidates(experiment, options.budget)
    asked = read_limits(candidates, amount, experiment.costs.fixed, spend, limits, experiment.file)
    _check_feasible(experiment, asked)
    # What a limit forbids is simulated too, to say what the limit costs.
    most = [_beyond(count) for count in most_creators(candidates, asked[:1])]
    prices = np.array([c.price for c in candidates])
    first = {c.name: _stops_of(i, most[i], asked, []) for i, c in enumerate(candidates)}
    stops = prefix_totals(experiment, candidates, first, search_worlds, threads=threads)
    fixed = experiment.costs.fixed
    coarse = search_all(stops, asked, prices, risk, points, fixed)
    coarse_counts = [
        counts for item in coarse for counts in (stops.counts(item.taken), item.linear)
    ]
    second = {
        c.name: _stops_of(i, most[i], asked, [round(counts[i]) for counts in coarse_counts])
        for i, c in enumerate(candidates)
    }
    stops = prefix_totals(
        experiment, candidates, second, search_worlds, threads=threads, progress=setting.progress
    )
    fine = search_all(stops, asked, prices, risk, points, fixed)
    mixes = [
        _mix(k, item, stops, candidates, fixed, risk)
        for k, item in enumerate(distinct_choices(fine))
    ]
    alone = _alone(candidates, asked, stops, fixed, risk)
    checked = _check(experiment, candidates, [*mixes, *alone], check_worlds, threads)
    within = [mix for mix in checked if _holds(mix, candidates, asked)]
    checked = [
        replace(m, efficient=m in within and _is_efficient(m, within, risk)) for m in checked
    ]
    mixes, alone = _by_mean(checked[: len(mixes)]), checked[len(mixes) :]
    return Frontier(
        budget=amount,
        risk=risk,
        limits=tuple(limit.words for limit in asked),
        search_worlds=search_worlds,
        check_worlds=check_worlds,
        mixes=tuple(mixes),
        alone=tuple(alone),
        notes=tuple(_notes(experiment, risk, mixes)),
    )


# --- Settings -------------------------------------------------------------------------------------


def _candidates(experiment: Experiment, budget: float | None) -> tuple[list[Candidate], float]:
    """Return the lines that a mix may hold, and the money: by default the largest budget."""
    budgets = [p.budget for p in experiment.portfolio.values() if p.budget is not None]
    if budget is None and not budgets:
        fault = Fault("--budget", "is needed: no portfolio has one")
        raise ExperimentError(experiment.file, [fault])
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


def _stops_of(i: int, most: int, limits: Sequence[Limit], counts: Sequence[int]) -> list[int]:
    """Return the numbers of creators of a line to simulate, increasing, from 1 to `most`.

    They are a ladder, the numbers at which limits bind, and those around the counts of the first
    pass.
    """
    ends = [
        int(end / limit.weights[i])
        for limit in limits
        for end in (limit.low, limit.high)
        if limit.weights[i] > 0.0 and np.isfinite(end) and (limit.weights >= 0.0).all()
    ]
    near = [n + k for n in counts for k in range(-_AROUND, _AROUND + 1)]
    return sorted({n for n in [*ladder(most), *ends, *near] if 1 <= n <= most})


# --- Search ---------------------------------------------------------------------------------------


# --- Mixes ----------------------------------------------------------------------------------------


def _mix(
    k: int, item: Choice, stops: Stops, candidates: Sequence[Candidate], fixed: float, risk: str
) -> Mix:
    counts = stops.counts(item.taken)
    profit = item.taken @ stops.profit - fixed
    hired = [(c, int(n)) for c, n in zip(candidates, counts, strict=True) if n > 0.0]
    return Mix(
        name=f"mix {k + 1}",
        creators={c.name: n for c, n in hired},
        spend={c.name: float(c.price * n) for c, n in hired},
        committed=float(sum(c.price * n for c, n in zip(candidates, counts, strict=True))) + fixed,
        efficient=False,
        checked={},
        searched=Searched(
            mean_profit(profit),
            worst_mean(profit) if risk == "es05" else loss_share(profit, 0.0),
            None if item.bound is None else item.bound - fixed,
        ),
        prices=item.prices,
    )


def _alone(
    candidates: Sequence[Candidate],
    limits: Sequence[Limit],
    stops: Stops,
    fixed: float,
    risk: str,
) -> list[Mix]:
    """Return one mix per line that hires of it alone as many creators as the limits allow."""
    mixes = []
    most = most_creators(candidates, limits)
    for i, (candidate, count) in enumerate(zip(candidates, most, strict=True)):
        counts = np.zeros(len(candidates))
        counts[i] = count
        if count < 1 or not all(x.holds(counts) for x in limits if x.name != SPEND):
            continue
        place = stops.of_line(i)[np.searchsorted(stops.creators[stops.of_line(i)], count)]
        taken = np.zeros(len(stops.line))
        taken[place] = 1.0
        mix = _mix(0, Choice(taken, counts, None, ()), stops, candidates, fixed, risk)
        mixes.append(replace(mix, name=candidate.name))
    return mixes


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
            "boost": 0,
            "mix": {
                line: on_terms(terms[line]) | {"share": count / sum(mix.creators.values())}
                for line, count in mix.creators.items()
            },
        }
        for mix in mixes
    }
    seed = experiment.simulation.seed + 1
    fresh = variant(experiment, portfolios=portfolios, values={("simulation", "seed"): seed})
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
    mean, safety = coordinates(mix, risk)
    for other in others:
        more, safer = coordinates(other, risk)
        if more >= mean and safer >= safety and (more > mean or safer > safety):
            return False
    return True


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
    if boosts(experiment):
        notes.append("Boosting is left out: mixes are compared by what they bring without it.")
    notes += [priced(price) for mix in mixes[:1] for price in mix.prices]
    if any(niche.market is not None for niche in experiment.niche.values()):
        notes.append(
            "Audiences overlap between lines only in the check: the search adds lines up as if "
            "they did not."
        )
    return notes

"""Whom to hire of a list: each creator's forecast, the best set for a budget, what it is worth to see more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...engine import line as k
from ...engine.each import Followed, follow
from ...experiment import Experiment, ExperimentError, Fault
from ...experiment.faults import suggestion
from ...explain import believed
from ...measures import MEASURES, Estimate, Measured
from ...measures import functions as f
from ...measures.estimate import LIGHT, Sample, Tail
from ...measures.evaluate import measured
from ...measures.worlds import PortfolioWorlds, as_dataset
from ...plan import make_plan
from ...plan.each import each_of
from ...plan.tails import group_tails
from ...text.currency import currency
from ...text.names import listed
from ...text.numbers import FRACTION, counted, money
from ..common import unit_of
from ..question import Setting
from ._answer import RUNNER_UP, Creator, Judged, Pick, Pilot, Rival
from ._seeing import MOST_PILOTS, see_first
from ._sets import Members, Offer, On, offer_of, rank_sets

if TYPE_CHECKING:
    from . import PickOptions

Array = npt.NDArray[np.float64]

#: Worlds in all, half to choose on and half to judge on, and the fewest that are enough.
MOST_WORLDS, FEWEST_WORLDS = 2_000, 100
#: Sets that may have come close, and sets that are looked at for it.
MOST_CLOSE, _LOOKED_AT = 50, 200


def ask(setting: Setting, options: PickOptions) -> Pick:
    """Say whom of a roster to hire for a budget.

    At most `MOST_WORLDS` worlds, the first of the experiment's own. Sets are chosen on one half and
    judged on the other, so that the winner is not praised for luck. Profits of all creators in all
    these worlds are in memory, 0.3 MB for each creator; nothing of that size is written.

    Raises
    ------
    ExperimentError
        Where no portfolio has a roster, more have one than is said, or worlds are too few.
    """
    experiment = setting.experiment
    portfolio = _roster_of(experiment, options.portfolio)
    if options.budget <= experiment.costs.fixed:
        problem = f"is used up by `costs.fixed`, {money(experiment.costs.fixed)}; raise it"
        raise ExperimentError(experiment.file, [Fault("--budget", problem, options.budget)])
    worlds = _worlds_of(experiment)
    followed = follow(each_of(experiment, portfolio, worlds))
    half = worlds // 2
    choose, judge = slice(0, half), slice(half, 2 * half)
    offer = offer_of(followed, options.budget, choose)
    ranked = rank_sets(offer.part(choose), options.on, _LOOKED_AT)
    close = _close(offer.part(choose), ranked.sets, options.on)
    chosen = close[0]
    names = followed.each.plan.portfolios
    tails = _tails(experiment, followed)
    tail = reduce(and_, tails)
    judged = _judged(followed, offer, close, options.on, judge, ranked.exact, tail)
    best = max(options.best or len(chosen), 1)
    creators = _creators(experiment, portfolio, followed, offer, chosen, best, judge, tails)
    pilots: list[Pilot] = []
    if options.pilots and options.on == "profit_mean":
        some = _candidates(offer, close)
        seen = see_first(
            experiment, portfolio, followed, offer, chosen, some, (choose, judge), tail
        )
        pilots = [
            Pilot(
                names[one.creator],
                one.cost,
                measured(one.worth, currency()),
                measured(one.returns, currency()),
                measured(one.again, FRACTION),
            )
            for one in seen
        ]
    return Pick(
        portfolio=portfolio,
        budget=options.budget,
        on=options.on,
        worlds=worlds,
        k=best,
        creators=tuple(creators),
        chosen=tuple(names[i] for i in offer.in_order(chosen)),
        quoted=offer.cost(chosen) + offer.fixed * bool(chosen),
        judged=judged,
        pilots=tuple(pilots),
        notes=tuple(_notes(experiment, portfolio, followed, offer, close, ranked.exact, pilots)),
    )


def _roster_of(experiment: Experiment, asked: str | None) -> str:
    rosters = [name for name, one in experiment.portfolio.items() if one.roster is not None]
    if asked is not None and asked not in experiment.portfolio:
        problem = f"no such portfolio; {suggestion(asked, rosters or experiment.portfolio)}"
        raise ExperimentError(experiment.file, [Fault("--portfolio", problem, asked)])
    if not rosters or (asked is not None and asked not in rosters):
        problem = 'has no roster to pick from: name a file of creators, `roster = "creators.csv"`'
        key = f"portfolio.{asked or next(iter(experiment.portfolio))}"
        raise ExperimentError(experiment.file, [Fault(key, problem)])
    plain = [name for name in rosters if experiment.portfolio[name].stages is None]
    if asked is None and len(plain or rosters) > 1:
        problem = f"is needed where several portfolios have a roster: {listed(plain or rosters)}"
        raise ExperimentError(experiment.file, [Fault("--portfolio", problem)])
    name = asked or (plain or rosters)[0]
    if experiment.portfolio[name].stages is not None:
        problem = (
            "are for `sim run`, which tests the whole list and keeps the best; `sim pick` hires once "
            "and says what one post of each first is worth: give `posts` instead"
        )
        raise ExperimentError(experiment.file, [Fault(f"portfolio.{name}.stages", problem)])
    return name


def _worlds_of(experiment: Experiment) -> int:
    worlds = min(experiment.simulation.worlds, MOST_WORLDS)
    if worlds < FEWEST_WORLDS:
        problem = f"must be {FEWEST_WORLDS} or more to choose on one half and judge on the other"
        raise ExperimentError(experiment.file, [Fault("simulation.worlds", problem, worlds)])
    return worlds


def _tails(experiment: Experiment, followed: Followed) -> list[Tail]:
    """Return what the laws of each creator say of means of its profit."""
    plan, rows = followed.each.plan, followed.alone
    shown = ("expected_orders", "engagements", "impressions", "cost")
    worlds = as_dataset(plan.portfolios, {name: rows[name] for name in shown}, {})
    worlds.attrs["tails_json"] = json.dumps(group_tails(experiment, plan))
    return [PortfolioWorlds(worlds, name).tail("profit") for name in plan.portfolios]


def _measure(on: On) -> Callable[[Sample | Array], Estimate]:
    """Return the measure of profits in worlds."""
    if on == "loss_probability":
        return lambda profit: f.probability_below(profit, 0.0)
    row = MEASURES[on]
    return lambda profit: row.function(profit, **row.options)


def _gap(on: On, one: Array, other: Array, tail: Tail) -> Measured:
    """Return how much better one set does than another, paired: positive is better."""
    first, second = (_measure(on)(Sample(profit, tail)) for profit in (one, other))
    estimate = second - first if on == "loss_probability" else first - second
    if on == "profit_mean":
        # The mean of a difference is judged by its own tail, not by those of two large amounts.
        estimate = f.mean(Sample(one - other, tail))
    return measured(estimate, unit_of(on))


def _close(offer: Offer, sets: Sequence[Members], on: On) -> list[Members]:
    """Return the best set and those it cannot be told apart from; one other at least."""
    profit = offer.profits(sets)
    measure = _measure(on)(profit)
    influence = measure.influence - measure.influence[0]
    error = influence.std(axis=1) / math.sqrt(profit.shape[1])
    near = np.abs(measure.value - measure.value[0]) <= 2.0 * error
    near[:2] = True
    return [one for one, kept in zip(sets, near, strict=True) if kept][:MOST_CLOSE]


# --- Judged -----------------------------------------------------------------------------------------


def _judged(
    followed: Followed,
    offer: Offer,
    close: Sequence[Members],
    on: On,
    judge: slice,
    exact: bool,
    tail: Tail,
) -> Judged:
    names = followed.each.plan.portfolios
    there = offer.part(judge)

    def profits(sets: Sequence[Members]) -> Array:
        if offer.acting is None:
            return there.profits(sets)
        return np.array([_accounted(followed, offer, members)[judge] for members in sets])

    rows = profits(close)
    own = rows[0]
    others = rows[1:].max(axis=0) if len(rows) > 1 else own
    rivals = [(RUNNER_UP, close[1])] if len(close) > 1 else []
    rivals += _naive(followed, offer)
    beside = profits([members for _, members in rivals]) if rivals else np.empty((0, own.size))
    everybody = there.hired(close[0]).all(axis=0) if close[0] else np.ones(own.size, bool)
    return Judged(
        worlds=own.size,
        value=measured(_measure(on)(Sample(own, tail)), unit_of(on)),
        profit_mean=measured(f.mean(Sample(own, tail)), currency()),
        profit_median=measured(f.median(own), currency()),
        loss_probability=measured(f.probability_below(own, 0.0), FRACTION),
        rivals=tuple(
            Rival(
                rule,
                tuple(names[i] for i in offer.in_order(members)),
                measured(_measure(on)(Sample(profit, tail)), unit_of(on)),
                _gap(on, own, profit, tail),
            )
            for (rule, members), profit in zip(rivals, beside, strict=True)
        ),
        close=len(close),
        best_share=measured(f.probability_at_least(own - others, 0.0), FRACTION),
        regret=measured(f.mean(Sample(rows.max(axis=0) - own, tail)), currency()),
        exact=exact,
        all_hired=measured(f.probability_at_least(everybody.astype(float), 1.0), FRACTION),
    )


def _accounted(followed: Followed, offer: Offer, members: Members) -> Array:
    """Return the profit of a set in every world, its members accounted for as one portfolio."""
    if not members:
        return np.zeros(followed.worlds)
    profit: Array = followed.together(members, offer.hired(members))["profit"]
    return profit - offer.fixed


def _naive(followed: Followed, offer: Offer) -> list[tuple[str, Members]]:
    """Return what rules of thumb hire for the budget: down a list, whoever still fits."""
    people = followed.each.people
    followers = np.array([row.followers for row in people])
    rates = np.array([row.engagement_rate for row in people])
    rules = {
        "most followers": -followers,
        "cheapest per follower": offer.expected / followers,
    }
    if not np.isnan(rates).all():
        rules["highest engagement rate"] = np.where(np.isnan(rates), math.inf, -rates)
    sets = []
    for rule, ranks in rules.items():
        members: list[int] = []
        for i in np.argsort(ranks, kind="stable").tolist():
            if math.isfinite(ranks[i]) and offer.fits(
                offer.cost(tuple(members)) + offer.expected[i]
            ):
                members.append(i)
        sets.append((rule, tuple(sorted(members))))
    return sets


# --- Each creator -----------------------------------------------------------------------------------


def _creators(
    experiment: Experiment,
    portfolio: str,
    followed: Followed,
    offer: Offer,
    chosen: Members,
    best: int,
    judge: slice,
    tails: Sequence[Tail],
) -> list[Creator]:
    rows, names = followed.alone, followed.each.plan.portfolios
    place = np.empty(offer.profit.shape, dtype=np.int64)
    order = np.argsort(-offer.profit, axis=0, kind="stable")
    np.put_along_axis(place, order, np.arange(offer.creators)[:, None], axis=0)
    ceilings = _ceilings(followed, offer, chosen, judge, tails)
    known = {one.name: one for one in believed(experiment, portfolio, followed)}
    creators = [
        Creator(
            name=name,
            chosen=i in chosen,
            profit=measured(f.mean(Sample(offer.profit[i], tails[i])), currency()),
            profit_median=measured(f.median(offer.profit[i]), currency()),
            orders=measured(f.mean(Sample(rows["orders"][i], tails[i])), "orders"),
            loss_probability=measured(f.probability_below(offer.profit[i], 0.0), FRACTION),
            best_k=measured(f.probability_below(place[i].astype(float), best), FRACTION),
            ceiling_price=ceilings[i],
            quote=float(offer.expected[i]),
            known=known[name],
        )
        for i, name in enumerate(names)
    ]
    return sorted(creators, key=lambda one: -(one.profit.value or 0.0))


def _ceilings(
    followed: Followed, offer: Offer, chosen: Members, judge: slice, tails: Sequence[Tail]
) -> list[Measured]:
    """Return the fee per post at which hiring a creator adds nothing to the mean profit of the rest."""
    there = offer.part(judge)
    rest = [tuple(j for j in chosen if j != i) for i in range(offer.creators)]
    beside = [tuple(sorted((*members, i))) for i, members in enumerate(rest)]
    without = dict(zip(set(rest), there.profits(list(set(rest)), capped=False), strict=True))
    with_them = there.profits(beside, capped=False)
    unit = f"{currency()} per post"
    ceilings = []
    for i, work in enumerate(followed.each.plan.works):
        per_usd = np.full(followed.worlds, work.dues[1])
        if work.fee_on_delivery:
            per_usd = per_usd * followed.sums[i][0, k.DELIVERED]
        per_usd = per_usd[judge]
        if not per_usd.any():
            ceilings.append(Measured(None, None, unit, "no fee is paid"))
            continue
        added = with_them[i] - without[rest[i]] + followed.fees[i, judge] * per_usd
        ceiling = measured(f.ratio_of_means(Sample(added, tails[i]), Sample(per_usd, LIGHT)), unit)
        if ceiling.value is not None and ceiling.value < 0.0:
            ceiling = Measured(0.0, None, unit, "costs more than it brings at any fee")
        ceilings.append(ceiling)
    return ceilings


def _candidates(offer: Offer, close: Sequence[Members]) -> list[int]:
    """Return whom a pilot might show: members of the sets that came close, most profitable first."""
    members = {i for one in close for i in one}
    return sorted(members, key=lambda i: -float(offer.means[i]))[:MOST_PILOTS]


# --- Words ------------------------------------------------------------------------------------------


def _notes(
    experiment: Experiment,
    portfolio: str,
    followed: Followed,
    offer: Offer,
    close: Sequence[Members],
    exact: bool,
    pilots: Sequence[Pilot],
) -> list[str]:
    notes = [
        (
            "Chosen on one half of the worlds and judged on the other; each creator's own figures "
            "are those of all worlds, hired alone."
        ),
        (
            "A ceiling price is the fee per post at which hiring a creator adds nothing to the mean "
            "profit of the rest of the set."
        ),
    ]
    if not exact:
        notes.append(
            "The set was searched by exchanges, one in and one out: another may be better still."
        )
    if not offer.certain:
        notes.append(
            "Fees that are not known are drawn: a set fits where its expected quotes do, and in each "
            "world whoever no longer fits into the budget is not hired."
        )
    if offer.fixed:
        notes.append(
            f"The fixed cost of {money(offer.fixed)} is paid from the budget, once; no creator's "
            "own profit bears it."
        )
    if any(line.boost for line in make_plan(experiment).lines if line.portfolio == portfolio):
        notes.append(
            "Boosting is left out: it is spent on whoever posts best, once they are hired."
        )
    if offer.acting is not None:
        notes.append("Audiences overlap or incidents spill over: a set brings less than its parts.")
    if pilots:
        notes.append(
            "Seeing somebody first is one post at that creator's own quote, its orders counted; what "
            "is left of the budget goes where its orders and engagements point. The rule is judged "
            "in worlds that it has not seen, so its worth is on the low side."
        )
    if len(close) == MOST_CLOSE:
        notes.append(f"More than {counted(MOST_CLOSE, 'set')} came close; the best of them count.")
    return notes

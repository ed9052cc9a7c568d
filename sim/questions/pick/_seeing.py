"""What it is worth to see one post of a creator before the money is spent.

A pilot is one post at that creator's own quote, in the same season and by the same person; its
orders count. What is left of the budget then goes to the set that its tracked orders and engagements
speak for. The rule that reads them is a regression fitted on one half of the worlds and judged on
the other (Strong, Oakley, Brennan and Breeze 2015), so it errs on the low side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...engine import line as k
from ...engine.each import Followed, follow
from ...experiment import Experiment
from ...measures import Estimate
from ...measures import functions as f
from ...measures.estimate import Sample, Tail
from ...plan.each import each_of
from ...plan.hiring import charged_for
from ..worth.evppi import Additive
from ._sets import Acting, Members, Offer, acting_of, rank_sets

Array = npt.NDArray[np.float64]

#: Creators that are tried, and sets that the money left may go to.
MOST_PILOTS, _OPTIONS = 12, 6


@dataclass(frozen=True)
class Seen:
    """A pilot of one creator.

    Attributes
    ----------
    creator
        Which one.
    cost
        USD of its expected quote.
    worth
        USD of profit over hiring the best set at once, the pilot paid and its orders counted.
    returns
        USD of profit that the pilot's own post brings.
    again
        Share of worlds in which the creator is hired again.
    """

    creator: int
    cost: float
    worth: Estimate
    returns: Estimate
    again: Estimate


def see_first(
    experiment: Experiment,
    portfolio: str,
    followed: Followed,
    offer: Offer,
    chosen: Members,
    candidates: Sequence[int],
    halves: tuple[slice, slice],
    tail: Tail,
) -> list[Seen]:
    """Return the pilots that the budget can pay, the best first.

    Parameters
    ----------
    experiment, portfolio, followed, offer
        The roster and what a budget may hire of it.
    chosen
        The set that is hired where nobody is seen first.
    candidates
        Creators who may be seen first.
    halves
        Worlds to choose on, and worlds to judge on.
    tail
        What the laws say of means of profit.
    """
    plan = followed.each.plan
    costs = {i: _quote(experiment, followed, i) for i in candidates}
    offered = [i for i in candidates if offer.fits(costs[i])]
    if not offered:
        return []
    posts = experiment.portfolio[portfolio].posts
    names = [plan.portfolios[i] for i in offered]
    piloted = follow(each_of(experiment, portfolio, followed.worlds, stages=(1, posts), only=names))
    at = {name: row for row, name in enumerate(piloted.each.plan.portfolios)}
    base = offer.part(halves[1]).profits([chosen])[0]
    seen = [
        _of_one(offer, piloted, at[plan.portfolios[i]], i, costs[i], base, halves, tail)
        for i in offered
    ]
    return sorted(seen, key=lambda one: -float(one.worth.value))


def _quote(experiment: Experiment, followed: Followed, i: int) -> float:
    """Return the USD that one post of a creator is expected to commit."""
    line, work = followed.each.plan.lines[i], followed.each.plan.works[i]
    always, by_fee, *_ = charged_for(experiment, replace(line.terms, posts=1))
    own = followed.sums[i][0]
    fee = by_fee * float(followed.fees[i].mean()) if by_fee > 0.0 else 0.0
    _, _, by_hours, by_goods = work.dues
    return always + fee + float((by_hours * own[k.HOURS] + by_goods * own[k.GOODS]).mean())


def _of_one(
    offer: Offer,
    piloted: Followed,
    row: int,
    i: int,
    cost: float,
    base: Array,
    halves: tuple[slice, slice],
    tail: Tail,
) -> Seen:
    choose, judge = halves
    sums, (first, further) = piloted.sums[row], piloted.alone["profit"][2 * row : 2 * row + 2]
    # What is left, with the creator's further posts in the place of its posts.
    left = replace(offer, budget=offer.budget - cost, profit=_with(offer.profit, i, further))
    if offer.acting is not None:
        own = acting_of(piloted, stage=1)
        left = replace(left, acting=_acting_with(offer.acting, i, own, row))
    options = _options(left.part(choose), i)
    # The fixed cost is due with the pilot, whoever is hired after it.
    due = left.fixed * np.array([not members for members in options])
    profit = left.profits(options) - due[:, None]
    profit = np.concatenate([profit[:, choose], profit[:, judge]], axis=1)
    shown = np.log([np.floor(sums[0, k.NOTICED]) + 0.5, sums[0, k.ENGAGEMENTS] + 0.5])
    shown = np.concatenate([shown[:, choose], shown[:, judge]], axis=1)
    judged = slice(choose.stop - choose.start, profit.shape[1])
    taken = Additive(shown).foretell(judged, profit - profit[0]).argmax(axis=0)
    earned = np.take_along_axis(profit[:, judged], taken[None], axis=0)[0] + first[judge]
    again = np.array([i in members for members in options])[taken]
    return Seen(
        i,
        cost,
        f.mean(Sample(earned - base, tail)),
        f.mean(Sample(first[judge], tail)),
        f.probability_at_least(again.astype(float), 1.0),
    )


def _options(left: Offer, i: int) -> list[Members]:
    """Return the best sets for the money left, the best with and without the creator among them."""
    ranked = rank_sets(left, "profit_mean", 10 * _OPTIONS, thorough=False).sets
    kept = list(ranked[:_OPTIONS])
    for there in (True, False):
        other = next((one for one in ranked if (i in one) == there), None)
        if other is not None and other not in kept:
            kept.append(other)
    return kept or [()]


def _with(rows: Array, i: int, own: Array) -> Array:
    result = rows.copy()
    result[i] = own
    return result


def _acting_with(acting: Acting, i: int, own: Acting, row: int) -> Acting:
    def rows(name: str) -> Array:
        return _with(getattr(acting, name), i, getattr(own, name)[row])

    return replace(
        acting,
        gross=rows("gross"),
        cost=rows("cost"),
        reach=rows("reach"),
        exposure=rows("exposure"),
        expected=rows("expected"),
        log_spill=rows("log_spill"),
    )

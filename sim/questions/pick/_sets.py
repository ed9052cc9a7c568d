"""What a set of creators brings for a budget, and the sets that bring most.

Quotes are known before anybody is hired, so no world commits more than the budget: a set fits where
its expected quotes do, and in each world its creators are hired from the most profitable per USD
on, without whoever no longer fits there. Where every quote is known nobody drops out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...engine import line as k
from ...engine.audience import kept_share, unique_reach
from ...engine.each import Followed
from ...plan import NicheTerms

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Members = tuple[int, ...]
On = Literal["profit_mean", "profit_median", "profit_p05", "profit_es05", "loss_probability"]

#: Creators up to which every set is tried.
ALL_SETS = 12
#: Share of a budget by which quotes in single precision may pass it.
_ROUNDING = 1e-6
#: Neighbours of a set that are tried: all up to here, or those of the highest mean profit; fewer
#: where each has to be accounted for by itself.
_NEIGHBOURS, _FEW_NEIGHBOURS = 4_000, 300
#: Exchanges at most.
_ROUNDS, _FEW_ROUNDS = 50, 2
#: Creators by which a set grows at most, one at a time.
_MOST_GROWN = 40
#: Sets whose worlds are in memory at once.
_AT_ONCE = 500
#: How many of the best sets lend their neighbours to those that come close, one for so many sets.
_LENT = 50
#: Steps after which the search for a knapsack's best ends with the best that it met.
_MOST_STEPS = 200_000


# --- What a set brings ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acting:
    """What creators do to one another: their audiences overlap, and incidents spill over.

    Attributes
    ----------
    gross
        Shape (N, W): contribution less costs that go by orders, before duplicated reach and spilled
        incidents take their share.
    cost
        Shape (N, W): all other cost.
    reach, exposure, expected
        Shape (N, W): see `engine.audience`.
    log_spill
        Shape (N, W): log of what the incidents of a creator leave of all orders.
    niche
        Shape (N,): which of `niches` is a creator's.
    niches
        Their terms.
    """

    gross: Array
    cost: Array
    reach: Array
    exposure: Array
    expected: Array
    log_spill: Array
    niche: Ints
    niches: tuple[NicheTerms, ...]

    def part(self, worlds: slice) -> Acting:
        """Return the same in some of the worlds."""
        names = ("gross", "cost", "reach", "exposure", "expected", "log_spill")
        return replace(self, **{name: getattr(self, name)[:, worlds] for name in names})

    def profit(self, there: Ints, added: Callable[[Array, Ints], Array]) -> Array:
        """Return the profit of a set in each world.

        Parameters
        ----------
        there
            Its members.
        added
            Adds up rows over some of the members, given by their places among them.
        """
        everybody = np.arange(len(there))
        total: Array | float = 0.0
        for n, terms in enumerate(self.niches):
            own = np.flatnonzero(self.niche[there] == n)
            if not len(own):
                continue
            exposure = added(self.exposure, own)
            unique = unique_reach(added(self.reach, own), exposure, terms.market, terms.overlap)
            kept = kept_share(terms, unique, exposure, added(self.expected, own))
            total = total + kept * added(self.gross, own)
        left = np.exp(added(self.log_spill, everybody))
        return np.asarray(left * total - added(self.cost, everybody))


@dataclass(frozen=True)
class Offer:
    """Named creators and a budget, in some worlds.

    Attributes
    ----------
    profit
        Shape (N, W), USD of each creator hired alone, the fixed cost aside.
    quotes
        Shape (N, W), USD that each commits.
    expected
        Shape (N,), mean quotes over all worlds.
    order
        Shape (N,): who is asked first.
    budget
        USD for creators, the fixed cost paid.
    fixed
        USD that hiring anybody costs once.
    acting
        What creators do to one another; None where what they bring adds up.
    """

    profit: Array
    quotes: Array
    expected: Array
    order: Ints
    budget: float
    fixed: float
    acting: Acting | None

    @property
    def creators(self) -> int:
        """Number of creators."""
        return len(self.profit)

    def part(self, worlds: slice) -> Offer:
        """Return the same in some of the worlds."""
        return replace(
            self,
            profit=self.profit[:, worlds],
            quotes=self.quotes[:, worlds],
            acting=None if self.acting is None else self.acting.part(worlds),
        )

    @cached_property
    def certain(self) -> bool:
        """Whether every quote is known."""
        return bool((np.ptp(self.quotes, axis=1) <= _ROUNDING * self.expected).all())

    @cached_property
    def means(self) -> Array:
        """Mean profit of each creator alone, shape (N,)."""
        return np.asarray(self.profit.mean(axis=1))

    def fits(self, cost: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return whether some expected quotes fit into the budget."""
        return np.asarray(np.asarray(cost) <= self.budget * (1.0 + _ROUNDING))

    def cost(self, members: Members) -> float:
        """Return the expected quotes of a set, USD."""
        return float(self.expected[list(members)].sum())

    def mean(self, members: Members) -> float:
        """Return the sum of the mean profits of a set, USD."""
        return float(self.means[list(members)].sum())

    def in_order(self, members: Members) -> list[int]:
        """Return the members in the order in which they are asked."""
        return sorted(members, key=self._place.__getitem__)

    @cached_property
    def _place(self) -> dict[int, int]:
        return {int(i): place for place, i in enumerate(self.order)}

    def hired(self, members: Members) -> Array:
        """Return who of a set is hired in which world: 1 or 0, shape (members, W)."""
        result = np.ones((len(members), self.quotes.shape[1]))
        if self.certain:
            return result
        at = {i: row for row, i in enumerate(members)}
        spent = np.zeros(self.quotes.shape[1])
        for i in self.in_order(members):
            fits = spent + self.quotes[i] <= self.budget * (1.0 + _ROUNDING)
            spent += fits * self.quotes[i]
            result[at[i]] = fits
        return result

    def profits(self, sets: Sequence[Members], *, capped: bool = True) -> Array:
        """Return the profit of sets in each world, shape (sets, W); nobody costs nothing.

        Orders that overlap and incidents take are taken in proportion, which leaves every mean as
        it is; `capped` says whether a world hires only whom its quotes allow.
        """
        result = np.empty((len(sets), self.quotes.shape[1]))
        for row, members in zip(result, sets, strict=True):
            there = np.array(members, dtype=np.int64)
            hired = None if self.certain or not capped else self.hired(members)
            row[:] = self._together(there, hired) - self.fixed * bool(members)
        return result

    def _together(self, there: Ints, hired: Array | None) -> Array:
        """Return the profit of members before the fixed cost, where some are hired in some worlds."""

        def added(rows: Array, of: Ints) -> Array:
            if hired is None:
                return np.asarray(rows[there[of]].sum(axis=0))
            return np.asarray((rows[there[of]] * hired[of]).sum(axis=0))

        if self.acting is None:
            return added(self.profit, np.arange(len(there)))
        return self.acting.profit(there, added)


def offer_of(followed: Followed, budget: float, chosen_on: slice) -> Offer:
    """Return what a budget may hire; who is asked first is decided in some of the worlds."""
    rows, quotes = followed.alone, followed.row(k.COMMITTED)
    expected = quotes.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_usd = rows["profit"][:, chosen_on].mean(axis=1) / expected
    fixed = followed.each.fixed
    return Offer(
        profit=rows["profit"],
        quotes=quotes,
        expected=expected,
        order=np.argsort(-np.nan_to_num(per_usd), kind="stable"),
        budget=budget - fixed,
        fixed=fixed,
        acting=acting_of(followed) if followed.interacting else None,
    )


def acting_of(followed: Followed, stage: int = 0) -> Acting:
    """Return what creators do to one another, of a stage if there are such."""
    plan = followed.each.plan
    at = [i for i, line in enumerate(plan.lines) if line.stage == stage]
    names = sorted({plan.lines[i].terms.niche for i in at})
    rows = {
        name: followed.alone[name][at]
        for name in ("contribution", "profit", "line_cost_by_orders", "line_kept")
    }
    by_orders, kept = rows["contribution"] - rows["line_cost_by_orders"], rows["line_kept"]
    spill = np.minimum(plan.spill[at], 1.0 - 1e-12)[:, None]
    return Acting(
        gross=np.divide(by_orders, kept, out=np.zeros(kept.shape), where=kept > 0.0),
        cost=by_orders - rows["profit"],
        reach=followed.row(k.REACH, stage),
        exposure=followed.row(k.EXPOSURE, stage),
        expected=followed.row(k.EXPECTED_ORDERS, stage),
        log_spill=followed.row(k.INCIDENTS, stage) * np.log1p(-spill),
        niche=np.array([names.index(plan.lines[i].terms.niche) for i in at]),
        niches=tuple(plan.niches[name] for name in names),
    )


# --- What is best -----------------------------------------------------------------------------------


def score(profit: Array, on: On) -> Array:
    """Return how good profits over the last axis are: larger is better."""
    if on == "profit_mean":
        return np.asarray(profit.mean(axis=-1))
    if on == "profit_es05":
        count = max(math.ceil(0.05 * profit.shape[-1]), 1)
        worst = np.partition(profit, count - 1, axis=-1)[..., :count]
        return np.asarray(worst.mean(axis=-1))
    if on == "loss_probability":
        return np.asarray(-(profit < 0.0).mean(axis=-1))
    return np.asarray(np.quantile(profit, 0.5 if on == "profit_median" else 0.05, axis=-1))


#: How good a set is: by the measure, and by the mean where that ties.
Score = tuple[float, float]
_NOTHING: Score = (-math.inf, 0.0)


def scores_of(profit: Array, on: On) -> list[Score]:
    """Return how good each row of profits is."""
    return list(zip(score(profit, on).tolist(), profit.mean(axis=-1).tolist(), strict=True))


@dataclass(frozen=True)
class Ranked:
    """Sets from the best on.

    Attributes
    ----------
    sets
        Members of each, increasing.
    exact
        Whether no other set of the worlds searched is better than the first.
    """

    sets: tuple[Members, ...]
    exact: bool


def rank_sets(offer: Offer, on: On, most: int, *, thorough: bool = True) -> Ranked:
    """Return the best sets that fit into the budget, the first `most` of those that were tried.

    Up to `ALL_SETS` creators every set is tried. Beyond, the best by mean profit is a knapsack, solved
    exactly where all quotes are known and creators do not act on one another; otherwise, and for
    other measures, the better of it and of a greedy set is improved by exchanges (one in, one out,
    one for one) until none helps.

    Parameters
    ----------
    offer
        In the worlds to choose on.
    on
        What is best.
    most
        Sets to return.
    thorough
        Whether the search goes on until nothing helps; else it starts at the knapsack and takes
        `_FEW_ROUNDS` exchanges at most.
    """
    able = [i for i in range(offer.creators) if offer.fits(offer.expected[i])]
    adds_up = on == "profit_mean" and offer.acting is None and offer.certain
    scores: dict[Members, Score] = {} if on == "loss_probability" and able else {(): (0.0, 0.0)}

    def tried(sets: Sequence[Members]) -> None:
        fresh = [one for one in dict.fromkeys(sets) if one and one not in scores]
        if adds_up:
            means = [offer.mean(one) - offer.fixed for one in fresh]
            scores.update(zip(fresh, zip(means, means, strict=True), strict=True))
            return
        for start in range(0, len(fresh), _AT_ONCE):
            some = fresh[start : start + _AT_ONCE]
            scores.update(zip(some, scores_of(offer.profits(some), on), strict=True))

    exact = len(able) <= ALL_SETS
    if exact:
        tried(list(_every_set(offer, able)))
    else:
        best, whole = knapsack(offer, able)
        exact = adds_up and whole
        tried([best])
        if not exact:
            grown = _greedy(offer, able, on) if thorough else []
            tried(grown)
            rounds = _ROUNDS if thorough else _FEW_ROUNDS
            for start in dict.fromkeys([best, *sorted(grown, key=scores.__getitem__)[-1:]]):
                _exchange(offer, able, start, tried, scores, rounds)
        for one in _best(scores, max(most // _LENT, 1)):
            tried(_neighbours(offer, able, one))
    return Ranked(tuple(_best(scores, most)), exact)


def _best(scores: dict[Members, Score], most: int) -> list[Members]:
    best = sorted(scores, key=lambda one: (len(one), one))
    return sorted(best, key=lambda one: scores[one], reverse=True)[:most]


def _every_set(offer: Offer, able: Sequence[int]) -> Iterator[Members]:
    for size in range(1, len(able) + 1):
        for members in combinations(able, size):
            if offer.fits(offer.cost(members)):
                yield members


def knapsack(offer: Offer, able: Sequence[int]) -> tuple[Members, bool]:
    """Return the set of the highest sum of mean profits whose expected quotes fit, and whether it is.

    Branch and bound in depth first, the most profit per USD first, bounded by what the rest of the
    budget would bring at the next one's profit per USD (Horowitz and Sahni 1974; Dantzig 1957).
    """
    gains = [i for i in able if offer.means[i] > 0.0]
    with np.errstate(divide="ignore"):
        gains.sort(key=lambda i: -float(offer.means[i]) / max(float(offer.expected[i]), 1e-300))
    worth, cost = (rows[gains].tolist() for rows in (offer.means, offer.expected))
    best: list[int] = []
    reached, steps = 0.0, 0
    taken: list[int] = []
    left, total, at = offer.budget * (1.0 + _ROUNDING), 0.0, 0
    while True:
        steps += 1
        # What the rest could bring, the last of it in part.
        room, bound, j = left, total, at
        while j < len(gains) and cost[j] <= room:
            room -= cost[j]
            bound += worth[j]
            j += 1
        whole = j
        if j < len(gains):
            bound += worth[j] * room / cost[j]
        if bound > reached * (1.0 + 1e-12) and steps <= _MOST_STEPS:
            for i in range(at, whole):
                taken.append(i)
                left -= cost[i]
                total += worth[i]
            if total > reached:
                best, reached = list(taken), total
            at = whole + 1
            if at < len(gains):
                continue
        if steps > _MOST_STEPS or not taken:
            break
        # Back to the last one taken: without it.
        gone = taken.pop()
        left += cost[gone]
        total -= worth[gone]
        at = gone + 1
    return tuple(sorted(gains[i] for i in best)), steps <= _MOST_STEPS


def _greedy(offer: Offer, able: Sequence[int], on: On) -> list[Members]:
    """Return sets that grow by the creator with whom the set is best, while one fits."""
    grown: list[Members] = []
    members: Members = ()
    while True:
        more = [
            tuple(sorted((*members, i)))
            for i in able
            if i not in members and offer.fits(offer.cost(members) + offer.expected[i])
        ]
        if not more or len(grown) == _MOST_GROWN:
            return grown
        scores = scores_of(offer.profits(more), on)
        members = more[max(range(len(more)), key=lambda i: scores[i])]
        grown.append(members)


def _exchange(
    offer: Offer,
    able: Sequence[int],
    start: Members,
    tried: Callable[[Sequence[Members]], None],
    scores: dict[Members, Score],
    rounds: int,
) -> None:
    """Go from a set to its best neighbour until none is better."""
    best = start
    for _ in range(rounds):
        near = _neighbours(offer, able, best)
        tried(near)
        top = max((best, *near), key=lambda one: scores.get(one, _NOTHING))
        if top == best:
            return
        best = top


def _neighbours(offer: Offer, able: Sequence[int], members: Members) -> list[Members]:
    """Return the sets one exchange away that fit, those of the highest sum of means first."""
    most = _NEIGHBOURS if offer.acting is None and offer.certain else _FEW_NEIGHBOURS
    out = np.array([i for i in able if i not in members], dtype=np.int64)
    kept = [tuple(i for i in members if i != gone) for gone in (None, *members)]
    # Row by row: nobody leaves, then each member does; the first column brings nobody in.
    cost = np.array([offer.cost(one) for one in kept])[:, None] + np.r_[0.0, offer.expected[out]]
    mean = np.array([offer.mean(one) for one in kept])[:, None] + np.r_[0.0, offer.means[out]]
    mean[~offer.fits(cost)] = -math.inf
    mean[0, 0] = -math.inf
    best = np.argsort(-mean, axis=None, kind="stable")[:most]
    return [
        tuple(sorted((*kept[row], int(out[column - 1])))) if column else kept[row]
        for row, column in zip(*np.unravel_index(best, mean.shape), strict=True)
        if mean[row, column] > -math.inf
    ]

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
Members = tuple[int, ...]
On = Literal["profit_mean", "profit_median", "profit_p05", "profit_es05", "loss_probability"]

#: Creators up to which every set is tried.
ALL_SETS = 12
#: Share of a budget by which quotes in single precision may pass it.
_ROUNDING = 1e-6
#: Neighbours of a set that are tried: all up to here, or those of the highest mean profit; fewer
#: where each has to be accounted for by itself.
_NEIGHBOURS, _FEW_NEIGHBOURS = 4_000, 300
_ROUNDS = 50
#: Sets whose worlds are in memory at once.
_AT_ONCE = 500
#: How many of the best sets lend their neighbours to those that come close.
_LENDING = 4


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
    niche: npt.NDArray[np.int64]
    niches: tuple[NicheTerms, ...]

    def part(self, worlds: slice) -> Acting:
        """Return the same in some of the worlds."""
        names = ("gross", "cost", "reach", "exposure", "expected", "log_spill")
        return replace(self, **{name: getattr(self, name)[:, worlds] for name in names})

    def profit(self, added: Callable[[Array, npt.NDArray[np.int64]], Array]) -> Array:
        """Return the profit of sets, given what adds up a row over the members among some creators."""
        everybody = np.arange(len(self.niche))
        total: Array | float = 0.0
        for n, terms in enumerate(self.niches):
            own = np.flatnonzero(self.niche == n)
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
    order: npt.NDArray[np.int64]
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

    def in_order(self, members: Members) -> list[int]:
        """Return the members in the order in which they are asked."""
        place = np.empty(self.creators, dtype=np.int64)
        place[self.order] = np.arange(self.creators)
        return sorted(members, key=lambda i: int(place[i]))

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
        if capped and not self.certain:
            rows = [self._of_one(members) for members in sets]
        else:
            rows = [
                self._of_many(sets[start : start + _AT_ONCE])
                for start in range(0, len(sets), _AT_ONCE)
            ]
        result = np.concatenate(rows) if rows else np.empty((0, self.profit.shape[1]))
        anybody = np.array([bool(members) for members in sets])
        return np.asarray(result - self.fixed * anybody[:, None])

    def _of_one(self, members: Members) -> Array:
        there, hired = np.array(members, dtype=np.int64), self.hired(members)

        def added(row: Array, own: npt.NDArray[np.int64]) -> Array:
            of_niche = np.isin(there, own)
            return np.asarray((row[there[of_niche]] * hired[of_niche]).sum(axis=0, keepdims=True))

        if self.acting is None:
            return added(self.profit, there)
        return self.acting.profit(added)

    def _of_many(self, sets: Sequence[Members]) -> Array:
        there = np.zeros((len(sets), self.creators))
        for row, members in zip(there, sets, strict=True):
            row[list(members)] = 1.0
        if self.acting is None:
            return np.asarray(there @ self.profit)
        return self.acting.profit(lambda row, own: there[:, own] @ row[own])


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
    """Return how good profits over the last axis are: larger is better, ties go by the mean."""
    mean = profit.mean(axis=-1)
    if on == "profit_mean":
        return np.asarray(mean)
    tied = 1e-9 * mean
    if on == "profit_es05":
        count = max(math.ceil(0.05 * profit.shape[-1]), 1)
        worst = np.partition(profit, count - 1, axis=-1)[..., :count]
        return np.asarray(worst.mean(axis=-1) + tied)
    if on == "loss_probability":
        scale = np.abs(profit).max(initial=1.0)
        return np.asarray(-(profit < 0.0).mean(axis=-1) + tied / scale)
    level = 0.5 if on == "profit_median" else 0.05
    return np.asarray(np.quantile(profit, level, axis=-1) + tied)


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


def rank_sets(offer: Offer, on: On, most: int) -> Ranked:
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
    """
    able = [i for i in range(offer.creators) if offer.fits(offer.expected[i])]
    empty_counts = on != "loss_probability"
    scores: dict[Members, float] = {(): 0.0} if empty_counts or not able else {}

    def tried(sets: Sequence[Members]) -> None:
        fresh = [one for one in dict.fromkeys(sets) if one and one not in scores]
        for start in range(0, len(fresh), _AT_ONCE):
            some = fresh[start : start + _AT_ONCE]
            scores.update(zip(some, score(offer.profits(some), on).tolist(), strict=True))

    exact = len(able) <= ALL_SETS
    if exact:
        tried(list(_every_set(offer, able)))
    else:
        best = knapsack(offer, able)
        tried([best, *_greedy(offer, able, on)])
        exact = on == "profit_mean" and offer.acting is None and offer.certain
        if not exact:
            _exchange(offer, able, tried, scores)
        for one in _best(scores, _LENDING):
            tried(_neighbours(offer, able, one))
    return Ranked(tuple(_best(scores, most)), exact)


def _best(scores: dict[Members, float], most: int) -> list[Members]:
    return sorted(scores, key=lambda one: (-scores[one], len(one), one))[:most]


def _every_set(offer: Offer, able: Sequence[int]) -> Iterator[Members]:
    for size in range(1, len(able) + 1):
        for members in combinations(able, size):
            if offer.fits(offer.cost(members)):
                yield members


def knapsack(offer: Offer, able: Sequence[int]) -> Members:
    """Return the set of the highest sum of mean profits whose expected quotes fit."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    gains = [i for i in able if offer.means[i] > 0.0]
    if not gains:
        return ()
    scale = max(offer.budget, 1e-9)
    solved = milp(
        -offer.means[gains] / np.abs(offer.means[gains]).max(),
        integrality=np.ones(len(gains)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(offer.expected[gains][None] / scale, ub=1.0 + _ROUNDING),
        options={"mip_rel_gap": 0.0},
    )
    taken = np.zeros(len(gains)) if solved.x is None else solved.x
    members = tuple(i for i, x in zip(gains, taken, strict=True) if x > 0.5)
    return members if offer.fits(offer.cost(members)) else ()


def _greedy(offer: Offer, able: Sequence[int], on: On) -> list[Members]:
    """Return sets that grow by the creator who helps most, until none helps."""
    grown: list[Members] = []
    members: Members = ()
    reached = -math.inf if on == "loss_probability" else 0.0
    while True:
        more = [
            tuple(sorted((*members, i)))
            for i in able
            if i not in members and offer.fits(offer.cost(members) + offer.expected[i])
        ]
        if not more:
            return grown
        gained = score(offer.profits(more), on)
        top = int(gained.argmax())
        if gained[top] <= reached:
            return grown
        members, reached = more[top], float(gained[top])
        grown.append(members)


def _exchange(
    offer: Offer,
    able: Sequence[int],
    tried: Callable[[Sequence[Members]], None],
    scores: dict[Members, float],
) -> None:
    """Try the neighbours of the best set until none is better."""
    for _ in range(_ROUNDS):
        (best,) = _best(scores, 1)
        tried(_neighbours(offer, able, best))
        if _best(scores, 1) == [best]:
            return


def _neighbours(offer: Offer, able: Sequence[int], members: Members) -> list[Members]:
    """Return the sets one exchange away that fit, those of the highest sum of means first."""
    out = [i for i in able if i not in members]
    moves: list[tuple[float, Members]] = []
    for gone in (None, *members):
        kept = tuple(i for i in members if i != gone)
        cost, mean = offer.cost(kept), float(offer.means[list(kept)].sum())
        if gone is not None:
            moves.append((mean, kept))
        moves += [
            (mean + float(offer.means[i]), tuple(sorted((*kept, i))))
            for i in out
            if offer.fits(cost + offer.expected[i])
        ]
    alone = offer.acting is not None or not offer.certain
    moves.sort(key=lambda move: -move[0])
    return [one for _, one in moves[: _FEW_NEIGHBOURS if alone else _NEIGHBOURS]]

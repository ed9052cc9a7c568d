"""The search for mixes: choices of whole creators between linear programs, and what limits cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...measures import functions as f
from ...measures.evaluate import measured
from ...text.numbers import CURRENCY
from ._answer import Price
from ._limits import BUDGET, SOMEONE, Limit
from ._programs import Bound, Program, Stops, nearest_whole, rounded, search, worst_mean

Array = npt.NDArray[np.float64]

#: Weight of falling short of a floor in the search, USD of mean per USD.
_SHORTFALL = 50.0

#: USD of mean profit per unit of a limit that count as nothing.
_NO_PRICE = 1e-6


@dataclass(frozen=True)
class Found:
    """A choice, the creators by line that a linear program would hire, its bound and its prices."""

    taken: Array
    linear: Array
    bound: float | None
    prices: tuple[Price, ...]


def search_all(
    stops: Stops, limits: Sequence[Limit], prices: Array, risk: str, points: int, fixed: float
) -> list[Found]:
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
            _mean_above(float(floor))
            if 0 < k < points - 1
            else (mean_profit if k == 0 else worst_mean)
        )
        taken = _whole(stops, limits, bound, prices, score)
        if taken is not None:
            level = program.best_mean(worst_mean(taken @ stops.profit))
            found.append(
                Found(
                    taken,
                    stops.counts(bound.taken),
                    level.value if level else None,
                    tuple(_prices_of(stops, limits, bound, None if k == 0 else float(floor))),
                )
            )
    return found


def _search_loss(
    stops: Stops, limits: Sequence[Limit], prices: Array, bounds: Sequence[Bound], fixed: float
) -> list[Found]:
    """Return choices by probability of loss: from what expected shortfall found, on to its levels."""
    safest = _lowest_loss(fixed)
    starts = [_whole(stops, limits, bound, prices, mean_profit) for bound in bounds]
    starts += [_whole(stops, limits, bound, prices, safest) for bound in bounds]
    known = [taken for taken in starts if taken is not None]
    losses = [loss_share(taken @ stops.profit, fixed) for taken in known]
    levels = np.linspace(max(losses), min(losses), len(bounds))
    found = []
    for level in levels:
        score = _mean_below(float(level), fixed)
        start = max(known, key=lambda taken: score(taken @ stops.profit))
        taken = search(stops, limits, start, score)
        if taken is not None:
            found.append(Found(taken, stops.counts(taken), None, ()))
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


def mean_profit(profit: Array) -> float:
    """Return the mean over worlds, USD."""
    return float(profit.mean())


def _mean_above(floor: float) -> Callable[[Array], float]:
    return lambda profit: mean_profit(profit) + _SHORTFALL * min(worst_mean(profit) - floor, 0.0)


def loss_share(profit: Array, fixed: float) -> float:
    """Return the share of worlds in which profit does not bear the fixed cost."""
    return float((profit < fixed).mean())


def _lowest_loss(fixed: float) -> Callable[[Array], float]:
    """Return a score that lowers the probability of loss, and then raises the mean."""
    return lambda profit: -loss_share(profit, fixed) + 1e-9 * mean_profit(profit)


def _mean_below(level: float, fixed: float) -> Callable[[Array], float]:
    def score(profit: Array) -> float:
        excess = max(loss_share(profit, fixed) - level, 0.0)
        return mean_profit(profit) - 100.0 * excess * float(np.abs(profit).mean())

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
        found.append(Price(limit.words, margin, measured(f.mean(gain), CURRENCY)))
    return found


def distinct_choices(found: Sequence[Found]) -> list[Found]:
    """Return what was found without repetitions, in its order."""
    seen: dict[bytes, Found] = {}
    for item in found:
        seen.setdefault(item.taken.tobytes(), item)
    return list(seen.values())

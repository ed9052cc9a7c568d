"""The search for mixes: choices of whole creators between linear programs, and what limits cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...measures import functions as f
from ...measures.evaluate import measured
from ...text.currency import currency
from ._answer import Price
from ._limits import BUDGET, SOMEONE, Limit
from ._programs import Bound, Program, Stops, nearest_whole, rounded, search, worst_mean

Array = npt.NDArray[np.float64]

#: Weight of falling short of a floor in the search, USD of mean per USD.
_SHORTFALL = 50.0

#: USD of mean profit per unit of a limit that count as nothing.
_NO_PRICE = 1e-6


@dataclass(frozen=True)
class Choice:
    """A choice of creators that the search reached, with what the linear program says of it.

    Attributes
    ----------
    taken
        1 for the stop taken of each line hired, else 0; shape (stops,).
    linear
        Creators by line that the linear program would hire, fractions allowed; shape (lines,).
    bound
        The highest mean profit, USD, that any choice can have at this risk; None where none is
        known.
    prices
        What the limits that bind cost.
    """

    taken: Array
    linear: Array
    bound: float | None
    prices: tuple[Price, ...]


def search_all(
    stops: Stops, limits: Sequence[Limit], prices: Array, risk: str, points: int, fixed: float
) -> list[Choice]:
    """Return one choice of whole creators per point, from the highest mean to the lowest risk."""
    program = Program(stops, limits)
    top, safe = program.best_mean(), program.best_worst()
    assert top is not None
    assert safe is not None
    first = worst_mean(top.taken @ stops.profit)
    floors = np.linspace(first, safe.value, points)
    bounds = [top, *(program.best_mean(float(floor)) or safe for floor in floors[1:-1]), safe]
    if risk == "loss":
        return _search_loss(stops, limits, prices, bounds, fixed)
    choices = []
    for k, (bound, floor) in enumerate(zip(bounds, floors, strict=True)):
        score = (
            _mean_above(float(floor))
            if 0 < k < points - 1
            else (mean_profit if k == 0 else worst_mean)
        )
        taken = _whole(stops, limits, bound, prices, score)
        if taken is not None:
            level = program.best_mean(worst_mean(taken @ stops.profit))
            choices.append(
                Choice(
                    taken,
                    stops.counts(bound.taken),
                    level.value if level else None,
                    tuple(_prices_of(stops, limits, bound, None if k == 0 else float(floor))),
                )
            )
    return choices


def _search_loss(
    stops: Stops, limits: Sequence[Limit], prices: Array, bounds: Sequence[Bound], fixed: float
) -> list[Choice]:
    """Return the choice of highest mean at each of several probabilities of loss.

    The levels go from the most to the least probable loss among the choices that the bounds on
    expected shortfall lead to; each search starts from the best of those.
    """
    safest = _lowest_loss(fixed)
    starts = [_whole(stops, limits, bound, prices, mean_profit) for bound in bounds]
    starts += [_whole(stops, limits, bound, prices, safest) for bound in bounds]
    known = [taken for taken in starts if taken is not None]
    losses = [loss_share(taken @ stops.profit, fixed) for taken in known]
    levels = np.linspace(max(losses), min(losses), len(bounds))
    choices = []
    for level in levels:
        score = _mean_below(float(level), fixed)
        start = max(known, key=lambda taken: score(taken @ stops.profit))
        taken = search(stops, limits, start, score)
        if taken is not None:
            choices.append(Choice(taken, stops.counts(taken), None, ()))
    return choices


def _whole(
    stops: Stops,
    limits: Sequence[Limit],
    bound: Bound,
    prices: Array,
    score: Callable[[Array], float],
) -> Array | None:
    """Return the choice of whole creators that a search reaches from a linear program's answer."""
    target = stops.counts(bound.taken)
    taken = search(stops, limits, rounded(stops, target), score)
    if taken is not None:
        return taken
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
    """Return the price of each limit that binds, USD of mean profit, by solving without it."""
    prices = []
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
        prices.append(Price(limit.words, margin, measured(f.mean(gain), currency())))
    return prices


def distinct_choices(choices: Sequence[Choice]) -> list[Choice]:
    """Return the choices without repetitions, in their order."""
    seen: dict[bytes, Choice] = {}
    for item in choices:
        seen.setdefault(item.taken.tobytes(), item)
    return list(seen.values())

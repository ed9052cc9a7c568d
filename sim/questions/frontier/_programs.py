"""Choosing how many creators of each line, over worlds: a bound by linear programs, and a search.

A choice takes one stop of each line: its first k creators, whose profit in every world is known
(prefix totals). The profit of a mix is the sum of its lines, so mean and expected shortfall are
functions of which stops are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ._limits import Limit

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TAIL = 0.05
#: Cuts of one linear program at most, and what of the spread of profit counts as met.
_CUTS, _MET = 60, 1e-4
#: Rounds of the local search at most.
_ROUNDS = 60


@dataclass(frozen=True)
class Stops:
    """Profit of the first k creators of each line, USD, a row (a stop) for each line and k.

    Attributes
    ----------
    line, creators
        Shape (stops,): line of each stop and its number of creators, increasing within a line.
    profit
        Shape (stops, worlds): profit of the line's first `creators` creators, USD.
    lines
        Number of lines.
    """

    line: Ints
    creators: Ints
    profit: Array
    lines: int

    def of_line(self, i: int) -> Ints:
        """Return the places of a line's stops."""
        return np.flatnonzero(self.line == i)

    def counts(self, taken: Array) -> Array:
        """Return creators by line for weights of stops, shape (lines,)."""
        return np.asarray(
            np.bincount(self.line, taken * self.creators, self.lines), dtype=np.float64
        )


def worst_mean(profit: Array, tail: float = TAIL) -> float:
    """Return the mean profit of the worst share of worlds, USD; a part of a world has its weight."""
    return float(tail_weights(profit, tail) @ profit)


def tail_weights(profit: Array, tail: float = TAIL) -> Array:
    """Return weights of worlds whose weighted mean is the expected shortfall, summing to one."""
    share = profit.size * tail
    whole = int(share + 1e-9)
    order = np.argpartition(profit, min(whole, profit.size - 1))
    weights = np.zeros(profit.size)
    weights[order[:whole]] = 1.0 / share
    if whole < profit.size:
        weights[order[whole]] = (share - whole) / share
    return weights


# --- The bound ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """Optimum of a linear program.

    Attributes
    ----------
    taken
        Shape (stops,): weights of stops, between 0 and 1.
    value
        Objective: mean profit, or expected shortfall, USD.
    prices
        By limit, what moving its end up is worth at the margin: USD of the objective per unit.
    """

    taken: Array
    value: float
    prices: dict[str, float]


@dataclass
class Program:
    r"""Linear programs over weights of stops, the risk as cutting planes.

    Expected shortfall is the least weighted mean over sets of worlds (Rockafellar and Uryasev 2000;
    the cutting planes of Künzi-Bay and Mayer 2006):

    .. math:: ES(y) \ge c \iff w^\top P y \ge c \text{ for all } 0 \le w \le 1 / (\alpha n),
              \textstyle\sum w = 1

    so the worst set of each answer is added until the answer meets its own worst set. Cuts hold for
    every floor and are kept. Stops of a line may be mixed: no choice of whole stops does better.

    Attributes
    ----------
    stops
        What can be taken.
    limits
        Limits on creators by line.
    cuts
        Mean profit of each stop over each worst set so far, USD, each of shape (stops,).
    """

    stops: Stops
    limits: Sequence[Limit]
    cuts: list[Array] = field(default_factory=list)

    def best_mean(self, floor: float | None = None) -> Bound | None:
        """Return the highest mean profit whose expected shortfall is at least a floor, USD."""
        mean = self.stops.profit.mean(axis=1)
        tolerance = _MET * float(np.abs(mean).max())
        for _ in range(_CUTS):
            bound = self._solve(mean, floor, risky=False)
            if bound is None or floor is None:
                return bound
            profit = bound.taken @ self.stops.profit
            if worst_mean(profit) >= floor - tolerance:
                break
            self._cut(profit)
        return bound

    def best_worst(self) -> Bound | None:
        """Return the highest expected shortfall, USD."""
        mean = self.stops.profit.mean(axis=1)
        tolerance = _MET * float(np.abs(mean).max())
        bound = self._solve(mean, None, risky=False)
        if bound is None:
            return None
        for _ in range(_CUTS):
            self._cut(bound.taken @ self.stops.profit)
            bound = self._solve(mean, None, risky=True)
            if (
                bound is None
                or worst_mean(bound.taken @ self.stops.profit) >= bound.value - tolerance
            ):
                break
        return bound

    def _cut(self, profit: Array) -> None:
        self.cuts.append(self.stops.profit @ tail_weights(profit))

    def _solve(self, mean: Array, floor: float | None, risky: bool) -> Bound | None:
        """Solve for weights and, where `risky`, the expected shortfall as one more variable."""
        from scipy.optimize import linprog

        size = len(mean)
        rows = _limit_rows(self.stops, self.limits)
        above, ends = [row.weights for row in rows], [row.end for row in rows]
        for i in range(self.stops.lines):
            above.append((self.stops.line == i).astype(np.float64))
            ends.append(1.0)
        extra = 1 if risky else 0
        matrix = np.zeros((len(above), size + extra))
        matrix[:, :size] = above
        if risky or floor is not None:
            cuts = np.zeros((len(self.cuts), size + extra))
            cuts[:, :size] = -np.array(self.cuts).reshape(-1, size)
            cuts[:, size:] = 1.0
            matrix = np.vstack([matrix, cuts])
            ends += [0.0 if risky else -float(floor or 0.0)] * len(self.cuts)
        # Amounts of USD are large: scaled, the solver's tolerances mean what they say.
        scale = float(np.abs(mean).max()) or 1.0
        money = np.ones(len(ends))
        money[len(above) :] = scale
        objective = np.zeros(size + extra)
        objective[:size] = 0.0 if risky else -mean / scale
        objective[size:] = -1.0 / scale
        solution = linprog(
            objective,
            A_ub=matrix / money[:, None],
            b_ub=np.array(ends) / money,
            bounds=[(0.0, 1.0)] * size + [(None, None)] * extra,
            method="highs",
        )
        if solution.status != 0:
            return None
        prices: dict[str, float] = {}
        for row, price in zip(rows, solution.ineqlin.marginals, strict=False):
            prices[row.name] = (
                prices.get(row.name, 0.0) - row.sign * float(price) * scale / row.size
            )
        return Bound(np.clip(solution.x[:size], 0.0, 1.0), -float(solution.fun) * scale, prices)


@dataclass(frozen=True)
class _Row:
    """One end of a limit, ``weights @ taken <= end``, divided by the size of its weights."""

    weights: Array
    end: float
    name: str
    sign: float
    size: float


def _limit_rows(stops: Stops, limits: Sequence[Limit]) -> list[_Row]:
    rows = []
    for limit in limits:
        row = limit.weights[stops.line] * stops.creators
        size = float(np.abs(row).max()) or 1.0
        if np.isfinite(limit.high):
            rows.append(_Row(row / size, limit.high / size, limit.name, 1.0, size))
        if np.isfinite(limit.low):
            rows.append(_Row(-row / size, -limit.low / size, limit.name, -1.0, size))
    return rows


def nearest_whole(
    stops: Stops, limits: Sequence[Limit], target: Array, prices: Array
) -> Array | None:
    """Return the choice of whole stops whose counts are nearest to a target, in USD.

    A mixed-integer program by HiGHS; None where no choice meets the limits.

    Parameters
    ----------
    stops, limits
        What can be taken, and how much of it.
    target
        Creators by line, fractions allowed.
    prices
        USD per creator of each line.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    size, lines = len(stops.line), stops.lines
    by_line = np.zeros((lines, size))
    by_line[stops.line, np.arange(size)] = stops.creators * prices[stops.line]
    scale = float(by_line.max()) or 1.0
    by_line /= scale
    one = np.zeros((lines, size))
    one[stops.line, np.arange(size)] = 1.0
    eye, zero = np.eye(lines), np.zeros((lines, lines))
    wanted = target * prices / scale
    rows = _limit_rows(stops, limits)
    above = np.array([row.weights for row in rows])
    solution = milp(
        np.concatenate([np.zeros(size), np.ones(lines)]),
        integrality=np.concatenate([np.ones(size), np.zeros(lines)]),
        bounds=Bounds(0.0, np.concatenate([np.ones(size), np.full(lines, np.inf)])),
        constraints=[
            LinearConstraint(np.hstack([one, zero]), -np.inf, 1.0),
            LinearConstraint(np.hstack([by_line, -eye]), -np.inf, wanted),
            LinearConstraint(np.hstack([by_line, eye]), wanted, np.inf),
            LinearConstraint(
                np.hstack([above, np.zeros((len(rows), lines))]),
                -np.inf,
                [row.end for row in rows],
            ),
        ],
        options={"time_limit": 5.0, "mip_rel_gap": 0.01},
    )
    return None if solution.x is None else np.round(solution.x[:size])


# --- The search -----------------------------------------------------------------------------------


def rounded(stops: Stops, target: Array) -> Array:
    """Return the choice of whole stops nearest to counts of creators, limits or not."""
    taken = np.zeros(len(stops.line))
    for i in range(stops.lines):
        here = stops.of_line(i)
        gaps = np.abs(stops.creators[here] - target[i])
        if len(here) and gaps.min() < target[i]:
            taken[here[gaps.argmin()]] = 1.0
    return taken


def search(
    stops: Stops, limits: Sequence[Limit], start: Array, score: Callable[[Array], float]
) -> Array | None:
    """Return a choice that no small change improves; None where it does not meet the limits.

    Changes tried: one line a few stops up or down, and two lines in opposite directions; the best
    one is made until none helps. What breaks a limit is mended before anything is improved.

    Parameters
    ----------
    stops, limits
        What can be taken, and how much of it.
    start
        Choice to start from, 0 or 1 for each stop.
    score
        What to maximise, of the profit in every world.
    """
    ladders = [np.concatenate([[-1], stops.of_line(i)]) for i in range(stops.lines)]
    place = [
        int(np.argmax(start[ladder[1:]])) + 1 if start[ladder[1:]].any() else 0
        for ladder in ladders
    ]
    nobody = np.zeros(stops.profit.shape[1])
    excess = _excess_of(limits)

    def row(i: int, at: int) -> Array:
        return nobody if at == 0 else stops.profit[ladders[i][at]]

    def count(i: int, at: int) -> float:
        return 0.0 if at == 0 else float(stops.creators[ladders[i][at]])

    counts = np.array([count(i, at) for i, at in enumerate(place)])
    total = np.sum([row(i, at) for i, at in enumerate(place)], axis=0)
    broken, best = excess(counts), score(total)
    lengths = [len(ladder) for ladder in ladders]
    for _ in range(_ROUNDS):
        best_move: list[tuple[int, int]] | None = None
        for move in _moves(place, lengths):
            if move is None:
                # Pairs are many: only where no single change helps.
                if best_move is not None:
                    break
                continue
            changed = counts.copy()
            for i, at in move:
                changed[i] = count(i, at)
            left = excess(changed)
            if left > broken or (left == broken > 0.0):
                continue
            if left < broken:
                best_move, broken, best = move, left, -np.inf
                continue
            value = score(total + sum(row(i, at) - row(i, place[i]) for i, at in move))
            if value > best + 1e-9 * abs(best) or not np.isfinite(best):
                best_move, best = move, value
        if best_move is None:
            break
        for i, at in best_move:
            counts[i] = count(i, at)
            total = total + row(i, at) - row(i, place[i])
            place[i] = at
        best = score(total)
    taken = np.zeros(len(stops.line))
    for i, at in enumerate(place):
        if at:
            taken[ladders[i][at]] = 1.0
    return taken if broken == 0.0 else None


def _excess_of(limits: Sequence[Limit]) -> Callable[[Array], float]:
    """Return by how much counts break limits in all, each relative to its own size."""
    weights = np.array([limit.weights for limit in limits])
    low, high = (np.array([getattr(limit, end) for limit in limits]) for end in ("low", "high"))
    ends = np.maximum(np.abs(np.where(np.isfinite(low), low, 0.0)),
                      np.abs(np.where(np.isfinite(high), high, 0.0)))  # fmt: skip
    size = np.maximum(np.maximum(ends, np.abs(weights).max(axis=1)), 1e-300)

    def excess(counts: Array) -> float:
        values = weights @ counts
        over = np.maximum(np.maximum(low - values, values - high), 0.0) / size
        return float(over[over > 1e-9].sum())

    return excess


_STEPS = (1, 2, 4, 8)


def _moves(place: Sequence[int], lengths: Sequence[int]) -> Iterator[list[tuple[int, int]] | None]:
    """Yield single changes, then None, then pairs of opposite ones."""
    ups = [
        (i, at + step) for i, at in enumerate(place) for step in _STEPS if at + step < lengths[i]
    ]
    downs = [(i, at - step) for i, at in enumerate(place) for step in _STEPS if at - step >= 0]
    # A line may also be dropped whole.
    downs += [(i, 0) for i, at in enumerate(place) if at > 0 and at not in _STEPS]
    yield from ([move] for move in (*ups, *downs))
    yield None
    yield from ([up, down] for up in ups for down in downs if up[0] != down[0])

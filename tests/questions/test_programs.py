"""Choices over worlds: the bound against the program written out, the search against every choice."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sim.measures import functions as f
from sim.questions.frontier._limits import Limit
from sim.questions.frontier._programs import (
    Program,
    Stops,
    nearest_whole,
    rounded,
    search,
    tail_weights,
    worst_mean,
)

PRICES = np.array([1.0, 2.0, 5.0])


def stops_of(worlds: int, seed: int, most: tuple[int, ...] = (12, 6, 3)) -> Stops:
    """Three lines of creators with lognormal profits that share a shock; prefixes by cumsum."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=worlds)
    line, creators, profit = [], [], []
    for i, count in enumerate(most):
        spread = 0.4 + 0.3 * i
        own = np.exp(0.4 * shared + spread * random.normal(size=(count, worlds)))
        line += [i] * count
        creators += range(1, count + 1)
        profit.append(np.cumsum(PRICES[i] * (1.2 * own - 1.0), axis=0))
    return Stops(np.array(line), np.array(creators), np.concatenate(profit), len(most))


BUDGET = Limit("budget", "a budget of 14", PRICES, -np.inf, 14.0)
AT_MOST = Limit("max a=5", "at most 5 a", np.array([1.0, 0.0, 0.0]), -np.inf, 5.0)


@given(n=st.integers(1, 300), tail=st.floats(0.01, 1.0), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_tail_weights_are_those_of_the_measure(n: int, tail: float, seed: int) -> None:
    profit = np.random.default_rng(seed).normal(size=n)
    weights = tail_weights(profit, tail)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ profit == pytest.approx(float(f.expected_shortfall(profit, tail).value))


def written_out(stops: Stops, limits: list[Limit], floor: float, tail: float = 0.05) -> float:
    """Rockafellar and Uryasev (2000), equation 17, with a variable for every world."""
    m, n = stops.profit.shape
    # Variables: stops, threshold t, shortfall u of every world; t - mean(u) / tail >= floor.
    cost = np.concatenate([-stops.profit.mean(axis=1), [0.0], np.zeros(n)])
    falls = np.hstack([-stops.profit.T, np.ones((n, 1)), -np.eye(n)])
    rows = [np.concatenate([np.zeros(m), [-1.0], np.full(n, 1.0 / (tail * n))])]
    ends = [-floor]
    for i in range(stops.lines):
        rows.append(np.concatenate([(stops.line == i).astype(float), [0.0], np.zeros(n)]))
        ends.append(1.0)
    for limit in limits:
        weights = limit.weights[stops.line] * stops.creators
        rows.append(np.concatenate([weights, [0.0], np.zeros(n)]))
        ends.append(limit.high)
    found = linprog(
        cost,
        A_ub=np.vstack([falls, rows]),
        b_ub=np.concatenate([np.zeros(n), ends]),
        bounds=[(0.0, 1.0)] * m + [(None, None)] + [(0.0, None)] * n,
    )
    return float(-found.fun)


def test_bound_is_the_program_written_out() -> None:
    stops, limits = stops_of(200, seed=1), [BUDGET, AT_MOST]
    program = Program(stops, limits)
    safest = program.best_worst()
    best = program.best_mean()
    assert safest is not None
    assert best is not None
    low = worst_mean(best.taken @ stops.profit)
    for floor in np.linspace(low, safest.value, 5)[:-1]:
        found = program.best_mean(float(floor))
        assert found is not None
        # Cuts stop once the floor is met to a ten-thousandth of the largest mean.
        assert found.value == pytest.approx(written_out(stops, limits, floor), rel=2e-3)


def choices(stops: Stops, limits: list[Limit]) -> list[np.ndarray]:
    """Every choice that meets the limits."""
    found = []
    for places in product(*([None, *stops.of_line(i)] for i in range(stops.lines))):
        taken = np.zeros(len(stops.line))
        taken[[p for p in places if p is not None]] = 1.0
        if all(limit.holds(stops.counts(taken)) for limit in limits):
            found.append(taken)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_search_between_every_choice_and_the_bound(seed: int) -> None:
    stops, limits = stops_of(400, seed), [BUDGET, AT_MOST]
    profits = [taken @ stops.profit for taken in choices(stops, limits)]
    means, worst = np.mean(profits, axis=1), np.array([worst_mean(p) for p in profits])
    floor = float(np.quantile(worst, 0.7))
    best = float(means[worst >= floor].max())
    bound = Program(stops, limits).best_mean(floor)
    assert bound is not None
    assert bound.value >= best * (1.0 - 1e-3)

    def score(profit: np.ndarray) -> float:
        return float(profit.mean()) + 50.0 * min(worst_mean(profit) - floor, 0.0)

    found = search(stops, limits, rounded(stops, stops.counts(bound.taken)), score)
    assert found is not None
    assert all(limit.holds(stops.counts(found)) for limit in limits)
    profit = found @ stops.profit
    # A local search need not be perfect: here it reaches 98 % of the best choice.
    assert score(profit) >= 0.98 * best
    assert float(profit.mean()) <= bound.value * (1.0 + 1e-3) or worst_mean(profit) < floor


def test_search_mends_a_start_that_breaks_limits() -> None:
    stops = stops_of(100, seed=5)
    everything = rounded(stops, np.array([12.0, 6.0, 3.0]))
    found = search(stops, [BUDGET, AT_MOST], everything, lambda profit: float(profit.mean()))
    assert found is not None
    assert BUDGET.holds(stops.counts(found))
    assert AT_MOST.holds(stops.counts(found))


def test_search_says_where_limits_cannot_be_met() -> None:
    stops = stops_of(50, seed=6)
    least = Limit("min", "at least 20 of the first", np.array([1.0, 0.0, 0.0]), 20.0, np.inf)
    assert search(stops, [least], np.zeros(len(stops.line)), lambda p: float(p.mean())) is None


def test_prices_are_what_the_budget_brings() -> None:
    stops = stops_of(300, seed=7)
    at = [
        Program(stops, [Limit("budget", "", PRICES, -np.inf, 14.0 + step)]).best_mean()
        for step in (0.0, 0.01)
    ]
    assert at[0] is not None
    assert at[1] is not None
    assert at[0].prices["budget"] == pytest.approx((at[1].value - at[0].value) / 0.01, rel=1e-6)


def test_nearest_whole_is_the_nearest() -> None:
    stops, target = stops_of(10, seed=8), np.array([3.4, 2.2, 0.3])
    found = nearest_whole(stops, [BUDGET], target, PRICES)
    assert found is not None
    gap = [float(np.abs(stops.counts(t) - target) @ PRICES) for t in choices(stops, [BUDGET])]
    mine = float(np.abs(stops.counts(found) - target) @ PRICES)
    assert mine <= min(gap) * 1.01 + 1e-9
